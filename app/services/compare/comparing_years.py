"""Which year of one author does a text sound like? Asked after whether it is by the author at all.

Years are those of UTC, as in the author's calendar without a time zone.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.case import Fitted
from app.compute.gaps import Gap
from app.compute.judgement import SURE
from app.compute.text import username_key
from app.compute.years import AuthorYears, years_of
from app.db.backend import backend_of
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import InvalidInputError, UnavailableError
from app.memo import Memo, cacheable, depends_on
from app.models import Tweet
from app.services.archive.calendar import MOST_YEARS, span_of_year
from app.services.compare.answering import Comparison
from app.services.compare.comparing import Comparer, is_long
from app.services.compare.year_ranking import ranked_years

KEPT_BYTES: Final = 96 * 1024 * 1024
"""An eighth is the most that one author may take: some 20 years."""
MOST_READ: Final = 5_000
"""Posts of a year that are read: the newest."""
TIMEOUT_S: Final = 30
_UTC: Final = ZoneInfo("UTC")
_decoder: Final = msgspec.json.Decoder(list[str])


class YearComparer:
    """One process's comparisons with the years of an author.

    What they rest on is kept until the author's posts change, or the background does.
    """

    def __init__(self, db: Database, feed: Feed, comparer: Comparer) -> None:
        self._db, self._feed, self._comparer = db, feed, comparer
        self._known: Memo[AuthorYears] = Memo(feed, KEPT_BYTES, lambda known: known.size_bytes)

    async def compare(
        self,
        texts: Sequence[str],
        username: str,
        *,
        sure: float = SURE,
        explain: bool = True,
        reasons: bool = False,
        without: Sequence[Gap] = (),
    ) -> Comparison:
        """Return whether the author wrote the texts, as `Comparer.compare` does, and the years.

        Raises NotFoundError, InvalidInputError, and UnavailableError while the log cannot be read.
        """
        names = [username]
        comparison = await self._comparer.compare(
            texts, names, sure=sure, explain=explain, reasons=reasons, without=without
        )
        case = await self._comparer.gather(texts, names, without=without)
        known = await self._load(case.suspects[0].id, case.fitted)
        run = self._comparer.run_long if is_long(texts) else asyncio.to_thread
        years = await run(ranked_years, case, known, explain)
        return msgspec.structs.replace(comparison, years=years)

    async def _load(self, user_id: int, fitted: Fitted) -> AuthorYears:
        if not await self._feed.catch_up():
            raise UnavailableError("The log cannot be read at the moment. Try again soon.")

        async def make() -> AuthorYears:
            depends_on(user_id)
            async with asyncio.timeout(TIMEOUT_S):
                known = await read_years(self._db, user_id, fitted)
            cacheable()
            return known

        known = await self._known.get_or_make((user_id, fitted.version), make)
        return known or AuthorYears()


def only_name(years: str, usernames: Sequence[str]) -> str:
    """Return whose years are asked about. Raises InvalidInputError if others are named too."""
    if any(username_key(name) != username_key(years) for name in usernames):
        raise InvalidInputError(
            "The years are those of one author: name no other beside '{username}'",
            loc="years",
            username=years,
        )
    return years


async def read_years(db: Database, user_id: int, fitted: Fitted) -> AuthorYears:
    """Return what a ranking of an author's years rests on."""
    async with db.read() as session:
        posts = await count_by_year(session, user_id)
        columns = {year: await _texts_of(session, user_id, year) for year in posts}
    return await asyncio.to_thread(_counted, columns, posts, fitted)


async def count_by_year(session: AsyncSession, user_id: int) -> dict[int, int]:
    """Return how many texts with words an author posted in each year, of the last 40."""
    edges = select(func.min(Tweet.created_at), func.max(Tweet.created_at))
    first, last = (await session.execute(edges.where(Tweet.user_id == user_id))).one()
    if first is None or last is None:
        return {}
    years = range(max(first.year, last.year - MOST_YEARS + 1), last.year + 1)
    counts = [
        select(func.count(Tweet.text.distinct())).where(*_of_year(user_id, year)).scalar_subquery()
        for year in years
    ]
    row = (await session.execute(select(*counts))).one()
    return {year: count for year, count in zip(years, row, strict=True) if count}


async def _texts_of(session: AsyncSession, user_id: int, year: int) -> str | None:
    """Return the texts of a year's newest posts as a JSON list, the newest first."""
    newest = select(Tweet.text).where(*_of_year(user_id, year))
    newest = newest.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(MOST_READ)
    listed = newest.subquery()
    query = select(backend_of(session).collected(listed.c.text))
    return (await session.execute(query)).scalar_one()


def _of_year(user_id: int, year: int) -> list[ColumnElement[bool]]:
    since, until = span_of_year(year, _UTC)
    return [
        Tweet.user_id == user_id,
        Tweet.created_at >= since,
        Tweet.created_at < until,
        Tweet.text != "",
    ]


def _counted(
    columns: Mapping[int, str | None], posts: Mapping[int, int], fitted: Fitted
) -> AuthorYears:
    texts = {year: _decoder.decode(column or "[]")[::-1] for year, column in columns.items()}
    return replace(years_of(texts, fitted), posts=posts)
