"""The sources that are followed: added, listed, removed and asked for."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.text import username_key
from app.errors import ConflictError, NotFoundError, unpacked
from app.models import LiveSource
from app.services.posts.users import check_platform, find_user
from app.services.sources.finding import SourceName


class SourceFacts(msgspec.Struct, frozen=True):
    """A live source as answers show one."""

    id: int
    source: Annotated[str, Meta(description="bluesky:NAME, mastodon:USER@HOST or rss:URL.")]
    platform: str
    username: str
    accepted: Annotated[int, Meta(description="How many posts it has brought.")]
    added_at: datetime
    visited_at: Annotated[datetime | None, Meta(description="The last visit.")]
    success_at: Annotated[datetime | None, Meta(description="The last visit without an error.")]
    posts_at: Annotated[datetime | None, Meta(description="When it last brought new posts.")]
    next_visit_at: datetime
    not_before: Annotated[
        datetime | None, Meta(description="Until then its host wants no requests.")
    ]
    last_error: Annotated[str | None, Meta(description="Why the last visit failed, if it did.")]


async def add_source(session: AsyncSession, name: SourceName) -> SourceFacts:
    """Follow a source from now on. Raises ConflictError."""
    query = select(LiveSource.id).where(LiveSource.source == str(name))
    if await session.scalar(query) is not None:
        raise ConflictError("'{source}' is followed already", source=str(name))
    if user := await find_user(session, name.username):
        check_platform(user.username, user.platform, name.platform, is_of_chat=user.is_of_chat)
    source = LiveSource(
        source=str(name),
        platform=name.platform,
        host=name.host,
        username=name.username,
        username_key=username_key(name.username),
        added_at=now(),
        next_visit_at=now(),
    )
    session.add(source)
    await session.flush()
    return _facts(source)


async def list_sources(
    session: AsyncSession, *, after: int | None = None, limit: int
) -> tuple[list[SourceFacts], int | None]:
    """Return up to `limit` sources in the order they were added, and the place of the next page."""
    query = select(LiveSource).where(LiveSource.id > (after or 0)).order_by(LiveSource.id)
    found = list(await session.scalars(query.limit(limit + 1)))
    following = found[limit - 1].id if len(found) > limit else None
    return [_facts(each) for each in found[:limit]], following


async def remove_source(session: AsyncSession, source_id: int) -> None:
    """Follow a source no longer; its posts stay. Raises NotFoundError."""
    gone = delete(LiveSource).where(LiveSource.id == source_id).returning(LiveSource.id)
    if await session.scalar(gone) is None:
        raise _unknown(source_id)


async def ask_for_visit(session: AsyncSession, source_id: int) -> SourceFacts:
    """Let a source be visited as soon as its host allows. Raises NotFoundError."""
    source = await session.get(LiveSource, source_id)
    if source is None:
        raise _unknown(source_id)
    source.next_visit_at = now()
    return _facts(source)


async def ask_for_visits(session: AsyncSession) -> datetime:
    """Let all sources be visited as soon as their hosts allow; return the time when all are due."""
    asked_at = now()
    await session.execute(update(LiveSource).values(next_visit_at=asked_at))
    return asked_at


async def is_visit_missing(session: AsyncSession, asked_at: datetime) -> bool:
    """Return whether a source whose host allows it waits for a visit, or is being visited.

    A visit that has not ended is a failure without a reason.
    """
    is_under_way = and_(LiveSource.failures > 0, LiveSource.last_error.is_(None))
    is_waiting = or_(LiveSource.next_visit_at <= asked_at, is_under_way)
    query = select(LiveSource.id).where(_is_allowed(), is_waiting).limit(1)
    return await session.scalar(query) is not None


async def is_visit_due(session: AsyncSession) -> bool:
    return bool(await due_sources(session, now()))


async def due_sources(session: AsyncSession, by: datetime) -> list[LiveSource]:
    """Return the sources to be visited by a time, the longest due first."""
    query = select(LiveSource).where(LiveSource.next_visit_at <= by, _is_allowed())
    return list(await session.scalars(query.order_by(LiveSource.next_visit_at, LiveSource.id)))


def _is_allowed() -> ColumnElement[bool]:
    """Return that the host wants requests."""
    return or_(LiveSource.not_before.is_(None), LiveSource.not_before <= now())


def _facts(source: LiveSource) -> SourceFacts:
    values = {name: getattr(source, name) for name in SourceFacts.__struct_fields__}
    if source.last_error:  # As a Message, which pages can translate.
        values["last_error"] = unpacked(msgspec.json.decode(source.last_error))
    return SourceFacts(**values)


def _unknown(source_id: int) -> NotFoundError:
    return NotFoundError("There is no source {source_id}", source_id=source_id)
