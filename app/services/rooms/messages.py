"""The messages of a chat: pages, media by month, most reactions."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import Integer, Tuple, bindparam, case, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db.backend import backend_of
from app.db.result_cache import EVERYTHING, depends_on
from app.formats.post import MediumKind, Reactions
from app.models import MAX_ID, Tweet, User
from app.services.posts.post_content import decoded_counts
from app.services.posts.post_counts import DAY_S, local_unit, seconds_of
from app.services.posts.selection import AnySelect, Selection, field_conditions
from app.services.posts.tweets import (
    Page,
    Post,
    TweetKey,
    as_page,
    as_post,
    find_posts,
    select_posts,
)

END: Final[TweetKey] = (None, MAX_ID)
_Kind = Literal["undated", "dated", "dated before"]
_OTHER_KINDS: Final[Sequence[MediumKind]] = ("video", "gif", "audio", "link")
ORDER: Final = (Tweet.created_at, Tweet.place, Tweet.id)


async def list_messages(
    session: AsyncSession, selection: Selection, *, after: TweetKey | None = None, limit: int
) -> Page:
    """Return a page of messages, oldest first, and the next key; equal times in the file's order,
    undated last.

    Only room, period and `has` count.
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

    Only room and `has` count.
    """
    depends_on(EVERYTHING)
    values = _values(before) | {"room_id": selection.room_id}
    kinds: list[_Kind] = ["undated", "dated"] if before[0] is None else ["dated before"]
    posts: list[Post] = []
    for kind in kinds:
        if missing := limit + 1 - len(posts):
            query = _last(kind, selection.has)
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
def _last(kind: _Kind, has: str | None) -> AnySelect:
    of_room = [Tweet.room_id == bindparam("room_id"), *field_conditions(Selection(has=has))]
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
    """Return the values of a key; ID 0 is before all messages of its time."""
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
    is_other = or_(*(Tweet.media.contains(f'"kind":"{kind}"') for kind in _OTHER_KINDS))
    total = func.sum(backend_of(session).length(Tweet.media))
    others = func.sum(case((is_other, 1), else_=0))
    dated = select(day, total, others).where(*of_room, Tweet.created_at.is_not(None))
    months: dict[date | None, MediaCount] = {}
    rows = await session.execute(dated.group_by("day").order_by("day"))
    for number, *counts in reversed(rows.all()):
        month = date.fromordinal(number + 1).replace(day=1)
        before = months.get(month, MediaCount(0, 0))
        months[month] = MediaCount(
            *(int(old + new) for old, new in zip(before, counts, strict=True))
        )
    undated = select(total, others).where(*of_room, Tweet.created_at.is_(None))
    without_time = (await session.execute(undated)).one()
    if without_time[0]:
        months[None] = MediaCount(*map(int, without_time))
    return months


MOST_LOOKED_AT: Final = 500


class LovedMessage(msgspec.Struct, frozen=True):
    """A message that got the most reactions in its room, in all or with one sign."""

    post: Post
    count: int
    sign: Annotated[
        str | None, Meta(description="The reaction; null for all reactions combined.")
    ] = None
    ties: Annotated[int, Meta(description="Number of other messages with as many.")] = 0


class Reacted(NamedTuple):
    id: int
    counts: Reactions


class Best(NamedTuple):
    """The message with the most of one sign, or of all."""

    id: int
    times: int
    sign: str | None = None
    ties: int = 0
    """Number of other messages with as many."""


async def most_loved(
    session: AsyncSession, room_id: int, span: tuple[datetime, datetime] | None = None
) -> list[LovedMessage]:
    """Return the message with most reactions, then with most of up to three signs.

    Equal messages rank by reactions, then newest first. A sign is left out if its message is
    listed, or one further down could have more.
    """
    likes = backend_of(session).likes
    query = (
        select(Tweet.id, Tweet.counts)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.room_id == room_id, Tweet.counts.is_not(None), likes > 0)
        .where(User.deleted_at.is_(None))
        .order_by(likes.desc(), Tweet.id.desc())
        .limit(MOST_LOOKED_AT)
    )
    if span is not None:
        query = query.where(Tweet.created_at >= span[0], Tweet.created_at < span[1])
    rows = await session.execute(query)
    best = list(best_of([Reacted(row.id, decoded_counts(row.counts)) for row in rows]))
    posts = await find_posts(session, [one.id for one in best])
    return [
        LovedMessage(posts[one.id], one.times, one.sign, one.ties)
        for one in best
        if one.id in posts
    ]


def best_of(messages: Sequence[Reacted]) -> Iterator[Best]:
    """Yield the best of messages, given by likes."""
    if not messages:
        return
    first = messages[0]
    ties = sum(message.counts.likes == first.counts.likes for message in messages[1:])
    yield Best(first.id, first.counts.likes or 0, ties=ties)
    # Messages that were not read have no more of any sign than the last one has likes.
    is_whole = len(messages) < MOST_LOOKED_AT
    fewest = 2 if is_whole else max(2, messages[-1].counts.likes or 0)
    ids = {first.id}
    signs = [best for best in _best_by_sign(messages) if best.times >= fewest]
    for best in sorted(signs, key=lambda best: -best.times):
        if best.id not in ids and len(ids) <= 3:
            ids.add(best.id)
            yield best


def _best_by_sign(messages: Iterable[Reacted]) -> Iterable[Best]:
    best: dict[str, Best] = {}
    for message in messages:
        for sign, count in ((one.sign, one.count) for one in message.counts.signs):
            if sign not in best or best[sign].times < count:
                best[sign] = Best(message.id, count, sign)
            elif best[sign].times == count:
                best[sign] = best[sign]._replace(ties=best[sign].ties + 1)
    return best.values()
