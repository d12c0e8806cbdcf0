"""Figures of an archive: days, hours, weekdays, frequent names; the calendar of a year."""

from calendar import Calendar
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape
from quart import url_for

from app.drawing import drawings
from app.language.i18n import (
    gettext,
    month_names,
    show_language,
    show_month,
    show_month_day,
    show_number,
    show_period,
    show_zone,
    weekday_names,
)
from app.services.archive import author_archive
from app.services.archive.author_portrait import AuthorTraits
from app.services.search.results import ResultCounts
from app.views.addresses import search_path
from app.views.cast import hue, post_count, shown_name
from app.views.figures.figure import Figure, Hours, TableCell, busiest_told, by_clock_of
from app.views.figures.findings import Told, ranked
from app.views.page import platform_name
from app.views.tell import THE_OTHERS, Peers, finding_beside, tell
from saywho.significance import FEWEST_COMPARED, clear_peak
from saywho.words import NameCount

ONE_DAY: Final = timedelta(days=1)
LEVELS: Final = 4
SECOND: Final = 0.1
"""Share of the posts from which a second language is told."""
"""Shades; the darkest stands for the busiest day, of at least this number of posts."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: date
    posts: int
    level: int
    """From 0 for no posts to `LEVELS`."""
    path: str = ""
    """URL of its posts, or the day's chat if all posts are there."""


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


def posts_by_day(calendar: author_archive.CalendarYear) -> dict[date, int]:
    """Return posts by day of a year, in order, without empty days."""
    return {day: written.tweets for day, written in _days_of(calendar).items()}


def week_grid(
    posts: Mapping[date, int],
    end: date,
    hue: str,
    labelled_by: str,
    marked: Collection[date | None] = (),
) -> drawings.WeekGrid:
    """Return the drawing of a year's days until the end; `marked` have a ring."""
    top = max([LEVELS, *posts.values()])
    days = [date(end.year, 1, 1) + number * ONE_DAY for number in range(end.timetuple().tm_yday)]
    texts = {count: post_count(count) for count in {*posts.values()}}
    grid = tuple(
        drawings.GridDay(
            _week_of(day),
            day.weekday(),
            -(-LEVELS * posts.get(day, 0) // top),
            day in marked,
            f"{show_month_day(day)}: {texts[posts[day]]}" if posts.get(day) else "",
        )
        for day in days
    )
    firsts = [date(end.year, month, 1) for month in range(1, end.month + 1)]
    months = tuple(zip(map(_week_of, firsts), month_names()[: end.month], strict=True))
    return drawings.WeekGrid(
        hue, labelled_by, grid, months, columns=_week_of(date(end.year, 12, 31)) + 1
    )


def weeks_of(
    calendar: author_archive.CalendarYear, today: date, hue: str, labelled_by: str
) -> drawings.WeekGrid:
    """Return the drawing of a calendar, until today or a later post."""
    # A current year has room for its other days, so that no day is wider than in other years.
    posts = posts_by_day(calendar)
    end = max([min(date(calendar.year, 12, 31), today), *posts])
    return week_grid(posts, end, hue, labelled_by)


def _week_of(day: date) -> int:
    new_year = date(day.year, 1, 1)
    return ((day - new_year).days + new_year.weekday()) // 7


def year_of_posting(archive: author_archive.Memories) -> PostingYear | None:
    calendar = archive.calendar
    if calendar is None:
        return None
    days = _days_of(calendar)
    posts_page = url_for("posts.show_posts", username=archive.user.username)
    rooms = {written.room for written in days.values()} - {None}
    room_pages = {room: url_for("rooms.show_room", room_id=room) for room in rooms}
    zone = urlencode({"tz": archive.tz}, safe="/")
    # Lists of posts are in UTC unless their address names a zone; a chat is in the reader's
    # zone, so the address of its day names the zone.
    own_zone = f"&{zone}" if archive.tz != "UTC" else ""
    paths = {
        day: f"{posts_page}&since={day}&until={day + ONE_DAY}{own_zone}"
        if written.room is None
        else f"{room_pages[written.room]}?on={day}&{zone}"
        for day, written in days.items()
    }
    return posting_year(calendar, paths)


def posting_year(calendar: author_archive.CalendarYear, paths: Mapping[date, str]) -> PostingYear:
    """Return a year's calendar, whose days with posts lead to these addresses."""
    posts = posts_by_day(calendar)
    top = max([LEVELS, *posts.values()])
    days = {
        day: CalendarDay(day, count, -(-LEVELS * count // top), paths[day])
        for day, count in posts.items()
    }
    months = [_posting_month(calendar.year, month, days) for month in calendar.months]
    return PostingYear(calendar.year, calendar.years, calendar.tweets, calendar.days, months)


def _days_of(calendar: author_archive.CalendarYear) -> dict[date, author_archive.DayPosts]:
    return {day.date: day for month in calendar.months for day in month.days}


def _posting_month(
    year: int, month: author_archive.MonthPosts, days: Mapping[date, CalendarDay]
) -> PostingMonth:
    """Return a month of a calendar, of which `days` are those with posts."""
    weeks = [
        [
            days.get(day, CalendarDay(day, 0, 0)) if day.month == month.month else None
            for day in week
        ]
        for week in Calendar().monthdatescalendar(year, month.month)
    ]
    rows = zip(
        weekday_names("wide"), weekday_names("narrow"), zip(*weeks, strict=True), strict=True
    )
    return PostingMonth(
        name=show_month(date(year, month.month, 1)),
        short_name=month_names()[month.month - 1],
        posts=month.tweets,
        rows=[*rows],
    )


def _cell(day: CalendarDay, told: str) -> str:
    if not day.posts:
        return '<td><span class="day"></span></td>'
    label, path = escape(f"{show_month_day(day.day)}: {told}"), escape(day.path)
    return (
        f'<td><a class="day level-{day.level}" href="{path}">'
        f'<span class="visually-hidden">{label}</span></a></td>'
    )


@dataclass(frozen=True)
class AuthorHeadline:
    """Habits that set an author apart, and the days of a year with posts."""

    archive: author_archive.AuthorArchive
    traits: AuthorTraits = field(default_factory=AuthorTraits)
    others: Peers = THE_OTHERS
    in_chat: Sequence[Told] = ()
    """What the page of their chat tells of the author."""

    @cached_property
    def title(self) -> str:
        """The first finding about the author."""
        username, traits = self.archive.user.username, self.traits
        apart = finding_beside(username, traits.clear, self.others, traits.phrase)
        rhythms = Told("rhythm", self._fullest_month(), errors=1), self._busiest_hours()
        found = [*self.in_chat, Told("habit", apart), *self._names(), *self._second_language()]
        found += [rhythms[0], Told("rhythm", rhythms[1]), Told("nothing", self._total())]
        return ranked(found)[0].text

    def _names(self) -> Iterator[Told]:
        numbers = self.archive.numbers
        for finding, counts in (("most_answered", numbers.answered), ("tag", numbers.tags)):
            posts = [counted.posts for counted in counts]
            is_ahead = len(posts) == 1 or clear_peak(posts) == 0
            if posts and is_ahead and posts[0] >= max(FEWEST_COMPARED, numbers.scanned / 20):
                total, name = numbers.scanned, counts[0].name
                yield Told("names", tell(finding, name=name, count=posts[0], total=total))

    def _second_language(self) -> Iterator[Told]:
        """Yield the share of the second language, from a tenth of the posts on."""
        languages = self.traits.languages
        total = sum(languages.values())
        in_order = sorted(languages, key=lambda tag: (-languages[tag], tag))
        for tag in [tag for tag in in_order[1:] if tag][:1]:
            if (posts := languages[tag]) >= max(FEWEST_COMPARED, SECOND * total):
                language = show_language(tag)
                yield Told("names", tell("second_language", share=posts / total, language=language))

    def _total(self) -> str:
        days, posts = self.archive.numbers.days, self.archive.user.tweets
        if not posts:
            return gettext("There are no posts yet.")
        if self.period is None:
            return tell("undated", "all", posts=post_count(posts))
        return f"{tell('posts_on_days', posts=post_count(self._dated), count=days)}."

    def lead(self) -> list[str]:
        author, period = self.archive.user, self.period
        if not author.tweets:
            return []
        total = post_count(self._dated if period else author.tweets)
        if period is None:
            return [total, *self._platform()]
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
        return self.archive.numbers.days >= author_archive.FEWEST_DAYS

    @property
    def period(self) -> tuple[date, date] | None:
        return self.archive.user.days(ZoneInfo(self.archive.tz))

    def plot(self) -> drawings.WeekGrid | None:
        calendar = self.archive.calendar
        if calendar is None or not self.is_drawn:
            return None
        headings = f"{'finding ' if self.title else ''}calendar-heading"
        return weeks_of(calendar, self.archive.today, hue(self.archive.user.username), headings)

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
        if not is_of_one_year:  # Below it is the calendar of one year.
            month_told = show_month(month.first)
            return tell("busiest_month", "of_all", month=month_told, count=month.tweets)
        name = month_names("wide")[month.first.month - 1]
        return tell("busiest_month", month=name, count=month.tweets)

    def _busiest_hours(self) -> str:
        told = busiest_told(self.archive.numbers.busy_from) if self.is_drawn else ""
        return told and by_clock_of(told, self.archive.tz)


def uses_of(
    found: ResultCounts, path_of: Callable[[date, date], str]
) -> Figure[drawings.PeriodColumns] | None:
    """Return how often each person uses a word, by month; None for a single month.

    path_of: the posts from one day to another.
    """
    counted = dict(found.months)
    if len(counted) < 2:
        return None
    people = [(shown_name(username), hue(username)) for username, _ in found.usernames]
    if found.people_total > len(people):
        people.append((gettext("Everyone else"), drawings.NO_HUE))
    months = range(_number(min(counted)), _number(max(counted)) + 1)
    most, years = max(map(sum, counted.values())), len(months) // 120 + 1
    columns, rows = list[drawings.PeriodColumn](), list[list[TableCell]]()
    for start, end in ((_month(number), _month(number + 1)) for number in months):
        posts = counted.get(start, [0] * len(people))[: len(people)]
        told = f"{show_month(start)}: {post_count(sum(posts))}"
        if said := [
            f"{who} {show_number(n)}" for (who, _), n in zip(people, posts, strict=True) if n
        ]:
            told += f" ({', '.join(said)})"
        label = str(start.year) if start.month == 1 and start.year % years == 0 else ""
        label = month_names()[start.month - 1] if len(months) <= 12 else label
        heights = tuple(100 * each / most for each in posts)
        columns.append(
            drawings.PeriodColumn(label, heights, told, path_of(start, end) if said else "")
        )
        rows.append([show_month(start), sum(posts), *posts])
    return Figure(
        topic=gettext("By month"),
        columns=[gettext("Month"), gettext("Posts"), *(name for name, _ in people)],
        rows=rows,
        plot=drawings.PeriodColumns(gettext("By month"), people, columns, show_number(most)),
    )


def _number(month: date) -> int:
    return month.year * 12 + month.month - 1


def _month(number: int) -> date:
    return date(number // 12, number % 12 + 1, 1)


def columns_of(archive: author_archive.AuthorArchive) -> list[Figure[Any]]:
    """Return the hours and weekdays of an author's posts; none without times."""
    numbers, colour = archive.numbers, hue(archive.user.username)
    if not any(numbers.hours):
        return []
    hours = Hours(gettext("Posts"), numbers.hours, numbers.busy_from, archive.tz, colour)
    return [
        hours.figure(),
        Figure(
            topic=gettext("By weekday"),
            columns=[gettext("Weekday"), gettext("Posts")],
            rows=[*zip(weekday_names("wide"), numbers.weekdays, strict=True)],
        ),
    ]


def lists_of(archive: author_archive.AuthorArchive) -> list[Figure[drawings.NameList]]:
    numbers = archive.numbers

    def own(query: str) -> str:
        return search_path(query, archive.user.username)

    lists = (
        most_answered(numbers.answered),
        _most_named(gettext("Tags"), "tags-heading", numbers.tags, own, "#"),
        _most_named(gettext("Emoji"), "emoji-heading", numbers.emoji, own),
        _most_named(
            gettext("Links, by site"), "sites-heading", numbers.sites, lambda site: own(f'"{site}"')
        ),
    )
    return [figure for figure in lists if figure.plot]


def most_answered(counts: Sequence[NameCount]) -> Figure[drawings.NameList]:
    """Return the people whom an author answers most; their names lead to everyone's posts."""
    return _most_named(gettext("Most replied to"), "answered-heading", counts, search_path, "@")


def _most_named(
    topic: str,
    id_: str,
    counts: Sequence[NameCount],
    path_of: Callable[[str], str],
    prefix: str = "",
) -> Figure[drawings.NameList]:
    names = [
        drawings.Row(
            counted.name,
            show_number(counted.posts),
            post_count(counted.posts),
            path_of(f"{prefix}{counted.name}"),
        )
        for counted in counts[:8]
    ]
    return Figure(
        topic=topic,
        columns=[gettext("Name"), gettext("Posts")],
        rows=[(f"{prefix}{counted.name}", counted.posts) for counted in counts],
        plot=drawings.NameList(names, id_, prefix) if names else None,
    )
