"""Snapshots: what was counted of a chat or an author, stored so that no page counts it again.

A snapshot may quote words. So the transaction that takes a post away, or changes what it says, who
wrote it or who may see it, removes all snapshots: each event does, but for those that only add
(`ADDING`). Whoever reads one that is older than the newest posts gets it if these are few, and
maintenance counts it again.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from msgspec import DecodeError, msgpack
from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.db.feed import Change
from app.db.result_cache import DERIVED, EVERYTHING, depends_on
from app.errors import NotFoundError
from app.models import Event, Snapshot
from app.services.event_log import ADDING, NewEvent, append_events, newest_event

Content = TypeVar("Content")


class Key(NamedTuple):
    """What a snapshot is of."""

    kind: str
    """The subject, and the number of its recipe: a release that counts otherwise raises it."""
    subject_id: int
    room_id: int = 0
    """The chat that is counted as if nothing else were here; 0 for the site."""
    zone: str = ""
    """Time zone of days and hours; empty if a snapshot has none."""


class Counted(Protocol[Content]):
    """A subject of which snapshots are stored."""

    key: Key
    content: type[Content]
    """Type that msgspec encodes."""
    posts: int
    """Number of its posts now."""

    async def count(self, session: AsyncSession) -> tuple[int, Content]:
        """Return its number of posts and its snapshot. Raises NotFoundError if it is gone."""

    async def has_changed(self, session: AsyncSession, since: int, snapshot: Content) -> bool:
        """Return whether an event after `since`, when it was counted, may concern it."""

    def fits(self, snapshot: Content) -> bool:
        """Return whether pages can show a snapshot in which a few posts are missing."""


class _Made(NamedTuple):
    event: int
    """The newest event when it was counted."""
    posts: int
    content: bytes


class Snapshots:
    """A process's way to the stored snapshots; maintenance stores what was counted (`renew`)."""

    most: ClassVar = 500

    def __init__(self, *, are_kept: bool = True) -> None:
        """are_kept: False for one chat alone, whose sessions do not see what others delete."""
        self._are_kept = are_kept
        self._unsaved: dict[Key, _Made] = {}
        self._outdated: dict[Key, Counted[Any]] = {}

    async def find(self, session: AsyncSession, subject: Counted[Content]) -> Content | None:
        """Return a subject's snapshot; None if it must be counted.

        If at most a hundredth of 1,000 posts or more are new, they may be missing; then the page is
        kept until maintenance has counted them.
        """
        depends_on(EVERYTHING)
        event = await newest_event(session)
        made = self._unsaved.get(subject.key)
        is_stored = made is None or made.event > event  # A later one may have people unknown here.
        if is_stored:
            made = await _stored(session, subject.key) if self._are_kept else None
        if made is None:
            return None
        try:
            snapshot = msgpack.decode(made.content, type=subject.content)
        except DecodeError:
            return None
        if made.event == event or not await subject.has_changed(session, made.event, snapshot):
            return snapshot
        # What is stored is the same for all processes.
        is_near = made.posts >= 1_000 and abs(subject.posts - made.posts) * 100 <= made.posts
        if not (is_stored and is_near and subject.fits(snapshot)):
            return None
        self._outdated[subject.key] = subject
        depends_on(DERIVED)
        return snapshot

    async def read(self, session: AsyncSession, subject: Counted[Content]) -> Content:
        """Return a subject's snapshot, counted now if it must be. Raises NotFoundError."""
        snapshot = await self.find(session, subject)
        return await self.count(session, subject) if snapshot is None else snapshot

    async def count(self, session: AsyncSession, subject: Counted[Content]) -> Content:
        """Count a subject, for all who ask from now on. Raises NotFoundError."""
        event = await newest_event(session)
        posts, snapshot = await subject.count(session)
        if self._are_kept:
            self._unsaved[subject.key] = _Made(event, posts, msgpack.encode(snapshot))
            while len(self._unsaved) > self.most:
                del self._unsaved[next(iter(self._unsaved))]
        return snapshot

    def note(self, changes: Sequence[Change]) -> None:
        """Forget everything after changes that do more than add."""
        if any(change.kind not in ADDING for change in changes):
            self.clear()

    def clear(self, _newest: int = 0) -> None:
        self._unsaved.clear()

    @property
    def is_due(self) -> bool:
        """Whether there is something to renew."""
        return bool(self._unsaved or self._outdated)

    async def renew(self, db: Sessions) -> None:
        """Count again what was outdated when it was read, and store what is not stored."""
        are_outdated = bool(self._outdated)
        while self._outdated:
            _, subject = self._outdated.popitem()
            with suppress(NotFoundError):
                async with db.read() as session:
                    await self.count(session, subject)
        unsaved = dict(self._unsaved)
        async with db.write() as session:
            await _store(session, unsaved)
            if are_outdated:
                await append_events(session, [NewEvent("snapshots.counted", DERIVED, posts=0)])
        for key, made in unsaved.items():
            if self._unsaved.get(key) is made:
                del self._unsaved[key]


async def _stored(session: AsyncSession, key: Key) -> _Made | None:
    query = select(Snapshot.event, Snapshot.posts, Snapshot.content).where(*_is_of(key))
    row = (await session.execute(query)).first()
    return row and _Made(*row)


def _is_of(key: Key) -> list[ColumnElement[bool]]:
    return [getattr(Snapshot, name) == value for name, value in key._asdict().items()]


async def _store(session: AsyncSession, unsaved: dict[Key, _Made]) -> None:
    oldest = min((made.event for made in unsaved.values()), default=0)
    takes_away = Event.id > oldest, Event.kind.not_in(ADDING)
    emptied = await session.scalar(select(func.max(Event.id)).where(*takes_away)) or 0
    for key, made in unsaved.items():
        if made.event >= emptied:
            await session.execute(delete(Snapshot).where(*_is_of(key)))
            row = key._asdict() | made._asdict()
            await session.execute(insert(Snapshot).values(row))
    oldest_kept = select(Snapshot.id).order_by(Snapshot.id.desc()).offset(Snapshots.most).limit(1)
    await session.execute(delete(Snapshot).where(Snapshot.id <= oldest_kept.scalar_subquery()))
