"""The newest full year of an author, which the end of an import begins with."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now, span_of_year
from app.parts.years.author_year import AuthorYear, read_year
from app.parts.years.compared_years import FEWEST_COMPARED
from app.parts.years.figures import YearCalendar
from app.services.posts.post_counts import MOST_YEARS
from app.services.posts.statistics import count_in_spans
from app.services.posts.users import Author
from app.services.rooms.periods import FEWEST_OF_YEAR
from app.views.figure import FigureParts
from app.views.week_grid import WeekGrid


class NewestYear(Struct, frozen=True):
    """A year of an author as the end of an import shows it."""

    newest: AuthorYear

    @property
    def year(self) -> int:
        return self.newest.calendar.year

    def days(self) -> FigureParts[WeekGrid]:
        return YearCalendar(self.newest).parts()


async def read_newest_year(
    session: AsyncSession, author: Author, zone: ZoneInfo
) -> NewestYear | None:
    """Return the newest full year of an author; None if no year has 20 posts."""
    if author.first_tweet_at is None or author.newest_tweet_at is None:
        return None
    first, last = (
        time.astimezone(zone).year for time in (author.first_tweet_at, author.newest_tweet_at)
    )
    years = range(last, max(first, last - MOST_YEARS + 1) - 1, -1)
    spans = [span_of_year(year, zone) for year in years]
    counts = await count_in_spans(session, author.id, spans)
    if max(counts) < FEWEST_COMPARED:
        return None
    year = newest_full(years, counts, now().astimezone(zone).year)
    return NewestYear(await read_year(session, author, year, zone))


def newest_full(years: Sequence[int], counts: Sequence[int], present: int) -> int:
    """Return the newest year that is over and long, else the newest long one, else the fullest.

    years: from the newest on, with how many posts each has.
    """
    long = [year for year, posts in zip(years, counts, strict=True) if posts >= FEWEST_OF_YEAR]
    over = [year for year in long if year < present]
    return next(iter([*over, *long]), years[counts.index(max(counts))])
