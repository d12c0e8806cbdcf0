"""Figures of an archive: days, hours, weekdays, frequent names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from quart import url_for

from app.compute.fingerprint import Measure
from app.compute.mentions import NameCount
from app.compute.times import BUSY_H, DAY_H
from app.drawing.drawings import Columns, ListedName, NameList, WeekGrid
from app.language.dates import month_names, show_month, show_month_day, show_period, weekday_names
from app.language.i18n import gettext, show_number
from app.language.tell import tell
from app.services.archive.author_archive import AuthorArchive
from app.services.posts.users import Author
from app.views.authors.calendar import ONE_DAY, posts_by_day, week_grid
from app.views.cast import hue, post_count
from app.views.figure import Figure, Finding, Table
from app.views.habit_words import told_of
from app.views.hours import HoursFigure, by_hour
from app.views.page import platform_name

FEWEST_DAYS: Final = 10
"""Minimum of days with posts for a drawn calendar."""


@dataclass(frozen=True)
class AuthorAtSight(Figure[WeekGrid]):
    """What sets an author apart, and the days of a year with posts."""

    archive: AuthorArchive
    clear: Sequence[Measure] = ()
    others: str = ""

    def finding(self) -> Finding:
        return Finding(self.title)

    @cached_property
    def title(self) -> str:
        """What sets the author apart, else the busiest month or hours."""
        trait = told_of(self.archive.user.username, self.clear, self.others)
        return trait or self._fullest_month() or self._busiest_hours()

    def lead(self) -> list[str]:
        author, period = self.archive.user, self.period
        if not author.tweets:
            return []
        total = post_count(self._dated if period else author.tweets)
        if period is None:
            return [*self._platform(), tell("undated", "all", posts=total)]
        first, last = period
        undated = author.tweets - self._dated
        return [
            total,
            show_period(first, last + ONE_DAY),
            *([tell("undated", "some", count=undated)] if undated else []),
            *self._platform(),
        ]

    @property
    def month_told(self) -> str:
        """A sentence on the fullest month, unless the title has it."""
        month = self._fullest_month()
        return "" if month == self.title else month

    @property
    def are_hours_told(self) -> bool:
        return bool(self.title) and self.title == self._busiest_hours()

    @property
    def is_drawn(self) -> bool:
        return self.archive.numbers.days >= FEWEST_DAYS

    @property
    def period(self) -> tuple[date, date] | None:
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
        # A current year has room for its other days, so that no day is wider than in other years.
        end = date(calendar.year, 12, 31)
        posts = posts_by_day(calendar)
        return week_grid(
            posts,
            max([min(end, self.archive.today), *posts]),
            hue(self.archive.user.username),
            f"{'finding ' if self.title else ''}calendar-heading",
        )

    def path(self) -> str:
        return posts_path(self.archive.user)

    @property
    def _dated(self) -> int:
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
        return tell("busiest_month", month=name or show_month(month.first), count=month.tweets)

    def _busiest_hours(self) -> str:
        start = self.archive.numbers.busy_from
        if start is None or not self.is_drawn:
            return ""
        return tell("busiest_hours", start=start, end=(start + BUSY_H) % DAY_H)


class HoursOfPosts(HoursFigure[Columns]):
    def plot(self) -> Columns:
        return by_hour(self.hue, self.hours, gettext("Posts by hour of the day"))


@dataclass(frozen=True, slots=True)
class WeekdaysOfPosts(Figure[Columns]):
    archive: AuthorArchive

    def finding(self) -> Finding:
        return Finding(topic=gettext("By weekday"))

    def table(self) -> Table:
        rows = [*zip(weekday_names("wide"), self.archive.numbers.weekdays, strict=True)]
        return Table([gettext("Weekday"), gettext("Posts")], rows)

    def plot(self) -> Columns:
        names, colour = weekday_names(), hue(self.archive.user.username)
        weekdays = self.archive.numbers.weekdays
        texts = [*map(post_count, weekdays)]
        return Columns(colour, gettext("Posts by weekday"), weekdays, texts, names, names)

    def path(self) -> str:
        return posts_path(self.archive.user)


@dataclass(frozen=True, slots=True)
class MostNamed(Figure[NameList]):
    author: Author
    topic: str
    id_: str
    counts: Sequence[NameCount]
    prefix: str = ""
    is_phrase: bool = False
    """Whether a search finds the exact name."""
    is_of_anybody: bool = False
    """Whether names lead to others' posts, too."""

    def finding(self) -> Finding:
        return Finding(topic=self.topic)

    def table(self) -> Table:
        return Table(
            [gettext("Name"), gettext("Posts")],
            [(f"{self.prefix}{counted.name}", counted.posts) for counted in self.counts],
            [self._search_path(counted.name) for counted in self.counts],
        )

    def plot(self) -> NameList | None:
        names = [
            ListedName(
                counted.name,
                show_number(counted.posts),
                self._search_path(counted.name),
                post_count(counted.posts),
            )
            for counted in self.counts[:8]
        ]
        return NameList(names, self.id_, self.prefix) if names else None

    def path(self) -> str:
        return posts_path(self.author)

    def _search_path(self, name: str) -> str:
        query = f'"{name}"' if self.is_phrase else f"{self.prefix}{name}"
        username = None if self.is_of_anybody else self.author.username
        return url_for("search.show_search", q=query, username=username)


def columns_of(archive: AuthorArchive) -> list[Figure[Columns]]:
    numbers, author = archive.numbers, archive.user
    if not any(numbers.hours):
        return []
    hours = HoursOfPosts(
        gettext("Posts"),
        numbers.hours,
        numbers.busy_from,
        archive.tz,
        hue(author.username),
        posts_path(author),
    )
    return [hours, WeekdaysOfPosts(archive)]


def lists_of(archive: AuthorArchive) -> list[MostNamed]:
    author, numbers = archive.user, archive.numbers
    lists = (
        most_answered(author, numbers.answered),
        MostNamed(author, gettext("Tags"), "tags-heading", numbers.tags, prefix="#"),
        MostNamed(author, gettext("Emoji"), "emoji-heading", numbers.emoji),
        MostNamed(
            author, gettext("Links, by site"), "sites-heading", numbers.sites, is_phrase=True
        ),
    )
    return [figure for figure in lists if figure.counts]


def most_answered(author: Author, counts: Sequence[NameCount]) -> MostNamed:
    topic = gettext("Most replied to")
    return MostNamed(author, topic, "answered-heading", counts, prefix="@", is_of_anybody=True)


def posts_path(author: Author) -> str:
    return url_for("posts.show_posts", username=author.username)
