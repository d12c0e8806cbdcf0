"""The figures of a year of an author: calendar, months, hours, years in a row, and changes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, TypeVar

from quart import url_for

from app.compute.days_apart import ONE_DAY, longest_run
from app.compute.fingerprint import Measure
from app.language.dates import month_names, show_month_day, show_period
from app.language.i18n import gettext, ngettext, show_list, show_number
from app.parts.years.author_year import AuthorYear, WrittenYear
from app.parts.years.finding import finding_of
from app.views.authors.calendar import (
    columns_of,
    days_with_posts,
    grid_of,
    months_of,
    posts_by_day,
    posts_in_year,
)
from app.views.authors.figures import posts_path
from app.views.drawings import HOURS, Clock, Columns, ListedName, NameList, Spark
from app.views.figure import Figure, Finding, Table
from app.views.hours import busiest, clock_of, how_counted
from app.views.hues import NO_HUE
from app.views.measures import label_of, value_of
from app.views.names import hue, post_count
from app.views.week_grid import WeekGrid

YearT = TypeVar("YearT", bound=WrittenYear)
SHORTEST_RUN: Final = 3
"""Days in a row that are worth a word."""
LONGEST_RINGED: Final = 60
"""Rings around more of them would set no day apart."""


@dataclass(frozen=True, slots=True)
class DaysOfYear(Figure[WeekGrid], Generic[YearT]):
    """On which days of a year posts were written."""

    author_year: YearT

    @property
    def posts_by_day(self) -> dict[date, int]:
        """The days that have posts, in their order."""
        return posts_by_day(self.author_year.calendar)

    @property
    def hue(self) -> str:
        """The class of the colour of the days."""
        return NO_HUE

    def posts_between(self, since: date, until: date) -> str:
        """Return the address of the posts from a day until another one."""
        raise NotImplementedError

    def table(self) -> Table:
        rows = [(show_month_day(day), posts) for day, posts in self.posts_by_day.items()]
        links = [self.posts_between(day, day + ONE_DAY) for day in self.posts_by_day]
        return Table([gettext("Day"), gettext("Posts")], rows, links)

    def plot(self) -> WeekGrid:
        year, posts = self.author_year.calendar.year, self.posts_by_day
        end = max(self.author_year.until, *posts)
        run, fullest = longest_run([*posts]), fullest_day(posts)
        marked = {fullest, *(run if SHORTEST_RUN <= len(run) <= LONGEST_RINGED else ())}
        return WeekGrid(
            hue=self.hue,
            labelled_by="finding year-title",
            days=grid_of(posts, end, marked),
            months=months_of(year),
            columns=columns_of(year),
        )

    def path(self) -> str:
        year = self.author_year.calendar.year
        return self.posts_between(date(year, 1, 1), date(year + 1, 1, 1))

    def notes(self) -> list[str]:
        """Name the days that have a ring."""
        run, day = longest_run([*self.posts_by_day]), fullest_day(self.posts_by_day)
        notes = []
        if day:
            told = gettext("Busiest day: {day} ({posts})")
            notes.append(
                told.format(day=show_month_day(day), posts=post_count(self.posts_by_day[day]))
            )
        if len(run) >= SHORTEST_RUN:
            told = ngettext(
                "Longest streak: {count} day, {days}",
                "Longest streak: {count} days, {days}",
                len(run),
            )
            days = show_period(run[0], run[-1] + ONE_DAY)
            notes.append(told.format(count=show_number(len(run)), days=days))
        return notes


@dataclass(frozen=True, slots=True)
class YearCalendar(DaysOfYear[AuthorYear]):
    """On which days of a year an author wrote, and what is told of the year first."""

    has_words: bool = True
    """Whether words that the author wrote may stand in the finding."""
    has_names: bool = True
    """Whether names of others may."""

    @property
    def hue(self) -> str:
        return hue(self.author_year.user.username)

    def finding(self) -> Finding:
        text = finding_of(self.author_year, has_words=self.has_words, has_names=self.has_names)
        return Finding(text, notes=self.notes())

    def posts_between(self, since: date, until: date) -> str:
        tz, username = self.author_year.tz, self.author_year.user.username
        zone = tz if tz != "UTC" else None
        return url_for(
            "posts.show_posts",
            username=username,
            since=since.isoformat(),
            until=until.isoformat(),
            tz=zone,
        )


@dataclass(frozen=True, slots=True)
class HoursOfYear(Figure[Clock]):
    """When an author wrote in a year, and in the year before."""

    author_year: AuthorYear

    def finding(self) -> Finding:
        start = self.author_year.busy_from
        return Finding(
            busiest(self.author_year.hours, start),
            self._outline(),
            topic=gettext("By hour"),
            about=how_counted(start),
            zone=self.author_year.tz,
        )

    def table(self) -> Table:
        calendar, before = self.author_year.calendar, self.author_year.before
        columns, hours = [gettext("Hour"), str(calendar.year)], [self.author_year.hours]
        if before and any(before.hours):
            columns, hours = [*columns, str(before.year)], [*hours, before.hours]
        return Table(columns, [*zip(HOURS, *hours, strict=True)])

    def plot(self) -> Clock | None:
        before, hours = self.author_year.before, self.author_year.hours
        return clock_of(
            hue(self.author_year.user.username),
            busiest(hours, self.author_year.busy_from) or gettext("By hour"),
            hours,
            before.hours if before else [0] * len(HOURS),
        )

    def path(self) -> str:
        return YearCalendar(self.author_year).path()

    def _outline(self) -> list[str]:
        """Return what the outline is, if there is one: the days that both years have."""
        before = self.author_year.before
        if before is None or before.same_days is None or not any(before.hours):
            return []
        last = before.same_days.last
        outline = gettext("The outline is {year}.")
        if last != date(before.year, 12, 31):
            outline = gettext("The outline is {year}, until {day}.")
        return [outline.format(year=before.year, day=show_month_day(last))]


def fullest_day(posts_by_day: Mapping[date, int]) -> date | None:
    """Return the day with most posts; None where several have as many."""
    (first, most), *others = Counter(posts_by_day).most_common(2)
    return None if others and others[0][1] == most else first


MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class PostsByMonth(Figure[Columns]):
    """How many posts the months of a year have."""

    author_year: AuthorYear

    @property
    def counts(self) -> list[int]:
        """From January."""
        counts = {month.month: month.tweets for month in self.author_year.calendar.months}
        return [counts.get(month, 0) for month in range(1, MONTHS + 1)]

    def finding(self) -> Finding:
        calendar = self.author_year.calendar
        note = days_with_posts(calendar.days, self.author_year.tz)
        title = posts_in_year(calendar.tweets, calendar.year)
        if not self.author_year.is_over:
            title = gettext("So far {total}.").format(total=title)
        return Finding(title, [note])

    def table(self) -> Table:
        rows = [*zip(month_names(), self.counts, strict=True)]
        return Table([gettext("Month"), gettext("Posts")], rows)

    def plot(self) -> Columns:
        names = month_names()
        colour = hue(self.author_year.user.username)
        return Columns(colour, gettext("Posts by month"), self.counts, names, names)

    def path(self) -> str:
        year, tz = self.author_year.calendar.year, self.author_year.tz
        return url_for(
            "posts.show_posts",
            username=self.author_year.user.username,
            since=f"{year:04}-01-01",
            until=f"{year + 1:04}-01-01",
            tz=tz if tz != "UTC" else None,
        )


@dataclass(frozen=True, slots=True)
class YearRow(Figure[Spark]):
    """How many posts each of an author's years has."""

    author_year: AuthorYear

    @property
    def posts(self) -> dict[int, int]:
        """The years that have any, in their order."""
        years = self.author_year.calendar.years
        return dict(sorted(zip(years, self.author_year.by_year, strict=True)))

    def finding(self) -> Finding:
        years = [posts_in_year(count, year) for year, count in self.posts.items()]
        return Finding(show_list(years), topic=gettext("By year"))

    def table(self) -> Table:
        rows = [(str(year), count) for year, count in self.posts.items()]
        return Table([gettext("Year"), gettext("Posts")], rows)

    def plot(self) -> Spark | None:
        years, counts = [*self.posts], [*self.posts.values()]
        if len(years) < 2:
            return None
        return Spark(
            hue=hue(self.author_year.user.username),
            topic=self.finding().topic,
            caption=self.finding().title,
            heights=[100 * count / max(counts) for count in counts],
            shown=years.index(self.author_year.calendar.year),
            ends=(str(years[0]), str(years[-1])),
        )

    def path(self) -> str:
        return posts_path(self.author_year.user)


MOST_CHANGES: Final = 4
"""In sight, the clearest; the table has all measures."""


@dataclass(frozen=True, slots=True)
class ChangedWriting(Figure[NameList]):
    """What is in clearly more or fewer posts of a year than of the year before."""

    author_year: AuthorYear

    @property
    def measures(self) -> list[Measure]:
        return self.author_year.measures or []

    def finding(self) -> Finding:
        is_compared = self.author_year.measures is not None
        is_same = is_compared and not any(measure.is_clear for measure in self.measures)
        title = gettext("Much the same as in {year}.").format(year=self._before) if is_same else ""
        return Finding(title, topic=gettext("How the writing changed"))

    def table(self) -> Table:
        columns = [gettext("Measure"), str(self.author_year.calendar.year), str(self._before)]
        return Table(columns, [(label_of(one), *_values(one)) for one in self.measures])

    def plot(self) -> NameList | None:
        clear = [measure for measure in self.measures if measure.is_clear]
        changes = [
            ListedName(label_of(measure), self._told(measure), self.path())
            for measure in clear[:MOST_CHANGES]
        ]
        return NameList(changes, "changed-heading") if changes else None

    def path(self) -> str:
        return YearCalendar(self.author_year).path()

    @property
    def _before(self) -> int:
        return self.author_year.calendar.year - 1

    def _told(self, measure: Measure) -> str:
        value, before = _values(measure)
        return gettext("{value}; in {year} {before}").format(
            value=value, year=self._before, before=before
        )


def _values(measure: Measure) -> tuple[str, str]:
    return value_of(measure, measure.own), value_of(measure, measure.beside)
