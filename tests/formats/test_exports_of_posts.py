"""Posts in the shapes that other programs write: whose they are, whole, and once."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from saywho.formats.post import Reactions, ReplyTarget
from saywho.formats.reading import Skipped
from saywho.formats.records import Item, Record, RecordStream
from saywho.formats.tables.csv import OWN_HEADER
from tests.archives import zip_bytes
from tests.formats.files import read_file_records, said_at

CASES = Path(__file__).parent / "cases"
Said = tuple[str | None, str, str | None]
LIGHT, FERRY = "saltmarsh_light", "the_night_ferry"
FOG = "Fog again. Wind NW 4."
WHOLE = (
    "The fog at the pier is old, older than the ferry, and older than the house in which the"
    " first keeper wrote down, each evening, how far one could see.\nHe wrote in pencil, and the"
    " pencil has faded.\nI have read most of it aloud to the children of the school, who asked,"
    " each time, why the sea needs a keeper."
)


def read(target: bytes | str | Path, **options: Any) -> tuple[RecordStream, list[Item]]:
    return read_file_records(target.encode() if isinstance(target, str) else target, **options)


def records(target: bytes | str | Path, **options: Any) -> list[Record]:
    return [item for item in read(target, **options)[1] if isinstance(item, Record)]


def said(target: bytes | str | Path, **options: Any) -> list[Said]:
    return said_at(records(target, **options))


REAL: dict[str, list[Said]] = {
    "apify_nested_author_userName.json": [
        (LIGHT, f"{FOG} https://t.co/abc", "2023-11-24T17:49"),
        (FERRY, f"@{LIGHT} How far do you see?", "2023-11-24T19:49"),
    ],
    "snscrape_old_content_nested_user.jsonl": [
        (LIGHT, "Fog again &amp; wind. https://t.co/abc", "2022-12-06T10:00"),
        (FERRY, f"@{LIGHT} How far do you see?", "2022-12-06T11:00"),
    ],
    "snscrape_pandas_content_user_dict_cell.csv": [
        (LIGHT, "Fog again &amp; wind. https://t.co/abc", "2022-12-06T10:00"),
        (FERRY, f"@{LIGHT} How far do you see?", "2022-12-06T11:00"),
    ],
    "mongo_nested_user_name.json": [
        ("mina", "Fog", "2020-03-23T14:05"),
        ("jun", "<p>Wind</p>", "2020-01-01T10:00"),
        ("nari", "Rain", None),
    ],
    "pushshift_created_utc_deleted_removed.jsonl": [
        (LIGHT, FOG, "2024-01-05T10:00"),
        ("AutoModerator", "I am a bot.", "2024-01-05T10:05"),
    ],
    "minet_display_name_taken_for_account.csv": [
        (LIGHT, FOG, "2021-01-07T07:41"),
        (FERRY, "The ferry waits at the pier.", "2021-01-07T07:41"),
        ("jun_k", f"@{LIGHT} How far do you see?", "2021-01-07T07:41"),
    ],
    "ira_user_screen_name_tweet_time.csv": [(LIGHT, FOG, "2017-06-22T16:03")],
    "username_with_at.csv": [
        ("mina", "Fog again", None),
        ("mina", "Wind", None),
        ("MINA", "Rain", None),
        ("Mina", "Sun", None),
    ],
    "tweepy_bytes_literals.csv": [
        (None, "Fog again … and café", "2017-04-05T14:56"),
        (None, '@jun It\'s about "far". 안개', "2017-04-03T20:01"),
    ],
    "thetrumparchive_favorites_isDeleted.csv": [(None, FOG, "2017-01-20T13:44")],
    "header_same_name_twice.csv": [("mina", "Fog", None)],
    "tweet_column_is_id.csv": [("mina", "Fog again", None), ("jun", "Wind", None)],
    "json_wrapped_in_tweets_key.json": [("mina", "Fog", None), ("jun", "Wind", None)],
    "mastodon_api_statuses_boost_and_private.json": [
        ("mina@sea.example", "Fog again & wind. #fog", "2024-05-01T10:00")
    ],
    "rtweet_status_id_and_created.csv": [
        (LIGHT, FOG, "2021-01-07T07:41"),
        (FERRY, f"@{LIGHT} How far?", "2021-01-07T07:42"),
    ],
    "short_rows_excel_trims.csv": [
        ("mina", "Fog", "2020-01-01T10:00"),
        ("mina", "Wind", "2020-01-02T10:00"),
        ("jun", "Rain", "2020-01-03T10:00"),
        ("jun", "Long", "2020-01-03T10:00"),
    ],
    "tiktok_comments.csv": [("mina", "Fog again", "2024-01-05T10:00")],
    "tsv_with_quotes.tsv": [
        ("mina", '"Fog" she said', "2020-01-01T00:00"),
        ("mina", 'He said "Fog', "2020-01-02T00:00"),
        ("jun", '"open quote only', "2020-01-03T00:00"),
        ("jun", "Plain", "2020-01-04T00:00"),
    ],
    "twint_csv_reply_to_names_the_author_first.csv": [
        (LIGHT, FOG, "2020-05-10T10:00"),
        (FERRY, f"@{LIGHT} How far do you see?", "2020-05-10T10:30"),
    ],
    "youtube_ytdlp_comments.json": [
        ("mina", "Fog again", "2024-01-05T10:00"),
        ("jun", "Wind", "2024-01-05T10:01"),
    ],
    "graphql_tweet_results_lines.jsonl": [("mina", "Fog again", "2023-12-01T01:00")],
    "reddit_data_request_posts.csv": [
        (None, "Fog again\n\nWind NW 4, visibility two miles.", "2024-01-05T10:00"),
        (None, "A picture of the pier, and a long title that is all the words", "2024-01-06T10:00"),
    ],
    "x_archive_edited_post_stored_twice.zip": [
        (LIGHT, "Fog again. Wind NW 4, visibility two miles.", "2025-12-02T06:02")
    ],
    "x_archive_long_reply_stored_twice.zip": [(LIGHT, f"@jun_pier {WHOLE}", "2025-12-02T04:52")],
    "x_analytics_2022.csv": [
        ("mina", FOG, "2022-12-01T10:00"),  # By the addresses of the posts.
        ("mina", "@jun How far?", "2022-12-02T10:00"),
    ],
    "cr_only_lines.csv": [
        ("mina", "또 안개다. 시정 2마일.", "2020-01-01T10:00"),
        ("mina", "배가 부두에서 기다린다", "2020-01-02T10:00"),
    ],
    "russian_troll_publish_date.csv": [("pier_watch", FOG, "2017-10-01T19:58")],
    "reddit_data_request_comments.csv": [
        (None, FOG, "2024-01-05T10:00"),
        (None, "Line one\n\nLine two & more", None),
    ],
    "activitypub_wordpress.json": [
        (None, "The title of the post\n\nThe body of the post.", "2024-01-05T10:00")
    ],
    "outbox_with_update_delete_like.json": [
        ("mina@sea.example", "Second version", "2024-01-05T10:00")
    ],
    "pleroma_backup_attachment_url_list.zip": [
        ("mina@sea.example", "Fog at the pier", "2024-01-05T10:00"),
        ("mina@sea.example", "weather\n\nHello @jun", "2024-01-05T10:00"),
        ("mina@sea.example", "Poll?\nyes\nno", "2024-01-05T10:00"),
        ("mina@sea.example", "*Bold* :fog: in markdown", "2024-01-05T10:00"),
    ],
    "instagram_2025_posts_json_label_values.zip": [
        ("mina_fog", "안개가 또 왔다", "2024-05-12T19:00"),
        ("mina_fog", "A post that stands in posts.json alone.", "2024-09-03T19:00"),
        ("mina_fog", "Words of a reel.", "2024-09-04T22:46"),
    ],
    "instagram_video_without_ending.zip": [
        ("mina_fog", "The ferry, a film and a picture", "2024-03-21T05:46"),
        ("mina_fog", "", "2024-03-21T05:48"),
    ],
}


@pytest.mark.parametrize("name", REAL)
def test_posts_of_real_shapes_are_read_as_they_were_said(name: str) -> None:
    assert said(CASES / name) == REAL[name]


@pytest.mark.parametrize("name", ["ids_damaged_by_excel.csv", "ids_rounded_to_15_digits.csv"])
def test_ids_that_a_spreadsheet_rounded_are_no_ids(name: str) -> None:
    ids = [item.source_id for item in records(CASES / name)]
    sound = [value for value in ids if value is not None]
    assert len(ids) == (CASES / name).read_text().count("\n") - 1
    assert sound in ([], ["1234567890123456789", "1234567890123456788", "1234567890123456777"])


def test_answers_of_real_shapes_name_what_they_answer() -> None:
    twint = records(CASES / "twint_csv_reply_to_names_the_author_first.csv")
    assert [item.kind for item in twint] == ["post", "reply"]
    assert [item.reply_to for item in twint] == [None, ReplyTarget(None, LIGHT)]
    assert twint[0].counts == Reactions(3, 2, 1)
    minet = records(CASES / "minet_display_name_taken_for_account.csv")
    assert minet[2].reply_to == ReplyTarget(minet[0].source_id, LIGHT)
    (reply,) = records(CASES / "x_archive_long_reply_stored_twice.zip")
    assert (reply.kind, reply.source_id) == ("reply", "1995717789901390845")


AUTHORS = [
    {"user": {"screen_name": "mina", "name": "Mina Park"}},
    {"author": {"userName": "mina", "name": "Mina Park", "id": "5"}},
    {"account": {"acct": "mina", "username": "mina", "display_name": "Mina Park"}},
    {"creator": {"handle": "@mina", "displayName": "Mina Park"}},
    {"owner": {"username": "mina", "full_name": "Mina Park"}},
    {"author/userName": "mina", "author/name": "Mina Park"},
    {"author.uniqueId": "mina", "author.nickname": "Mina Park"},
    {"user_screen_name": "mina", "user_name": "Mina Park"},
    {"author_handle": "mina", "author": "Mina Park"},
    {"user": "{'screen_name': 'mina', 'followers': None, 'name': 'Mina Park'}"},
    {"user": "{'username': 'mina', 'made': datetime.date(2020, 1, 1), 'name': 'Mina Park'}"},
    {"user": '{"username": "mina", "displayname": "Mina Park"}'},
    {"user": "User(username='mina', id=5, displayname='Mina Park')"},
]


@pytest.mark.parametrize("author", AUTHORS, ids=range(len(AUTHORS)))
@pytest.mark.parametrize("form", ["lines", "array", "wrapped", "mongo", "table"])
def test_an_account_comes_before_the_shown_name(author: dict[str, Any], form: str) -> None:
    rows = [{"text": "the fog", **author}, {"text": "the pier", **author}]
    if form == "table":
        cells = [value for row in rows for value in row.values()]
        if any(isinstance(value, dict) for value in cells):
            rows = [{name: json.dumps(value) for name, value in row.items()} for row in rows]
            rows = [row | {"text": text} for row, text in zip(rows, ("fog", "pier"), strict=True)]
        quoted = [
            ",".join('"' + str(value).replace('"', '""') + '"' for value in line)
            for line in (rows[0], *(row.values() for row in rows))
        ]
        data = "\n".join(quoted)
    elif form == "mongo":
        data = "\n".join(
            json.dumps({"_id": {"$oid": f"{n}" * 24}} | row) for n, row in enumerate(rows)
        )
    elif form == "lines":
        data = "\n".join(map(json.dumps, rows))
    else:
        data = json.dumps({"statuses_of_us": 2, "results": rows} if form == "wrapped" else rows)
    assert [
        (item.username, item.display_name in {None, "Mina Park"}) for item in records(data)
    ] == [("mina", True), ("mina", True)]


@pytest.mark.parametrize("word", ["[deleted]", "[removed]", "None", "nan", "NULL", "\\N"])
def test_words_for_nothing_are_neither_people_nor_words_of_a_table(word: str) -> None:
    table = f"author,text,date\n{word},the fog,2020-01-02\nmina,{word},2020-01-02\nmina,pier,\n"
    assert ("mina", "pier", None) in said(table)
    assert {author for author, _, _ in said(table)} <= {"mina", None}
    assert word not in {text for _, text, _ in said(table)}
    # Elsewhere somebody may have said it.
    assert said(json.dumps({"author": "mina", "text": word})) == [("mina", word, None)]


@pytest.mark.parametrize(
    ("fields", "is_public"),
    [
        ({"visibility": "public"}, True),
        ({"visibility": "unlisted"}, True),
        ({"visibility": "home"}, True),
        ({"visibility": "2 miles"}, False),
        ({"visibility": None}, True),
        ({"visibility": "private"}, False),
        ({"visibility": "direct"}, False),
        ({"visibility": "followers"}, False),
        ({"visibility": "specified"}, False),
        ({"privacy": "FRIENDS"}, False),
        ({"user": {"username": "mina", "protected": True}}, False),
        ({"author": {"username": "mina", "isPrivate": "true"}}, False),
    ],
)
def test_posts_for_a_limited_audience_are_restricted(
    fields: dict[str, Any], is_public: bool
) -> None:
    data = json.dumps({"text": "the fog", "username": "mina"} | fields)
    (item,) = read(data)[1]
    assert isinstance(item, Record) == is_public
    assert is_public or item == Skipped(1, "restricted")
    assert len(records(data, include_restricted=True)) == 1


def test_reposts_that_only_their_beginning_tells_are_an_assumption() -> None:
    table = "username,text\nmina,RT @jun: the fog\nmina,the pier RT @jun: the fog\n"
    stream, items = read(table)
    assert items[0] == Skipped(2, "repost")
    assert [item.text for item in items[1:] if isinstance(item, Record)] == ["the pier"]
    assert [(noted.kind, noted.value) for noted in stream.notes.assumptions] == [
        ("reposts", "RT @"),
        ("reposts", "//@"),
    ]
    # The column of the file decides where it has one.
    marked = "username,text,is_retweet\nmina,RT @jun: the fog,no\n"
    stream, items = read(marked)
    assert [type(item) for item in items] == [Record]
    assert stream.notes.assumptions == []


@pytest.mark.parametrize(
    "table",
    [
        'sep=;\r\nusername;text\r\nmina;"the fog; the pier"\r\n',
        "Report of 2020\nmade by a program\n\nusername,text\nmina,the fog; the pier\n",
        'username,text\nmina,"the fog; the pier"\n\n,,\n',
        "username\ttext\nmina\tthe fog; the pier\n",
        'username,text,note\nmina,"the fog; the pier","a \\"word\\", or two"\n',
        "'username','text'\n'mina','the fog; the pier'\n",
        "username | text\n---------+------\nmina | the fog; the pier\n",
    ],
    ids=["sep", "preamble", "blank", "tabs", "backslash", "single", "drawn"],
)
def test_dialects_of_tables(table: str) -> None:
    assert [(who, text.strip()) for who, text, _ in said(table)] == [("mina", "the fog; the pier")]


@pytest.mark.parametrize(
    ("above", "said_of_it"), [("Report of 2020\nmade, by us\n", 2), ("sep=,\n", 0), ("", 0)]
)
def test_lines_above_a_header_are_not_left_out_in_silence(above: str, said_of_it: int) -> None:
    stream, items = read(f"{above}username,text,date\nmina,the fog,2020-01-02\n")
    assert [item.text for item in items if isinstance(item, Record)] == ["the fog"]
    assert [left.kind for left in stream.notes.unread] == ["sentence"] * said_of_it


def test_a_zip_with_one_table_is_that_table() -> None:
    table = b"username,text\nmina,the fog\n"
    data = zip_bytes({"data/posts.csv": table, "README.md": b"#", "__MACOSX/._posts.csv": b"x"})
    stream, items = read(data)
    assert [item.text for item in items if isinstance(item, Record)] == ["the fog"]
    assert [(left.kind, left.what) for left in stream.notes.unread] == [("file", "README.md")]


def test_a_nested_author_of_any_name_may_be_chosen() -> None:
    rows = [{"text": "the fog", "sayer": {"label": "mina"}}]
    assert [item.username for item in records(json.dumps(rows))] == [None]
    chosen = records(json.dumps(rows), columns={"sayer.label": "username"})
    assert [item.username for item in chosen] == ["mina"]


@given(st.lists(st.integers(10**15, 10**19), min_size=3, max_size=20, unique=True))
def test_rounded_ids_lose_no_post_and_merge_none(ids: list[int]) -> None:
    rounded = [int(float(f"{number:.14e}")) for number in ids]
    table = "id,username,text\n" + "".join(
        f"{number},mina,word {place}\n" for place, number in enumerate(rounded)
    )
    found = records(table)
    assert [item.text for item in found] == [f"word {place}" for place in range(len(ids))]
    kept = [item.source_id for item in found if item.source_id]
    assert len(kept) == len(set(kept))


@given(st.lists(st.text("ab ,;\t\"'|", min_size=1).filter(str.strip), min_size=1, max_size=8))
def test_short_rows_never_shift_a_cell(texts: list[str]) -> None:
    quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
    table = "username,text,date\n" + "".join(f"mina,{text}\n" for text in quoted)
    assert [item.text.strip() for item in records(table)] == [text.strip() for text in texts]


def outbox(*activities: dict[str, Any]) -> str:
    return json.dumps({"type": "OrderedCollection", "orderedItems": activities})


def activity(type_: str, number: int, text: str) -> dict[str, Any]:
    to = ["https://www.w3.org/ns/activitystreams#Public"]
    note = {"id": f"https://a.example/{number}", "type": "Note", "content": text, "to": to}
    return {"type": type_, "actor": "https://a.example/users/mina", "object": note}


@given(st.lists(st.tuples(st.sampled_from(["Create", "Update", "Delete"]), st.integers(1, 4))))
def test_each_post_of_an_outbox_comes_once_with_its_newest_words(
    steps: list[tuple[str, int]],
) -> None:
    steps = [("Create", 9), *steps]
    made = [
        activity(type_, number, f"version {place}") for place, (type_, number) in enumerate(steps)
    ]
    for step in made:
        if step["type"] == "Delete":
            step["object"] = step["object"]["id"]
    created: dict[int, None] = {}
    newest: dict[int, str] = {}
    for place, (type_, number) in enumerate(steps):
        if type_ != "Delete":
            created[number] = None
        if type_ == "Update" or (type_ == "Create" and number not in newest):
            newest[number] = f"version {place}"
    gone = {number for type_, number in steps if type_ == "Delete"}
    updated = {number for type_, number in steps if type_ == "Update"}
    found = [item.text for item in records(outbox(*made))]
    assert set(found) >= {newest[number] for number in updated - gone}
    assert len(found) == sum(
        1 if number in updated else sum(step == ("Create", number) for step in steps)
        for number in created
        if number not in gone
    )


@pytest.mark.parametrize("is_newest_first", [True, False])
@pytest.mark.parametrize("has_last", [True, False])
def test_of_an_edited_post_the_newest_version_there_is_stored(
    is_newest_first: bool, has_last: bool
) -> None:
    ids = ["100000000000000001", "100000000000000002", "100000000000000003"]
    versions = [
        {
            "id_str": id_,
            "full_text": f"version {id_[-1]}",
            "edit_info": {"initial": {"editTweetIds": ids}},
        }
        for id_ in (ids if has_last else ids[:2])
    ]
    posts = [{"tweet": version} for version in versions[:: -1 if is_newest_first else 1]]
    data = f"window.YTD.tweets.part0 = {json.dumps(posts)}"
    assert [item.text for item in records(data)] == ["version 3" if has_last else "version 2"]


def test_words_under_a_picture_of_facebook_are_the_post() -> None:
    medium = {"uri": "photos/1.jpg", "description": "the fog at the pier"}
    post = {"timestamp": 1704448800, "attachments": [{"data": [{"media": medium}]}]}
    assert [item.text for item in records(json.dumps([post]))] == ["the fog at the pier"]


def api_post(number: int, text: str, **fields: Any) -> dict[str, Any]:
    user = {"username": "mina", "id": "7"}
    return {"id": f"{number}", "text": text, "author_id": "7", "author": user} | fields


def test_reposts_of_the_api_without_references_are_an_assumption() -> None:
    referenced = {"referenced_tweets": [{"type": "quoted", "id": "3"}]}
    posts = [
        api_post(1, "RT @jun: the fog"),
        api_post(2, "RT @jun: the pier, as one says", **referenced),
        api_post(3, "the ferry"),
    ]
    stream, items = read("\n".join(map(json.dumps, posts)))
    assert items[0] == Skipped(1, "repost")
    assert [item.source_id for item in items[1:] if isinstance(item, Record)] == ["2", "3"]
    assert [noted.value for noted in stream.notes.assumptions] == ["RT @"]


@pytest.mark.parametrize(
    "sentence",
    [
        "@mina's account is temporarily unavailable because it violates the Twitter Media Policy."
        " Learn more.",
        "This Tweet from @mina has been withheld in response to a report from the copyright"
        " holder. Learn more.",
        "This Post is from a suspended account. Learn more",
    ],
)
@pytest.mark.parametrize("is_table", [True, False])
def test_sentences_of_the_platform_are_nobodys_words(sentence: str, is_table: bool) -> None:
    data = json.dumps(api_post(1, sentence))
    if is_table:
        data = f'username,text\nmina,"{sentence}"\n'
    assert [type(item) for item in read(data)[1]] == [Skipped]
    assert len(records(data.replace("Learn more", "So it says"))) == 1


def test_versions_of_an_edited_post_in_answers_of_the_api_are_one() -> None:
    history = {"edit_history_tweet_ids": ["100000000000000001", "100000000000000002"]}
    urls = [{"url": "https://t.co/a", "expanded_url": "https://twitter.com/i/web/status/1000"}]
    urls[0]["expanded_url"] += "00000000000002"
    posts = [
        api_post(100000000000000001, "the fgo", **history),
        api_post(100000000000000002, "the fog https://t.co/a", **history, entities={"urls": urls}),
        api_post(100000000000000005, "the pier"),
    ]
    assert [item.text for item in records("\n".join(map(json.dumps, posts)))] == [
        "the fog",
        "the pier",
    ]


@pytest.mark.parametrize("form", ["table", "lines", "array"])
@pytest.mark.parametrize(
    ("dates", "expected", "assumed"),
    [
        (["03/04/2020", "05/13/2020"], ["2020-03-04", "2020-05-13"], []),
        (["03/04/2020", "13/05/2020"], ["2020-04-03", "2020-05-13"], []),
        (["03/04/2020", "03/05/2020"], ["2020-03-04", "2020-03-05"], ["month-first"]),
    ],
)
def test_the_order_of_day_and_month_is_that_of_the_whole_file(
    form: str, dates: list[str], expected: list[str], assumed: list[str]
) -> None:
    rows = [{"username": "mina", "text": f"word {n}", "date": date} for n, date in enumerate(dates)]
    data = "\n".join(map(json.dumps, rows)) if form == "lines" else json.dumps(rows)
    if form == "table":
        data = "\n".join(["username,text,date", *(",".join(row.values()) for row in rows)])
    stream, items = read(data)
    found = [item.created_at for item in items if isinstance(item, Record)]
    assert [f"{time:%Y-%m-%d}" for time in found if time] == expected
    noted = [noted.value for noted in stream.notes.assumptions if noted.kind == "dates"]
    assert noted == assumed
    chosen = records(data, dates="day-first" if assumed else "month-first")[0].created_at
    assert f"{chosen:%Y-%m-%d}" == ("2020-04-03" if assumed else "2020-03-04")


def test_rows_of_an_own_export_may_be_short() -> None:
    (item,) = records(f"{OWN_HEADER}\nmina,x,the fog\n")
    assert (item.username, item.text, item.source_id) == ("mina", "the fog", None)
