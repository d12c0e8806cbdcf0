"""The order of messages of one time, which the file gives.

A second export may contain messages between stored messages of the same minute, which have lower
ids.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of, update_by_id
from app.models import Tweet
from app.services.event_log import NewEvent, append_events

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
        self._last: dict[Moment, MomentOfFile] = {}
        """Times at the end of the previous batch, which may continue."""

    async def keep(self, session: AsyncSession, messages: Iterable[FileMessage]) -> None:
        moments: dict[Moment, MomentOfFile] = {}
        last: dict[int, Moment] = {}
        for moment, user_id, post_id, is_new in messages:
            room_id, _ = last[moment[0]] = moment
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


async def _here(session: AsyncSession, moments: Sequence[Moment]) -> dict[Moment, list[int]]:
    here: dict[Moment, list[int]] = defaultdict(list)
    if moments:
        listed = backend_of(session).listed(moments, Tweet.room_id, Tweet.created_at)
        is_then = and_(Tweet.room_id == listed.c.room_id, Tweet.created_at == listed.c.created_at)
        query = select(listed.c.room_id, listed.c.created_at, Tweet.id).join(Tweet, is_then)
        for *moment, post_id in await session.execute(query.order_by(Tweet.place, Tweet.id)):
            here[moment[0], moment[1]].append(post_id)
    return here
