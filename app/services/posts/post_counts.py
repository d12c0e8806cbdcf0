"""Counts of posts by author, quarter hour and language, kept by each transaction, with figures."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import insert_rows, table_of
from app.models import PostCount, Tweet, User
from app.models.content import SLOT_S, UNKNOWN_SLOT
from app.services.posts import local_time
from app.services.posts.selection import Conditions, Selection, author_conditions

Date = date
"""For fields called `date`: from Python 3.14 on, their annotation would name themselves."""

Moment = tuple[int, datetime | None, str | None]
"""Author, time and language of a post."""
_Key = tuple[int, int, str]
"""Author, slot and language."""

MOST_YEARS: Final = 40
"""An author's newest years, which are listed and compared."""


async def count_posts(
    session: AsyncSession, added: Iterable[Moment], removed: Iterable[Moment] = ()
) -> None:
    await add_counts(session, Counter(map(_key_of, added)), Counter(map(_key_of, removed)))


async def counts_of(session: AsyncSession, *conditions: sa.ColumnElement[bool]) -> Counter[_Key]:
    """Return the number of these posts by author, slot and language."""
    query = _counted().where(*conditions)
    return Counter({(user, slot, lang): n for user, slot, lang, n in await session.execute(query)})


async def add_counts(session: AsyncSession, added: Counter[_Key], removed: Counter[_Key]) -> None:
    tally = added.copy()
    tally.subtract(removed)
    rows = [
        {"user_id": user_id, "slot": slot, "lang": lang, "posts": posts}
        for (user_id, slot, lang), posts in tally.items()
        if posts
    ]
    await insert_rows(session, PostCount, rows, adds_to="posts")
    if any(posts < 0 for posts in tally.values()):
        # One key at a time: SQLite would scan the whole table for a list of tuples.
        table = table_of(PostCount)
        is_empty = [column == sa.bindparam(column.key) for column in table.primary_key]
        await session.execute(sa.delete(table).where(*is_empty, table.c.posts <= 0), rows)


def _key_of(moment: Moment) -> _Key:
    user_id, time, lang = moment
    return user_id, local_time.slot_of(time), lang or ""


def _counted() -> sa.Select[*tuple[Any, ...]]:
    slot = sa.cast(
        sa.func.coalesce(local_time.seconds_of(Tweet.created_at) // SLOT_S, UNKNOWN_SLOT),
        sa.Integer,
    )
    lang = sa.func.coalesce(Tweet.lang, "")
    return sa.select(
        Tweet.user_id, slot.label("slot"), lang.label("lang"), sa.func.count().label("posts")
    ).group_by(Tweet.user_id, slot, lang)


async def miscounted_authors(session: AsyncSession) -> list[str]:
    real = _counted()
    slots = sa.select(PostCount.user_id, PostCount.slot, PostCount.lang, PostCount.posts).where(
        PostCount.posts != 0
    )
    unheard, invented = real.except_(slots).subquery(), slots.except_(real).subquery()
    wrong = sa.or_(
        User.id.in_(sa.select(unheard.c.user_id)), User.id.in_(sa.select(invented.c.user_id))
    )
    query = sa.select(User.username).where(wrong, User.deleted_at.is_(None))
    return list(await session.scalars(query.order_by(User.username_key)))


MOST_COUNTS: Final = 10_000
_POSTS: Final = sa.func.sum(PostCount.posts)


class AuthorCount(msgspec.Struct, frozen=True):
    """How many posts an author has."""

    username: str
    tweets: int


class DayCount(msgspec.Struct, frozen=True):
    """How many posts a day has, in all and of each author who wrote any."""

    date: Date
    """A day in `tz`."""
    tweets: int
    authors: list[AuthorCount]


class Stats(msgspec.Struct, frozen=True, omit_defaults=True):
    """Posts counted: in all, per author and per day."""

    users: int
    """Number of authors, including authors without posts."""
    tweets: int
    undated: int
    """Number of posts without a time; they are not counted in any day."""
    authors: list[AuthorCount]
    days: list[DayCount]
    """Counts of the newest days; at most 10,000."""
    inside_of_others: int | None = 0
    """With `q`, posts in which its words only stand inside of others, which are not counted; null
    above 10,000.
    """
    newest: bool = False
    """With `q`, whether only the 10,000 posts that were stored last are counted."""


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
    count = sa.select(sa.func.count(User.id)).where(*await author_conditions(session, selection))
    users = await session.scalar(count) or 0
    return Stats(users, sum(count.tweets for count in authors), undated, authors, days)


async def count_undated(session: AsyncSession, selection: Selection) -> int:
    """Return the number of undated posts; 0 for a selection with a time limit."""
    if selection.since is not None or selection.until is not None or selection.at is not None:
        return 0
    without_time = [*await count_conditions(session, selection), PostCount.slot < 0]
    return int(await session.scalar(sa.select(_POSTS).where(*without_time)) or 0)


async def count_by_author(session: AsyncSession, selection: Selection) -> list[AuthorCount]:
    if not selection.is_narrowed:
        conditions = [*await author_conditions(session, selection), User.tweet_count > 0]
        query = sa.select(User.username, User.tweet_count).where(*conditions)
        query = query.order_by(User.tweet_count.desc(), User.username_key)
    else:
        totals = sa.select(PostCount.user_id, _POSTS.label("posts")).group_by(PostCount.user_id)
        counted = totals.where(*await count_conditions(session, selection)).subquery()
        query = sa.select(User.username, counted.c.posts).join(
            counted, counted.c.user_id == User.id
        )
        query = query.order_by(counted.c.posts.desc(), User.username_key)
    return [AuthorCount(username, int(posts)) for username, posts in await session.execute(query)]


DayCell = tuple[date, str, int]


async def _newest_days(
    session: AsyncSession, selection: Selection, zone: ZoneInfo
) -> list[DayCell]:
    first, read = 0, MOST_COUNTS * 5 // 4
    while True:
        if not selection.usernames:
            # Mostly the newest quarter hours have enough: all of 1,000,000 posts take a second.
            slots = sa.select(PostCount.slot).where(*_own_conditions(selection, 0))
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
    day = local_time.local_unit(PostCount.slot, zone, local_time.DAY_S).label("day")
    cells = sa.select(day, PostCount.user_id, _POSTS.label("posts")).where(*conditions)
    cells = cells.group_by("day", PostCount.user_id).order_by(day.desc()).limit(limit)
    counted = cells.subquery()
    query = sa.select(counted.c.day, User.username, counted.c.posts)
    query = query.join(counted, counted.c.user_id == User.id)
    rows = await session.execute(query.order_by(counted.c.day, User.username_key))
    return [(date.fromordinal(day + 1), name, int(posts)) for day, name, posts in rows]


async def have_posts(
    session: AsyncSession, user_id: int, spans: Sequence[tuple[datetime, datetime]]
) -> list[bool]:
    of_author = sa.select(PostCount.user_id).where(
        PostCount.user_id == user_id, PostCount.posts > 0
    )
    conditions = [query.exists() for query in _in_each(spans, of_author)]
    return [*map(bool, (await session.execute(sa.select(*conditions))).one())]


async def count_in_spans(
    session: AsyncSession, user_id: int, spans: Sequence[tuple[datetime, datetime]]
) -> list[int]:
    of_author = sa.select(sa.func.coalesce(_POSTS, 0)).where(PostCount.user_id == user_id)
    counts = [query.scalar_subquery() for query in _in_each(spans, of_author)]
    return [int(posts) for posts in (await session.execute(sa.select(*counts))).one()]


def _in_each(
    spans: Sequence[tuple[datetime, datetime]], counts: sa.Select[Any]
) -> list[sa.Select[Any]]:
    slot = PostCount.slot
    return [
        counts.where(slot >= local_time.slot_from(since), slot < local_time.slot_from(until))
        for since, until in spans
    ]


async def count_by_hour(
    session: AsyncSession, selection: Selection, zone: ZoneInfo
) -> Counter[int]:
    """Return posts by local hour since the year 1, a Monday."""
    conditions = await count_conditions(session, selection, first_slot=0)
    # By slot first, in the order of the index: sorting a row of each post takes half a second.
    slots = sa.select(PostCount.slot, _POSTS.label("posts")).where(*conditions)
    counted = slots.group_by(PostCount.slot).subquery()
    hour = local_time.local_unit(counted.c.slot, zone, local_time.HOUR_S).label("hour")
    query = sa.select(hour, sa.func.sum(counted.c.posts)).group_by("hour")
    # Of fifteen years there may be 50,000: their rows are made in the thread, since row by row
    # takes three times as long.
    rows = await (await session.connection()).execute(query)
    return await asyncio.to_thread(
        lambda: Counter({int(hour): int(posts) for hour, posts in rows.all()})
    )


async def count_selected(session: AsyncSession, selection: Selection) -> int:
    counts = sa.select(sa.func.sum(PostCount.posts)).where(
        *await count_conditions(session, selection)
    )
    return int(await session.scalar(counts) or 0)


async def count_conditions(
    session: AsyncSession, selection: Selection, *, first_slot: int = UNKNOWN_SLOT
) -> Conditions:
    """Return conditions for `PostCount`, by default without a time limit with undated posts, and
    record dependencies.

    Raises NotFoundError for an unknown author.
    """
    authors = sa.and_(*await author_conditions(session, selection))
    # Few authors are looked up; of all, some are left out, so that SQLite follows the index of
    # slots.
    chosen = PostCount.user_id.in_(sa.select(User.id).where(authors))
    is_counted = PostCount.user_id.not_in(sa.select(User.id).where(sa.not_(authors)))
    return [chosen if selection.usernames else is_counted, *_own_conditions(selection, first_slot)]


def _own_conditions(selection: Selection, first_slot: int) -> Conditions:
    conditions: Conditions = [PostCount.posts > 0]
    if selection.lang is not None:
        conditions.append(PostCount.lang == selection.lang)
    if selection.until is not None:
        first_slot = max(first_slot, 0)
        conditions.append(PostCount.slot < local_time.slot_from(selection.until))
    if selection.since is not None:
        first_slot = max(first_slot, local_time.slot_from(selection.since))
    if selection.at is not None:
        first_slot = max(first_slot, 0)
        conditions.append(local_time.is_at_hour(PostCount.slot, selection.at))
    # One bound: of two, SQLite takes either for its search.
    return [*conditions, PostCount.slot >= first_slot]


class BusyAuthors(NamedTuple):
    names: list[str]
    total: int


async def busiest_authors(
    session: AsyncSession, selection: Selection, *, limit: int
) -> BusyAuthors:
    if selection.is_narrowed:
        counts = await count_by_author(session, selection)
        return BusyAuthors([count.username for count in counts[:limit]], len(counts))
    conditions = [*await author_conditions(session, selection), User.tweet_count > 0]
    most = sa.select(User.username).where(*conditions)
    most = most.order_by(User.tweet_count.desc(), User.username_key).limit(limit)
    total = await session.scalar(sa.select(sa.func.count(User.id)).where(*conditions)) or 0
    return BusyAuthors([*await session.scalars(most)], total)
