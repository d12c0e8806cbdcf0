"""What is seen of an author first: what sets them apart, how much they wrote, their calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.compute.fingerprint import Measure
from app.compute.hours import BUSY_H, DAY_H
from app.language.dates import month_names, show_month, show_month_day, show_period
from app.language.i18n import gettext, ngettext, show_number
from app.services.archive.author_archive import AuthorArchive
from app.views.authors.calendar import ONE_DAY, columns_of, grid_of, months_of, posts_by_day
from app.views.authors.figures import posts_path
from app.views.cast import hue, post_count
from app.views.figure import Figure, Finding, Table
from app.views.habit_words import told_of
from app.views.page import platform_name
from app.views.week_grid import WeekGrid

FEWEST_DAYS: Final = 10
"""With posts, from which on a calendar is a drawing."""


@dataclass(frozen=True, slots=True)
class AuthorAtSight(Figure[WeekGrid]):
    """What sets an author apart, and on which days of a year they wrote."""

    archive: AuthorArchive
    clear: Sequence[Measure] = ()
    """What sets them apart from others, the clearest first."""
    others: str = ""
    """What the others are called."""

    def finding(self) -> Finding:
        """Return what sets the author apart, or else when most was written, if that is clear."""
        trait = told_of(self.archive.user.username, self.clear, self.others)
        return Finding(trait or self._fullest_month() or self._busiest_hours())

    def lead(self) -> list[str]:
        """Return how much the author wrote, when, and where."""
        author, period = self.archive.user, self.period
        if not author.tweets:
            return []
        total = post_count(self._dated if period else author.tweets)
        if period is None:
            text = gettext("{posts}, written at an unknown time.").format(posts=total)
            return [*self._platform(), text]
        first, last = period
        undated = author.tweets - self._dated
        timeless = ngettext(
            "{count} more post has no time", "{count} more posts have no time", undated
        )
        return [
            total,
            show_period(first, last + ONE_DAY),
            *([timeless.format(count=show_number(undated))] if undated else []),
            *self._platform(),
        ]

    @property
    def month_told(self) -> str:
        """The fullest month in a sentence, unless that is the finding."""
        month = self._fullest_month()
        return "" if month == self.finding().title else month

    @property
    def are_hours_told(self) -> bool:
        """Whether the finding is the busiest hours."""
        return bool(title := self.finding().title) and title == self._busiest_hours()

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
            labelled_by=f"{'finding ' if self.finding().title else ''}calendar-heading",
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

    def _platform(self) -> list[str]:
        platform = self.archive.user.platform
        return [platform_name(platform)] if platform != "local" else []

    def _fullest_month(self) -> str:
        month, period = self.archive.numbers.fullest_month, self.period
        if month is None or period is None or not self.is_drawn:
            return ""
        is_of_one_year = period[0].year == period[1].year
        name = month_names("wide")[month.first.month - 1] if is_of_one_year else None
        return gettext("{month} was the busiest month ({count}).").format(
            month=name or show_month(month.first), count=show_number(month.tweets)
        )

    def _busiest_hours(self) -> str:
        start = self.archive.numbers.busy_from
        if start is None or not self.is_drawn:
            return ""
        return gettext("Busiest between {start}:00 and {end}:00.").format(
            start=start, end=(start + BUSY_H) % DAY_H
        )
