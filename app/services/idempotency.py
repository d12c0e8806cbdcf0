"""Idempotency keys: the same request again gets the same answer and changes nothing.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.errors import ConflictError, InvalidInputError
from app.models import IdempotencyRecord
from app.services.clock import now

KEPT_FOR: Final = timedelta(hours=24)
ABANDONED_AFTER: Final = timedelta(seconds=60)
"""A bulk request touches its record with each batch; one silent for so long has died."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Which request it is, and a digest of what it asked for."""

    holder: str
    method: str
    path: str
    key: str
    body_sha256: bytes


@dataclass(frozen=True, slots=True)
class Replay:
    """How the request was answered the first time."""

    status: int
    resource_id: int | None
    report: bytes | None
    event_id: int | None


async def claim(session: AsyncSession, key: RequestKey) -> Replay | None:
    """Return how this request was answered, or None, and remember that it is under way.

    Raises InvalidInputError for a key used with other parameters or another body, ConflictError
    while the first request is under way.
    """
    taken = await session.execute(
        backend_of(session)
        .insert(IdempotencyRecord)
        .values(
            holder=key.holder,
            method=key.method,
            path=key.path,
            key=key.key,
            body_sha256=key.body_sha256,
            touched_at=now(),
        )
        .on_conflict_do_nothing()
        .returning(IdempotencyRecord.id)
    )
    if taken.first() is not None:
        return None
    record = (await session.scalars(select(IdempotencyRecord).where(_is(key)))).one()
    age = now() - record.touched_at
    is_same = record.body_sha256 == key.body_sha256
    if age > KEPT_FOR or (record.status is None and age > ABANDONED_AFTER and is_same):
        if age > KEPT_FOR:
            record.status, record.report = None, None
        record.body_sha256, record.touched_at = key.body_sha256, now()
        await session.flush()
        return None
    if not is_same:
        raise InvalidInputError(
            "This Idempotency-Key was used with another request; use a new key",
            loc="Idempotency-Key",
        )
    if record.status is None:
        raise ConflictError("The request with this Idempotency-Key is still under way")
    return Replay(record.status, record.resource_id, record.report, record.event_id)


async def note_progress(session: AsyncSession, key: RequestKey, progress: bytes) -> None:
    """Show that the request is under way, and how far it is, so that it can go on from there."""
    values = {"touched_at": now(), "report": progress}
    await session.execute(update(IdempotencyRecord).where(_is(key)).values(**values))


async def progress_of(session: AsyncSession, key: RequestKey) -> bytes | None:
    """Return how far an earlier, broken-off run of a claimed request came."""
    return await session.scalar(select(IdempotencyRecord.report).where(_is(key)))


async def complete(session: AsyncSession, key: RequestKey, replay: Replay) -> None:
    """Remember how the request was answered."""
    await session.execute(
        update(IdempotencyRecord)
        .where(_is(key))
        .values(
            status=replay.status,
            resource_id=replay.resource_id,
            report=replay.report,
            event_id=replay.event_id,
            touched_at=now(),
        )
    )


async def release(session: AsyncSession, key: RequestKey) -> None:
    """Let a request that failed be sent again: anew, or where it has come to."""
    nothing = IdempotencyRecord.report.is_(None)
    await session.execute(delete(IdempotencyRecord).where(_is(key), nothing))
    long_ago = now() - ABANDONED_AFTER - timedelta(seconds=1)
    await session.execute(update(IdempotencyRecord).where(_is(key)).values(touched_at=long_ago))


async def needs_pruning(session: AsyncSession) -> bool:
    """Return whether there are requests of over a day ago."""
    return bool(await session.scalar(select(exists().where(_is_old()))))


async def prune(session: AsyncSession) -> None:
    """Forget the requests of over a day ago."""
    await session.execute(delete(IdempotencyRecord).where(_is_old()))


def _is_old() -> ColumnElement[bool]:
    return IdempotencyRecord.touched_at < now() - KEPT_FOR


def _is(key: RequestKey) -> ColumnElement[bool]:
    return and_(
        IdempotencyRecord.holder == key.holder,
        IdempotencyRecord.method == key.method,
        IdempotencyRecord.path == key.path,
        IdempotencyRecord.key == key.key,
    )
