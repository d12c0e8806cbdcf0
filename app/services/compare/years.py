"""Which year of one author does a text sound like?

Asked after whether it is by the author at all.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import span_of_year
from app.compute.case import Case, Fitted
from app.compute.years import AuthorYears, years_of
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import UnavailableError
from app.memo import Memo, cacheable, depends_on
from app.models import Tweet
from app.services.compare.answering import Comparison
from app.services.compare.question import Question
from app.services.compare.year_ranking import ranked_years
from app.services.posts.post_counts import MOST_YEARS
from app.services.posts.scanning import Scan, scan
from app.tasks import Runner

KEPT_BYTES: Final = 96 * 1024 * 1024
"""An eighth is the most that one author may take: some 20 years."""
MOST_READ: Final = 5_000
"""Posts of a year that are read: the newest."""
TIMEOUT_S: Final = 30


class YearStore:
    """One process's counts of authors by year, which are kept until the author's posts change, or
    the background does."""

    def __init__(self, db: Database, feed: Feed) -> None:
        self._db, self._feed = db, feed
        self._kept: Memo[AuthorYears] = Memo(feed, KEPT_BYTES, lambda counted: counted.size_bytes)

    async def load(self, user_id: int, fitted: Fitted, zone: ZoneInfo) -> AuthorYears:
        """Return what a ranking of an author's years in a time zone rests on.

        Raises UnavailableError while the log cannot be read.
        """
        if not await self._feed.catch_up():
            raise UnavailableError("The log cannot be read at the moment. Try again soon.")

        async def make() -> AuthorYears:
            depends_on(user_id)
            async with asyncio.timeout(TIMEOUT_S):
                counted = await read_years(self._db, user_id, fitted, zone)
            cacheable()
            return counted

        counted = await self._kept.get_or_make((user_id, fitted.version, zone.key), make)
        return counted or AuthorYears()


async def with_years(
    comparison: Comparison,
    case: Case,
    counted: AuthorYears,
    question: Question,
    run: Runner = asyncio.to_thread,
) -> Comparison:
    """Return the comparison with the ranking of its author's years."""
    years = await run(ranked_years, case, counted, question)
    return msgspec.structs.replace(comparison, years=years)


async def read_years(db: Database, user_id: int, fitted: Fitted, zone: ZoneInfo) -> AuthorYears:
    """Return what a ranking of an author's years in a time zone rests on."""
    async with db.read() as session:
        posts = await count_by_year(session, user_id, zone)
        scans = {
            year: await scan(
                session,
                *_of_year(user_id, year, zone),
                columns=("text",),
                limit=MOST_READ,
                is_dated=True,
            )
            for year in posts
        }
    return await asyncio.to_thread(_counted, scans, posts, fitted)


async def count_by_year(session: AsyncSession, user_id: int, zone: ZoneInfo) -> dict[int, int]:
    """Return how many texts with words an author posted in each year, of the last 40."""
    edges = select(func.min(Tweet.created_at), func.max(Tweet.created_at))
    first, last = (await session.execute(edges.where(Tweet.user_id == user_id))).one()
    if first is None or last is None:
        return {}
    first_year, last_year = (time.astimezone(zone).year for time in (first, last))
    years = range(max(first_year, last_year - MOST_YEARS + 1), last_year + 1)
    unlike = select(func.count(Tweet.text.distinct()))
    counts = [unlike.where(*_of_year(user_id, year, zone)).scalar_subquery() for year in years]
    row = (await session.execute(select(*counts))).one()
    return {year: count for year, count in zip(years, row, strict=True) if count}


def _of_year(user_id: int, year: int, zone: ZoneInfo) -> list[ColumnElement[bool]]:
    since, until = span_of_year(year, zone)
    return [
        Tweet.user_id == user_id,
        Tweet.created_at >= since,
        Tweet.created_at < until,
        Tweet.text != "",
    ]


def _counted(scans: Mapping[int, Scan], posts: Mapping[int, int], fitted: Fitted) -> AuthorYears:
    texts = {year: of_year.text[::-1] for year, of_year in scans.items()}
    return replace(years_of(texts, fitted), posts=posts)
