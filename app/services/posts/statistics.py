"""Figures over posts, from the counts that are kept with each change."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.periods import offsets
from app.memo import EVERYTHING, depends_on
from app.models import PostCount, User
from app.models.derived import SLOT_S
from app.services.compare.contenders import Contender, contenders_where
from app.services.posts.post_counts import slot_of
from app.services.posts.tweets import AnySelect
from app.services.selection import Conditions, Selection, author_conditions

DAY_S: Final = 86_400
HOUR_S: Final = 3_600
WEEK_H: Final = 168
MOST_LANGUAGES: Final = 50
MOST_COUNTS: Final = 20_000
"""Counts per day and author that one answer may hold."""
_POSTS: Final = func.sum(PostCount.posts)
_PARTIAL: Final = timedelta(seconds=SLOT_S - 1)


class AuthorCount(msgspec.Struct, frozen=True):
    """How many posts an author has."""

    username: str
    tweets: Annotated[int, Meta(description="How many posts.")]


class DayCount(msgspec.Struct, frozen=True):
    """How many posts a day has, in all and of each author who wrote any."""

    date: Annotated[date, Meta(description="A day in `tz`.")]
    tweets: int
    authors: list[AuthorCount]


class Stats(msgspec.Struct, frozen=True):
    """Posts counted: in all, per author and per day."""

    users: Annotated[int, Meta(description="How many authors there are, those without posts too.")]
    tweets: int
    undated: Annotated[int, Meta(description="Posts without a time, which no day counts.")]
    authors: Annotated[
        list[AuthorCount], Meta(description="Authors with posts, those with the most first.")
    ]
    days: Annotated[
        list[DayCount],
        Meta(
            description="Days with posts, in their order; at most 20,000 counts of the newest days."
        ),
    ]


async def stats(session: AsyncSession, selection: Selection, zone: ZoneInfo) -> Stats:
    """Return the counts of a selection; of the days the newest, up to `MOST_COUNTS` counts.

    Raises NotFoundError for an unknown author.
    """
    authors = await count_by_author(session, selection)
    cells = await count_by_day(session, selection, zone, limit=MOST_COUNTS)
    if len(cells) == MOST_COUNTS:
        # The oldest of these days may be cut off.
        cells = [cell for cell in cells if cell[0] != cells[0][0]]
    days = []
    for day, of_day in groupby(cells, key=lambda cell: cell[0]):
        counts = [AuthorCount(username, posts) for _, username, posts in of_day]
        days.append(DayCount(day, sum(count.tweets for count in counts), counts))
    tweets = sum(count.tweets for count in authors)
    undated = 0
    if selection.since is None and selection.until is None:
        dated = await session.scalar(await _dated(session, selection, _POSTS))
        undated = tweets - int(dated or 0)
    count = select(func.count(User.id)).where(*await author_conditions(session, selection))
    users = await session.scalar(count) or 0
    return Stats(users, tweets, undated, authors, days)


async def count_by_author(session: AsyncSession, selection: Selection) -> list[AuthorCount]:
    """Return how many posts each author has who has any, those with the most first."""
    query = (
        select(User.username, _POSTS)
        .join(PostCount, PostCount.user_id == User.id)
        .where(*await count_conditions(session, selection))
        .group_by(User.id, User.username, User.username_key)
        .order_by(_POSTS.desc(), User.username_key)
    )
    return [AuthorCount(username, int(posts)) for username, posts in await session.execute(query)]


async def count_by_day(
    session: AsyncSession, selection: Selection, zone: ZoneInfo, *, limit: int
) -> list[tuple[date, str, int]]:
    """Return how many posts each author has on each day of a time zone that has any.

    Days are in their order, the newest `limit` counts; posts without a time are left out.
    """
    day = (_slot_seconds(zone) // DAY_S).label("day")
    query = await _dated(session, selection, day, User.username, _POSTS)
    query = query.group_by("day", User.id, User.username, User.username_key)
    query = query.order_by(day.desc(), User.username_key.desc()).limit(limit)
    rows = (await session.execute(query)).all()
    return [(date.fromordinal(day + 1), name, int(posts)) for day, name, posts in reversed(rows)]


async def have_posts(
    session: AsyncSession, user_id: int, spans: Sequence[tuple[datetime, datetime]]
) -> list[bool]:
    """Return whether the author has posts in each span of time, by one statement."""
    of_author = select(PostCount.user_id).where(PostCount.user_id == user_id, PostCount.posts > 0)
    found = [
        of_author.where(
            PostCount.slot >= slot_of(since + _PARTIAL), PostCount.slot < slot_of(until + _PARTIAL)
        ).exists()
        for since, until in spans
    ]
    return [bool(each) for each in (await session.execute(select(*found))).one()]


async def count_by_hour_of_week(
    session: AsyncSession, selection: Selection, zone: ZoneInfo
) -> list[int]:
    """Return how many posts each of the 168 hours of the week has, from Monday, 0 o'clock."""
    hour = (_slot_seconds(zone) // HOUR_S % WEEK_H).label("hour")
    query = (await _dated(session, selection, hour, _POSTS)).group_by("hour")
    found = {int(hour): int(posts) for hour, posts in await session.execute(query)}
    return [found.get(hour, 0) for hour in range(WEEK_H)]


async def _dated(
    session: AsyncSession, selection: Selection, *columns: SQLColumnExpression[Any]
) -> AnySelect:
    """Return a query of the counts of posts with a time, and their authors."""
    conditions = await count_conditions(session, selection)
    joined = select(*columns).join(User, PostCount.user_id == User.id)
    return joined.where(*conditions, PostCount.slot >= 0)


async def count_conditions(session: AsyncSession, selection: Selection) -> Conditions:
    """Return what a query that joins `User` and `PostCount` asks for, likewise."""
    conditions = await author_conditions(session, selection)
    conditions.append(PostCount.posts > 0)
    if selection.lang is not None:
        conditions.append(PostCount.lang == selection.lang)
    if selection.since is not None:
        conditions.append(PostCount.slot >= slot_of(selection.since + _PARTIAL))
    if selection.until is not None:
        conditions.append(PostCount.slot < slot_of(selection.until + _PARTIAL))
    if selection.since is not None or selection.until is not None:
        conditions.append(PostCount.slot >= 0)
    return conditions


def local_seconds(seconds: ColumnElement[int], zone: ZoneInfo) -> ColumnElement[int]:
    """Return the expression for a time in a time zone; both in seconds since the year 1."""
    until_now = [(since, offset) for since, offset in offsets(zone) if since <= now()]
    *later, (_, oldest) = until_now
    offset: Any = _number(oldest)
    if later:
        cases = [
            (seconds >= _number(slot_of(since) * SLOT_S), _number(value)) for since, value in later
        ]
        offset = case(*cases, else_=offset)
    local: ColumnElement[int] = seconds + offset
    return local


def _slot_seconds(zone: ZoneInfo) -> ColumnElement[int]:
    return local_seconds(cast(PostCount.slot, BigInteger) * _number(SLOT_S), zone)


def _number(value: int) -> ColumnElement[int]:
    """Return a number that stands in the statement: what is grouped by must be what is selected."""
    return literal_column(str(value), Integer)


class ActiveAuthors(NamedTuple):
    """The authors with the most posts, and the number of all."""

    shown: list[Contender]
    total: int

    @property
    def names(self) -> list[str]:
        return [author.username for author in self.shown]

    @property
    def counts(self) -> tuple[int, int]:
        """How many authors are shown, and how many there are."""
        return len(self.shown), self.total


async def most_active(session: AsyncSession, selection: Selection, *, limit: int) -> ActiveAuthors:
    """Return the authors with the most posts, of whatever language and time."""
    conditions = [*await author_conditions(session, selection), User.tweet_count > 0]
    most = contenders_where(*conditions).order_by(User.tweet_count.desc(), User.username_key)
    shown = [Contender(*row) for row in await session.execute(most.limit(limit))]
    total = await session.scalar(select(func.count(User.id)).where(*conditions)) or 0
    return ActiveAuthors(shown, total)


async def count_by_day_of_some(
    session: AsyncSession, selection: Selection, zone: ZoneInfo, *, usernames: Sequence[str]
) -> list[tuple[date, str | None, int]]:
    """Return how many posts these authors have on each day, and all others together (None)."""
    day = (_slot_seconds(zone) // DAY_S).label("day")
    name = case((User.username.in_(usernames), User.username), else_=None).label("name")
    query = await _dated(session, selection, day, name, _POSTS)
    query = query.group_by("day", "name").order_by(day)
    cells: list[tuple[date, str | None, int]] = []
    # Some at a time: there may be thousands of days.
    rows = await session.stream(query.execution_options(yield_per=1_000))
    async for some in rows.partitions():
        cells += [(date.fromordinal(day + 1), name, int(posts)) for day, name, posts in some]
    return cells


async def kinds_of_posts(session: AsyncSession) -> tuple[list[str], list[str]]:
    """Return the platforms and the languages that there are posts of, the commonest first."""
    depends_on(EVERYTHING)
    platforms = (
        select(User.platform)
        .where(User.deleted_at.is_(None), User.tweet_count > 0)
        .group_by(User.platform)
        .order_by(func.sum(User.tweet_count).desc(), User.platform)
    )
    languages = (
        select(PostCount.lang)
        .join(User, User.id == PostCount.user_id)
        .where(User.deleted_at.is_(None), PostCount.lang != "")
        .group_by(PostCount.lang)
        .order_by(func.sum(PostCount.posts).desc(), PostCount.lang)
        .limit(MOST_LANGUAGES)
    )
    return list(await session.scalars(platforms)), list(await session.scalars(languages))
