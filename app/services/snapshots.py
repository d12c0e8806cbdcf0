"""Snapshots: what was counted of a chat or an author, stored so that no page counts it again.

A snapshot may quote words, so it knows whose posts it was counted of. The transaction that takes a
post of theirs away, or changes what it says, who wrote it or who may see it, empties it: each event
does, but for those that only add (`ADDING`). Maintenance counts what is large again; meanwhile a
page says that it counts. One that lacks a few new posts is shown until it is counted again.
"""

import asyncio
import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from msgspec import DecodeError, msgpack
from sqlalchemy import ColumnElement, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, is_among
from app.db.feed import Change
from app.db.result_cache import DERIVED, EVERYTHING, LruStore, depends_on
from app.errors import CountingError, NotFoundError
from app.models import Event, Snapshot
from app.services.event_log import (
    ADDING,
    OF_AUTHOR,
    UNCOUNTED,
    NewEvent,
    append_events,
    newest_event,
)

Content = TypeVar("Content")
MANY_COUNTED: Final = 5_000
"""Posts that take some .3 s to count."""
LARGE: Final = 1_000
"""Posts from which a subject is counted before a reader asks, in .05 ms each."""


def tell_of_counting(session: AsyncSession, *, is_part: bool = False) -> None:
    """Let `Snapshots.read` raise CountingError, rather than count many posts while a reader waits.

    is_part: whether the rest of the page is shown without them.
    """
    session.info["many"] = LARGE if is_part else MANY_COUNTED


class Key(NamedTuple):
    """What a snapshot is of."""

    kind: str
    """The subject, and the number of its recipe: a release that counts otherwise raises it."""
    subject_id: int
    zone: str = ""
    """Time zone of days and hours; empty if a snapshot has none."""


class Made(NamedTuple):
    """A snapshot as it is stored."""

    event: int
    """The newest event when it was counted."""
    posts: int
    people: bytes | None
    """MessagePack: ids of the authors whose posts were counted; None for everybody."""
    content: bytes

    def is_of(self, people: Collection[int]) -> bool:
        return self.people is None or not {*msgpack.decode(self.people)}.isdisjoint(people)


class Counted(ABC, Generic[Content]):
    """A subject of which snapshots are stored."""

    key: Key
    content: type[Content]
    """Type that msgspec encodes."""
    posts: int
    """Number of its posts now."""

    @abstractmethod
    async def count(self, session: AsyncSession) -> Content:
        """Return its snapshot. Raises NotFoundError if it is gone."""

    async def people(self, _session: AsyncSession) -> Sequence[int] | None:
        """Return the authors whose posts are counted, sorted; None for everybody."""
        return None

    async def has_changed(self, session: AsyncSession, made: Made, _content: Content) -> bool:
        """Return whether something may have been added since it was counted."""
        people = await self.people(session)
        if people is None or made.people != msgpack.encode(people):
            return True
        oldest = await session.scalar(select(func.min(Event.id)))
        if oldest is None or oldest > made.event + 1:
            return True
        concerns = or_(is_among(session, Event.user_id, people), Event.user_id == DERIVED)
        is_new = Event.id > made.event, Event.kind.not_in(UNCOUNTED)
        return await session.scalar(select(Event.id).where(*is_new, concerns).limit(1)) is not None

    def fits(self, _content: Content) -> bool:
        """Return whether pages can show a snapshot in which a few posts are missing."""
        return True


class Snapshots:
    """A process's way to the stored snapshots; maintenance counts and stores them (`renew`)."""

    most: ClassVar = 500
    most_awaited: ClassVar = 20
    """Subjects that wait to be counted; further ones are counted by their requests."""

    part_s: ClassVar = 0.3
    """How long the rest of a page waits for a part that is counted."""

    def __init__(
        self, open_subject: Callable[[AsyncSession, Key], Awaitable[Counted[Any]]] | None = None
    ) -> None:
        """open_subject: returns a subject; raises NotFoundError. Without it nothing is kept, as for
        one chat alone, whose sessions do not see what others delete.
        """
        self._open = open_subject
        self.wake: Callable[[], object] = lambda: None
        """Tells maintenance that something is awaited."""
        self._unsaved: dict[Key, Made] = {}
        self._awaited: dict[Key, bool] = {}
        self._were_awaited = LruStore[Key, bool](self.most_awaited, lambda _: 1)
        """Nobody is told twice that one of them is being counted."""
        self._are_outdated = False
        """Whether pages show an awaited subject's last snapshot."""

    async def _find(self, session: AsyncSession, subject: Counted[Any]) -> tuple[Any, bool]:
        """Return a snapshot, and whether nothing is missing in it."""
        if self._open is None:
            return None, False
        event = await newest_event(session)
        made = self._unsaved.get(subject.key)
        if made is None or (made.event != event and await _is_emptied(session, made, event)):
            made = await _stored(session, subject.key)
        with suppress(DecodeError):
            if made is not None and made.content:
                content = msgpack.decode(made.content, type=subject.content)
                if made.event == event or not await subject.has_changed(session, made, content):
                    return content, True
                is_near = (
                    made.posts >= LARGE and abs(subject.posts - made.posts) * 100 <= made.posts
                )
                return (content, False) if is_near and subject.fits(content) else (None, False)
        return None, False

    async def read(self, session: AsyncSession, subject: Counted[Content]) -> Content:
        """Return a subject's snapshot, counted now if it must be. Raises NotFoundError.

        If at most a hundredth of 1,000 posts or more are new, they may be missing; then the page is
        kept until maintenance has counted them. Raises CountingError after
        `tell_of_counting`.
        """
        depends_on(EVERYTHING)
        depends_on(DERIVED)  # A new background outdates a snapshot, whoever counted it.
        snapshot, is_whole = await self._find(session, subject)
        if snapshot is not None:
            if not is_whole:
                self._awaited[subject.key] = self._are_outdated = True
            found: Content = snapshot
            return found
        if self._open and subject.posts >= session.info.get("many", math.inf):
            self._wait_for(subject.key)
        try:
            return await self.count(session, subject)
        except asyncio.CancelledError:  # Whoever asks again finds it.
            if self._open and len(self._awaited) < self.most_awaited:
                self._awaited[subject.key] = True
            raise

    def _wait_for(self, key: Key) -> None:
        """Raise CountingError, unless the request has to count."""
        was_awaited = self._were_awaited.get(key)
        self._were_awaited.pop(key)
        if key in self._awaited or not (was_awaited or len(self._awaited) >= self.most_awaited):
            self._awaited[key] = True
            self.wake()
            raise CountingError

    async def count(self, session: AsyncSession, subject: Counted[Content]) -> Content:
        """Count a subject, for all who ask from now on. Raises NotFoundError."""
        event, people = await newest_event(session), await subject.people(session)
        content = await subject.count(session)
        if self._open:
            of = None if people is None else msgpack.encode(people)
            self._unsaved[subject.key] = Made(event, subject.posts, of, msgpack.encode(content))
            while len(self._unsaved) > self.most:
                del self._unsaved[next(iter(self._unsaved))]
        return content

    async def count_by_key(self, db: Sessions, key: Key) -> None:
        """Count a subject if something is missing in its snapshot; forget one that is gone."""
        try:
            async with db.read() as session:
                subject = self._open and await self._open(session, key)
                if subject and not (await self._find(session, subject))[1]:
                    await self.count(session, subject)
        except NotFoundError:
            async with db.write() as session:
                await session.execute(delete(Snapshot).where(*_is_of(key)))

    def note(self, changes: Sequence[Change]) -> None:
        """Forget what was counted before changes that do more than add."""
        taken = max((change.id for change in changes if change.kind not in ADDING), default=0)
        self._unsaved = {key: made for key, made in self._unsaved.items() if made.event >= taken}

    def clear(self, _newest: int = 0) -> None:
        self._unsaved.clear()

    @property
    def is_due(self) -> bool:
        """Whether there is something to renew."""
        return bool(self._unsaved or self._awaited)

    async def renew(self, db: Sessions) -> None:
        """Count what is awaited, and store what is not stored."""
        are_outdated, self._are_outdated = self._are_outdated, False
        for key in [*self._awaited]:
            try:
                await self.count_by_key(db, key)
            finally:
                self._awaited.pop(key, None)
                self._were_awaited.put(key, True)
        unsaved = dict(self._unsaved)
        async with db.write() as session:
            await _store(session, unsaved)
            if are_outdated:
                await append_events(session, [NewEvent("snapshots.counted", DERIVED, posts=0)])
        for key, made in unsaved.items():
            if self._unsaved.get(key) is made:
                del self._unsaved[key]


async def _stored(session: AsyncSession, key: Key) -> Made | None:
    columns = (getattr(Snapshot, name) for name in Made._fields)
    row = (await session.execute(select(*columns).where(*_is_of(key)))).first()
    return Made(*row) if row else None


def _is_of(key: Key) -> list[ColumnElement[bool]]:
    return [getattr(Snapshot, name) == value for name, value in key._asdict().items()]


async def _is_emptied(session: AsyncSession, made: Made, newest: int | None = None) -> bool:
    """Return whether something was taken away since a snapshot was counted, or it is of an event
    that the session does not see.
    """
    if newest is not None and made.event > newest:
        return True
    is_new = Event.id > made.event, Event.kind.not_in(ADDING)
    rows = (
        await session.execute(select(Event.kind, Event.user_id).where(*is_new).distinct())
    ).all()
    is_of_others = all(kind in OF_AUTHOR for kind, _ in rows)
    return bool(rows) and not (is_of_others and not made.is_of({user_id for _, user_id in rows}))


async def _store(session: AsyncSession, unsaved: dict[Key, Made]) -> None:
    for key, made in unsaved.items():
        if not await _is_emptied(session, made):
            await session.execute(delete(Snapshot).where(*_is_of(key)))
            row = key._asdict() | made._asdict()
            await session.execute(insert(Snapshot).values(row))
    oldest_kept = select(Snapshot.id).order_by(Snapshot.id.desc()).offset(Snapshots.most).limit(1)
    await session.execute(delete(Snapshot).where(Snapshot.id <= oldest_kept.scalar_subquery()))
