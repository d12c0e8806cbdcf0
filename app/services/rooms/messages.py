"""The messages of a chat: pages of them, media by month, and the order of those of one time."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import chain
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Integer, Tuple, and_, bindparam, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import backend_of, update_by_id
from app.db.result_cache import EVERYTHING, depends_on
from app.models import MAX_ID, Tweet
from app.services.posts.filters import Chosen, conditions_of
from app.services.posts.local_time import DAY_S, local_unit, seconds_of
from app.services.posts.selection import AnySelect, Selection, field_conditions
from app.services.posts.tweets import Page, Post, TweetKey, as_page, as_post, select_posts
from app.services.rooms.changes import announce_change
from saywho.formats.post import MediumKind

END: Final[TweetKey] = (None, MAX_ID)
_Kind = Literal["undated", "dated", "dated before"]
ORDER: Final = (Tweet.created_at, Tweet.place, Tweet.id)


async def list_messages(
    session: AsyncSession, selection: Selection, *, after: TweetKey | None = None, limit: int
) -> Page:
    """Return a page of messages, oldest first, and the next key; equal times in the file's order,
    undated last.

    Only room, period and filters count.
    """
    depends_on(EVERYTHING)
    # SQLite reads the index in the order of a list only if no time is unknown: two queries.
    messages = select_posts().where(*field_conditions(selection))
    posts: list[Post] = []
    if after is None or after[0] is not None:
        query = messages.where(Tweet.created_at.is_not(None))
        query = query if after is None else query.where(_sort_key() < tuple_(*ORDER))
        query = query.order_by(*ORDER).limit(limit + 1)
        posts = list(map(as_post, await session.execute(query, _values(after) if after else {})))
    if len(posts) <= limit and selection.since is selection.until is None:
        last = after[1] if after and after[0] is None else 0
        query = messages.where(Tweet.created_at.is_(None), Tweet.id > last).order_by(Tweet.id)
        posts += map(as_post, await session.execute(query.limit(limit + 1 - len(posts))))
    return as_page(posts, limit)


async def list_before(
    session: AsyncSession, selection: Selection, before: TweetKey, *, limit: int
) -> Page:
    """Return the last messages before a key, oldest first, and the key of earlier ones.

    Only room and filters count.
    """
    depends_on(EVERYTHING)
    values = _values(before) | {"room_id": selection.room_id}
    kinds: list[_Kind] = ["undated", "dated"] if before[0] is None else ["dated before"]
    posts: list[Post] = []
    for kind in kinds:
        if missing := limit + 1 - len(posts):
            query = _last(kind, selection.chosen)
            posts += map(as_post, await session.execute(query, values | {"limit": missing}))
    posts, key = as_page(posts, limit)
    return posts[::-1], key


async def messages_around(session: AsyncSession, post: Post) -> list[Post]:
    """Return a message with ten before and after; nothing for a post."""
    if post.room is None:
        return []
    key = post.created_at, post.id
    selection = Selection(room_id=post.room.id)
    above, _ = await list_before(session, selection, key, limit=10)
    below, _ = await list_messages(session, selection, after=key, limit=10)
    return [*above, post, *below]


@cache
def _last(kind: _Kind, chosen: Chosen) -> AnySelect:
    of_room = [Tweet.room_id == bindparam("room_id"), *conditions_of(chosen)]
    messages = select_posts().where(*of_room).limit(bindparam("limit", type_=Integer))
    if kind == "undated":
        messages = messages.where(Tweet.created_at.is_(None), Tweet.id < bindparam("id"))
        return messages.order_by(Tweet.id.desc())
    messages = messages.where(Tweet.created_at.is_not(None))
    if kind == "dated before":
        messages = messages.where(_sort_key() > tuple_(*ORDER))
    return messages.order_by(*(column.desc() for column in ORDER))


@cache
def _sort_key() -> Tuple:
    message = aliased(Tweet)
    place = select(message.place).where(message.id == bindparam("id")).scalar_subquery()
    time = bindparam("time", type_=Tweet.created_at.type)
    return tuple_(time, func.coalesce(place, bindparam("else")), bindparam("id"))


def _values(key: TweetKey) -> dict[str, Any]:
    return {"time": key[0], "id": key[1], "else": 0 if key[1] else -(2**31)}


class MediaCount(NamedTuple):
    total: int
    """Pictures, videos, sounds and links."""
    others: int
    """Messages with a medium that is no picture."""


async def media_by_month(
    session: AsyncSession, room_id: int, zone: ZoneInfo
) -> dict[date | None, MediaCount]:
    """Return the numbers of media by month, newest first, None last."""
    depends_on(EVERYTHING)
    day = local_unit(seconds_of(Tweet.created_at), zone, DAY_S, tick_s=1).label("day")
    of_room = Tweet.room_id == room_id, Tweet.media.is_not(None)
    others: Sequence[MediumKind] = ("video", "gif", "audio", "link")
    is_other = or_(*(Tweet.media.contains(f'"kind":"{kind}"') for kind in others))
    total = func.sum(backend_of(session).length(Tweet.media))
    sums = total, func.sum(case((is_other, 1), else_=0))
    dated = select(day, *sums).where(*of_room, Tweet.created_at.is_not(None))
    months: dict[date | None, MediaCount] = {}
    rows = await session.execute(dated.group_by("day").order_by("day"))
    for number, *counts in reversed(rows.all()):
        month = date.fromordinal(number + 1).replace(day=1)
        before = months.get(month, MediaCount(0, 0))
        months[month] = MediaCount(
            *(int(old + new) for old, new in zip(before, counts, strict=True))
        )
    undated = select(*sums).where(*of_room, Tweet.created_at.is_(None))
    without_time = (await session.execute(undated)).one()
    if without_time[0]:
        months[None] = MediaCount(*map(int, without_time))
    return months


# --- The order of a chat's messages of one time, as its files have it ---

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
