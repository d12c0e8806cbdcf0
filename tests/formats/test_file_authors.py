"""Authors in the names of files and folders: texts, and tables that name nobody."""

from pathlib import Path
from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.assumptions import ReadNotes
from saywho.formats.file_authors import authors_of
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import RecordStream
from tests.archives import zip_bytes
from tests.formats.files import lines, read_file_records, records_in, saved_folder

CASES = Path(__file__).parent / "cases"
WORDS = b"The lamp is old, and the fog is older."
KOREAN = "안개가 끼었다. 등대지기는 아침마다 연필로 바람과 파도를 적어 두었다고 한다."
SHEET = b"date,text\n2024-01-05T10:00:00Z,Fog again\n"


def authors(
    names: list[str], content: bytes = WORDS, **options: Any
) -> tuple[list[str | None], RecordStream]:
    """Return the authors of files with these names, in the order of the names."""
    records, items = read_file_records(zip_bytes(dict.fromkeys(names, content)), **options)
    return [record.username for record in records_in(items)], records


WAYS = {
    "stylo": (["corpus/Keeper_Lamp.txt", "corpus/Keeper_Log.txt", "corpus/Pilot_Log.txt"], "start"),
    "hangul": (["김동인_감자.txt", "김유정_봄봄.txt", "김유정_동백꽃.TXT"], "start"),
    "dash": (["Anna Kim - Fog.txt", "Anna Kim - Sea.txt", "Jun - Fog.txt"], "start"),
    "hyphen": (["anna-fog.txt", "anna-sea.txt", "jun-fog.txt"], "start"),
    "sets": (["train/Keeper_A.txt", "test/Keeper_B.txt", "test/Pilot_A.txt"], "start"),
    "genres": (["verse/Keeper_A.txt", "prose/Keeper_B.txt", "prose/Pilot_A.txt"], "start"),
    "folders": (["c/Keeper/1.txt", "c/Keeper/2.txt", "c/Pilot/1.txt"], "folder"),
    "folders in sets": (["train/Keeper/1.txt", "test/Keeper/2.txt", "test/Pilot/3.txt"], "folder"),
    "problems": (["EN1/known01.txt", "EN1/unknown.txt", "EN2/known01.txt", "truth.txt"], "folder"),
    "numbered in sets": (
        ["train/author1/1.txt", "test/author1/2.txt", "test/author2/3.txt"],
        "=folder",
    ),
    "one each": (["the night ferry.txt", "saltmarsh light.txt"], "name"),
    "numbered": (["Keeper1.txt", "Keeper2.txt", "Pilot1.txt"], "name"),
    "years": (["01_Keeper(1998).txt", "2.Keeper [2005-07].txt", "17_Pilot（2003）.txt"], "name"),
    "essays": (["Anna Berg essay 1.txt", "Anna Berg essay 2.txt", "Jun essay 1.txt"], "name"),
}
READ = {
    "stylo": ["Keeper", "Keeper", "Pilot"],
    "hangul": ["김동인", "김유정", "김유정"],
    "dash": ["Anna_Kim", "Anna_Kim", "Jun"],
    "hyphen": ["anna", "anna", "jun"],
    "sets": ["Keeper", "Pilot", "Keeper"],
    "genres": ["Keeper", "Pilot", "Keeper"],
    "folders": ["Keeper", "Keeper", "Pilot"],
    "folders in sets": ["Keeper", "Pilot", "Keeper"],
    "problems": ["EN1", "EN2"],
    "numbered in sets": ["author1", "author2", "author1"],
    "one each": ["saltmarsh_light", "the_night_ferry"],
    "essays": ["Anna_Berg", "Anna_Berg", "Jun"],
    "numbered": ["Keeper", "Keeper", "Pilot"],
    "years": ["Keeper", "Pilot", "Keeper"],
}


@pytest.mark.parametrize("kind", WAYS)
def test_texts_have_their_authors_by_their_names_which_is_assumed(kind: str) -> None:
    names, way = WAYS[kind]
    found, records = authors(names)
    assert (records.format, records.is_chat) == ("texts", False)
    assert found == READ[kind]
    (assumed,) = records.notes.assumptions
    assert assumed.kind == "author"
    assert assumed.value.endswith(way)
    assert assumed.alternatives[-1] == "author=none"


def test_texts_of_unknown_authors_are_left_out_and_told() -> None:
    names = ["p/anna/known1.txt", "p/jun/known1.txt", "p/unknown/1.txt", "p/unknown/2.txt"]
    found, records = authors(names)
    assert found == ["anna", "jun"]
    (part,) = records.left_out
    assert "left out: 2. To ask who wrote" in str(part.note)
    assert [part.what for part in records.notes.unread] == names[2:]


def test_people_who_are_numbered_anew_in_each_folder_are_not_taken_for_one() -> None:
    names = [f"pan/problem0{p}/candidate0{c}/known1.txt" for p in (1, 2) for c in (1, 2)]
    with pytest.raises(UnrecognisedFileError, match="a folder for each author"):
        authors(names)


def test_pairs_of_texts_are_refused_with_what_to_do() -> None:
    pairs = lines({"id": "p1", "pair": ["Fog", "Rain"]})
    for content in (pairs, zip_bytes({"pairs.jsonl": pairs, "truth.jsonl": b'{"id": "p1"}'})):
        with pytest.raises(UnrecognisedFileError, match="export of PAN"):
            read_file_records(content)


def test_another_way_is_chosen_and_no_author_is_asked_for() -> None:
    names, _ = WAYS["folders"]
    found, records = authors(names, columns={"file-name": "username"})
    assert (found, records.notes.assumptions) == (["1", "2", "1"], [])
    found, records = authors(names, columns={"author=none": "username"})
    assert (found, records.notes.unsettled) == ([None] * 3, "author")
    found, records = authors(["notes/1.txt", "notes/2.txt"], username="mina")
    assert (records.format, found) == ("texts", [None, None])


@pytest.mark.parametrize(
    "names",
    [
        ["1.txt", "2.txt"],
        ["2024-01.txt", "2024-02.txt"],
        ["Keeper_Lamp.txt"],
        ["train/1.txt", "test/2.txt"],
        ["chapter 1.txt", "chapter 2.txt"],
    ],
)
def test_texts_whose_names_have_no_authors_are_refused_with_what_to_do(names: list[str]) -> None:
    with pytest.raises(UnrecognisedFileError, match=r"name the files `Author_Title\.txt`"):
        authors(names)


def test_a_folder_of_mixed_things_is_no_folder_of_texts() -> None:
    chat = b"9999.1.5 um 3:04 | Mina: hi\n9999.1.5 um 3:05 | Jun: hi\n"
    for members in (
        {"Mina.txt": chat, "Jun.txt": chat},
        {
            "Mina_1.txt": WORDS,
            "a.json": b"{}",
            "b.json": b"{}",
            "c.html": b"<p>",
            "Jun_1.txt": WORDS,
        },
        {"Mina.txt": b"\x89PNG\r\n", "Jun.txt": b"{}"},
    ):
        with pytest.raises(UnrecognisedFileError):
            read_file_records(zip_bytes(members))


def test_other_files_beside_texts_are_told_and_long_texts_are_cut(tmp_path: Path) -> None:
    long = "\n\n".join(f"{n}. {WORDS.decode()}" for n in range(1_500))
    members = {
        "README.txt": b"About",
        "Keeper_A.txt": long.encode(),
        "Keeper_B.txt": KOREAN.encode("cp949"),
        "Pilot_A.txt": WORDS,
        "Pilot_B.txt": b" \n",
        "Pilot_C.txt": b"<html><p>page</p></html>",
    }
    records, items = read_file_records(saved_folder(tmp_path / "texts", members))
    said = [(record.username, record.text) for record in records_in(items)]
    keeper = [text for name, text in said if name == "Keeper"]
    assert "\n\n".join(keeper[:-1]) == long
    assert keeper[-1] == KOREAN
    assert [text for name, text in said if name == "Pilot"] == [WORDS.decode()]
    assert Skipped(4, "empty") in items
    assert {part.what for part in records.notes.unread} == {"README.txt", "Pilot_C.txt"}
    assert {part.kind for part in records.notes.assumptions} == {"author", "pieces", "encoding"}


@pytest.mark.full
def test_a_text_of_too_many_characters_is_rejected_by_its_name() -> None:
    members = {"Keeper_A.txt": b"fog " * 2**22 + b"!", "Pilot_A.txt": WORDS}
    _, items = read_file_records(zip_bytes(members))
    (bad,) = (item for item in items if isinstance(item, BadRecord))
    assert str(bad.detail) == "Keeper_A.txt: longer than 16 MB"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (
            ["t/saltmarsh_light.csv", "t/the_night_ferry.csv"],
            ["saltmarsh_light", "the_night_ferry"],
        ),
        (["mina/posts.csv", "jun/posts.csv"], ["jun", "mina"]),
        (["tweets_mina.csv", "tweets_jun.csv"], ["jun", "mina"]),
        # A row that stands in two tables of one author is one post.
        (["mina_2023.csv", "mina_2024.csv", "jun_2024.csv"], ["jun", "mina"]),
    ],
)
def test_tables_without_authors_have_them_by_their_names(
    names: list[str], found: list[str]
) -> None:
    read, records = authors(names, SHEET)
    assert (records.format, read) == ("csv", found)
    assert [part.kind for part in records.notes.assumptions] == ["author"]
    read, records = authors(names, SHEET, columns={"author=none": "username"})
    assert (read, records.notes.unsettled) == ([None] * len(names), "author")


JSON = b'[{"date": "2024-01-05", "text": "Fog"}, {"date": "2024-01-06", "text": "Rain"}]'


def test_a_json_for_each_person_has_the_author_in_its_name() -> None:
    names = ["posts/tweets_mina.json", "posts/tweets_jun.jsonl"]
    found, records = authors(names, JSON)
    assert (records.format, found) == ("jsonl", ["jun", "jun", "mina", "mina"])
    (assumed,) = records.notes.assumptions
    assert (assumed.kind, assumed.value) == ("author", "author=file-name")
    found, records = authors(names, JSON, columns={"author=none": "username"})
    assert (found, records.notes.unsettled) == ([None] * 4, "author")
    assert authors(["1.json", "2.json"], JSON, username="mina")[0] == [None] * 4


@pytest.mark.parametrize(
    "members",
    [
        {"mina.json": JSON, "settings.json": b'{"theme": "dark"}'},
        {"mina.json": JSON, "jun.json": b'[{"sender": "jun", "text": "Fog"}]'},
        {"1.json": JSON, "2.json": JSON},
    ],
    ids=["others", "authors", "numbers"],
)
def test_other_json_files_are_refused_together(members: dict[str, bytes]) -> None:
    with pytest.raises(UnrecognisedFileError, match="import each of these files by itself"):
        read_file_records(zip_bytes(members))


@pytest.mark.parametrize("names", [["train.csv", "test.csv"], ["1.csv", "2.csv"], ["mina.csv"]])
def test_tables_whose_names_have_no_authors_ask_for_them(names: list[str]) -> None:
    read, records = authors(names, SHEET)
    assert (set(read), records.notes.unsettled) == ({None}, "author")


def test_a_column_of_authors_comes_before_the_names_of_tables() -> None:
    table = b"username,text\nari,Fog\n"
    assert authors(["mina.csv", "jun.csv"], table)[0] == ["ari", "ari"]
    chosen, _ = authors(["mina.csv", "jun.csv"], table, columns={"file-name": "username"})
    assert chosen == ["jun", "mina"]
    column, _ = authors(
        ["mina.csv", "jun.csv"], b"folder,text\nari,Fog\n", columns={"folder": "username"}
    )
    assert column == ["ari", "ari"]


HEADS = {
    "obsidian": b"---\ntags: [walk]\ndate: 2025-01-07T10:01:02+09:00\n---\n# Tuesday\nFog again\n",
    "hugo": b"---\ntitle: Tuesday\ndate: '2025-01-07 01:01:02Z'\n---\n\n# Tuesday\nFog again\n",
    "zim": b"Content-Type: text/x-zim-wiki\nWiki-Format: zim 0.6\n"
    b"Creation-Date: 2025-01-07T10:01:02+09:00\n\n# Tuesday\nFog again\n",
}


@pytest.mark.parametrize("program", HEADS)
def test_keys_above_a_note_are_no_words_and_their_date_is_its_time(program: str) -> None:
    data = zip_bytes({".obsidian/app.json": b"{}", "daily/2025-01-07.md": HEADS[program]})
    records, items = read_file_records(data, username="mina")
    (record,) = records_in(items)
    assert (records.format, record.text) == ("texts", "# Tuesday\nFog again")
    assert str(record.created_at) == "2025-01-07 01:01:02+00:00"


def test_lines_between_rules_are_words_of_a_note() -> None:
    data = zip_bytes({"a.md": b"---\nFog again, she said\n---\nand left\n"})
    _, items = read_file_records(data, username="mina")
    (record,) = records_in(items)
    assert record.text == "---\nFog again, she said\n---\nand left"


def test_notes_without_authors_are_refused_with_what_to_do() -> None:
    data = zip_bytes({".obsidian/app.json": b"{}", "2025-01-07.md": WORDS})
    with pytest.raises(UnrecognisedFileError, match="enter the name"):
        read_file_records(data)


def test_as_many_authors_as_files_are_a_doubt() -> None:
    notes = ReadNotes()
    alone = authors_of([f"{name}.txt" for name in ("fog", "ferry", "lamp")], is_table=False)
    assert alone is not None
    alone.note(notes)
    (doubt,) = notes.odd.values()
    assert str(doubt.finding) == "Nearly each file has an author of its own, by its name"
    several = authors_of(
        [f"{name}_{n}.txt" for name in ("mina", "jun") for n in "12"], is_table=False
    )
    notes = ReadNotes()
    assert several is not None
    several.note(notes)
    assert not notes.odd
