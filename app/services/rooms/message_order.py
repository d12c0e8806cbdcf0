"""The order of a chat's messages of one time, as its files have it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of, update_by_id
from app.models import Tweet
from app.services.rooms.identity import announce_change

MOST_ORDERED: Final = 1_000
"""Ordered messages of one time; more would be compared again in each batch, and are ordered by id.
"""

Moment = tuple[int, datetime]


class FileMessage(NamedTuple):
    moment: Moment
    id: int
    is_new: bool


class MomentOfFile(msgspec.Struct):
    """The messages of a chat's file that have one time, in the order of the file."""

    is_first: bool
    """Whether the file has no earlier message, so that others of this time may be missing."""
    ids: list[int] = []
    new: set[int] = set()

    def merged(self, here: Sequence[int], *, is_last: bool) -> list[int]:
        """Return the ids of all messages of the time in order; `here` are the stored ones.

        Messages that the file lacks stay behind the message that they follow. `is_last`: the file
        has no later messages so far.
        """
        of_file, following = set(self.ids), defaultdict[int, list[int]](list)
        before = 0
        for post_id in here:
            if post_id not in of_file:
                following[before].append(post_id)
            elif post_id not in self.new:
                before = post_id
        before = 0
        is_before = is_last and not self.is_first and self.new.issuperset(self.ids)
        merged = [] if is_before else following.pop(before, [])
        for post_id in self.ids:
            if post_id not in self.new:
                merged += following.pop(before, ())
                before = post_id
            merged.append(post_id)
        return [*merged, *following.pop(before, ())]


class FileOrder:
    def __init__(self) -> None:
        self._begun: set[int] = set()
        self._last: dict[Moment, MomentOfFile] = {}
        """Times at the end of the previous batch, which may continue."""

    async def keep(
        self,
        session: AsyncSession,
        messages: Sequence[FileMessage],
        own: Collection[int],
        *,
        may_move: bool,
    ) -> None:
        """Order new messages among those of their time.

        own: chats whose messages are all this file's, so that their ids have the order. may_move:
        whether the file also decides on the order of stored messages.
        """
        moments: dict[Moment, MomentOfFile] = {}
        last = {message.moment[0]: message.moment for message in messages}
        for moment, post_id, is_new in messages:
            room_id = moment[0]
            if room_id in own and moment != last[room_id]:
                self._begun.add(room_id)
                continue
            if moment not in moments:
                known = self._last.get(moment)
                is_first = room_id not in self._begun
                moments[moment] = known or MomentOfFile(is_first)
                self._begun.add(room_id)
            of_file = moments[moment]
            if len(of_file.ids) <= MOST_ORDERED:
                of_file.ids.append(post_id)
                of_file.new.update([post_id] if is_new else [])
        self._last = {moment: moments[moment] for moment in last.values()}
        few = {
            moment: of_file
            for moment, of_file in moments.items()
            if of_file.new and moment[0] not in own and len(of_file.ids) <= MOST_ORDERED
        }
        await self._move(session, few, may_move=may_move)

    async def _move(
        self, session: AsyncSession, moments: Mapping[Moment, MomentOfFile], *, may_move: bool
    ) -> None:
        moved: dict[Moment, list[dict[str, Any]]] = {}
        for moment, here in (await _here(session, [*moments])).items():
            if len(here) > MOST_ORDERED:
                continue
            of_file = moments[moment]
            order = of_file.merged(here, is_last=moment in self._last)
            stored, stored_here = (
                [post_id for post_id in ids if post_id not in of_file.new] for ids in (order, here)
            )
            if order != here and (may_move or stored == stored_here):
                # Below 0, so that messages that come later follow.
                places = range(-len(order), 0)
                pairs = zip(order, places, strict=True)
                moved[moment] = [{"changed": post_id, "place": n} for post_id, n in pairs]
        if moved:
            await session.execute(update_by_id(Tweet), [*chain.from_iterable(moved.values())])
        for room_id in {room_id for room_id, _ in moved}:
            await announce_change(session, room_id)


async def _here(session: AsyncSession, moments: Sequence[Moment]) -> dict[Moment, list[int]]:
    here: dict[Moment, list[int]] = defaultdict(list)
    if moments:
        listed = backend_of(session).listed(moments, Tweet.room_id, Tweet.created_at)
        is_then = and_(Tweet.room_id == listed.c.room_id, Tweet.created_at == listed.c.created_at)
        query = select(listed.c.room_id, listed.c.created_at, Tweet.id).join(Tweet, is_then)
        for *moment, post_id in await session.execute(query.order_by(Tweet.place, Tweet.id)):
            here[moment[0], moment[1]].append(post_id)
    return here
