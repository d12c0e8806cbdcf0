"""Which room the messages of a file are put into."""

import json
from typing import Final

import pytest
from sqlalchemy import delete, select, update

from app.db.engine import Database
from app.models import OLD_MESSAGE, Event, Room, Tweet
from app.services.checks import find_faults
from app.services.deletion import delete_everybody, purge_deleted
from app.services.imports.storing_batch import BATCH
from app.services.posts.exporting import begin_export, exported
from app.services.rooms.chats import RoomFacts, list_rooms
from saywho.formats.registry import WRITERS
from tests.archives import zip_bytes
from tests.chats import Said, import_chat, kakaotalk, said, telegram

pytestmark = pytest.mark.databases("sqlite", "postgresql")

ANSWER: Said = ("2024-01-15 15:02", "하늘", "ㅋㅋ")
"""What the same person says in two rooms in the same minute."""
US = kakaotalk("우리 반", ("2024-01-15 15:01", "민준 (회사)", "어디야?"), ANSWER, ANSWER)
THEM = kakaotalk("동네", ("2024-01-15 15:01", "지우", "뭐 해?"), ANSWER, ANSWER)


async def rooms_of(db: Database) -> list[RoomFacts]:
    async with db.read() as session:
        rooms, following = await list_rooms(session, limit=100)
    assert following is None
    return rooms


async def contents(db: Database) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return the names of the rooms, sorted, and who writes how much in each."""
    people = sorted(
        (room.name, [(person.username, person.messages) for person in room.people])
        for room in await rooms_of(db)
    )
    assert await find_faults(db) == []
    return people


async def test_rooms_of_one_zip_stay_apart_and_share_their_people(db: Database) -> None:
    data = zip_bytes({"a/us.txt": US, "b/them.txt": THEM})
    report = await import_chat(db, data, name="chats.zip")
    assert (report.accepted, report.duplicates) == (6, 0)
    first, second = await rooms_of(db)
    assert (first.name, second.name, first.platform) == ("우리 반", "동네", "kakaotalk")
    assert report.stored.rooms == {first.id, second.id}
    assert await contents(db) == [
        ("동네", [("하늘", 2), ("지우", 1)]),
        ("우리 반", [("하늘", 2), ("민준_(회사)", 1)]),
    ]
    again = await import_chat(db, data, name="chats.zip")
    assert (again.accepted, again.duplicates) == (0, 6)
    assert again.stored.rooms == report.stored.rooms
    assert not again.stored.authors
    assert len(await rooms_of(db)) == 2


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("abcd", "abef", True),
        ("abcd", "aefg", False),
        ("abc", "abcdefgh", True),
        ("ab", "cd", False),
    ],
)
async def test_a_room_is_known_again_by_its_title_and_half_of_its_people(
    db: Database, first: str, second: str, is_same: bool
) -> None:
    await import_chat(db, kakaotalk("모임", *said(first)))
    await import_chat(db, kakaotalk("모임", *said(second, day="2024-02-20")))
    await import_chat(db, kakaotalk("다른 모임", *said(first, day="2024-03-20")))
    assert [room.name for room in await rooms_of(db)] == ["모임", *["모임"][is_same:], "다른 모임"]
    assert await find_faults(db) == []


async def test_a_longer_file_of_another_title_goes_on_with_its_room(db: Database) -> None:
    messages = said("abc", times=10)
    await import_chat(db, kakaotalk("모임 3", *messages[:21]))
    longer = await import_chat(db, kakaotalk("모임 4", *messages))
    assert (longer.accepted, longer.duplicates) == (9, 21)
    (room,) = await rooms_of(db)
    assert (room.name, room.messages) == ("모임", 30)


GREETING: Final = said("ab")
"""What two people say to each other in the same minutes in two chats."""
TALK: Final = said("ab", times=10)


def around(word: str) -> list[Said]:
    """Return what is said in one chat alone, on the days before and after."""
    return [
        (when, who, f"{text} {word}")
        for day in ("2024-01-14", "2024-01-16")
        for when, who, text in said("ab", times=10, day=day)
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (GREETING, GREETING),
        (
            [*around("집")[:20], *TALK, *around("집")[20:]],
            [*around("일")[:20], *TALK, *around("일")[20:]],
        ),
    ],
    ids=["a greeting", "a third"],
)
async def test_what_is_said_in_two_chats_does_not_make_them_one(
    db: Database, first: list[Said], second: list[Said]
) -> None:
    await import_chat(db, kakaotalk("가족", *first))
    report = await import_chat(db, kakaotalk("회사", *second))
    assert (report.accepted, report.duplicates) == (len(second), 0)
    rooms = [(room.name, room.messages) for room in await rooms_of(db)]
    assert sorted(rooms) == [("가족", len(first)), ("회사", len(second))]
    assert await find_faults(db) == []


@pytest.mark.databases("sqlite")
async def test_two_encrypted_chats_of_one_export_are_two_rooms(db: Database) -> None:
    """The first was stored by the time the second began, so its people made them one."""

    def thread(number: int, name: str, messages: int) -> bytes:
        said = [
            {"senderName": ("Mina", name)[place % 2], "timestamp": place * messages, "text": "hi"}
            for place in range(1, messages + 1)
        ]
        chat = {"participants": ["Mina", name], "threadName": f"Pier_{number}", "messages": said}
        return json.dumps(chat).encode()

    files = {"Pier_1.json": thread(1, "Jun", BATCH), "Pier_2.json": thread(2, "Bo", 4)}
    files["Pier_3.json"] = thread(3, "Bo", 6)
    # The numbers may be others in the next export.
    for later in (files, files, {"Pier_2.json": thread(2, "Bo", 6)}):
        await import_chat(db, zip_bytes(later), name="messages.zip")
        assert await contents(db) == [
            ("Pier", [("Bo", 2), ("Mina", 2)]),
            ("Pier", [("Bo", 3), ("Mina", 3)]),
            ("Pier", [("Jun", BATCH // 2), ("Mina", BATCH // 2)]),
        ]


async def test_telegram_tells_its_rooms_by_their_ids(db: Database) -> None:
    await import_chat(db, telegram(7, "old name", *said("ab")))
    await import_chat(db, telegram(8, "old name", *said("ab")))
    await import_chat(db, telegram(7, "new name", *said("abc", times=2)))
    rooms = await rooms_of(db)
    assert [(room.name, room.messages) for room in rooms] == [("old name", 6), ("old name", 2)]


async def test_an_id_with_two_titles_in_one_file_is_one_room(db: Database) -> None:
    """A person who is saved under two names was an error of the database."""
    texts = "".join(
        f'<sms address="5550100" date="{n}000" type="1" body="fog {n}" contact_name="{name}" />'
        for n, name in enumerate(("Mina", "Mina Tide", "Mina"), 1_704_067_200)
    )
    await import_chat(db, f"<smses count='3'>{texts}</smses>".encode(), name="sms.xml")
    assert await contents(db) == [("Mina", [("Mina", 2), ("Mina_Tide", 1)])]


async def test_rooms_without_a_title_are_called_after_their_people(db: Database) -> None:
    lines = [f"{day}/01/2024, 21:05 - {name}: hi {day}" for day, name in enumerate("abcde", 15)]
    data = "\n".join([*lines, ""]).encode()
    for name in ("_chat.txt", "_chat.txt", "WhatsApp Chat with Trip 🏝.txt"):
        await import_chat(
            db, data if name == "_chat.txt" else data.replace(b"hi", b"ho"), name=name
        )
    rooms = [(room.name, room.messages) for room in await rooms_of(db)]
    assert rooms == [("a, b, c, …", 5), ("Trip 🏝", 5)]


async def test_messages_of_before_get_their_room_when_they_are_imported_again(db: Database) -> None:
    files = (US, THEM, telegram(7, "us", *said("ab")))
    for data in files:
        await import_chat(db, data)
    whole = await contents(db)
    async with db.write() as session:
        await session.execute(update(Tweet).values(room_id=None, import_id=OLD_MESSAGE))
        await session.execute(delete(Room))
    assert await rooms_of(db) == []
    for data in files:
        report = await import_chat(db, data)
        assert (report.accepted, len(report.stored.rooms)) == (0, 1)
    assert await contents(db) == whole
    async with db.read() as session:
        told = select(Event.tweet_id).where(Event.kind == "tweet.updated")
        assert set(await session.scalars(told)) == set(range(1, 9))


@pytest.mark.parametrize("format_name", sorted(WRITERS))
async def test_an_export_brings_its_rooms_along(db: Database, format_name: str) -> None:
    for data in (US, kakaotalk("우리 반", *said("xyz")), telegram(7, "셋", *said("ab"))):
        await import_chat(db, data)
    whole = await contents(db)
    assert sorted(room.name for room in await rooms_of(db)) == ["셋", "우리 반", "우리 반"]
    async with db.read() as session:
        export = await begin_export(session, None)
    data = b"".join([part async for part in exported(db, export, WRITERS[format_name])])
    same = await import_chat(db, data)
    assert (same.accepted, len(same.stored.rooms)) == (0, 3)
    assert await contents(db) == whole
    # Ids of another installation mean nothing: there may be other rooms of these ids.
    async with db.write() as session:
        await delete_everybody(session)
    await purge_deleted(db)
    await import_chat(db, kakaotalk("엉뚱한 방", *said("pq")))
    await import_chat(db, data)
    assert await contents(db) == sorted([*whole, ("엉뚱한 방", [("p", 1), ("q", 1)])])
    # The chat itself is known again, though an export does not name its app.
    await import_chat(db, telegram(7, "셋", *said("ab", times=2)))
    async with db.read() as session:
        query = select(Room.platform, Room.external_id).where(Room.title == "셋")
        assert [tuple(row) for row in await session.execute(query)] == [("telegram", "7")]
