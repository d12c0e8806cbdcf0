"""An undone import leaves what something else sent, too, and everything that is derived agrees."""

import asyncio
import json
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select, update

from app.db.engine import Database
from app.errors import ConflictError, NotFoundError
from app.models import Event, ImportJob, Room, RoomPerson, Tweet, User
from app.services import deletion
from app.services.checks import find_faults
from app.services.compare.profiles import fold_tails
from app.services.imports.job_report import ImportReport
from app.services.imports.jobs import UploadedFile, add_job, end_job
from app.services.imports.options import ImportOptions
from app.services.imports.storing import StoreOptions, import_records
from app.services.imports.undo import is_undo_due, request_undo, undo_imports
from app.services.posts.arrivals import PostRequest, PostWriter
from app.services.posts.users import add_user, list_authors
from app.services.rooms.changes import join_in_part
from app.views.posts.api import store_lines
from saywho.clock import now
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.chats import ZONE, Said, kakaotalk, said
from tests.posting import new_tweet

pytestmark = pytest.mark.databases("sqlite", "postgresql")

EARLY = said(("민준", "하늘", "Anna"), times=4)
LATE = said(("민준", "하늘", "보라"), times=4, day="2024-02-15")


async def imported(db: Database, data: bytes, name: str = "chat.txt", **options: Any) -> int:
    """Import a file as a numbered import; return the number."""
    chosen = ImportOptions(**{"timezone": ZONE} | options)
    async with db.write() as session:
        job = await add_job(session, UploadedFile("", name, len(data)), is_started=True)
    with Source(BytesIO(data), name=name) as source:
        storing = StoreOptions(options=chosen, import_id=job.id)
        records = open_records(source, options=chosen)
        await import_records(db, records, username=chosen.username, storing=storing)
    async with db.write() as session:
        await end_job(session, job.id, None)
    return job.id


def export(*posts: dict[str, Any]) -> bytes:
    return "".join(json.dumps(post) + "\n" for post in posts).encode()


async def ask(db: Database, job_id: int) -> ImportJob:
    async with db.write() as session:
        return await request_undo(session, job_id, scope="admin")


async def undone(db: Database, job_id: int) -> int:
    """Undo an import; return the number of removed posts."""
    await ask(db, job_id)
    await undo_imports(db)
    assert await find_faults(db) == []
    async with db.read() as session:
        assert not await is_undo_due(session)
        job = await session.get_one(ImportJob, job_id)
    assert job.undo == "done"
    return job.removed


async def texts_of(db: Database) -> list[str]:
    """Return the texts of the only chat in its order."""
    query = select(Tweet.text).join(User, User.id == Tweet.user_id)
    query = query.where(User.deleted_at.is_(None))
    async with db.read() as session:
        return list(await session.scalars(query.order_by(Tweet.created_at, Tweet.place, Tweet.id)))


async def authors_of(db: Database) -> dict[str, int]:
    async with db.read() as session:
        authors, _ = await list_authors(session, limit=99)
    return {author.username: author.tweets for author in authors}


async def count_rooms(db: Database) -> int:
    async with db.read() as session:
        return await session.scalar(select(func.count()).select_from(Room)) or 0


async def test_a_longer_export_keeps_all_its_messages_in_order(db: Database) -> None:
    first = await imported(db, kakaotalk("우리", *EARLY))
    # Between two messages of one minute comes one that the first file lacks.
    between: list[Said] = [*EARLY[:5], (EARLY[4][0], "Anna", "dazwischen"), *EARLY[5:]]
    longer = [*between, *LATE]
    second = await imported(db, kakaotalk("우리", *longer))
    expected = [text for _, _, text in longer]
    assert await texts_of(db) == expected
    assert await undone(db, first) == 0
    assert await texts_of(db) == expected
    # Nothing but these imports has sent any of them.
    assert await undone(db, second) == len(longer)
    assert await texts_of(db) == []


async def test_an_import_that_nothing_met_again_goes_whole(db: Database) -> None:
    number = await imported(db, kakaotalk("우리", *EARLY))
    async with db.write() as session:
        user = await add_user(session, "ann")
        user.created_at -= timedelta(minutes=1)
    other = await imported(db, export({"username": "ann", "text": "a post", "id": "1"}), "a.jsonl")
    await fold_tails(db)
    assert await undone(db, number) == len(EARLY)
    assert await authors_of(db) == {"ann": 1}
    assert await count_rooms(db) == 0
    # Who was here before the import stays without posts.
    assert await undone(db, other) == 1
    assert await authors_of(db) == {"ann": 0}
    assert await undone(db, other) == 1


async def test_what_else_sends_a_post_keeps_it(db: Database) -> None:
    posts = [{"username": "ann", "text": f"number {n}", "source_id": str(n)} for n in range(4)]
    number = await imported(db, export(*posts), "a.jsonl")
    await store_lines(db, BytesIO(export(posts[0])), ImportReport(), asyncio.to_thread)
    writer = PostWriter(db)
    await writer.add(PostRequest("ann", new_tweet("number 1", arrived_at=now(), source_id="1")))
    await writer.close()
    await imported(db, export(posts[2]), "b.jsonl")
    assert await undone(db, number) == 1
    assert sorted(await texts_of(db)) == ["number 0", "number 1", "number 2"]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 1, 3), (1, 3, 2)])
async def test_posts_go_with_the_last_import_that_sent_them(
    db: Database, order: tuple[int, ...]
) -> None:
    posts = [{"username": "ann", "text": f"number {n}", "source_id": str(n)} for n in range(4)]
    for name in ("a.jsonl", "b.jsonl", "c.jsonl"):
        await imported(db, export(*posts), name)
    for number in order[:-1]:
        assert await undone(db, number) == 0
    assert len(await texts_of(db)) == 4
    assert await undone(db, order[-1]) == 4
    assert await authors_of(db) == {}
    # Imported once more they are new, and are undone alone.
    assert await undone(db, await imported(db, export(*posts), "a.jsonl")) == 4


@pytest.mark.parametrize("is_request_last", [True, False])
async def test_a_request_keeps_posts_of_undone_imports(
    db: Database, *, is_request_last: bool
) -> None:
    post = {"username": "ann", "text": "number 1", "source_id": "1"}
    first = await imported(db, export(post), "a.jsonl")
    second = 0 if is_request_last else await imported(db, export(post), "b.jsonl")
    await store_lines(db, BytesIO(export(post)), ImportReport(), asyncio.to_thread)
    second = second or await imported(db, export(post), "b.jsonl")
    for number in (first, second):
        assert await undone(db, number) == 0
    assert await texts_of(db) == ["number 1"]


async def test_the_same_import_does_not_meet_its_own_posts(db: Database) -> None:
    post = {"username": "ann", "text": "twice", "source_id": "1"}
    assert await undone(db, await imported(db, export(post, post), "a.jsonl")) == 1


async def test_a_joined_chat_is_left_by_one_import_alone(db: Database) -> None:
    first = await imported(db, kakaotalk("우리", *EARLY))
    second = await imported(db, kakaotalk("저쪽", *LATE))
    async with db.write() as session:
        await join_in_part(session, 2, 1)
    assert await undone(db, first) == len(EARLY)
    assert await texts_of(db) == [text for _, _, text in LATE]
    async with db.read() as session:
        rows = await session.execute(
            select(RoomPerson.room_id, func.sum(RoomPerson.messages)).group_by(RoomPerson.room_id)
        )
        assert [tuple(row) for row in rows] == [(1, len(LATE))]
    assert await undone(db, second) == len(LATE)
    assert await count_rooms(db) == 0


async def test_a_stopped_undo_goes_on(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletion, "MESSAGES", 5)
    monkeypatch.setattr(deletion, "MOST_MESSAGES", 5)
    number = await imported(db, kakaotalk("우리", *EARLY))
    await ask(db, number)

    def stop(_posts: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        await undo_imports(db, on_progress=stop)
    assert await find_faults(db) == []
    async with db.read() as session:
        assert await is_undo_due(session)
    assert len(await texts_of(db)) == len(EARLY) - 5
    assert await undone(db, number) == len(EARLY)


async def test_an_import_meets_posts_while_another_is_undone(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "MESSAGES", 5)
    monkeypatch.setattr(deletion, "MOST_MESSAGES", 5)
    await ask(db, await imported(db, kakaotalk("우리", *EARLY)))
    tasks = list[asyncio.Task[int]]()

    def meet(_posts: int) -> None:
        if not tasks:
            tasks.append(asyncio.create_task(imported(db, kakaotalk("우리", *EARLY, *LATE))))

    await undo_imports(db, on_progress=meet)
    await asyncio.gather(*tasks)
    assert await find_faults(db) == []
    expected = [text for _, _, text in (*EARLY, *LATE)]
    assert await texts_of(db) == expected


async def test_the_log_names_each_removed_post(db: Database) -> None:
    number = await imported(db, kakaotalk("우리", *EARLY))
    async with db.read() as session:
        before = await session.scalar(select(func.max(Event.id))) or 0
    await undone(db, number)
    async with db.read() as session:
        query = select(Event.kind, func.count()).where(Event.id > before).group_by(Event.kind)
        kinds = dict((await session.execute(query)).all())
    assert kinds == {"tweet.deleted": len(EARLY), "user.deleted": 3}


async def test_only_ended_imports_that_know_their_posts_can_be_undone(db: Database) -> None:
    with pytest.raises(NotFoundError):
        await ask(db, 9)
    number = await imported(db, kakaotalk("우리", *EARLY))
    async with db.write() as session:
        running = await add_job(session, UploadedFile("", "a", 1), is_started=True)
        await session.execute(update(ImportJob).where(ImportJob.id == number).values(undo=None))
    with pytest.raises(ConflictError, match="still running"):
        await ask(db, running.id)
    with pytest.raises(ConflictError, match="earlier version"):
        await ask(db, number)
