"""A deleted chat goes with those who wrote nowhere else; the others keep what they wrote."""

import asyncio
import io
import os
from typing import Any, Final, cast

import msgspec
import pytest
from quart import Quart
from sqlalchemy import delete, event, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.engine import Database
from app.errors import NotFoundError
from app.models import Event, Profile, Room, RoomPerson, Tweet, User
from app.parts.sources.following import add_source
from app.parts.sources.platforms import parse_source
from app.services import deletion
from app.services.checks import find_faults
from app.services.compare.profiles import fold_tails
from app.services.imports import jobs
from app.services.imports.job_report import ImportReport, StoredPosts
from app.services.imports.job_runner import run_waiting_job
from app.services.imports.options import ImportOptions
from app.services.imports.storing import StoreOptions, import_records
from app.services.imports.storing_batch import BATCH
from app.services.posts.users import has_rooms, list_authors
from app.services.rooms.changes import join_in_part, rename_room
from app.services.rooms.chats import get_room, list_rooms, zone_of_chats
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.browsing import parts_of, signed_in
from tests.chats import ZONE, Said, import_chat, kakaotalk, said, telegram
from tests.conftest import Client, MakeConfig, app_of, client_with
from tests.installation import PROGRAM, Installation
from tests.posting import remove_post
from tests.refusals import READ_ONLY, connections_take
from tests.uploading import jsonl, queued, until_uploads
from tests.waiting import eventually, maintain, until_some_are_imported

HERE: Final = said(("민준", "하늘", "Anna"), times=8)
ELSEWHERE: Final = said(("Anna", "보라"), times=6, day="2024-02-15")

PIER: Final = {"room": {"name": "pier"}}


async def two_chats(db: Database, *, here: list[Said] = HERE) -> None:
    """Store two chats; Anna writes in both."""
    await import_chat(db, kakaotalk("우리", *here))
    await import_chat(db, kakaotalk("저쪽", *ELSEWHERE))


async def remove(db: Database, room_id: int = 1) -> None:
    async with db.write() as session:
        await deletion.delete_room(session, room_id)


async def posts_of(db: Database) -> dict[str, int]:
    """Return who is here, with the numbers of their posts."""
    async with db.read() as session:
        authors, _ = await list_authors(session, limit=99)
    return {author.username: author.tweets for author in authors}


async def names_of_rooms(db: Database) -> list[str]:
    async with db.read() as session:
        return [room.name for room in (await list_rooms(session, limit=99))[0]]


async def rows_of(db: Database, *models: type[Any]) -> list[int]:
    async with db.read() as session:
        counts = [select(func.count()).select_from(model) for model in models]
        return [await session.scalar(count) or 0 for count in counts]


async def test_people_who_also_wrote_elsewhere_stay(db: Database) -> None:
    await two_chats(db)
    async with db.read() as session:
        assert await deletion.find_writers(session, 1) == (["민준", "하늘"], ["Anna"])
    await remove(db)
    assert await names_of_rooms(db) == ["저쪽"]
    assert (await posts_of(db)).keys() == {"Anna", "보라"}
    await deletion.delete_messages(db)
    assert await posts_of(db) == {"Anna": 6, "보라": 6}
    assert await find_faults(db) == []
    await deletion.purge_deleted(db)
    assert await rows_of(db, Room, RoomPerson, User, Tweet) == [1, 2, 2, 12]
    assert await find_faults(db) == []
    async with db.read() as session:
        assert not await deletion.is_purge_due(session)


async def test_the_log_tells_of_each_message_of_who_stays(db: Database) -> None:
    await two_chats(db)
    async with db.read() as session:
        before = await session.scalar(select(func.max(Event.id))) or 0
    await remove(db)
    await deletion.delete_messages(db)
    async with db.read() as session:
        query = select(Event.kind, func.count()).where(Event.id > before).group_by(Event.kind)
        kinds = dict((await session.execute(query)).all())
    assert kinds == {"room.updated": 1, "user.deleted": 2, "tweet.deleted": 8}


async def test_maintenance_goes_on_where_a_deletion_broke_off(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "MESSAGES", 3)
    await two_chats(db)
    await remove(db)
    assert await find_faults(db) == []
    # Nobody waits for the rest: what is left is neither a chat, nor one that a file is taken for.
    async with db.read() as session:
        with pytest.raises(NotFoundError):
            await get_room(session, 1)
        assert await zone_of_chats(session) == "Asia/Seoul"
        is_left = Tweet.room_id == 1, User.deleted_at.is_(None)
        left = await session.scalar(select(Tweet.id).join(User).where(*is_left).limit(1))
    for change in (rename_room, join_in_part, deletion.delete_room):
        arguments: tuple[Any, ...] = {rename_room: (1, "x"), join_in_part: (2, 1)}.get(change, (1,))
        with pytest.raises(NotFoundError):
            async with db.write() as session:
                await cast(Any, change)(session, *arguments)
    await remove_post(db, left or 0)
    assert await find_faults(db) == []
    await asyncio.gather(deletion.purge_deleted(db), deletion.delete_messages(db))
    await maintain(db)
    assert await posts_of(db) == {"Anna": 6, "보라": 6}
    assert await rows_of(db, Room, User, Tweet) == [1, 2, 12]
    assert await find_faults(db) == []


@pytest.mark.parametrize("is_purged", [True, False], ids=["purged", "at-once"])
async def test_its_file_is_imported_as_another_chat(db: Database, is_purged: bool) -> None:
    await two_chats(db)
    await remove(db)
    await deletion.delete_messages(db)
    if is_purged:
        await deletion.purge_deleted(db)
    assert (await import_chat(db, kakaotalk("우리", *HERE))).accepted == len(HERE)
    async with db.read() as session:
        again = (await list_rooms(session, limit=9))[0][-1]
    assert (again.id > 2, again.name, again.messages) == (True, "우리", len(HERE))
    assert await posts_of(db) == {"Anna": 14, "민준": 8, "보라": 6, "하늘": 8}
    await deletion.purge_deleted(db)
    assert await posts_of(db) == {"Anna": 14, "민준": 8, "보라": 6, "하늘": 8}
    assert await find_faults(db) == []


async def test_a_chat_that_goes_while_its_file_is_imported_again_comes_anew(db: Database) -> None:
    hours = [
        f"2024-01-{day:02} {hour:02}:{minute:02}"
        for day in range(1, 4)
        for hour in range(24)
        for minute in range(30)
    ]
    chat = kakaotalk(
        "우리", *((when, ("Anna", "보라")[n % 2], f"말 {n}") for n, when in enumerate(hours))
    )
    await import_chat(db, chat)
    await import_chat(db, kakaotalk("저쪽", *ELSEWHERE))
    deleted: list[str] = []

    async def delete_once(session: AsyncSession, _report: ImportReport) -> None:
        if not deleted:
            deleted.append((await deletion.delete_room(session, 1)).name)

    with Source(io.BytesIO(chat), name="chat.txt") as source:
        records = open_records(source, options=ImportOptions(timezone=ZONE))
        storing = StoreOptions(note=delete_once)
        report = await import_records(db, records, username=None, storing=storing)
    # The first batch was known; the rest is no repetition of messages that are about to go.
    assert (report.accepted, report.duplicates) == (len(hours) - BATCH, BATCH)
    await deletion.purge_deleted(db)
    async with db.read() as session:
        rooms, _ = await list_rooms(session, limit=9)
    assert [(room.name, room.messages) for room in rooms] == [
        ("저쪽", len(ELSEWHERE)),
        ("우리", len(hours) - BATCH),
    ]
    assert await find_faults(db) == []


@pytest.mark.databases("sqlite", "postgresql")
async def test_messages_with_ids_are_imported_again_at_once(make_config: MakeConfig) -> None:
    async with app_of(make_config(public=False)) as app:
        db, admin = parts_of(app).db, await client_with(app, "admin")
        chat = telegram(7, "pier", *HERE)
        await import_chat(db, chat, name="result.json")
        await import_chat(db, telegram(8, "quay", *ELSEWHERE), name="result.json")
        people = await posts_of(db)

        async def look() -> dict[str, Any]:
            return cast(dict[str, Any], await admin.json(address))

        # Before maintenance has had its turn.
        async with db.exclusive_in_turn("deletion"):
            await remove(db)
            address = (await admin.post("/api/v1/imports", data=chat)).headers["Location"]
            job = await eventually(
                look, until=lambda job: job["state"] not in {"queued", "running"}
            )
        assert (job["state"], job["accepted"], job["duplicates"]) == ("done", len(HERE), 0)
        assert await posts_of(db) == people
        await deletion.purge_deleted(db)
        assert await posts_of(db) == people
        assert await find_faults(db) == []


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("is_bulk", [False, True], ids=["single", "lines"])
async def test_a_message_sent_meanwhile_with_the_id_of_a_deleted_one_stays(
    app: Quart, admin: Client, is_bulk: bool
) -> None:
    db = parts_of(app).db
    ann, ben = ({"username": name} for name in ("ann", "ben"))
    here = [ann | PIER | {"text": f"a lamp {n}", "source_id": str(n)} for n in range(3)]
    answer = ben | {"text": "which one?", "reply_to": {"source_id": "1", "username": "ann"}}
    await admin.add_posts(*here, ann | {"text": "at home"}, answer)
    # Before the rest of the deletion has had its turn.
    async with db.exclusive_in_turn("deletion"):
        await remove(db)
        if is_bulk:
            await admin.add_posts(ann | {"text": "another lamp", "source_id": "1"})
        else:
            await admin.add_tweet("ann", "another lamp", source_id="1")
        await deletion.delete_messages(db)
    async with db.read() as session:
        query = select(Tweet.id, Tweet.text, Tweet.source_id, Tweet.reply_to_id).order_by(Tweet.id)
        home, reply, kept = (await session.execute(query)).all()
    assert (home.text, kept.text, kept.source_id) == ("at home", "another lamp", "1")
    assert reply.reply_to_id == kept.id
    assert await posts_of(db) == {"ann": 2, "ben": 1}
    assert await find_faults(db) == []


@pytest.mark.parametrize(("long_s", "sizes"), [(-1.0, [2, 2, 2, 2]), (99.0, [2, 4, 2])])
async def test_more_messages_go_at_once_while_that_is_short(
    db: Database, monkeypatch: pytest.MonkeyPatch, long_s: float, sizes: list[int]
) -> None:
    limits = {"MESSAGES": 2, "MOST_MESSAGES": 4, "SHORT_S": long_s, "LONG_S": long_s}
    for name, value in limits.items():
        monkeypatch.setattr(deletion, name, value)
    await two_chats(db)
    await remove(db)
    assert [removed async for removed in deletion.message_removals(db)] == sizes
    assert await posts_of(db) == {"Anna": 6, "보라": 6}


async def test_a_chat_that_was_joined_goes_with_both(db: Database) -> None:
    await two_chats(db)
    async with db.write() as session:
        assert await join_in_part(session, 2, 1) == 1
    await remove(db, 2)
    await deletion.delete_messages(db)
    assert (await posts_of(db), await names_of_rooms(db)) == ({}, [])
    async with db.read() as session:
        assert not await has_rooms(session)
    for chat in (HERE, ELSEWHERE):
        await import_chat(db, kakaotalk("우리" if chat is HERE else "저쪽", *chat))
    assert await names_of_rooms(db) == ["우리", "저쪽"]


async def test_who_is_in_two_chats_goes_with_the_second(db: Database) -> None:
    await two_chats(db)
    # Neither deletion sees that the other one takes the rest.
    await remove(db, 1)
    await remove(db, 2)
    assert (await posts_of(db)).keys() == {"Anna"}
    await deletion.purge_deleted(db)
    assert await rows_of(db, Room, User, Tweet) == [0, 0, 0]
    assert await find_faults(db) == []


async def test_who_is_followed_stays(app: Quart, admin: Client) -> None:
    db = parts_of(app).db
    async with db.write() as session:
        await add_source(session, parse_source("rss:https://a.example/", "ann"))
    await admin.add_posts(*({"username": name, "text": "a lamp"} | PIER for name in ("ann", "ben")))
    await remove(db)
    await deletion.delete_messages(db)
    assert await posts_of(db) == {"ann": 0}
    assert await find_faults(db) == []


async def test_the_profile_of_who_stays_is_of_the_rest(app: Quart, admin: Client) -> None:
    db = parts_of(app).db
    texts = [{"username": "ann", "text": f"a lamp by the sea {number}"} for number in range(300)]
    await admin.add_posts(*(text | PIER for text in texts[:90]), *texts[90:])
    # Some are in the profile, and a tail is not.
    async with db.write() as session:
        await session.execute(delete(Profile))
    await maintain(db)
    await admin.add_posts(*(text | PIER for text in texts[:20]))
    await remove(db)
    await deletion.delete_messages(db)
    assert await posts_of(db) == {"ann": 210}
    assert await rows_of(db, Profile) == [1]
    assert await find_faults(db) == []


async def test_a_profile_is_not_rewritten_with_every_transaction(
    app: Quart, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    db, people = parts_of(app).db, [f"p{number}" for number in range(5)]
    texts = [f"a lamp by the sea {number}" for number in range(40)]
    await admin.add_posts(
        *({"username": name, "text": text} | PIER for text in texts[:20] for name in people),
        *({"username": name, "text": text} for text in texts for name in people),
    )
    await fold_tails(db)
    for name in ("MESSAGES", "MOST_MESSAGES"):
        monkeypatch.setattr(deletion, name, 10)
    written: list[int] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_: object) -> None:
        if statement.startswith('INSERT INTO "Profile"'):
            written.append(len(values) if isinstance(values, list) else 1)

    event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    await remove(db)
    await deletion.delete_messages(db)
    # Two transactions for each person's twenty messages.
    assert sum(written) == 2 * len(people)
    assert await find_faults(db) == []


def numbered(count: int) -> list[dict[str, Any]]:
    """Return messages of a chat as an import of JSON lines has them."""
    return [
        {"username": "ann", "text": f"post {n} of the sea", "source_id": str(n)} | PIER
        for n in range(count)
    ]


@pytest.mark.databases("sqlite", "postgresql")
async def test_deletion_cancels_the_import_that_runs(app: Quart, admin: Client) -> None:
    parts, posts = parts_of(app), numbered(6 * BATCH)
    address = (await admin.post("/api/v1/imports?publish=1", data=jsonl(*posts))).headers[
        "Location"
    ]

    async def look() -> dict[str, Any]:
        return cast(dict[str, Any], await admin.json(address))

    await until_some_are_imported(parts.db)
    assert (await admin.delete("/api/v1/rooms/1")).status_code == 204
    job = await look()
    assert (job["state"], 0 < job["accepted"] < len(posts)) == ("cancelled", True)
    await until_uploads(app, 0)  # Its process has ended.
    assert (await look())["accepted"] == job["accepted"]
    await deletion.purge_deleted(parts.db)
    assert await rows_of(parts.db, Room, Tweet, User) == [0, 0, 0]
    assert await find_faults(parts.db) == []


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("way", ["page", "api", "command"])
async def test_an_import_that_is_to_go_on_is_cancelled_with_its_chat(
    make_config: MakeConfig, way: str
) -> None:
    config = make_config(public=False)
    async with Database(config) as db:
        job = await queued(db, config.data_dir, jsonl(*numbered(3 * BATCH)))
        with connections_take(READ_ONLY, from_posts=BATCH), pytest.raises(SystemExit):
            await run_waiting_job(config, os.getppid(), job.id)
        async with db.exclusive(jobs.IMPORTING) as grant:
            assert grant is not None  # No server goes on with it meanwhile.
            async with app_of(config) as app:
                browser, admin = await signed_in(app), await client_with(app, "admin")
                page = await browser.page("/settings/rooms/1/delete")
                assert "An import is still adding messages to this chat." in page
                if way == "page":
                    form = {"confirm": "yes"}
                    await browser.post("/settings/rooms/1/delete", form=form, status=303)
                elif way == "api":
                    assert (await admin.delete("/api/v1/rooms/1")).status_code == 204
        if way == "command":
            command = PROGRAM, "room", "delete", "1", "--yes"
            ended = await asyncio.to_thread(Installation.of(config).process, *command)
            assert ended.returncode == 0, ended.stderr
        await run_waiting_job(config, os.getppid(), job.id)
        async with db.read() as session:
            cancelled = await jobs.get_job(session, job.id)
        assert (cancelled.state, cancelled.accepted) == ("cancelled", BATCH)
        await deletion.purge_deleted(db)
        assert await rows_of(db, Room, Tweet, User) == [0, 0, 0]
        await jobs.remove_old_uploads(db, config.data_dir)
        assert not jobs.upload_path(config.data_dir, job.spool).exists()


async def test_an_import_of_another_chat_goes_on(db: Database) -> None:
    await two_chats(db)
    async with db.write() as session:
        job = await jobs.add_job(
            session, jobs.UploadedFile("spool", "chat.txt", 1), is_started=True
        )
        job.stored = msgspec.json.encode(StoredPosts(rooms={2}))
    await remove(db, 1)
    async with db.read() as session:
        assert (await jobs.get_job(session, job.id)).state == "running"
        assert [known.id for known in await deletion.filling_jobs(session, 2)] == [job.id]
