"""Figures over posts, from the stored counts."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import groupby
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import CursorResult, Select, and_, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import PostCount, User
from app.models.derived import UNKNOWN_SLOT
from app.services.posts.post_counts import DAY_S, HOUR_S, local_unit, slot_from
from app.services.posts.selection import Conditions, Selection, author_conditions
from app.services.posts.users import UserRow, select_rows

WEEK_H: Final = 168
MOST_COUNTS: Final = 10_000
_POSTS: Final = func.sum(PostCount.posts)


class AuthorCount(msgspec.Struct, frozen=True):
    """How many posts an author has."""

    username: str
    tweets: int


class DayCount(msgspec.Struct, frozen=True):
    """How many posts a day has, in all and of each author who wrote any."""

    date: Annotated[date, Meta(description="A day in `tz`.")]
    tweets: int
    authors: list[AuthorCount]


class Stats(msgspec.Struct, frozen=True):
    """Posts counted: in all, per author and per day."""

    users: Annotated[int, Meta(description="Number of authors, including authors without posts.")]
    tweets: int
    undated: Annotated[
        int, Meta(description="Number of posts without a time; they are not counted in any day.")
    ]
    authors: list[AuthorCount]
    days: Annotated[list[DayCount], Meta(description="Counts of the newest days; at most 10,000.")]


async def stats(session: AsyncSession, selection: Selection, zone: ZoneInfo) -> Stats:
    """Return a selection's counts, with up to `MOST_COUNTS` of the newest days.

    Raises NotFoundError for an unknown author.
    """
    authors = await count_by_author(session, selection)
    cells = await _newest_days(session, selection, zone)
    days = []
    for day, of_day in groupby(cells, key=lambda cell: cell[0]):
        counts = [AuthorCount(username, posts) for _, username, posts in of_day]
        days.append(DayCount(day, sum(count.tweets for count in counts), counts))
    undated = await count_undated(session, selection)
    count = select(func.count(User.id)).where(*await author_conditions(session, selection))
    users = await session.scalar(count) or 0
    return Stats(users, sum(count.tweets for count in authors), undated, authors, days)


async def count_undated(session: AsyncSession, selection: Selection) -> int:
    """Return the number of undated posts; 0 for a selection with a time limit."""
    if selection.since is not None or selection.until is not None:
        return 0
    without_time = [*await count_conditions(session, selection), PostCount.slot < 0]
    return int(await session.scalar(select(_POSTS).where(*without_time)) or 0)


async def count_by_author(session: AsyncSession, selection: Selection) -> list[AuthorCount]:
    if not selection.is_narrowed:
        conditions = [*await author_conditions(session, selection), User.tweet_count > 0]
        query = select(User.username, User.tweet_count).where(*conditions)
        query = query.order_by(User.tweet_count.desc(), User.username_key)
    else:
        totals = select(PostCount.user_id, _POSTS.label("posts")).group_by(PostCount.user_id)
        counted = totals.where(*await count_conditions(session, selection)).subquery()
        query = select(User.username, counted.c.posts).join(counted, counted.c.user_id == User.id)
        query = query.order_by(counted.c.posts.desc(), User.username_key)
    return [AuthorCount(username, int(posts)) for username, posts in await session.execute(query)]


DayCell = tuple[date, str, int]


async def _newest_days(
    session: AsyncSession, selection: Selection, zone: ZoneInfo
) -> list[DayCell]:
    """Return up to `MOST_COUNTS` of the newest days, all complete."""
    first, read = 0, MOST_COUNTS * 5 // 4
    while True:
        if not selection.usernames:
            # Mostly the newest quarter hours have enough: all of 1,000,000 posts take a second.
            slots = select(PostCount.slot).where(*_own_conditions(selection, 0))
            newest = slots.order_by(PostCount.slot.desc()).offset(read).limit(1)
            first = await session.scalar(newest) or 0
        cells = await count_by_day(session, selection, zone, first_slot=first, limit=MOST_COUNTS)
        if len(cells) == MOST_COUNTS:
            return [cell for cell in cells if cell[0] != cells[0][0]]
        if not first:
            return cells
        read = read * MOST_COUNTS * 5 // (max(len(cells), 1) * 4)


async def count_by_day(
    session: AsyncSession,
    selection: Selection,
    zone: ZoneInfo,
    *,
    first_slot: int = 0,
    limit: int | None = None,
) -> list[DayCell]:
    """Return posts by local day and author, in order of days.

    Only the newest `limit` counts, without undated posts and before the first slot.
    """
    conditions = await count_conditions(session, selection, first_slot=first_slot)
    # By numbers first: to sort a row of each post by its author's name takes twice as long.
    day = local_unit(PostCount.slot, zone, DAY_S).label("day")
    cells = select(day, PostCount.user_id, _POSTS.label("posts")).where(*conditions)
    cells = cells.group_by("day", PostCount.user_id).order_by(day.desc()).limit(limit)
    counted = cells.subquery()
    query = select(counted.c.day, User.username, counted.c.posts)
    query = query.join(counted, counted.c.user_id == User.id)
    rows = await session.execute(query.order_by(counted.c.day, User.username_key))
    return [(date.fromordinal(day + 1), name, int(posts)) for day, name, posts in rows]


async def have_posts(
    session: AsyncSession, user_id: int, spans: Sequence[tuple[datetime, datetime]]
) -> list[bool]:
    of_author = select(PostCount.user_id).where(PostCount.user_id == user_id, PostCount.posts > 0)
    conditions = [query.exists() for query in _in_each(spans, of_author)]
    return [bool(has_posts) for has_posts in (await session.execute(select(*conditions))).one()]


async def count_in_spans(
    session: AsyncSession, user_id: int, spans: Sequence[tuple[datetime, datetime]]
) -> list[int]:
    of_author = select(func.coalesce(_POSTS, 0)).where(PostCount.user_id == user_id)
    counts = [query.scalar_subquery() for query in _in_each(spans, of_author)]
    return [int(posts) for posts in (await session.execute(select(*counts))).one()]


def _in_each(spans: Sequence[tuple[datetime, datetime]], counts: Select[Any]) -> list[Select[Any]]:
    slot = PostCount.slot
    return [
        counts.where(slot >= slot_from(since), slot < slot_from(until)) for since, until in spans
    ]


async def count_by_hour_of_week(
    session: AsyncSession, selection: Selection, zone: ZoneInfo
) -> list[int]:
    """Return posts by the 168 hours of the week from Monday, 0:00."""
    hours = await count_by_hour(session, selection, zone, folded_h=WEEK_H)
    return [hours[hour] for hour in range(WEEK_H)]


async def count_by_hour(
    session: AsyncSession, selection: Selection, zone: ZoneInfo, *, folded_h: int | None = None
) -> Counter[int]:
    """Return posts by local hour since the year 1, a Monday; `folded_h` adds up hours this far
    apart.
    """
    conditions = await count_conditions(session, selection, first_slot=0)
    # By slot first, in the order of the index: sorting a row of each post takes half a second.
    slots = select(PostCount.slot, _POSTS.label("posts")).where(*conditions)
    counted = slots.group_by(PostCount.slot).subquery()
    hour = local_unit(counted.c.slot, zone, HOUR_S)
    hour = (hour % folded_h if folded_h else hour).label("hour")
    query = select(hour, func.sum(counted.c.posts)).group_by("hour")
    # Of fifteen years there may be 50,000: their rows are made in the thread.
    rows = await (await session.connection()).execute(query)
    return await asyncio.to_thread(_by_hour, rows)


def _by_hour(rows: CursorResult[int, int]) -> Counter[int]:
    # Row by row takes three times as long.
    return Counter({int(hour): int(posts) for hour, posts in rows.all()})


async def count_selected(
    session: AsyncSession, selection: Selection, zone: ZoneInfo, *, hour: int | None
) -> int:
    if hour is not None:
        return (await count_by_hour_of_week(session, selection, zone))[hour]
    counts = select(func.sum(PostCount.posts)).where(*await count_conditions(session, selection))
    return int(await session.scalar(counts) or 0)


async def count_conditions(
    session: AsyncSession, selection: Selection, *, first_slot: int = UNKNOWN_SLOT
) -> Conditions:
    """Return conditions for `PostCount`, by default without a time limit with undated posts, and
    record dependencies.

    Raises NotFoundError for an unknown author.
    """
    authors = and_(*await author_conditions(session, selection))
    # Few authors are looked up; of all, some are left out, so that SQLite follows the index of
    # slots.
    chosen = PostCount.user_id.in_(select(User.id).where(authors))
    is_counted = PostCount.user_id.not_in(select(User.id).where(not_(authors)))
    return [chosen if selection.usernames else is_counted, *_own_conditions(selection, first_slot)]


def _own_conditions(selection: Selection, first_slot: int) -> Conditions:
    conditions: Conditions = [PostCount.posts > 0]
    if selection.lang is not None:
        conditions.append(PostCount.lang == selection.lang)
    if selection.until is not None:
        first_slot = max(first_slot, 0)
        conditions.append(PostCount.slot < slot_from(selection.until))
    if selection.since is not None:
        first_slot = max(first_slot, slot_from(selection.since))
    # One bound: of two, SQLite takes either for its search.
    return [*conditions, PostCount.slot >= first_slot]


class BusyAuthors(NamedTuple):
    names: list[str]
    total: int


async def busiest_authors(
    session: AsyncSession, selection: Selection, *, limit: int
) -> BusyAuthors:
    if not selection.is_narrowed:
        active = await most_active(session, selection, limit=limit)
        return BusyAuthors(active.names, active.total)
    counts = await count_by_author(session, selection)
    return BusyAuthors([count.username for count in counts[:limit]], len(counts))


class ActiveAuthors(NamedTuple):
    rows: list[UserRow]
    total: int

    @property
    def names(self) -> list[str]:
        return [author.username for author in self.rows]


async def most_active(session: AsyncSession, selection: Selection, *, limit: int) -> ActiveAuthors:
    conditions = [*await author_conditions(session, selection), User.tweet_count > 0]
    most = select_rows(*conditions).order_by(User.tweet_count.desc(), User.username_key)
    rows = [UserRow(*row) for row in await session.execute(most.limit(limit))]
    total = await session.scalar(select(func.count(User.id)).where(*conditions)) or 0
    return ActiveAuthors(rows, total)


async def most_active_with(
    session: AsyncSession, selection: Selection, *, limit: int
) -> ActiveAuthors:
    """Return the most active authors, a single named one before everyone."""
    selected = await most_active(session, selection, limit=limit)
    if len(selection.usernames) != 1 or not selected.rows:
        return selected
    busiest = await most_active(session, replace(selection, usernames=()), limit=limit)
    companions = [author for author in busiest.rows if author.id != selected.rows[0].id]
    return ActiveAuthors([*selected.rows, *companions][:limit], busiest.total)
