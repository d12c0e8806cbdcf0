"""A year's calendar, drawn with weeks as columns and weekdays as rows."""

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

from app.drawing.drawings import GridDay, WeekGrid
from app.language.dates import month_names, show_month_day, show_zone
from app.language.tell import tell
from app.services.archive.author_archive import CalendarYear, DayPosts, Memories, MonthPosts
from app.views.cast import post_count

ONE_DAY: Final = timedelta(days=1)
LEVELS: Final = 4
"""Shades; the darkest stands for the busiest day, of at least this number of posts."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: date
    posts: int
    level: int
    """From 0 for no posts to `LEVELS`."""
    path: str = ""
    """URL of its posts, or the day's chat if all posts are there."""


class DayPaths:
    """URLs of hundreds of days, which differ only in the day."""

    def __init__(self, username: str, tz: str) -> None:
        self._posts = url_for("posts.show_posts", username=username)
        self._rooms: dict[int, str] = {}
        self._zone = urlencode({"tz": tz}, safe="/")
        # Lists of posts are in UTC unless their address names a zone; a chat is in the reader's
        # zone, so the address of its day names the zone.
        self._own_zone = f"&{self._zone}" if tz != "UTC" else ""

    def path_of(self, written: DayPosts) -> str:
        day, room = written.date, written.room
        if room is None:
            return f"{self._posts}&since={day}&until={day + ONE_DAY}{self._own_zone}"
        if room not in self._rooms:
            self._rooms[room] = url_for("rooms.show_room", room_id=room)
        return f"{self._rooms[room]}?on={day}&{self._zone}"


@dataclass(frozen=True, slots=True)
class PostingMonth:
    name: str
    short_name: str
    posts: int
    rows: Sequence[tuple[str, str, Sequence[CalendarDay | None]]]
    """Each weekday's name, narrow name and days; None fills both ends."""


@dataclass(frozen=True, slots=True)
class PostingYear:
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
        cells = (cell for month in self.months for _, _, row in month.rows for cell in row)
        return {count: post_count(count) for count in {cell.posts for cell in cells if cell}}

    def cells(self, row: Sequence[CalendarDay | None], told: Mapping[int, str]) -> Markup:
        """Return a row of days as HTML; `told` are numbers in words."""
        # A template takes ten times as long, and a page has hundreds of days.
        cells = (_cell(day, told[day.posts]) if day else "<td></td>" for day in row)
        return Markup("".join(cells))  # noqa: S704 - cells are escaped.

    def days_in(self, tz: str) -> str:
        return days_with_posts(self.days, tz)


def posts_in_year(posts: int, year: int) -> str:
    return tell("posts_in_year", count=posts, year=str(year))


def days_with_posts(days: int, tz: str) -> str:
    return tell("days_with_posts", count=days, zone=show_zone(tz))


def posts_by_day(calendar: CalendarYear) -> dict[date, int]:
    """Return posts by day of a year, in order, without empty days."""
    return {day: written.tweets for day, written in _days_of(calendar).items()}


def week_grid(
    posts: Mapping[date, int],
    end: date,
    hue: str,
    labelled_by: str,
    marked: Collection[date | None] = (),
) -> WeekGrid:
    """Return the drawing of a year's days until the end; `marked` have a ring."""
    top = max([LEVELS, *posts.values()])
    days = [date(end.year, 1, 1) + number * ONE_DAY for number in range(end.timetuple().tm_yday)]
    texts = {count: post_count(count) for count in {*posts.values()}}
    grid = tuple(
        GridDay(
            _week_of(day),
            day.weekday(),
            -(-LEVELS * posts.get(day, 0) // top),
            day in marked,
            f"{show_month_day(day)}: {texts[posts[day]]}" if posts.get(day) else "",
        )
        for day in days
    )
    firsts = [date(end.year, month, 1) for month in range(1, 13)]
    months = tuple(zip(map(_week_of, firsts), month_names(), strict=True))
    return WeekGrid(hue, labelled_by, grid, months, columns=_week_of(date(end.year, 12, 31)) + 1)


def _week_of(day: date) -> int:
    new_year = date(day.year, 1, 1)
    return ((day - new_year).days + new_year.weekday()) // 7


def year_of_posting(archive: Memories) -> PostingYear | None:
    calendar = archive.calendar
    if calendar is None:
        return None
    days, paths = _days_of(calendar), DayPaths(archive.user.username, archive.tz)
    top = max([LEVELS, *(day.tweets for day in days.values())])
    laid_out = {
        day: CalendarDay(day, posts.tweets, -(-LEVELS * posts.tweets // top), paths.path_of(posts))
        for day, posts in days.items()
    }
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


def _cell(day: CalendarDay, told: str) -> str:
    if not day.posts:
        return '<td><span class="day"></span></td>'
    label, path = escape(f"{show_month_day(day.day)}: {told}"), escape(day.path)
    return (
        f'<td><a class="day level-{day.level}" href="{path}" title="{label}">'
        f'<span class="visually-hidden">{label}</span></a></td>'
    )
