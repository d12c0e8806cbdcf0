"""Idempotency keys: the same request again gets the same answer and changes nothing.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, backend_of
from app.errors import ConflictError, InvalidInputError
from app.models import IdempotencyRecord

KEPT_FOR: Final = timedelta(hours=24)
ABANDONED_AFTER: Final = timedelta(seconds=60)
"""A bulk request touches its record with each batch; after this time without, it has died."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """A request's identity, and a digest of its content."""

    holder: str
    method: str
    path: str
    key: str
    body_sha256: bytes


@dataclass(frozen=True, slots=True)
class Replay:
    """The first answer to a request."""

    status: int
    resource_id: int | None
    report: bytes | None
    event_id: int | None


async def claim(session: AsyncSession, key: RequestKey) -> Replay | None:
    """Return the first answer to this request, or None and record that it is under way.

    Raises InvalidInputError for a key used with other parameters or another body, ConflictError
    while the first request is under way.
    """
    backend = backend_of(session)
    added = await session.execute(
        backend.insert(IdempotencyRecord)
        .values(
            holder=key.holder,
            method=key.method,
            path=key.path,
            key=key.key,
            body_sha256=key.body_sha256,
            touched_at=backend.shared_time(),
        )
        .on_conflict_do_nothing()
        .returning(IdempotencyRecord.id)
    )
    if added.first() is not None:
        return None
    query = select(
        IdempotencyRecord,
        _is_older(session, KEPT_FOR).label("is_old"),
        _is_older(session, ABANDONED_AFTER).label("is_abandoned"),
    )
    record, is_old, is_abandoned = (await session.execute(query.where(_is(key)))).one()
    is_same = record.body_sha256 == key.body_sha256
    if is_old or (record.status is None and is_abandoned and is_same):
        progress = {"status": None, "report": None} if is_old else {}
        await _touch(session, key, body_sha256=key.body_sha256, **progress)
        return None
    if not is_same:
        raise InvalidInputError(
            "This Idempotency-Key was used with another request; use a new key",
            loc="Idempotency-Key",
        )
    if record.status is None:
        raise ConflictError("The request with this Idempotency-Key is still under way")
    return Replay(record.status, record.resource_id, record.report, record.event_id)


async def once(
    session: AsyncSession, key: RequestKey | None, act: Callable[[], Awaitable[Replay]]
) -> Replay:
    """Return the first answer to this request; the first time, act and record the answer.

    Without a key each time is the first. Raises as `claim` does.
    """
    if key is None:
        return await act()
    replay = await claim(session, key)
    if replay is None:
        replay = await act()
        await complete(session, key, replay)
    return replay


async def note_progress(session: AsyncSession, key: RequestKey, progress: bytes) -> None:
    """Record that the request is under way, and how far it is, so that it can be resumed."""
    await _touch(session, key, report=progress)


async def progress_of(session: AsyncSession, key: RequestKey) -> bytes | None:
    """Return how far an earlier, interrupted run of a claimed request came."""
    return await session.scalar(select(IdempotencyRecord.report).where(_is(key)))


async def complete(session: AsyncSession, key: RequestKey, replay: Replay) -> None:
    """Record the answer to the request."""
    await _touch(session, key, **asdict(replay))


async def release(session: AsyncSession, key: RequestKey) -> None:
    """Let a request that failed be sent again; it resumes at its last progress."""
    nothing = IdempotencyRecord.report.is_(None)
    await session.execute(delete(IdempotencyRecord).where(_is(key), nothing))
    long_ago = backend_of(session).shared_time(ABANDONED_AFTER + timedelta(seconds=1))
    await _touch(session, key, touched_at=long_ago)


async def needs_pruning(session: AsyncSession) -> bool:
    """Return whether there are records of over a day ago."""
    return bool(await session.scalar(select(exists().where(_is_older(session, KEPT_FOR)))))


async def prune(db: Sessions) -> None:
    """Delete the records of over a day ago."""
    async with db.write() as session:
        await session.execute(delete(IdempotencyRecord).where(_is_older(session, KEPT_FOR)))


async def _touch(session: AsyncSession, key: RequestKey, **values: Any) -> None:
    touched = {"touched_at": backend_of(session).shared_time()} | values
    await session.execute(update(IdempotencyRecord).where(_is(key)).values(**touched))


def _is_older(session: AsyncSession, age: timedelta) -> ColumnElement[bool]:
    return IdempotencyRecord.touched_at < backend_of(session).shared_time(age)


def _is(key: RequestKey) -> ColumnElement[bool]:
    return and_(
        IdempotencyRecord.holder == key.holder,
        IdempotencyRecord.method == key.method,
        IdempotencyRecord.path == key.path,
        IdempotencyRecord.key == key.key,
    )
