"""The order of messages of one time, which the file gives.

A second export may contain messages between stored messages of the same minute, which have lower
ids.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, and_, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of, chunks, update_by_id
from app.models import Tweet
from app.services.event_log import NewEvent, append_events
from app.services.imports.earlier_reading import EarlierReading, is_earlier

MOST_ORDERED: Final = 1_000
"""Ordered messages of one time; more would be compared again in each batch, and are ordered by id.
"""

Moment = tuple[int, datetime]


class FileMessage(NamedTuple):
    moment: Moment
    user_id: int
    id: int
    is_new: bool


class MomentOfFile(msgspec.Struct):
    """The messages of a chat's file that have one time, in the order of the file."""

    user_id: int
    """One of its people."""
    is_first: bool
    """Whether the file has no earlier message, so that others of this time may be missing."""
    ids: list[int] = []
    new: set[int] = set()

    def merged(self, here: Sequence[int], *, is_last: bool) -> list[int]:
        """Return the ids of all messages of the time in order; `here` are the stored ones.

        Messages that the file lacks stay behind the message that they follow. `is_last`: the file
        has no later messages so far.
        """
        of_file = set(self.ids)
        others = [post_id for post_id in here if post_id not in of_file]
        known = [post_id for post_id in self.ids if post_id not in self.new]
        if not known:
            is_before = is_last and not self.is_first
            return [*self.ids, *others] if is_before else [*others, *self.ids]
        merged = list(takewhile(lambda post_id: post_id not in of_file, here))
        following: dict[int, list[int]] = defaultdict(list)
        before = 0
        for post_id in here[len(merged) :]:
            if post_id in of_file:
                before = post_id if post_id not in self.new else before
            else:
                following[before].append(post_id)
        before = 0
        for post_id in self.ids:
            if post_id not in self.new:
                merged += following[before]
                before = post_id
            merged.append(post_id)
        return [*merged, *following[before]]


class FileOrder:
    def __init__(self) -> None:
        self._begun: set[int] = set()
        self._ids: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        """Messages of the file by their chats."""
        self._spans: dict[int, tuple[datetime, datetime]] = {}
        self._last: dict[Moment, MomentOfFile] = {}
        """Times at the end of the previous batch, which may continue."""

    async def keep(self, session: AsyncSession, messages: Iterable[FileMessage]) -> None:
        moments: dict[Moment, MomentOfFile] = {}
        last: dict[int, Moment] = {}
        for moment, user_id, post_id, is_new in messages:
            room_id, time = last[moment[0]] = moment
            self._ids[room_id].append(post_id)
            first, newest = self._spans.get(room_id, (time, time))
            self._spans[room_id] = min(first, time), max(newest, time)
            if moment not in moments:
                known = self._last.get(moment)
                is_first = room_id not in self._begun
                moments[moment] = known or MomentOfFile(user_id, is_first)
                self._begun.add(room_id)
            of_file = moments[moment]
            if len(of_file.ids) <= MOST_ORDERED:
                of_file.ids.append(post_id)
                of_file.new.update([post_id] if is_new else [])
        self._last = {moment: moments[moment] for moment in last.values()}
        moments = {moment: of_file for moment, of_file in moments.items() if of_file.new}
        few = {key: value for key, value in moments.items() if len(value.ids) <= MOST_ORDERED}
        await self._move(session, few)

    async def lacking(
        self, session: AsyncSession, earlier: EarlierReading, import_id: int | None
    ) -> set[int]:
        """Return messages in the file's chats that it lacks, and that no other file has brought
        since imports have numbers: within its time, or moved to another day. An earlier version
        imported them, or a program sent them.
        """
        lacking: set[int] = set()
        for room_id, ids in self._ids.items():
            first, last = self._spans[room_id]
            is_of_room = Tweet.room_id.in_({room_id, *earlier.rooms.get(room_id, ())})
            here = and_(is_of_room, is_earlier(earlier.known))
            ends = select(func.min(Tweet.created_at), func.max(Tweet.created_at)).where(here)
            begin, end = (await session.execute(ends)).one()
            # Of its first and last minute, a later export may hold a part.
            is_after = Tweet.created_at > first if begin != first else Tweet.created_at >= first
            is_before = Tweet.created_at < last if end != last else Tweet.created_at <= last
            within = await session.scalars(select(Tweet.id).where(here, is_after, is_before))
            lacking |= {*within} - {*ids}
            if import_id is not None:
                is_outside = not_(and_(is_after, is_before))
                lacking |= await _moved_days(session, here, is_outside, ids, (import_id, room_id))
        return lacking

    async def _move(self, session: AsyncSession, moments: Mapping[Moment, MomentOfFile]) -> None:
        moved: list[dict[str, Any]] = []
        for moment, here in (await _here(session, [*moments])).items():
            if len(here) > MOST_ORDERED:
                continue
            order = moments[moment].merged(here, is_last=moment in self._last)
            if order != here:
                # Below 0, so that messages that come later follow.
                places = range(-len(order), 0)
                moved += [{"changed": of, "place": n} for of, n in zip(order, places, strict=True)]
        if moved:
            await session.execute(update_by_id(Tweet), moved)
            user_id = next(iter(moments.values())).user_id
            await append_events(session, [NewEvent("room.updated", user_id)])


async def _moved_days(
    session: AsyncSession,
    here: ColumnElement[bool],
    is_outside: ColumnElement[bool],
    ids: Iterable[int],
    added_to: tuple[int, int],
) -> set[int]:
    """Return messages with author, text and time of day of messages that an import has added to a
    room, if other messages of the file were stored together with them.

    All messages of an author that were stored together have one event. So the event of an author's
    only message must be among or beside the events of the file's other messages.
    """
    is_added = and_(Tweet.import_id == added_to[0], Tweet.room_id == added_to[1], Tweet.text != "")
    texts = select(Tweet.text).where(is_added)
    columns = (Tweet.user_id, Tweet.text, Tweet.created_at)
    query = select(Tweet.id, Tweet.event_id, *columns)
    query = query.where(here, is_outside, Tweet.text.in_(texts))
    rows = (await session.execute(query)).all()
    if not rows:
        return set()
    added = {
        (user_id, text, time.timetz())
        for user_id, text, time in await session.execute(select(*columns).where(is_added))
        if time
    }
    events: set[int] = set()
    for chunk in chunks(sorted(ids)):
        of_file = select(Tweet.event_id).where(here, Tweet.id.in_(chunk))
        events |= {*await session.scalars(of_file)}
    authors = select(Tweet.user_id).where(here).group_by(Tweet.user_id)
    of_one_message = {*await session.scalars(authors.having(func.count() == 1))}
    first, last = min(events, default=0), max(events, default=0)
    beside = range(first - len(of_one_message), last + len(of_one_message) + 1) if events else ()
    return {
        post_id
        for post_id, event_id, user_id, text, time in rows
        if time
        and (user_id, text, time.timetz()) in added
        and (event_id in events or (event_id in beside and user_id in of_one_message))
    } - {*ids}


async def _here(session: AsyncSession, moments: Sequence[Moment]) -> dict[Moment, list[int]]:
    here: dict[Moment, list[int]] = defaultdict(list)
    if moments:
        listed = backend_of(session).listed(moments, Tweet.room_id, Tweet.created_at)
        is_then = and_(Tweet.room_id == listed.c.room_id, Tweet.created_at == listed.c.created_at)
        query = select(listed.c.room_id, listed.c.created_at, Tweet.id).join(Tweet, is_then)
        for *moment, post_id in await session.execute(query.order_by(Tweet.place, Tweet.id)):
            here[moment[0], moment[1]].append(post_id)
    return here
