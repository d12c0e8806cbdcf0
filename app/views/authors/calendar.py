"""The calendar of a year, as pages draw it: weeks are columns, days of the week are rows."""

from calendar import Calendar
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlencode

from babel import Locale
from babel.dates import format_skeleton
from markupsafe import Markup, escape
from quart import g, url_for

from app.drawing.drawings import GridDay
from app.language.dates import month_names, show_month_day, show_zone
from app.language.tell import tell
from app.services.archive.author_archive import CalendarYear, DayPosts, Memories, MonthPosts
from app.views.cast import post_count

ONE_DAY: Final = timedelta(days=1)
LEVELS: Final = 4
"""Shades; the darkest is the busiest day's, but stands for at least as many posts."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: date
    posts: int
    level: int
    """0 for no posts, to `LEVELS`."""
    path: str = ""
    """The address of its posts, or of the chat on that day, where all of them are of one."""


class DayPaths:
    """The addresses of an author's days: a calendar has hundreds, which differ in the day alone."""

    def __init__(self, username: str, tz: str) -> None:
        self._posts = url_for("posts.show_posts", username=username)
        self._rooms: dict[int, str] = {}
        self._zone = urlencode({"tz": tz}, safe="/")
        # Lists of posts are in UTC unless their address says otherwise; a chat is in the reader's
        # zone, so a day of it names its own.
        self._own_zone = f"&{self._zone}" if tz != "UTC" else ""

    def path_of(self, written: DayPosts) -> str:
        """Return the address of the posts of a day."""
        day, room = written.date, written.room
        if room is None:
            return f"{self._posts}&since={day}&until={day + ONE_DAY}{self._own_zone}"
        if room not in self._rooms:
            self._rooms[room] = url_for("rooms.show_room", room_id=room)
        return f"{self._rooms[room]}?on={day}&{self._zone}"


@dataclass(frozen=True, slots=True)
class PostingMonth:
    """A month of the calendar, laid out."""

    name: str
    short_name: str
    posts: int
    rows: Sequence[tuple[str, str, Sequence[CalendarDay | None]]]
    """By weekday: its name, the same narrow, and its days; None fills the weeks at both ends."""


@dataclass(frozen=True, slots=True)
class PostingYear:
    """A calendar with its months laid out."""

    year: int
    years: Sequence[int]
    posts: int
    days: int
    months: Sequence[PostingMonth]

    @property
    def title(self) -> str:
        return posts_in_year(self.posts, self.year)

    @property
    def counts_told(self) -> dict[int, str]:
        """How many posts days have, in words."""
        cells = (cell for month in self.months for _, _, row in month.rows for cell in row)
        return {count: post_count(count) for count in {cell.posts for cell in cells if cell}}

    def cells(self, row: Sequence[CalendarDay | None], told: Mapping[int, str]) -> Markup:
        """Return a row of days as HTML; `told` says how many posts each has."""
        # A template takes ten times as long, and a page has hundreds of them.
        cells = (_cell(day, told[day.posts]) if day else "<td></td>" for day in row)
        return Markup("".join(cells))  # noqa: S704 - what they are made of is escaped.

    def days_in(self, tz: str) -> str:
        """Return on how many days of the time zone there are posts, in a sentence."""
        return days_with_posts(self.days, tz)


def posts_in_year(posts: int, year: int) -> str:
    """Return how many posts a year has, in words."""
    return tell("posts_in_year", count=posts, year=str(year))


def days_with_posts(days: int, tz: str) -> str:
    """Return on how many days of a time zone there are posts, in a sentence."""
    return tell("days_with_posts", count=days, zone=show_zone(tz))


def posts_by_day(calendar: CalendarYear) -> dict[date, int]:
    """Return how many posts each day of a year has that has any, in their order."""
    return {day: written.tweets for day, written in _days_of(calendar).items()}


def grid_of(
    posts: Mapping[date, int], end: date, marked: Collection[date | None] = ()
) -> tuple[GridDay, ...]:
    """Return the days from New Year's Day to the end, as a grid of weeks has them.

    marked: those with a ring.
    """
    top = max([LEVELS, *posts.values()])
    days = [date(end.year, 1, 1) + number * ONE_DAY for number in range(end.timetuple().tm_yday)]
    texts = {count: post_count(count) for count in {*posts.values()}}
    return tuple(
        GridDay(
            _week_of(day),
            day.weekday(),
            -(-LEVELS * posts.get(day, 0) // top),
            day in marked,
            f"{show_month_day(day)}: {texts[posts[day]]}" if posts.get(day) else "",
        )
        for day in days
    )


def months_of(year: int) -> tuple[tuple[int, str], ...]:
    """Return the column in which each month begins in the grid of a year, and its name."""
    firsts = [date(year, month, 1) for month in range(1, 13)]
    return tuple(zip(map(_week_of, firsts), month_names(), strict=True))


def weeks_of_year(year: int) -> int:
    """Return how many weeks the grid of a year has."""
    return _week_of(date(year, 12, 31)) + 1


def _week_of(day: date) -> int:
    """Return the column of a day in the grid of its year, whose weeks begin with Monday."""
    new_year = date(day.year, 1, 1)
    return ((day - new_year).days + new_year.weekday()) // 7


def year_of_posting(archive: Memories) -> PostingYear | None:
    """Return an author's calendar with its months laid out; None where there is none."""
    calendar = archive.calendar
    if calendar is None:
        return None
    days, paths = _days_of(calendar), DayPaths(archive.user.username, archive.tz)
    top = max([LEVELS, *(day.tweets for day in days.values())])
    laid_out = {day: _day(written, top, paths) for day, written in days.items()}
    return PostingYear(
        calendar.year,
        calendar.years,
        calendar.tweets,
        calendar.days,
        [_month(calendar.year, month, laid_out) for month in calendar.months],
    )


def _days_of(calendar: CalendarYear) -> dict[date, DayPosts]:
    return {day.date: day for month in calendar.months for day in month.days}


def _month(year: int, month: MonthPosts, days: Mapping[date, CalendarDay]) -> PostingMonth:
    weeks = [
        [
            days.get(day, CalendarDay(day, 0, 0)) if day.month == month.month else None
            for day in week
        ]
        for week in Calendar().monthdatescalendar(year, month.month)
    ]
    locale = Locale.parse(g.locale)
    names = locale.days["stand-alone"]
    return PostingMonth(
        name=format_skeleton("yMMMM", date(year, month.month, 1), locale=locale),
        short_name=locale.months["stand-alone"]["abbreviated"][month.month],
        posts=month.tweets,
        rows=[
            (names["wide"][row], names["narrow"][row], days)
            for row, days in enumerate(zip(*weeks, strict=True))
        ],
    )


def _day(written: DayPosts, top: int, paths: DayPaths) -> CalendarDay:
    """Return a day of the calendar, whose busiest day has `top` posts."""
    level = -(-LEVELS * written.tweets // top)
    return CalendarDay(written.date, written.tweets, level, paths.path_of(written))


def _cell(day: CalendarDay, told: str) -> str:
    """Return a day as HTML; the text tells how many posts it has."""
    if not day.posts:
        return '<td><span class="day"></span></td>'
    label, path = escape(f"{show_month_day(day.day)}: {told}"), escape(day.path)
    return (
        f'<td><a class="day level-{day.level}" href="{path}" title="{label}">'
        f'<span class="visually-hidden">{label}</span></a></td>'
    )
