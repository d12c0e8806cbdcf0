"""Chats: rooms of each variant are read as they were written; who is who in them."""

import io
import unicodedata
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from app.errors import ImportFileError
from app.formats.chats.people import as_username
from app.formats.records import BadRecord, FileRoom, Item, Record, Skipped
from app.formats.registry import open_records
from app.formats.source.file import Source
from tests.archives import zip_bytes
from tests.formats import chat_variants
from tests.formats.files import read_file_records
from tests.growth import FACTOR, MOST_GROWTH, growth

ANNAS = (
    b'{"type": "private_group", "id": 7, "messages": ['
    b'{"id": 1, "type": "message", "date": "2024-01-15T15:02:00", "from": "Anna", "from_id": "u1",'
    b' "text": "one"},'
    b'{"id": 2, "type": "message", "date": "2024-01-15T15:02:00", "from": "Anna", "from_id": "u2",'
    b' "text": "two", "reply_to_message_id": 1},'
    b'{"id": 3, "type": "message", "date": "2024-01-15T15:02:00", "from": null, "from_id": "u3",'
    b' "text": "three"},'
    b'{"id": 4, "type": "message", "date": "2024-01-15T15:02:00", "from": "Anna", "from_id": "u2",'
    b' "text": "theirs", "forwarded_from": null},'
    b'{"id": 5, "type": "message", "date": "2024-01-15T15:02:00", "from": null, "text": "four"}]}'
)


@pytest.mark.parametrize("other", ["kakaotalk ios ko", "whatsapp ios"])
def test_a_zip_holds_rooms_beside_their_media(other: str) -> None:
    room, second = (
        chat_variants.VARIANTS[name](chat_variants.room_of(name, 1))
        for name in ("whatsapp ios", other)
    )
    files = {"_chat.txt": room, "photo.jpg": b"\xff\xd8", "readme.txt": b"nobody said this\n"}
    assert said(zip_bytes(files)) == said(room)
    assert said(zip_bytes(files | {"other.txt": second})) == [*said(room), *said(second)]


def test_the_room_of_a_mac_is_read_out_of_a_zip() -> None:
    room = chat_variants.VARIANTS["kakaotalk mac"](chat_variants.room_of("kakaotalk mac", 1))
    files = {"chat/KakaoTalk_Chat_us.csv": room, "a.csv": b"text\nnobody said this\n"}
    records, _ = read_file_records(data := zip_bytes(files))
    assert (records.format, records.is_chat, records.unit) == ("kakaotalk", True, "line")
    assert said(data) == said(room)
    second = chat_variants.VARIANTS["whatsapp ios"](chat_variants.room_of("whatsapp ios", 1))
    items = read_file_records(zip_bytes(files | {"WhatsApp Chat - them/_chat.txt": second}))[1]
    rooms_of = [item.room for item in items if isinstance(item, Record) and item.room]
    names = [(room.name, room.platform) for room in rooms_of if isinstance(room, FileRoom)]
    assert list(dict.fromkeys(names)) == [("them", "whatsapp"), ("us", "kakaotalk")]


def said(data: bytes, **options: Any) -> list[tuple[str | None, str]]:
    items = read_file_records(data, **options)[1]
    return [(item.username, item.text) for item in items if isinstance(item, Record)]


@pytest.mark.parametrize("variant", chat_variants.VARIANTS)
@pytest.mark.parametrize("seed", range(3))
def test_rooms_are_read_as_they_were_written(variant: str, seed: int) -> None:
    chat_variants.check(variant, seed)


@pytest.mark.parametrize(
    ("heading", "name", "title"),
    [
        ("우리 반 님과 카카오톡 대화", "KakaoTalk.txt", "우리 반"),
        ("[운영] 독서 모임 3 님과 카카오톡 대화", "a.txt", "[운영] 독서 모임 3"),
        ("KakaoTalk Chats with Mina 🐶", "a.txt", "Mina 🐶"),
        ("Mina with KakaoTalk Chats", "a.txt", "Mina"),
        ("저장한 날짜 : 2024-02-20 10:44:52", "a.txt", ""),
    ],
)
def test_kakaotalk_names_its_room_in_the_heading(heading: str, name: str, title: str) -> None:
    message = "2024년 1월 15일 오후 3:02, 하늘 : 안녕"
    assert room_name(f"{heading}\r\n\r\n{message}\r\n".encode(), name) == title


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("WhatsApp Chat with Anna & Ben.txt", "Anna & Ben"),
        ("WhatsApp Chat with Trip (2).txt", "Trip"),
        ("WhatsApp-Chat mit Größe.txt", "Größe"),
        ("/home/a/WhatsApp Chat - Trip: May/_chat.txt", "Trip: May"),
        ("_chat.txt", ""),
    ],
)
def test_whatsapp_names_its_room_in_the_name_of_the_file(name: str, title: str) -> None:
    decomposed = unicodedata.normalize("NFD", name)
    assert room_name(b"15/01/2024, 21:05 - Mina: hi\n" * 2, decomposed) == title


def room_name(data: bytes, name: str) -> str:
    with Source(io.BytesIO(data), name=name) as source:
        (item, *_) = open_records(source).items
    assert isinstance(item, Record)
    assert item.room is not None
    return item.room.name


def test_people_of_one_name_stay_apart_unless_they_are_joined() -> None:
    assert said(ANNAS) == [("Anna", "one"), ("Anna_2", "two"), ("u3", "three")]
    assert said(ANNAS, only=("Anna",)) == [("Anna", "one")]
    renamed = said(ANNAS, rename={"Anna_2": "Bo Lee", "u3": "Anna"})
    assert renamed == [("Anna", "one"), ("Bo_Lee", "two"), ("Anna", "three")]
    items = read_file_records(ANNAS, timezone="Asia/Seoul")[1]
    second = items[1]
    assert isinstance(second, Record)
    assert (second.display_name, second.source_id) == ("Anna", "7:2")
    assert second.created_at == datetime(2024, 1, 15, 6, 2, tzinfo=UTC)
    assert second.reply_to is not None
    assert second.reply_to.source_id == "7:1"
    assert items[3:] == [Skipped(4, "repost"), Skipped(5, "deleted")]


@pytest.mark.parametrize(
    ("name", "username"),
    [
        ("하늘/27/서울", "하늘27서울"),
        (" Anna  Kim ", "Anna_Kim"),
        ("👨\u200d👩", "👨👩"),
        ("??", "somebody"),
        ("a" * 400, "a" * 300),
    ],
)
def test_names_become_usernames(name: str, username: str) -> None:
    assert as_username(name) == username


def test_a_misquoted_row_of_a_mac_is_a_bad_record() -> None:
    data = b'Date,User,Message\n2024-01-15 15:02:07,mina,hi\n"a"b,c\n2024-01-15 15:02:08,mina,ho\n'
    assert [type(item) for item in read_file_records(data)[1]] == [Record, BadRecord, Record]


def test_a_file_that_is_cut_keeps_its_whole_messages() -> None:
    for variant in ("kakaotalk android ko", "whatsapp ios", "telegram"):
        whole = chat_variants.VARIANTS[variant](chat_variants.room_of(variant, 2))
        with Source(io.BytesIO(whole[: len(whole) // 2])) as source:
            records = open_records(source)
            kept: list[Item] = []
            try:
                kept.extend(records.items)
            except ImportFileError:
                assert variant == "telegram"
        expected = chat_variants.read(whole, variant.split()[0])
        assert len(kept) > 3
        assert [item.place for item in kept[:-1]] == [
            item.place for item in expected[: len(kept) - 1]
        ]


@pytest.mark.parametrize(
    ("days", "order"),
    [
        (["1/2/24", "2/2/24", "13/2/24"], "dmy"),
        (["1/2/24", "1/13/24"], "mdy"),
        (["2024/1/2", "2024/1/3"], "ymd"),
        (["1/2/24", "2/2/24", "1/3/24"], "dmy"),
        (["2/1/24", "2/2/24", "3/1/24"], "mdy"),
        (["1/2/24", "3/2/24"], "dmy"),
    ],
)
def test_day_and_month_have_one_order_in_a_file(days: list[str], order: str) -> None:
    data = "".join(f"{day}, 21:05 - Mina: hi\n" for day in [*days, days[-1]]).encode()
    items = read_file_records(data, timezone="UTC")[1]
    dates = [item.created_at for item in items if isinstance(item, Record)]
    places = [order.index(part) for part in "ymd"]
    parts = [[int(day.split("/")[place]) for place in places] for day in days]
    expected = [datetime(y if y > 99 else 2000 + y, m, d, 21, 5, tzinfo=UTC) for y, m, d in parts]
    assert dates[:-1] == expected


def test_a_line_that_no_person_wrote_takes_no_longer_than_others() -> None:
    def work(count: int) -> None:
        begin = "1/15/24, 9:05 PM - Mina: "
        texts = ("hi", 10 * " " * count, "x (file attached" * count, " was added" * count + ": x")
        assert len(said("".join(f"{begin}{text}\n" for text in texts).encode())) >= 1

    assert growth(partial(work, 40_000 // FACTOR), partial(work, 40_000)) < MOST_GROWTH
