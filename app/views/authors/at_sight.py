"""What is seen of an author first: how much they wrote, when most of it, and their calendar."""

from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final
from zoneinfo import ZoneInfo

from app.compute.hours import BUSY_H, DAY_H
from app.dates import month_names, show_month, show_month_day, show_period
from app.i18n import gettext, ngettext, show_number
from app.services.archive.author_archive import AuthorArchive
from app.views.authors.calendar import (
    ONE_DAY,
    columns_of,
    grid_of,
    months_of,
    posts_by_day,
    posts_in_year,
)
from app.views.authors.figures import posts_path
from app.views.figure import Figure, Finding, Table
from app.views.names import hue, post_count
from app.views.week_grid import WeekGrid

FEWEST_DAYS: Final = 10
"""With posts, from which on a calendar is a drawing."""
LONGEST_FINDING: Final = 140


@dataclass(frozen=True, slots=True)
class AuthorAtSight(Figure[WeekGrid]):
    """How much an author wrote, and on which days of a year."""

    archive: AuthorArchive

    def finding(self) -> Finding:
        if not self.archive.user.tweets:
            return Finding()
        sentences = [self._total(), self._undated()]
        if self.is_drawn:
            sentences += [self._fullest_month(), self._busiest_hours()]
        texts = accumulate(filter(None, sentences), "{} {}".format)
        return Finding([text for text in texts if len(text) <= LONGEST_FINDING][-1])

    @property
    def is_drawn(self) -> bool:
        """Whether there are enough days for a drawing."""
        return self.archive.numbers.days >= FEWEST_DAYS

    @property
    def period(self) -> tuple[date, date] | None:
        """The days of the first and the newest post."""
        author, zone = self.archive.user, ZoneInfo(self.archive.tz)
        if author.first_tweet_at is None or author.newest_tweet_at is None:
            return None
        first, last = (
            time.astimezone(zone).date() for time in (author.first_tweet_at, author.newest_tweet_at)
        )
        return first, last

    def table(self) -> Table:
        calendar = self.archive.calendar
        days = posts_by_day(calendar) if calendar else {}
        rows = [(show_month_day(day), posts) for day, posts in days.items()]
        return Table([gettext("Day"), gettext("Posts")], rows)

    def plot(self) -> WeekGrid | None:
        calendar = self.archive.calendar
        if calendar is None or not self.is_drawn:
            return None
        # A year that goes on has room for its other days, so that no day is wider than in others.
        end = date(calendar.year, 12, 31)
        posts = posts_by_day(calendar)
        return WeekGrid(
            hue=hue(self.archive.user.username),
            labelled_by="finding calendar-heading",
            days=grid_of(posts, max([min(end, self.archive.today), *posts])),
            months=months_of(calendar.year),
            columns=columns_of(calendar.year),
        )

    def path(self) -> str:
        return posts_path(self.archive.user)

    @property
    def _dated(self) -> int:
        """How many posts have a time."""
        return sum(self.archive.numbers.hours)

    def _total(self) -> str:
        if self.period is None:
            total = post_count(self.archive.user.tweets)
            return gettext("{posts}; when they were written is not known.").format(posts=total)
        total, (first, last) = post_count(self._dated), self.period
        if not self.is_drawn:
            return f"{total}, {show_period(first, last + ONE_DAY)}."
        if first.year == last.year:
            return f"{posts_in_year(self._dated, first.year)}."
        return gettext("{posts} from {first} to {last}.").format(
            posts=total, first=first.year, last=last.year
        )

    def _undated(self) -> str:
        """Return how many posts are beside those with a time; empty where it is all or none."""
        undated = self.archive.user.tweets - self._dated
        if not undated or self.period is None:
            return ""
        text = ngettext("{count} more has no time.", "{count} more have no time.", undated)
        return text.format(count=show_number(undated))

    def _fullest_month(self) -> str:
        month, period = self.archive.numbers.fullest_month, self.period
        if month is None or period is None:
            return ""
        is_of_one_year = period[0].year == period[1].year
        name = month_names("wide")[month.first.month - 1] if is_of_one_year else None
        return gettext("{month} was the busiest month ({count}).").format(
            month=name or show_month(month.first), count=show_number(month.tweets)
        )

    def _busiest_hours(self) -> str:
        start = self.archive.numbers.busy_from
        if start is None:
            return ""
        return gettext("Busiest between {start}:00 and {end}:00.").format(
            start=start, end=(start + BUSY_H) % DAY_H
        )
