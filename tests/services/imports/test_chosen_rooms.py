"""Title and people only propose the chat of a file: an equal message, an ID or a choice decides."""

import io
import json
from datetime import datetime

import pytest
from sqlalchemy import select

import saywho
from app.db.engine import Database
from app.errors import FileError
from app.models import Operator
from app.services.access.accounts import READER, add_account, add_invitation, end_invitation
from app.services.access.rights import switch_site
from app.services.checks import find_faults
from app.services.imports.job_report import ImportReport
from app.services.imports.matching import UnsettledTimesError
from app.services.rooms.chats import list_rooms
from app.services.rooms.identification import UnsettledRoomError
from saywho.formats.assumptions import Assumption
from saywho.formats.settled import DoubtError
from tests.archives import zip_bytes
from tests.browsing import PASSWORD_HASH
from tests.chats import ZONE, Said, import_chat, kakaotalk, said, telegram

HERE = said(("Mom", "Dad", "Minjun", "Hana"), times=5)
OTHER = said(("Mom", "Dad", "Minjun", "Aunt"), times=5, day="2024-02-20")


async def rooms_of(db: Database) -> list[tuple[str, int]]:
    assert await find_faults(db) == []
    async with db.read() as session:
        rooms, _ = await list_rooms(session, limit=99)
    return [(room.name, room.messages) for room in rooms]


def room_notes(report: ImportReport) -> list[Assumption]:
    return [part for part in report.notes.assumptions if part.kind == "room"]


def whatsapp(*messages: Said) -> bytes:
    written = (f"{when[:10]}, {when[11:]} - {name}: {text}" for when, name, text in messages)
    return "\n".join([*written, ""]).encode()


def meta(*messages: Said, title: str = "Hana") -> bytes:
    values = [
        {
            "sender_name": name,
            "timestamp_ms": 1000 * int(datetime.fromisoformat(f"{when}+09:00").timestamp()) + 7,
            "content": text.encode().decode("latin-1"),
        }
        for when, name, text in reversed(messages)
    ]
    chat = {"title": title, "thread_path": "inbox/hana_1", "messages": values}
    return json.dumps(chat | {"participants": []}).encode()


COPIES = {
    "in two files": {
        "a/KakaoTalk.txt": kakaotalk("Family", *HERE[:12]),
        "b/KakaoTalk.txt": kakaotalk("Family", *HERE),
    },
    "of two titles": {"Mom.txt": whatsapp(*HERE[:12]), "Mom (1).txt": whatsapp(*HERE)},
    "in a chain": {
        "1.txt": whatsapp(*HERE[:16]),
        "2.txt": whatsapp(*HERE[10:]),
        "3.txt": whatsapp(*HERE[:4]),
    },
    "with contacts' names of another phone": {
        "a.txt": whatsapp(*HERE),
        "b.txt": whatsapp(*((when, f"{name} 2", text) for when, name, text in HERE[:12])),
    },
    "in two downloads": {
        "2025/inbox/hana_1/message_1.json": meta(*HERE[:12]),
        "2026/inbox/hana_1/message_1.json": meta(*HERE),
    },
}


async def invite(db: Database, *, room_id: int = 1, name: str = "hana") -> None:
    """Let a guest read one chat."""
    async with db.write() as session:
        await add_account(session, name, READER, password_hash=PASSWORD_HASH, room_id=room_id)


@pytest.mark.parametrize("files", COPIES.values(), ids=COPIES)
async def test_exports_of_one_chat_in_an_archive_count_once(
    db: Database, files: dict[str, bytes]
) -> None:
    report = await import_chat(db, zip_bytes(files))
    texts = sum(data.count("번째".encode()) + data.count(b"content") for data in files.values())
    assert (report.accepted, report.duplicates, report.skipped) == (20, texts - 20, 0)
    assert [messages for _, messages in await rooms_of(db)] == [20]
    read = saywho.read(io.BytesIO(zip_bytes(files)), tz=ZONE)
    assert sorted((post.created_at, post.text) for post in read) == sorted(
        (post.created_at, post.text) for post in saywho.read(io.BytesIO(whatsapp(*HERE)), tz=ZONE)
    )
    assert f"Repeated, and counted once: {texts - 20}" in read.unread
    again = await import_chat(db, zip_bytes(files))
    assert (again.accepted, again.duplicates) == (0, texts)


async def test_exports_with_other_times_in_an_archive_are_asked_about(db: Database) -> None:
    later = [(when.replace(" 15:", " 17:"), name, text) for when, name, text in HERE]
    files = zip_bytes({"a.txt": whatsapp(*HERE), "b.txt": whatsapp(*later[:12])})
    with pytest.raises(DoubtError, match="in two files with different times: 1"):
        await import_chat(db, files, accept_doubts=False)
    assert (await import_chat(db, files)).accepted == 20


NEWS = [(f"2024-01-0{day} 10:00", "Mom", f"news of day {day}") for day in range(1, 9)]
OTHERS = {
    "news for everybody": {
        "Dad.txt": whatsapp(*NEWS, ("2024-01-08 10:01", "Dad", "thanks")),
        "Hana.txt": whatsapp(*NEWS, ("2024-01-08 10:09", "Hana", "nice")),
    },
    "ids of their app": {
        "a/result.json": telegram(1, "A", *HERE),
        "b/result.json": telegram(2, "A", *HERE),
    },
    "one title and other days": {"a.txt": kakaotalk("A", *HERE), "b.txt": kakaotalk("A", *OTHER)},
}


@pytest.mark.parametrize("files", OTHERS.values(), ids=OTHERS)
async def test_other_chats_in_an_archive_stay(db: Database, files: dict[str, bytes]) -> None:
    report = await import_chat(db, zip_bytes(files))
    assert (report.duplicates, len(await rooms_of(db))) == (0, 2)
    assert len(saywho.read(io.BytesIO(zip_bytes(files)), tz=ZONE)) == report.accepted


async def test_one_equal_message_is_a_proof(db: Database) -> None:
    await import_chat(db, kakaotalk("Family", *HERE))
    await invite(db)
    longer = await import_chat(db, kakaotalk("Family", HERE[-1], *OTHER))
    assert (room_notes(longer), longer.accepted, longer.duplicates) == ([], 20, 1)
    assert await rooms_of(db) == [("Family", 40)]


async def test_one_equal_message_among_others_of_its_days_is_none(db: Database) -> None:
    await import_chat(db, kakaotalk("Family", *HERE))
    await invite(db)
    others = [(when, name, f"{text}?") for when, name, text in HERE[1:]]
    with pytest.raises(UnsettledRoomError, match="hana"):
        await import_chat(db, kakaotalk("Family", HERE[0], *others))
    assert await rooms_of(db) == [("Family", 20)]


async def test_the_apps_id_is_a_proof(db: Database) -> None:
    await import_chat(db, telegram(7, "Family", *HERE))
    await invite(db)
    assert room_notes(await import_chat(db, telegram(7, "Family", *OTHER))) == []
    (part,) = room_notes(await import_chat(db, telegram(7, "Family", *OTHER), rooms=("new",)))
    assert (part.value, part.evidence) == ("1", "the app's ID of the chat")
    assert len(await rooms_of(db)) == 1


async def test_what_the_apps_id_proves_is_not_said_to_be_another_chat(db: Database) -> None:
    await import_chat(db, telegram(7, "Family", *HERE), timezone="Asia/Seoul")
    chosen: tuple[tuple[str, ...], ...] = ((), ("new",))
    for rooms in chosen:
        with pytest.raises(UnsettledTimesError) as refused:
            await import_chat(
                db, telegram(7, "Family", *HERE), timezone="Europe/Berlin", rooms=rooms
            )
        assert "--times here keeps them" in refused.value.detail
        assert "--room" not in refused.value.detail
    assert await rooms_of(db) == [("Family", 20)]


@pytest.mark.parametrize("title", ["Family", ""])
async def test_a_chat_with_guests_waits_for_a_choice(db: Database, title: str) -> None:
    """Without a title, too, people alone lead to it."""
    here, other = whatsapp(*HERE), whatsapp(*OTHER)
    name = f"WhatsApp Chat with {title}.txt" if title else "_chat.txt"
    await import_chat(db, here, name=name)
    await invite(db)
    before = await rooms_of(db)
    with pytest.raises(UnsettledRoomError) as refused:
        await import_chat(db, other, name=name)
    assert f"chat 1 here ({title or 'Mom, Dad, Minjun, …'}), which guests may read (hana)" in (
        refused.value.detail
    )
    assert await rooms_of(db) == before
    await import_chat(db, other, name=name, rooms=("new",))
    assert [count for _, count in await rooms_of(db)] == [20, 20]
    # The same file again adds nothing, whatever was chosen.
    for rooms in (("new",), ()):
        again = await import_chat(db, other, name=name, rooms=rooms)
        assert (again.accepted, again.duplicates, room_notes(again)) == (0, 20, [])


async def test_a_chosen_number_decides(db: Database) -> None:
    await import_chat(db, kakaotalk("Family", *HERE))
    await invite(db)
    report = await import_chat(db, kakaotalk("Family", *OTHER), rooms=("1",))
    assert (report.accepted, room_notes(report)) == (20, [])
    # Nothing else leads there.
    await import_chat(
        db, kakaotalk("Holidays", *said(("Paul",), times=3, day="2024-03-01")), rooms=("1",)
    )
    assert await rooms_of(db) == [("Family", 43)]


async def test_an_unknown_number_stores_nothing(db: Database) -> None:
    with pytest.raises(FileError, match="no chat 9"):
        await import_chat(db, kakaotalk("Family", *HERE), rooms=("9",))
    assert await rooms_of(db) == []


async def test_open_invitations_count_as_guests(db: Database) -> None:
    await import_chat(db, kakaotalk("Family", *HERE))
    async with db.write() as session:
        await add_account(session, "ann", "operator", password_hash=PASSWORD_HASH)
        account_id = (await session.scalars(select(Operator.id))).one()
        await switch_site(session, None, is_public=False)
        await add_invitation(session, "Grandma", account_id=account_id, room_id=1)
    with pytest.raises(UnsettledRoomError, match="Grandma"):
        await import_chat(db, kakaotalk("Family", *OTHER))
    async with db.write() as session:
        await end_invitation(session, 1)
    assert (await import_chat(db, kakaotalk("Family", *OTHER))).accepted == 20


def named_lines(*usernames: str, name: str = "pier") -> bytes:
    posts = [
        {"username": username, "text": f"{username} says {number}", "room": {"name": name}}
        for number, username in enumerate(usernames)
    ]
    return "\n".join(map(json.dumps, posts)).encode()


async def test_a_name_in_a_file_is_no_proof(db: Database) -> None:
    await import_chat(db, named_lines("ann", "ben"), name="a.jsonl")
    again = await import_chat(db, named_lines("ann", "ben", "cleo"), name="b.jsonl")
    assert room_notes(again) == []
    other = await import_chat(db, named_lines("dana", "ann"), name="c.jsonl")
    assert [part.value for part in room_notes(other)] == ["1"]
    await invite(db)
    third = named_lines("eve", "eve", "ann")
    with pytest.raises(UnsettledRoomError, match="hana"):
        await import_chat(db, third, name="d.jsonl")
    assert await rooms_of(db) == [("pier", 5)]
    await import_chat(db, third, name="d.jsonl", rooms=("new",))
    assert await rooms_of(db) == [("pier", 5), ("pier", 3)]


async def test_each_chat_of_a_file_goes_where_it_was_chosen(db: Database) -> None:
    here: list[Said] = [*HERE]
    await import_chat(db, named_lines("ann", "ben", name="pier"), name="a.jsonl")
    await import_chat(db, named_lines("ann", "ben", name="quay"), name="b.jsonl")
    await import_chat(db, kakaotalk("Family", *here))
    for room_id in (1, 2, 3):
        await invite(db, room_id=room_id, name=f"guest{room_id}")
    both = named_lines("eve", "ann", name="pier") + b"\n" + named_lines("eve", "ann", name="quay")
    with pytest.raises(UnsettledRoomError):
        await import_chat(db, both, name="c.jsonl", rooms=("1",))
    await import_chat(db, both, name="c.jsonl", rooms=("2", "new"))
    assert await rooms_of(db) == [("pier", 2), ("quay", 4), ("Family", 20), ("pier", 2)]


def packed(*chats: bytes) -> bytes:
    """Return a zip of chats, a file each."""
    return zip_bytes({f"{number}/KakaoTalk.txt": chat for number, chat in enumerate(chats)})


HIKE = said(("Paul", "Ida", "Ben"), times=6, day="2024-03-01")


@pytest.mark.parametrize("rooms", [("1",), ("1", "new")])
@pytest.mark.parametrize("zone", ["Asia/Seoul", "Europe/Berlin"])
async def test_a_choice_for_one_chat_hides_no_other_one_of_the_file(
    db: Database, rooms: tuple[str, ...], zone: str
) -> None:
    for name, messages in {"Family": HERE, "Hike": HIKE}.items():
        await import_chat(db, kakaotalk(name, *messages))
    await invite(db)
    both = packed(kakaotalk("Family", *OTHER), kakaotalk("Hike", *HIKE))
    with pytest.raises(UnsettledRoomError, match="hana"):
        await import_chat(db, both, name="chats.zip")
    options = {"rooms": rooms, "timezone": zone, "times": "here"}
    report = await import_chat(db, both, name="chats.zip", **options)
    if (rooms, zone) == (("1", "new"), "Europe/Berlin"):  # The second one is said to be another.
        assert await rooms_of(db) == [("Family", 40), ("Hike", 18), ("Hike", 18)]
    else:
        assert (report.accepted, report.duplicates) == (20, 18)
        assert await rooms_of(db) == [("Family", 40), ("Hike", 18)]


async def test_a_chosen_chat_takes_no_other_chat_of_a_long_file(db: Database) -> None:
    """The first batch has messages of the first chat alone."""
    long = [
        (f"2024-{1 + n // 250:02}-01 {n // 60 % 24:02}:{n % 60:02}", "Kim", f"word {n}")
        for n in range(1_001)
    ]
    for name, messages in {"Family": HERE, "Hike": long}.items():
        await import_chat(db, kakaotalk(name, *messages))
    await invite(db)
    both = packed(kakaotalk("Hike", *long), kakaotalk("Family", *OTHER))
    report = await import_chat(db, both, name="chats.zip", rooms=("1",))
    assert (report.accepted, report.duplicates) == (20, 1_001)
    assert await rooms_of(db) == [("Family", 40), ("Hike", 1_001)]


async def test_a_chat_with_one_other_name_can_be_another_chat(db: Database) -> None:
    await import_chat(db, kakaotalk("Family", *HERE))
    renamed = [(when, {"Hana": "Hannah"}.get(name, name), text) for when, name, text in HERE]
    for accepted, duplicates in ((20, 0), (0, 20)):
        report = await import_chat(db, kakaotalk("Family", *renamed), rooms=("new",))
        assert (report.accepted, report.duplicates) == (accepted, duplicates)
        assert await rooms_of(db) == [("Family", 20), ("Family", 20)]
