"""Files of many programs, each a shape of its own: who said what, and what is not read."""

import json
from pathlib import Path

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.records import Record, RecordStream
from tests.archives import zip_bytes
from tests.formats.files import read_file_records

Said = tuple[str | None, str]
ANSWERS = [
    {
        "id": 1,
        "text": "Boats",
        "owner": {"username": "tide.pool"},
        "answers": [{"id": 2, "text": "Thanks", "owner": {"username": "quay"}, "answers": []}],
    }
]
LISTING = {
    "kind": "Listing",
    "data": {
        "children": [
            {"kind": "t1", "data": {"id": "a", "author": "mud_lark", "body": "Low tide"}},
            {"kind": "t1", "data": {"id": "b", "author": "sand_fox", "body": "High tide"}},
        ]
    },
}
COMMENT_AND_POST = {
    "comments": [
        {
            "comment": {"id": 5, "post_id": 1, "content": "Nice"},
            "creator": {"name": "seal"},
            "post": {"id": 1, "name": "Fog"},
        }
    ]
}
PAGE = {"data": [{"id": "181", "text": "first", "username": "mina", "timestamp": "2024-05-06"}]}
JSON: list[tuple[object, list[Said]]] = [
    (ANSWERS, [("tide.pool", "Boats"), ("quay", "Thanks")]),
    (LISTING, [("mud_lark", "Low tide"), ("sand_fox", "High tide")]),
    (COMMENT_AND_POST, [("seal", "Nice")]),
    (PAGE, [("mina", "first")]),
    ([{"caption": "Nets", "ownerUsername": "jun", "comment": 3}], [("jun", "Nets")]),
]
TABLES: list[tuple[str, list[Said]]] = [
    (
        "Post URL,https://x.test/1\nTotal,1\n\n,Name (click to open),Date,Likes,Comment\n"
        "1,Mina Lee,2023-05-06 07:08:09,1,Pretty boats\n",
        [("Mina_Lee", "Pretty boats")],
    ),
    (
        "Page Name,User Name,Page Created,Post Created,Message\n"
        "Old Quay,quay,2010-01-01 10:00:00,2021-05-02 13:05:11 EDT,Open at nine\n",
        [("quay", "Open at nine")],
    ),
    ("autor;data;treść\nKasia;12.03.2021 10:11;Mgła\n", [("Kasia", "Mgła")]),
    ("userName,content,at\nMina Lee,Works,2023-01-02 03:04:05\n", [("Mina_Lee", "Works")]),
]
CHATS: list[tuple[str, list[Said]]] = [
    (
        "12-03-2021 10:12 - Mina heeft de groep 'Boot: mei' gemaakt\n"
        "13-03-2021 10:13 - Mina: Weer mist\n13-03-2021 10:14 - Jun: it's: 'fog'\n",
        [("Mina", "Weer mist"), ("Jun", "it's: 'fog'")],
    ),
    (
        "[2021-03-12, 10:11:12] Mina:Fog\n[2021-03-12, 10:12:12] Jun:again\n"
        "[2021-03-12, 10:13:12] Mina:ok: fine\n",
        [("Mina", "Fog"), ("Jun", "again"), ("Mina", "ok: fine")],
    ),
    (
        "13.03.2021, 10:12 - Міна: Знову <3\n13.03.2021, 10:13 - Юн: <Медіафайл додано окремо>\n"
        "13.03.2021, 10:14 - Юн: <туман над морем>\n",
        [("Міна", "Знову <3"), ("Юн", "<туман над морем>")],
    ),
    (
        "[LINE] Riwayat obrolan dengan Mina\nDisimpan pada: 01/03/2024 10.10\n\nRab, 28/02/2024\n"
        "10.11\tMina\tKabut lagi\n13.12\tJun\t[Foto]\n",
        [("Mina", "Kabut lagi")],
    ),
]


def read(data: bytes | Path) -> tuple[RecordStream, list[Said]]:
    stream, items = read_file_records(data)
    return stream, [(item.username, item.text) for item in items if isinstance(item, Record)]


@pytest.mark.parametrize(("document", "said"), JSON)
def test_posts_in_json_of_other_programs(document: object, said: list[Said]) -> None:
    assert read(json.dumps(document).encode())[1] == said


@pytest.mark.parametrize(("text", "said"), [*TABLES, *CHATS])
def test_tables_and_chats_of_other_programs(text: str, said: list[Said]) -> None:
    assert read(text.encode())[1] == said


def test_tables_of_different_columns_are_each_read_or_named() -> None:
    posts = {
        "a.csv": b"user,text\nmina,Fog\n",
        "b.csv": b"author,content,created_at\njun,Wind,2024-01-03\n",
        "letters.csv": b"from_user,to,text\nmina,jun,Secret\n",
        "people.csv": b"user,followers\nmina,2\n",
    }
    stream, said = read(zip_bytes(posts))
    assert said == [("jun", "Wind"), ("mina", "Fog")]
    assert {part.what for part in stream.notes.unread if part.kind == "file"} == {
        "letters.csv",
        "people.csv",
    }


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"a.csv": b"date,text\n1,x\n", "b.csv": b"date,content\n1,y\n"}, "a.csv, b.csv"),
        ({"a.json": b'[{"user": "m", "text": "x"}]', "b.json": b"[1]"}, "a.json, b.json. Unpack"),
        ({"xl/workbook.xml": b"<x/>"}, "Save the sheet as"),
        ({"index.html": b"<p>x"}, "if the app can also export JSON"),
        ({"a.bin": b"x"}, "no text files"),
    ],
)
def test_refusal_of_an_archive_says_what_to_do(members: dict[str, bytes], words: str) -> None:
    with pytest.raises(UnrecognisedFileError, match=words):
        read(zip_bytes(members))


def test_refusal_of_plain_text_says_what_to_do() -> None:
    with pytest.raises(UnrecognisedFileError, match="username,created_at,text"):
        read(b"just some prose\nand nothing more\n")
