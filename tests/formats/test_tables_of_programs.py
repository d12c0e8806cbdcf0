"""Tables and JSON of other programs: who wrote, what, when, and which posts they are."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from app.errors import BrokenFileError, UnrecognisedFileError
from saywho.formats.assumptions import columns_of
from saywho.formats.records import Item, Record, RecordStream
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.formats.files import asked_of, read_file_records, saved_folder

CASES = Path(__file__).parent / "cases"
Said = tuple[str | None, str]


def read(target: str | Path, **options: Any) -> tuple[RecordStream, list[Item]]:
    return read_file_records(target if isinstance(target, Path) else target.encode(), **options)


def records(target: str | Path, **options: Any) -> list[Record]:
    return [item for item in read(target, **options)[1] if isinstance(item, Record)]


def said(target: str | Path, **options: Any) -> list[Said]:
    """Return author and text of each post."""
    return [(record.username, record.text) for record in records(target, **options)]


SENDERS = "Sender Name,text\nMina,who has the rope\n,I have it\nMina,good\n"


@pytest.mark.parametrize(
    "target",
    [SENDERS, CASES / "jsonl-sender-name-with-a-name-everybody-becomes-one.jsonl"],
    ids=["table", "json"],
)
def test_username_option_leaves_the_names_of_a_column(target: str | Path) -> None:
    wanted: list[Said] = [("Mina", "who has the rope"), (None, "I have it"), ("Mina", "good")]
    assert said(target, username="jun") == wanted == said(target)


def test_no_column_names_the_authors_if_the_importer_says_so() -> None:
    records, items = read(SENDERS, username="jun", columns={"author=none": "username"})
    assert [item.username for item in items if isinstance(item, Record)] == [None] * 3
    assert records.notes.assumptions == []
    known = "username,name,text\nshop,Lamp Shop,fog\n"
    _, [item] = read(known, columns={"author=none": "username"})
    assert isinstance(item, Record)
    assert (item.username, item.display_name) == (None, None)


@pytest.mark.parametrize(
    "name",
    ["retweet_and_reply_columns_are_counts", "korean_retweet_reply_quote_columns_are_counts"],
)
def test_columns_of_counts_are_no_flags(name: str) -> None:
    found = records(CASES / f"{name}.csv")
    assert [record.kind for record in found] == ["post"] * 3
    assert [(c.likes, c.reposts, c.replies) for c in [record.counts for record in found] if c] == [
        (3, 1, 0),
        (5, 0, 1),
        (1, 12, 3),
    ]


def test_a_column_of_0_and_1_follows_the_counts_beside_it() -> None:
    flags = "username,text,retweet\nmina,fog,0\nmina,ferry,1\n"
    assert said(flags) == [("mina", "fog")]
    assert read(flags)[0].notes.assumptions == []
    counts = "username,text,retweet,likes\nmina,fog,0,4\nmina,ferry,1,2\n"
    assert said(counts) == [("mina", "fog"), ("mina", "ferry")]
    (question,) = asked_of(counts.encode())
    assert question.choices[:2] == ("none", "retweet")
    assert said(counts, columns={"retweet": "is_repost"}) == [("mina", "fog")]
    words = "username,text,retweet,likes\nmina,fog,no,4\nmina,ferry,yes,2\n"
    both = "username,text,retweet,retweet_count\nmina,fog,0,4\nmina,ferry,1,2\n"
    assert said(words) == said(both) == [("mina", "fog")]


def test_numbers_of_rows_are_no_ids_unless_the_importer_says_so() -> None:
    table = CASES / "row_numbers_as_ids_1.csv"
    assert [record.source_id for record in records(table)] == [None] * 3
    (assumed,) = read(table)[0].notes.assumptions
    assert (assumed.kind, assumed.value, assumed.alternatives) == ("ids", "id=none", ("id=id",))
    chosen = records(table, columns={"id": "source_id"})
    assert [record.source_id for record in chosen] == ["1", "2", "3"]
    # Not in order, and some are missing.
    moved = "id,username,text\n5,mina,a\n0,mina,b\n3,mina,c\n"
    assert [record.source_id for record in records(moved)] == [None] * 3


def test_a_number_that_several_texts_have_is_no_id() -> None:
    found = records(CASES / "blog_corpus_id_is_the_author.csv", username="mina")
    assert [record.source_id for record in found] == [None] * 4
    edited = "id,username,date,text\n" + "".join(
        f"{number},mina,2024-01-05,{text}\n"
        for number, text in ((9001, "fog"), (9001, "fog again"), (9002, "wind"))
    )
    assert [record.source_id for record in records(edited)] == ["9001", "9001", "9002"]


@pytest.mark.parametrize(
    "table",
    [
        "id,username,text,parent_id\n1,mina,fog,\n2,jun,where?,1\n",
        "id,username,text\n1795000000000000001,mina,fog\n1795000000000000002,jun,wind\n",
        "id,username,text\n481,mina,fog\n482,jun,wind\n",
    ],
    ids=["answered", "long", "later"],
)
def test_other_numbers_stay_ids(table: str) -> None:
    assert all(record.source_id for record in records(table))
    assert read(table)[0].notes.assumptions == []


def test_an_object_of_nothing_is_no_repost_and_no_quote() -> None:
    statuses = said(CASES / "statuses_with_an_empty_retweeted_status.json")
    assert statuses == [("mina", "Fog again. Wind NW 4."), ("jun", "The ferry waits at the pier.")]
    found = records(CASES / "quoted_post_of_empty_fields.json")
    assert [record.kind for record in found] == ["post", "quote"]
    nothing = "{'id': None, 'user': {'name': None}, 'media': []}"
    table = f'username,text,retweetedTweet\nmina,fog,"{nothing}"\nmina,wind,"{{\'id\': 5}}"\n'
    assert said(table) == [("mina", "fog")]


LIGHT, FERRY = "saltmarsh_light", "the_night_ferry"
FOG, WAITS = "Fog again. Wind NW 4.", "The ferry waits at the pier."
REAL: dict[str, list[Said]] = {
    "scweet_user_screen_name_is_the_shown_name.csv": [
        (LIGHT, FOG),
        (FERRY, WAITS),
        ("jun_k", "How far do you see?"),
    ],
    "lemmy_one_name_on_two_servers.json": [
        ("mina@sea.example", "Fog again."),
        ("mina@pier.example", "The ferry waits."),
    ],
    "reviews_name_is_the_product.csv": [
        ("mina", "This lamp is good in fog."),
        ("jun", "The ferry saw me."),
    ],
    "vk_wall_from_id_is_the_author.json": [
        ("101", "Туман опять над причалом"),
        ("202", "С днём рождения, Мина!"),
    ],
    "facebook_scraper_text_holds_the_shared_post.json": [
        ("Mina_Park", "Look at this pier"),
        ("Mina_Park", FOG),
    ],
    "weibo_spider_forwarded_words.csv": [
        (None, "又起雾了。能见度两海里。"),
        (None, "说得好"),
        (None, "说得也对"),
    ],
    "weibo_forward_chain.csv": [("雾灯", "又起雾了。能见度两海里。"), ("雾灯", "说得好")],
    "tumblr_reblog_holds_other_words.json": [
        ("minafog", "Fog\n\nFog again."),
        ("minafog", "I agree"),
    ],
    "header_stands_there_again.csv": [("mina", FOG), ("jun", WAITS)],
    "header_stands_there_again_ko.csv": [
        ("mina", "또 안개다. 시정 2마일."),
        ("jun", "배가 부두에서 기다린다"),
    ],
    "blanks_after_commas.csv": [("mina", "Fog, again and again"), ("jun", "The ferry waits")],
    "getoldtweets_beside_another_table.zip": [
        ("mina", FOG),
        ("jun", "@mina How far do you see?"),
        ("mina", "I like fog"),
    ],
    "hugging_face_rows.json": [("mina", FOG), ("jun", WAITS)],
    "korean_account_name_column.csv": [
        ("mina", "또 안개다. 시정 2마일."),
        ("jun", "배가 부두에서 기다린다"),
    ],
    "korean_compound_column_names.csv": [
        ("mina", "또 안개다. 시정 2마일."),
        ("jun", "배가 부두에서 기다린다"),
    ],
    "a_title_may_be_all_the_words.csv": [
        ("mina", "Which ferry do you take?"),
        ("jun", "The fog at the pier\nWind NW 4."),
    ],
    "hacker_news_items.jsonl": [
        ("mina", "It's foggy & cold.\n\nSee more."),
        ("jun", "I don't think so."),
        ("mina", "Tell me."),
    ],
}


@pytest.mark.parametrize("name", REAL)
def test_post_is_of_who_wrote_it_without_other_words(name: str) -> None:
    assert {*said(CASES / name)} == {*REAL[name]}
    assert len(said(CASES / name)) == len(REAL[name])


def test_name_that_is_the_post_is_no_author() -> None:
    found = records(CASES / "reddit_table_name_is_no_person.csv")
    assert {(record.username, record.display_name) for record in found} == {(None, None)}
    people = "name,text,reviewer\nLamp,fog,mina\nLamp,wind,jun\n"
    assert [(record.username, record.display_name) for record in records(people)] == [
        ("mina", None),
        ("jun", None),
    ]
    shown = "name,text,login_of_user\nMina Park,fog,mina\nJun K,wind,jun\n"
    assert [record.display_name for record in records(shown)] == ["Mina Park", "Jun K"]
    assert said("name,text\nMina,fog\n") == [("Mina", "fog")]


def test_account_is_the_column_that_the_addresses_name() -> None:
    address = "https://x.example/{}/status/1795000000000000001"
    rows = [f"Mina,{name},fog,{address.format(name)}" for name in ("light", "ferry")]
    table = "\n".join(["user,profile_of_x,text,url", *rows, ""])
    assert said(table) == [("light", "fog"), ("ferry", "fog")]
    (question,) = asked_of(table.encode())
    assert question.likely == ("profile_of_x", "user")
    chosen = {"user": "username", "repost=none": "is_repost"}
    assert said(table, columns=chosen) == [("Mina", "fog")] * 2
    # One who forwards others' posts has another name than their addresses.
    assert said(table.replace("light,", "mina,").replace("ferry,", "mina,"))[0] == ("Mina", "fog")


def test_comment_has_its_own_id_and_answers_the_post_above() -> None:
    found = records(CASES / "facebook_page_comments_status_id_is_the_post.csv")
    assert [record.source_id for record in found] == ["900_1", "900_2", "900_3"]
    targets = [record.reply_to.source_id for record in found if record.reply_to]
    assert targets == ["55_900", "900_1", "900_2"]


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("so true//@ara: fog //@nari：wind", "so true"),
        ("//@ara:fog", None),
        ("转发微博", None),
        ("see http://@ara:secret@sea.example", "see http://@ara:secret@sea.example"),
        ("a // b @ara: c", "a // b @ara: c"),
    ],
)
def test_forwarded_words_are_cut_from_a_chain(text: str, own: str | None) -> None:
    stream, items = read(f"username,text\nmina,{text}\n")
    assert [item.text for item in items if isinstance(item, Record)] == ([own] if own else [])
    assert [part.kind for part in stream.notes.assumptions] == (
        ["reposts"] if own not in {text, None} else []
    )


def test_one_long_id_that_ends_in_zeros_is_an_id() -> None:
    assert [record.source_id for record in records(CASES / "ids_that_end_in_zeros.jsonl")] == [
        "1747000000000000007",
        "1747000000001000010",
        "606626437228032000",
        "1747000000003000016",
        "632399624850944000",
    ]
    cut = "id,username,text\n1747000000000000000,mina,fog\n1747000000001000000,mina,wind\n"
    assert [record.source_id for record in records(cut)] == [None, None]


def quoted_rows(count: int) -> str:
    rows = [f'"mina"\t"2024-01-{n:02} 10:00"\t"fog {n}\nand ""wind"""' for n in range(1, count)]
    return "\n".join(["username\tcreated_at\ttext", *rows, ""])


def test_table_that_breaks_off_in_a_quoted_cell_keeps_its_quotes() -> None:
    whole = quoted_rows(20)
    for cut in (whole.rindex("fog") + 3, whole.rindex("and") + 3, whole.rindex("wind") + 3):
        with Source(BytesIO(whole[:cut].encode())) as source:
            items = open_records(source).items
            found = [next(items) for _ in range(18)]
            with pytest.raises(BrokenFileError, match="never closed"):
                next(items)
        assert all(isinstance(item, Record) and item.created_at for item in found)
        assert isinstance(found[-1], Record)
        assert found[-1].text == 'fog 18\nand "wind"'
    stray = 'username\ttext\nmina\tfog\nmina\t"never closed\nmina\twind\njun\train\n'
    assert [text for _, text in said(stray)] == ["fog", '"never closed', "wind", "rain"]
    assert said('username\ttext\nmina\tfog\nmina\t"so')[1] == ("mina", '"so')


def test_names_lose_what_no_username_may_have() -> None:
    table = "author,text\nMina / Jun,a\n#fog,b\n100%,c\n👩‍👩‍👧,d\n???,e\nmina,f\n"
    assert [(record.username, record.display_name) for record in records(table)] == [
        ("Mina__Jun", "Mina / Jun"),
        *[("fog", "#fog"), ("100", "100%"), ("👩👩👧", "👩‍👩‍👧")],
        *[("???", "???"), ("mina", None)],
    ]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("닉네임,내용\n미나,안개\n준,배\n", [("미나", "안개"), ("준", "배")]),
        ("글쓴사람,내용\n미나,안개\n준,배\n", [("미나", "안개"), ("준", "배")]),
        ("작성자,상품평,별점\n미나,또 안개,5\n", [("미나", "또 안개")]),
        (f"username,text,original_text\nmina,fog again,{FOG}\n", [("mina", FOG)]),
        ("username,text,audience\nmina,fog,General\njun,wind,friends\n", [("mina", "fog")]),
    ],
)
def test_columns_of_other_names_are_read(table: str, expected: list[Said]) -> None:
    assert said(table) == expected


def test_what_describes_an_author_is_no_author() -> None:
    names = ["author_flair_css_class", "author_gender", "user_age_group", "speaker_party"]
    table = f"text,paper_name,over_18,{','.join(names)}\n" + "".join(
        f"Fog {n},{'Shore' if n % 3 else 'Pier'} News,{n % 2 == 0},blue,f,old,green\n"
        for n in range(6)
    )
    (question,) = asked_of(table.encode())
    assert question.likely == ("paper_name",)


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("tweet_date_and_tweet_time.csv", ["2024-01-05T23:10:05", "2024-01-06T00:20:06"]),
        ("korean_date_and_time_columns.csv", ["2024-01-05T23:10:05", "2024-01-06T00:20:06"]),
        (
            "weibo_crawler_full_date_beside_the_day.csv",
            ["2024-01-05T10:20:30", "2024-01-06T11:21:31"],
        ),
    ],
)
def test_day_and_time_of_day_are_one_time(name: str, times: list[str]) -> None:
    found = [record.created_at for record in records(CASES / name)]
    assert [f"{time:%Y-%m-%dT%H:%M:%S}" for time in found if time] == times


def test_day_beside_a_clock_of_another_name_is_one_time() -> None:
    table = "작성자,등록 일자,등록 시각,내용\nmina,2024-01-05,오후 11:10,안개\n"
    (found,) = records(table)
    assert f"{found.created_at:%d %H:%M}" == "05 23:10"
    # A run of the film is no time of day of the post.
    length = "username,date,length,text\nmina,2024-01-05,01:30,fog\n"
    assert [f"{record.created_at:%H:%M}" for record in records(length)] == ["00:00"]


def test_language_may_be_named() -> None:
    table = CASES / "language_by_its_name.csv"
    assert [record.lang for record in records(table)] == ["en", "en", "en"]
    named = ["한국어", "koreana", "Deutsch", "kor", "en-GB", "tlh", "Seadog"]
    rows = "".join(f"mina,fog,{name}\n" for name in named)
    languages = [record.lang for record in records(f"username,text,lang\n{rows}")]
    assert languages == ["ko", "ko", "de", "ko", "en-GB", "tlh", "Seadog"]


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("리뷰내용", "text"),
        ("고객의견", ""),
        ("리뷰 감상평", "text"),
        ("评论感想", "text"),
        ("게시글작성자", "username"),
        ("회원닉네임", "username"),
        ("リンク用ユーザー名", ""),
        ("상품이름", ""),
        ("글자수", ""),
        ("글번호", ""),
    ],
)
def test_compound_is_known_by_all_of_its_words(column: str, field: str) -> None:
    values = {"text": "안개가 낀 부두에서", "username": "mina", "": "안개"}
    known = {"text": "username", "username": "text", "": "text"}[field]
    other = {"text": "mina", "username": "안개가 낀 날"}.get(known, "안개")
    rows = [f"{values[field]} {n},{other}" for n in range(3)]
    stream, _ = read_named("\n".join([f"{column},{known}", *rows, ""]))
    assert dict(stream.columns)[column] == field


def read_named(table: str) -> tuple[RecordStream, list[Item]]:
    with Source(BytesIO(table.encode()), name="table.csv") as source:
        stream = open_records(source)
        return stream, list(stream.items)


def test_reposts_are_counted_over_all_tables() -> None:
    file = CASES / "reposts_counted_over_two_tables.zip"
    (assumed,) = read(file)[0].notes.assumptions
    assert assumed.evidence == "posts that start with RT @: 3"
    assert assumed.alternatives == ("repost=none",)
    chosen, kept = read(file, columns=columns_of(assumed.alternatives))
    assert (len(kept), chosen.notes.assumptions) == (5, [])
    assert all(isinstance(item, Record) for item in kept)


def test_letters_of_r_on_windows_are_told_and_read_by_choice() -> None:
    table = CASES / "r_on_windows_writes_letters_as_numbers.csv"
    (assumed,) = read(table)[0].notes.assumptions
    assert (assumed.value, assumed.alternatives) == ("unrepaired", ("repair",))
    assert [text for _, text in said(table, encoding="repair")] == ["또 안개다", "Nice 😀 don’t go"]
    assert [text for _, text in said("username,text\nmina,<U+D800> <U+20>\n")] == [
        "<U+D800> <U+20>"
    ]


@pytest.mark.parametrize(("name", "reason"), [("subtitles_are_no_chat.srt", "subtitles of a film")])
def test_other_files_are_refused_by_what_they_are(name: str, reason: str) -> None:
    with pytest.raises(UnrecognisedFileError, match=reason):
        read(CASES / name)


ORANGE = (
    "text,created_at,username,lang\r\nstring,string,jiu minho,en ko\r\nmeta,meta,,\r\n"
    "안개가 끼었어요,2025-01-07T00:00:00Z,jiu,ko\r\n"
    "The ferry is late,2025-01-08T00:00:00Z,minho,en\r\n"
)


def test_rows_in_which_orange_describes_its_columns_are_no_posts() -> None:
    both = [("jiu", "안개가 끼었어요"), ("minho", "The ferry is late")]
    assert said(ORANGE) == both
    assert said(ORANGE.replace(",", "\t")) == both
    # Words that only look so stay.
    assert said("text,username\nstring,jiu\nmeta,minho\n")[0] == ("jiu", "string")


def test_line_breaks_that_twarc_has_written_as_letters_are_line_breaks() -> None:
    head = "id,text,author.username,created_at,__twarc.version\n"
    row = r"1876543210987654322,@jiu 안개\n끼었어요,minho,2025-01-07T01:00:00.000Z,2.14.0"
    (record,) = records(f"{head}{row}\n")
    assert record.text == "@jiu 안개\n끼었어요"
    assert said(r"text,username" + "\n" + r"a\nb,minho" + "\n") == [("minho", "a\nb")]
    both = r"text,username" + "\n" + r"a\nb,minho" + '\n"a\nb",jiu\n'
    assert said(both) == [("minho", r"a\nb"), ("jiu", "a\nb")]


def test_corpus_of_convokit_has_its_words_in_one_of_its_files(tmp_path: Path) -> None:
    lines = (
        '{"id": "u1", "conversation_id": "u1", "text": "The ferry is late", "speaker": "jiu",'
        ' "meta": {}, "reply-to": null, "timestamp": 1736208062, "vectors": []}\n'
        '{"id": "u2", "conversation_id": "u1", "text": "안개가 끼었어요", "speaker": "minho",'
        ' "meta": {}, "reply-to": "u1", "timestamp": 1736208162, "vectors": []}\n'
    )
    others = {
        "speakers.json": b'{"jiu": {"meta": {}, "vectors": []}}',
        "conversations.json": b'{"u1": {"meta": {}, "vectors": []}}',
        "corpus.json": b"{}",
        "index.json": b'{"version": 1}',
    }
    folder = saved_folder(tmp_path / "ferry", {"utterances.jsonl": lines.encode(), **others})
    first, second = records(folder)
    assert [first.username, second.username] == ["jiu", "minho"]
    assert second.kind == "reply"
    assert str(first.created_at) == "2025-01-07 00:01:02+00:00"


def test_the_object_who_tweeted_names_the_author() -> None:
    post = '{"id": "1", "tweetBy": {"id": "7", "userName": "mina"}, "fullText": "fog again"}\n'
    assert said(post + post.replace("mina", "jun")) == [("mina", "fog again"), ("jun", "fog again")]


def test_texts_that_are_only_a_word_for_nothing_are_counted_in_a_line() -> None:
    found, items = read("username,text\njiu,none\njiu,The ferry is late\njiu,\nminho,NULL\n")
    assert [item.text for item in items if isinstance(item, Record)] == ["The ferry is late"]
    (words,) = found.notes.odd.values()
    assert (words.count, [*words.examples]) == (2, ["none", "NULL"])
