"""Which year of one author does a text sound like?

Asked after whether it is by the author at all.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, func, select

from app.clock import span_of_year
from app.compute.case import Case, Fitted
from app.compute.year_sample import FEWEST_POSTS, YearSample, sample_of
from app.compute.years import AuthorYears, years_in
from app.db.backend import backend_of
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import UnavailableError
from app.memo import Memo, cacheable, depends_on
from app.models import Tweet
from app.services.compare.answering import Comparison
from app.services.compare.question import Question
from app.services.compare.year_ranking import ranked_years
from app.services.posts.post_counts import MOST_YEARS, unix_seconds
from app.services.posts.scanning import Scan, scan
from app.tasks import Runner

KEPT_BYTES: Final = 96 * 1024 * 1024
"""An eighth is the most that one author may take: some 20 years."""
NO_INTEGERS: Final = np.empty(0, np.int64)
MOST_READ: Final = 5_000
"""Posts of a year that are read: the newest."""
TIMEOUT_S: Final = 30


@dataclass(frozen=True, slots=True, eq=False)
class DatedPosts:
    """What the years of an author rest on in any time zone."""

    sample: YearSample = field(default_factory=YearSample)
    seconds: NDArray[np.int64] = field(default_factory=lambda: NO_INTEGERS)
    """(n,) the times of all posts with words, from 1970."""
    texts: NDArray[np.int64] = field(default_factory=lambda: NO_INTEGERS)
    """(n,) a number for each text, which is the same where a text was posted again."""

    @property
    def size_bytes(self) -> int:
        """The memory that it takes."""
        return self.sample.size_bytes + self.seconds.nbytes + self.texts.nbytes


class YearStore:
    """One process's counts of authors by year, which are kept until the author's posts change, or
    the background does; those that hold in all time zones are counted once."""

    def __init__(self, db: Database, feed: Feed) -> None:
        self._db, self._feed = db, feed
        self._posts: Memo[DatedPosts] = Memo(feed, KEPT_BYTES, lambda posts: posts.size_bytes)
        self._kept: Memo[AuthorYears] = Memo(feed, KEPT_BYTES, lambda counted: counted.size_bytes)

    async def load(self, user_id: int, fitted: Fitted, zone: ZoneInfo) -> AuthorYears:
        """Return what a ranking of an author's years in a time zone rests on.

        Raises UnavailableError while the log cannot be read.
        """
        if not await self._feed.catch_up():
            raise UnavailableError("The log cannot be read at the moment. Try again soon.")

        async def read() -> DatedPosts:
            depends_on(user_id)
            posts = await read_posts(self._db, user_id)
            cacheable()
            return posts

        async def make() -> AuthorYears:
            depends_on(user_id)
            async with asyncio.timeout(TIMEOUT_S):
                posts = await self._posts.get_or_make(user_id, read) or DatedPosts()
                counted = await asyncio.to_thread(years_of, posts, fitted, zone)
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
    return await asyncio.to_thread(years_of, await read_posts(db, user_id), fitted, zone)


async def read_posts(db: Database, user_id: int) -> DatedPosts:
    """Read the newest posts of each year, of the last 40, and when which text was posted.

    Both are read side by side: of very many posts each takes more than a second.
    """
    sample, (seconds, texts) = await asyncio.gather(
        _read_sample(db, user_id), _read_times(db, user_id)
    )
    return DatedPosts(sample, seconds, texts)


async def _read_sample(db: Database, user_id: int) -> YearSample:
    async with db.read() as session:
        edges = select(func.min(Tweet.created_at), func.max(Tweet.created_at))
        first, last = (await session.execute(edges.where(Tweet.user_id == user_id))).one()
        if first is None or last is None:
            return YearSample()
        oldest = max(first.astimezone(UTC).year, last.astimezone(UTC).year - MOST_YEARS + 1)
        scans = {
            year: await scan(
                session,
                *_of_year(user_id, year),
                columns=("text", "time"),
                limit=MOST_READ,
                is_dated=True,
            )
            for year in range(oldest, last.astimezone(UTC).year + 1)
        }
    return await asyncio.to_thread(_sampled, scans)


def _of_year(user_id: int, year: int) -> list[ColumnElement[bool]]:
    since, until = span_of_year(year, ZoneInfo("UTC"))
    return [
        Tweet.user_id == user_id,
        Tweet.created_at >= since,
        Tweet.created_at < until,
        Tweet.text != "",
    ]


def _sampled(scans: Mapping[int, Scan]) -> YearSample:
    texts = {year: of_year.text[::-1] for year, of_year in scans.items()}
    seconds = {
        year: [second or 0 for second in of_year.time[::-1]] for year, of_year in scans.items()
    }
    return sample_of(texts, seconds)


async def _read_times(db: Database, user_id: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the times of all posts with words, and a number for each text."""
    first = func.min(Tweet.id).over(partition_by=Tweet.text)
    dated = select(unix_seconds(Tweet.created_at).label("second"), first.label("text")).where(
        Tweet.user_id == user_id, Tweet.created_at.is_not(None), Tweet.text != ""
    )
    columns = dated.subquery().c
    async with db.read() as session:
        collected = backend_of(session).collected
        row = (await session.execute(select(*map(collected, columns)))).one()
    seconds, texts = await asyncio.to_thread(lambda: [_integers(column) for column in row])
    return seconds, texts


def _integers(column: str | None) -> NDArray[np.int64]:
    """Return the numbers of a JSON list, without an object for each of them."""
    return np.fromstring((column or "").strip("[]"), np.int64, sep=",")


def years_of(posts: DatedPosts, fitted: Fitted, zone: ZoneInfo) -> AuthorYears:
    """Return what a ranking of the years of a time zone rests on, of at most the last 40."""
    counts = _counted(posts, zone)
    years = (datetime.fromtimestamp(post.second, zone).year for post in posts.sample.loose)
    loose_years = [year if counts.get(year, 0) >= FEWEST_POSTS else 0 for year in years]
    return replace(years_in(posts.sample, fitted, loose_years), posts=counts)


def _counted(posts: DatedPosts, zone: ZoneInfo) -> dict[int, int]:
    """Return how many texts with words an author posted in each year of a time zone."""
    if not posts.seconds.size:
        return {}
    ends = (int(second) for second in (posts.seconds.min(), posts.seconds.max()))
    first, last = (datetime.fromtimestamp(second, zone).year for second in ends)
    years = range(max(first, last - MOST_YEARS + 1), last + 1)
    starts = [span_of_year(year, zone)[0].timestamp() for year in years]
    places = np.searchsorted(starts, posts.seconds, "right")
    unlike = np.unique(np.stack((places, posts.texts), axis=1), axis=0)[:, 0]
    counts = np.bincount(unlike, minlength=len(starts) + 1)[1:].tolist()
    return {year: count for year, count in zip(years, counts, strict=True) if count}
