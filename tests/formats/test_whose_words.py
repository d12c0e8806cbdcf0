"""Whose words a table has: directions, roles, works, and names that are stated."""

import json
from collections import deque
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from saywho.errors import UnrecognisedFileError
from saywho.formats.assumptions import ColumnQuestion
from saywho.formats.doubts.questions import asked
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Item, ReadOptions, Record
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.tally import Doubt
from tests.formats.files import asked_of, fields_in, read_file_records, records_in
from tests.formats.test_who_may_read import lines, table

CASES = Path(__file__).parent / "cases" / "tables"
SIDES = (
    *(("Received", "Sent"), ("incoming", "outgoing"), ("inbox", "outbox"), ("SMS In", "SMS Out")),
    *(("수신", "발신"), ("recibido", "enviado"), ("受信", "送信"), ("empfangen", "gesendet")),
)
OTHERS = ("Draft", "Failed", "keychange", "call", "임시", "?")
NAMES = ("Type", "folder", "Direction", "kind_of_message", "구분", "estado", "box", "x")


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """A file of messages, and who wrote each: `in`, `out`, or neither."""
    received, sent = draw(st.sampled_from(SIDES))
    other = draw(st.sampled_from(OTHERS))
    kinds = draw(st.lists(st.sampled_from(["in", "out", "neither"]), min_size=3, max_size=9))
    kinds += ["in", "out"]
    said = {"in": received, "out": sent, "neither": other}
    columns = [draw(st.sampled_from(NAMES)), "Date", "Contact", "text"]
    rows = [
        [said[kind], f"2026-01-13 10:{n:02}:00", "Ada" if n % 3 else "Mina", f"ferry {n} is late"]
        for n, kind in enumerate(kinds)
    ]
    order = draw(st.permutations(range(4)))
    write = draw(st.sampled_from([table, lines]))
    return write([columns[n] for n in order], [[row[n] for n in order] for row in rows]), kinds


@given(messages())
def test_received_words_are_never_those_of_the_importer(file: tuple[bytes, list[str]]) -> None:
    data, kinds = file
    found = read_file_records(data, username="jun")[1]
    for kind, item in zip(kinds, found, strict=True):
        if kind == "in":
            assert isinstance(item, Record)
            assert item.username in {"Ada", "Mina"}
        elif kind == "out":
            assert isinstance(item, Record)
            assert item.username == "jun"
        else:
            assert not isinstance(item, Record)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[dict[str, list[dict[str, str]]], str]:
    """Conversations under their titles, and the machine's role."""
    machine = draw(st.sampled_from(["assistant", "model", "ai", "gpt"]))
    roles = draw(st.lists(st.sampled_from(["user", "system", machine]), min_size=1, max_size=6))
    titles = draw(st.lists(st.text("abcdef ", min_size=1), min_size=2, max_size=4, unique=True))
    said = [{"role": role, "content": f"ferry {n} is late"} for n, role in enumerate(roles)]
    return {title: [*said, {"role": machine, "content": "no, fog"}] for title in titles}, machine


@given(conversations())
def test_conversations_under_their_titles_are_no_posts_of_the_titles(
    file: tuple[dict[str, list[dict[str, str]]], str],
) -> None:
    chats, machine = file
    records, items = read_file_records(json.dumps(chats).encode(), username="jun")
    assert records.is_chat
    said = [each for found in chats.values() for each in found]
    asked = [each["content"] for each in said if each["role"] == "user"]
    assert [item.text for item in records_in(items) if item.username == "jun"] == asked
    others = {(item.username or "").casefold() for item in records_in(items)} - {"jun"}
    assert others == {machine}


def test_texts_that_no_author_has_are_not_the_words() -> None:
    said = [("Mina", f"the ferry is late again today, for the {n}th time") for n in range(6)]
    shown = [["", "", f"A pier. Fog comes in slowly from the sea, {n} boats."] for n in range(6)]
    rows = [row for each, view in zip(said, shown, strict=True) for row in ([*each, ""], view)]
    _, items = read_file_records(table(["speaker", "quote", "description"], rows))
    assert [(item.username, item.text) for item in records_in(items) if item.username] == said


@pytest.mark.parametrize("key", ["speech", "utterance", "발언", "発言"])
def test_json_of_a_known_speaker_says_what_was_said(key: str) -> None:
    said = [{"speaker": name, key: f"{name}: the ferry is late", "id": name} for name in "ab"]
    assert fields_in("username", json.dumps(said).encode()) == ["a", "b"]


@pytest.mark.parametrize("name", ["Comment", "댓글", "review", "speech text"])
def test_one_column_of_words_is_a_table(name: str, tmp_path: Path) -> None:
    file = tmp_path / "comments.csv"
    file.write_text(f'{name}\n"fog again, and wind"\nthe ferry is late\nwhy is it so late\n')
    records, items = read_file_records(file, username="jun")
    assert [item.text for item in records_in(items)][:2] == [
        *("fog again, and wind", "the ferry is late")
    ]
    assert not records.is_chat


def test_numbers_of_accounts_have_no_point_zero() -> None:
    rows = [["140913992.0", "the ferry is late"], ["-1002163.0", "fog again"], ["", "nobody"]]
    assert fields_in("username", table(["author", "text"], rows)) == ["140913992", "-1002163", None]


@pytest.mark.parametrize("box", ["boxId", "msg_box", "type"])
def test_boxes_of_android_say_who_sent_a_message(box: str) -> None:
    rows = [
        {"address": "+4911", "body": f"ferry {n}", "date": 1768298400000 + n, box: kind}
        | ({} if box == "type" else {"type": "sms"})
        for n, kind in enumerate((1, 2, 1))
    ]
    found = records_in(read_file_records(json.dumps(rows).encode(), username="jun")[1])
    assert [item.username for item in found] == ["+4911", "jun", "+4911"]


@pytest.mark.parametrize("me", ["Me", "you", "나", "Ich"])
def test_who_exported_is_not_called_me(me: str) -> None:
    rows = [["true", me, "hello"], ["false", "Mina", "the ferry"], ["true", me, "at the pier"]]
    for write in (table, lines):
        found = read_file_records(write(["is_from_me", "sender", "text"], rows), username="jun")[1]
        assert [item.username for item in records_in(found)] == ["jun", "Mina", "jun"]


def test_a_time_of_received_messages_is_nobody() -> None:
    sent = {"type": "outgoing", "body": "hello", "sent_at": 1768298400000}
    received = {
        "type": "incoming",
        "received_at": 1768298460500,
        "source": "+4911",
        "sent_at": 1768298460000,
    }
    rows = [sent, received | {"body": "the ferry"}, {"type": "keychange", "sent_at": 1768298460600}]
    _, items = read_file_records("\n".join(map(json.dumps, rows)).encode(), username="jun")
    assert [item.username for item in records_in(items)] == ["jun", "+4911"]
    assert [item.reason for item in items if isinstance(item, Skipped)] == ["system"]


def test_a_received_message_without_a_sender_is_nobodys() -> None:
    rows = [["incoming", "hello"], ["outgoing", "on my way"], ["incoming", "good"]]
    found = read_file_records(table(["type", "body"], rows), username="jun")[1]
    assert [isinstance(item, BadRecord) for item in found] == [True, False, True]


@pytest.mark.parametrize("person", ["user", "human", "Human"])
@pytest.mark.parametrize("machine", ["assistant", "AI", "model", "gpt"])
@pytest.mark.parametrize("column", ["role", "from", "Author", "speaker"])
def test_what_a_machine_says_is_not_the_persons(person: str, machine: str, column: str) -> None:
    rows = [[person, "why is the ferry late"], [machine, "Because of fog."], ["system", "Be kind."]]
    for write in (table, lines):
        found = records_in(read_file_records(write([column, "content"], rows), username="jun")[1])
        assert [(item.username == "jun", item.text) for item in found] == [
            (True, "why is the ferry late"),
            (False, "Because of fog."),
        ]


def test_each_conversation_with_copilot_is_a_chat() -> None:
    found = records_in(read_file_records(CASES / "copilot-history-human-is-a-person.csv")[1])
    assert {item.room.name for item in found if item.room} == {"Ferry times", "Market"}
    assert {item.username for item in found} == {None, "AI"}


def said(name: str, **options: Any) -> list[tuple[str | None, str]]:
    return fields_in("username text", CASES / name, **options)


BOOKS = (
    "Book",
    "book_title",
    "ISBN",
    "책이름",
    "도서명",
    "書籍",
    "Libro",
    "livre",
    "Novel",
    "shelves",
)
REVIEWS = ("Review", "my_review", "리뷰", "서평", "感想", "reseña", "Note")
WRITERS = ("Author", "authors", "Book Author", "저자", "작가", "지은이", "作者", "auteur", "autor")


@given(st.data())
def test_who_wrote_a_book_did_not_write_its_reviews(data: st.DataObject) -> None:
    columns = [data.draw(st.sampled_from(words)) for words in (BOOKS, REVIEWS, WRITERS)]
    rows = [[f"Sea {n}", f"I liked the {n} ferries", "John Banville"] for n in range(3)]
    order = data.draw(st.permutations(range(3)))
    write = data.draw(st.sampled_from([table, lines]))
    file = write([columns[n] for n in order], [[row[n] for n in order] for row in rows])
    with suppress(UnrecognisedFileError):
        found = records_in(read_file_records(file, username="jun")[1])
        assert {item.username for item in found} <= {None, "jun"}


def test_critics_are_not_their_newspaper() -> None:
    critics = {author for author, _ in said("critics_and_their_newspapers.csv")}
    assert critics == {"Mina_Pier", "Jun_Reef", "Bo_Reef"}


def test_who_has_no_handle_has_a_name() -> None:
    authors = [author for author, _ in said("some_critics_have_no_handle.csv")]
    assert authors == ["Mina_Pier", "Jun_Reef", "Anna_Quay", "Mina_Pier", "Anna_Quay"]


def test_a_blog_names_its_authors_above_the_texts_and_keeps_what_is_unpublished() -> None:
    found = said("jekyll_blog_with_authors")
    assert sorted({str(author) for author, _ in found}) == ["jun", "mina"]
    assert len(found) == 3
    assert not any("not finished" in text for _, text in found)


@pytest.mark.parametrize("head", ["date: 2024-01-05", "title: Fog", "date: 2024-01-05\ntags: x"])
def test_titles_of_a_blog_are_no_authors(head: str, tmp_path: Path) -> None:
    for name in ("python-json", "python-news", "arch-fog", "vps-lamp"):
        (tmp_path / f"{name}.md").write_text(f"---\n{head}\n---\n\nThe {name} is here.\n")
    records, items = read_file_records(tmp_path)
    assert {item.username for item in records_in(items)} == {None}
    assert records.notes.is_author_open


@pytest.mark.parametrize("key", ["id: 104", "permalink: /x/", "categories:", "cover: a.jpg"])
def test_a_head_of_a_blog_may_have_any_key(key: str, tmp_path: Path) -> None:
    for n in range(3):
        head = f"title: Ferry {n}\n{key}\n  - Fog\ndate: 2026-01-1{n} 10:00:00\ntags:\n---\n"
        (tmp_path / f"a-{n}.md").write_text(f"{head}\nThe ferry is late.\n")
    found = fields_in("username text created_at", tmp_path, username="jun")
    assert [(name, text, time and time.day) for name, text, time in found] == [
        (None, "The ferry is late.", 10 + n) for n in range(3)
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("suffix", "words"),
    [("md", "The ferry is late."), ("html", "<p>The <b>ferry</b> is late.</p>")],
)
def test_a_head_without_a_title_is_no_words_and_a_day_is_no_author(
    end: str, suffix: str, words: str, tmp_path: Path
) -> None:
    for n in range(1, 5):
        text = end.join(["---", "layout: post", "tags: [fog]", "---", "", words])
        (tmp_path / f"2026-01-0{n}-ferry-{n}.{suffix}").write_bytes(text.encode())
    (tmp_path / "about.html").write_text("<p>A page without keys</p>")
    items = read_file_records(tmp_path)[1]
    assert {(item.username, item.text) for item in records_in(items)} == {
        (None, "The ferry is late.")
    }


def test_a_text_of_nobody_costs_no_other_text_of_a_blog(tmp_path: Path) -> None:
    for n, author in enumerate(("author: mina\n", "author: jun\n", "", "author: mina\n")):
        text = f"---\ntitle: Fog {n}\n{author}---\n\nThe ferry is late.\n"
        (tmp_path / f"{n}.md").write_text(text)
    records, items = read_file_records(tmp_path)
    assert [item.username for item in records_in(items)] == ["mina", "jun", None, "mina"]
    assert records.notes.unsettled is None


def test_who_made_a_claim_did_not_write_its_review() -> None:
    rows = [[f"The ferry {n} sank", f"It did not, and {n} people saw it", "Jun"] for n in range(4)]
    found = read_file_records(table(["Claim", "Review", "Author"], rows), username="desk")[1]
    assert {item.username for item in records_in(found)} <= {None, "desk"}
    claims = read_file_records(table(["statement", "verdict", "author"], rows))[1]
    assert {item.username for item in records_in(claims)} == {"Jun"}


@pytest.mark.parametrize("folder", ["_drafts", "Drafts", "source/_drafts"])
def test_drafts_of_a_blog_are_not_published(folder: str, tmp_path: Path) -> None:
    heads = {"source/_posts": "fog", folder: "my secret"}
    for path, word in heads.items():
        (tmp_path / path).mkdir(parents=True)
        head = "title: Fog\ndate: 2026-01-13\nauthor: mina\ntags:\n- sea\n---"
        (tmp_path / path / "fog.md").write_text(f"{head}\n\nThe {word} is here.\n")
    assert fields_in("username text", tmp_path) == [("mina", "The fog is here.")]


@pytest.mark.parametrize("key", ["utterances", "segments"])
@pytest.mark.parametrize("mina", ["A", "SPEAKER_00", {"label": "1", "name": "A"}])
def test_what_each_speaker_said_is_read_and_not_the_whole(key: str, mina: object) -> None:
    said = [
        {"start": 0, "text": "Hello everybody", "speaker": mina},
        {"start": 2, "text": "The ferry is late", "speaker": "B"},
    ]
    file = json.dumps({"text": "Hello everybody The ferry is late", key: said}).encode()
    found = records_in(read_file_records(file, username="jun")[1])
    assert [item.text for item in found] == ["Hello everybody", "The ferry is late"]
    assert {item.username for item in found}.isdisjoint({"jun", None})
    whole = json.dumps({"text": "Hello. The ferry.", key: [{"start": 0, "text": "Hello."}]})
    (item,) = records_in(read_file_records(whole.encode(), username="jun")[1])
    assert item.text == "Hello. The ferry."


def test_an_account_of_steam_is_an_author() -> None:
    reviews = [
        {"author": {"steamid": f"7656{n}"}, "review": f"the game {n} is good"} for n in range(2)
    ]
    found = read_file_records(json.dumps({"reviews": reviews}).encode(), username="jun")[1]
    assert [item.username for item in records_in(found)] == ["76560", "76561"]


def test_a_stated_name_is_enough_for_messages_of_one_person() -> None:
    page = {"data": [{"message": f"the ferry {n} is late", "id": f"1_{n}"} for n in range(2)]}
    found = records_in(read_file_records(json.dumps(page).encode(), username="jun")[1])
    assert [item.text for item in found] == ["the ferry 0 is late", "the ferry 1 is late"]
    assert [each.role for each in asked_of(json.dumps(page).encode())] == ["author"]


def test_a_note_on_a_book_is_its_readers(tmp_path: Path) -> None:
    rows = [["The sea was calm.", f"Sea {n}", "John Banville", f"Read {n} again"] for n in "12"]
    data = table(["Highlight", "Book Title", "Book Author", "Note"], rows)
    (tmp_path / "notes.csv").write_bytes(data)
    found = records_in(read_file_records(tmp_path / "notes.csv", username="jun")[1])
    assert len(found) == 2
    assert {item.username for item in found} <= {None, "jun"}


def test_a_stated_name_beats_the_names_of_files(tmp_path: Path) -> None:
    for name in ("fog", "ferry", "lamp"):
        (tmp_path / f"{name}.md").write_text(f"---\ndate: 2024-01-05\n---\n\nThe {name} is here.\n")
    items: list[Item] = read_file_records(tmp_path, username="mina")[1]
    assert {item.username for item in records_in(items)} <= {None, "mina"}


def test_captions_have_the_times_of_their_names() -> None:
    items = read_file_records(CASES / "instaloader_captions_of_two_profiles")[1]
    times = {f"{item.created_at:%Y-%m-%d %H:%M}" for item in records_in(items)}
    assert times == {"2024-01-05 10:00", "2024-01-06 11:30", "2024-01-07 08:15", "2024-01-08 09:00"}


def test_a_time_that_says_writing_is_not_overruled_by_an_earlier_one() -> None:
    items = read_file_records(CASES / "join_date_is_no_time_of_a_post.csv")[1]
    assert {item.created_at.year for item in records_in(items) if item.created_at} == {2024}


def test_what_was_written_is_read_and_not_its_translation() -> None:
    originals = [text for _, text in said("text_is_the_translation.csv")]
    assert originals == ["또 안개가 왔다", "배가 기다린다"]
    raw = [text for _, text in said("discourse_archive_with_private_messages.csv")]
    assert raw[0] == "The fog came back before noon, and **nobody** saw it."


def test_two_columns_of_words_are_a_question() -> None:
    (question,) = asked_of(CASES / "no_positive_is_no_words.csv")
    assert {*question.choices[:2]} == {"Negative_Review", "Positive_Review"}


def test_names_above_the_speeches_of_a_play_are_no_words() -> None:
    ((author, text),) = said("tei_play_speakers_are_no_words.xml")
    assert author == "Mina_Pier"
    assert "Who is there in the fog?" in text
    assert "MINA" not in text
    assert said("tei_author_in_persname.xml")[0][0] == "Mina_Pier"


def test_a_merged_cell_stands_for_all_its_rows() -> None:
    authors = [author for author, _ in said("ko_merged_author_cells.xlsx")]
    assert authors[:3] == ["바다"] * 3
    assert authors[3:] == ["유월"] * len(authors[3:])


def test_an_own_export_with_another_programs_numbers_is_an_own_export() -> None:
    found = said("own_export_through_pandas_with_its_index.csv")
    assert found[0] == ("007", "=1+1 is two, said the fog")


SPEAKERS = (
    ("額賀福志郎", "○議長（額賀福志郎君）　"),
    ("額賀福志郎", "○額賀議長　"),
    ("Ada Tide", "The PRESIDENT (Ada Tide): "),
    ("Ada Tide", "Mr. TIDE. — "),
    ("ada_tide", "Tide: "),
    ("Ada Tide", "Mrs. TIDE. "),
    ("Ada Tide", "Sra. Tide. "),
    ("Ada Tide", "Mrs. TIDE of Ohio. "),
    ("Ada Tide", "Ada Tide. "),
    ("우미나", "○의장 우미나  "),
    ("Мина Тихая", "Тихая М.: "),
)
WORDS = ("We begin: the fog is in.", "これより会議を開きます。", "Order! Order!", "배가 늦는다.")


@st.composite
def speeches(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """Minutes with a label before most words, and the words without it."""
    said = draw(st.lists(st.sampled_from(WORDS), min_size=4, max_size=8))
    spoken = [(*draw(st.sampled_from(SPEAKERS)), words) for words in said]
    bare = draw(st.integers(0, 1))
    rows = [
        [name, f"2024-01-0{1 + n}", words if n < bare else f"{label}{words}"]
        for n, (name, label, words) in enumerate(spoken)
    ]
    return draw(st.sampled_from([table, lines]))(["speaker", "date", "text"], rows), said


@given(speeches())
def test_who_speaks_is_no_word_of_theirs(file: tuple[bytes, list[str]]) -> None:
    records, items = read_file_records(file[0])
    assert [item.text for item in records_in(items)] == file[1]
    assert any("Names of speakers" in str(finding) for _, finding in records.notes.odd)


def test_a_label_with_a_full_stop_is_known_by_its_return() -> None:
    spoken = [("Mina Pier", "Sig.ra PIER. "), ("Jun Reef", "Il pres. REEF. ")] * 3
    rows = [[name, f"{label}The fog, {n}."] for n, (name, label) in enumerate(spoken)]
    rows += [["Dara Tide", "On. TIDE. And now?"], ["Ada Lee", "I, too, saw Mrs. Lee. She waved."]]
    found = records_in(read_file_records(table(["speaker", "text"], rows))[1])
    assert [item.text for item in found[:6]] == [f"The fog, {n}." for n in range(6)]
    assert found[6].text == "And now?"
    own = [["Mina Pier", f"{word} saw Mina. Fog {n}."] for n, word in enumerate(["I", "He", "We"])]
    assert fields_in("text", table(["speaker", "text"], own)) == [text for _, text in own]


@given(st.sampled_from(SPEAKERS), st.lists(st.sampled_from(["Note: ", "Q: ", ""]), min_size=4))
def test_other_beginnings_stay(speaker: tuple[str, str], beginnings: list[str]) -> None:
    rows = [[speaker[0], f"{beginning}fog {n}"] for n, beginning in enumerate(beginnings)]
    records, items = read_file_records(table(["username", "text"], rows))
    assert [item.text for item in records_in(items)] == [text for _, text in rows]
    assert not records.notes.odd


@given(
    st.sampled_from(["Ada Tide", "Ada", "TIDE"]),
    st.sampled_from(["Reed", "Jun Reed", "Moderator"]),
    st.sampled_from([" ", "\n", ""]),
    st.integers(3, 6),
)
def test_a_text_of_several_speakers_is_doubted(
    own: str, other: str, between: str, turns: int
) -> None:
    asked = f"{other}: And then, after the fog, what was there at the pier?{between}"
    talk = f"{asked}{own}: Then came the ferry, as it always does in winter.{between}" * turns
    doubts = doubts_of([("Ada Tide", talk), ("Jun", "Fog again")])
    assert [(doubt.grave, doubt.examples) for doubt in doubts] == [(True, (f"{other}, {own}",))]
    assert not doubts_of(
        [("Ada Tide", f"{own}: it was late. Note: so was {other}"), ("Jun", "Fog")]
    )


def doubts_of(said: list[tuple[str, str]], about: str = "turns") -> list[Doubt]:
    with Source(BytesIO(table(["username", "text"], [[*row] for row in said]))) as source:
        options = ReadOptions()
        records, questions = asked(open_records(source, options=options), options)
        deque(records.items, 0)
        return [doubt for doubt in questions.doubts() if about in str(doubt.finding)]


def test_notes_of_who_wrote_down_what_was_said_are_doubted() -> None:
    plain = [("Ada", f"Fog again, the {n}th time") for n in range(9)]
    noted = [
        ("Mina", f"{note} Good night.") for note in ("[She waits.]", "〔拍手〕", "[in tears] O!")
    ]
    assert [doubt.count for doubt in doubts_of([*plain, *noted], "brackets")] == [3]
    links = [
        ("Mina", f"[the ferry {n}](https://a.example/{n}) [x] [1] [deleted]") for n in range(5)
    ]
    assert not doubts_of([*plain, *links], "brackets")


def test_texts_in_quotation_marks_are_doubted_if_most_are() -> None:
    said = [("Mina", f'"The ferry {n} is late') for n in range(4)] + [("Jun", "Fog again")] * 3
    assert [doubt.count for doubt in doubts_of(said, "quotation marks")] == [4]
    assert not doubts_of([*said, ("Jun", "Fog"), ("Jun", "And fog")], "quotation marks")


SITES = (
    *("https://twitter.com/{}/status/{}", "https://x.com/{}/status/{}?s=20"),
    *("https://sea.example/@{}/{}", "https://bsky.app/profile/{}/post/{}"),
)


@given(
    st.sampled_from(SITES),
    st.lists(st.sampled_from(["mina", "jun_r", "Ada2"]), min_size=2, max_size=9),
    st.sampled_from(["url", "Tweet URL", "link"]),
)
def test_addresses_of_posts_name_who_wrote_them(site: str, names: list[str], column: str) -> None:
    rows = [[f"fog {n}", site.format(name, 10**9 + n)] for n, name in enumerate(names)]
    (question,) = asked_of(table(["text", column], rows))
    assert (question.role, question.choices[0]) == ("author", column)
    assert fields_in("username", table(["text", column], rows)) == names
    rows = [[text, "https://x.com/i/status/1234567"] for text, _ in rows]
    unnamed = read_file_records(table(["text", column], rows))[1]
    assert {item.username for item in records_in(unnamed)} <= {None}


SENDERS = (
    *("보낸 사람", "发送者", "Absender", "Remitente", "Expéditeur", "Remetente", "Отправитель"),
    *("送信者", "Gönderen", "Nadawca", "Avsändare", "ผู้ส่ง", "المرسل", "Küldő", "col3", "q"),
)


@pytest.mark.parametrize("people", [("Mina Tide", "Jun Pier"), ("민아", "준"), ("+4911", "+8210")])
@pytest.mark.parametrize("heading", SENDERS)
@pytest.mark.parametrize("write", [table, lines])
def test_a_name_that_is_given_takes_no_words_of_senders(
    write: Any, heading: str, people: tuple[str, str]
) -> None:
    rows = [[people[n % 2], f"ferry {n} is late again"] for n in range(8)]
    data = write([heading, "text"], rows)
    (question,) = asked_of(data, ReadOptions(username="jun")) or [
        ColumnQuestion("author", likely=(heading,))
    ]
    assert (question.role, question.choices[0]) == ("author", heading)
    with Source(BytesIO(write([heading, "text"], [*rows, ["", "fog"]]))) as source:
        options = ReadOptions(username="jun", columns={heading: "username"})
        found = records_in(list(open_records(source, options=options).items))
    assert [item.username for item in found][-1] is None
    assert len({item.username for item in found}) == 3


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        *(("is_bot", "True", "system"), ("isBot", "1", "system"), ("봇여부", "Y", "system")),
        *(("is_anonymous", "true", "deleted"), ("익명여부", "Y", "deleted")),
        *(("匿名", "1", "deleted"), ("anónimo", "yes", "deleted")),
    ],
)
def test_flags_of_programs_and_of_the_anonymous_leave_rows_out(
    column: str, value: str, reason: str
) -> None:
    no = {"True": "False", "1": "0", "Y": "N", "true": "false", "yes": "no"}[value]
    rows = [["Mina", "fog", no], ["Jun", "the lamp", value]]
    for options in ({}, {"username": "ada"}):
        records, items = read_file_records(table(["username", "text", column], rows), **options)
        assert [item.username for item in records_in(items)] == ["Mina"]
        assert [item.reason for item in items if isinstance(item, Skipped)] == [reason]
        (told,) = records.notes.odd.values()
        assert told.count == 1
        assert "Jun" not in told.examples or reason == "system"


def test_accounts_of_type_bot_are_no_people() -> None:
    said = [
        {"user": {"login": n, "type": t}, "body": "fog"}
        for n, t in (("mina", "User"), ("tides", "Bot"), ("renovate[bot]", "User"))
    ]
    assert fields_in("username", json.dumps(said).encode()) == ["mina"]


@pytest.mark.parametrize(
    ("headings", "names", "whole"),
    [
        (["성", "이름"], ["김", "민아"], "김민아"),
        (["姓", "名"], ["小林", "潤"], "小林潤"),
        (["First Name", "Last Name"], ["Mina", "Pier"], "Mina Pier"),
    ],
)
def test_two_columns_of_a_name_are_one(headings: list[str], names: list[str], whole: str) -> None:
    data = table([*headings, "text"], [[*names, "fog"]])
    (record,) = records_in(read_file_records(data)[1])
    assert (record.display_name or record.username) == whole
