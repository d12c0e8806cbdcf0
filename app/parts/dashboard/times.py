"""When posts were written: in periods, rows of bars by author, and in the hours of a week."""

import asyncio
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from html import escape
from itertools import pairwise
from operator import itemgetter
from typing import Final, Literal, NamedTuple
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.language.i18n import (
    gettext,
    gettext_noop,
    ngettext,
    show_date,
    show_number,
    show_period,
    show_zone,
    weekday_names,
)
from app.parts.dashboard.figures import (
    MOST_AUTHORS,
    Cell,
    Panel,
    PanelFigure,
    Plot,
    draw_cells,
    hover_lines,
    more_undated,
    nothing_dated,
    posts_path,
    row_axis,
    row_px,
    sentences,
)
from app.services.posts.post_counts import (
    BusyAuthors,
    DayCell,
    busiest_authors,
    count_by_day,
    count_by_hour,
    count_selected,
    count_undated,
)
from app.services.posts.users import outgrown_samples
from app.views.cast import hue, shown_name
from app.views.figures.figure import LEAST_PART, PARTS, Figure, busiest
from app.views.filters import View
from saywho.people.times import busiest_hours
from saywho.significance import CLEAR_OF_MANY, clear_peak, fullest, fullest_day, plain_peak

Period = Literal["day", "week", "month", "quarter", "year"]
REST: Final = ""
MOST_COLUMNS: Final = 60
"""Periods that can be told apart on a phone: five years of months."""
_DAYS: Final[dict[Period, int]] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def fitting(first: date, last: date) -> Period:
    days = (last - first).days + 1
    for period in _DAYS:
        is_near = days <= MOST_COLUMNS * _DAYS[period]
        if is_near and len(starts(first, last, period)) - 1 <= MOST_COLUMNS:
            return period
    return "year"


def start_of(day: date, period: Period) -> date:
    """Return the first day of a day's period; weeks begin on Monday."""
    if period in {"day", "week"}:
        return day - timedelta(days=day.weekday() if period == "week" else 0)
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    return day.replace(day=1, month=1 + (day.month - 1) // months * months)


def starts(first: date, last: date, period: Period) -> Sequence[date]:
    """Return the first day of each period from `first` to `last`, then the last end."""
    times = [start_of(first, period)]
    while times[-1] <= last:
        times.append(start_of(times[-1] + timedelta(days=_DAYS[period]), period))
    return times


def busiest_period(cells: Sequence[DayCell], begins: Sequence[date]) -> int | None:
    """Return the index of the clearly leading period, if any; begins: first days, then the end."""
    totals = [0] * (len(begins) - 1)
    for day, _, posts in cells:
        totals[bisect_right(begins, day) - 1] += posts
    if all(end - start == timedelta(1) for start, end in pairwise(begins)):
        return fullest_day(totals)
    begin, end = (of((day for day, *_ in cells), default=begins[0]) for of in (min, max))
    known = [
        (min(until, end + timedelta(1)) - max(since, begin)) / (until - since)
        for since, until in pairwise(begins)
    ]
    if (place := plain_peak(totals, known)) is not None:
        return place
    # Only the days of the two leading periods are compared: all periods may have millions.
    places = sorted(range(len(totals)), key=totals.__getitem__)[-2:]
    posts_on = Counter[date]()
    for day, _, posts in cells:
        if bisect_right(begins, day) - 1 in places:
            posts_on[day] += posts

    def days_of(place: int) -> list[int | None]:
        length = (begins[place + 1] - begins[place]).days
        days = (begins[place] + timedelta(number) for number in range(length))
        return [posts_on[day] if begin <= day <= end else None for day in days]

    first = fullest([days_of(place) for place in places])
    return None if first is None else places[first]


def leader_of(cells: Sequence[DayCell], rows: Mapping[str, Sequence[int]]) -> str | None:
    """Return the author who wrote clearly more than anyone else, if any, at the level of a chat's
    page, so that the two never disagree.
    """
    names = sorted(rows, key=lambda name: -sum(rows[name]))[:2]
    days = sorted({day for day, name, _ in cells if name in names})
    posts_on = {(day, name): posts for day, name, posts in cells}
    counts = [[posts_on.get((day, name), 0) for day in days] for name in names]
    leader = fullest(counts, CLEAR_OF_MANY)
    return None if leader is None else names[leader]


ALL_ROWS_PX: Final = 352
"""Height of all rows on a first screen, below the words."""


class AuthorRow(NamedTuple):
    name: str
    colour: str
    counts: Sequence[int]
    usernames: Sequence[str]


def scale_end(counts: Sequence[int]) -> int:
    """Return the count at which a scale of bars ends: the highest, or the 95th percentile (nearest
    rank) if that is over twice as high.

    Fewer than four bars have their highest count.
    """
    ordered = sorted(counts)
    if len(ordered) < 4:
        return ordered[-1]
    rank = min(math.ceil(len(ordered) * 95 / 100), len(ordered) - 1)
    end = ordered[rank - 1]
    return end if ordered[-1] > 2 * end else ordered[-1]


class Timeline(Panel["PostsByPeriod"]):
    # Heights of all authors' rows have one scale, so that authors can be compared. A scale of each
    # row's own would still be flattened by a burst in that row.
    name = "timeline"
    height_px = ALL_ROWS_PX + 50
    topic = gettext_noop("Posts over time")
    about = gettext_noop(
        "The author with the most posts is on top. Select a bar to choose its time, and again to "
        "see its posts."
    )

    async def load(self, session: AsyncSession, view: View) -> "PostsByPeriod":
        authors = await busiest_authors(session, view.selection, limit=MOST_AUTHORS)
        if not authors.names:
            return PostsByPeriod(view, authors)
        of_samples = 0
        if not view.names and (samples := await outgrown_samples(session)):
            sampled = replace(view.selection, usernames=tuple(samples))
            of_samples = await count_selected(session, sampled, view.zone, hour=None)
        selection = replace(view.selection, usernames=tuple(authors.names))
        by_day = await count_by_day(session, selection, view.zone)
        undated = await count_undated(session, view.selection)
        if authors.total == len(authors.names):
            return PostsByPeriod(view, authors, by_day, undated, of_samples=of_samples)
        # The others may be thousands: their posts are a count of all posts minus these cells.
        hours = await count_by_hour(session, view.selection, view.zone)
        return PostsByPeriod(view, authors, by_day, undated, hours, of_samples)

    def usernames(self, loaded: "PostsByPeriod") -> Iterable[str]:
        return loaded.authors.names


@dataclass(frozen=True)
class PostsByPeriod(PanelFigure):
    view: View
    authors: BusyAuthors
    by_day: Sequence[DayCell] = ()
    """Posts of the authors by day."""
    undated: int = 0
    """Posts without a time, which no period contains."""
    hours: Mapping[int, int] = field(default_factory=dict)
    """Posts of all authors by hour since the year 1; empty if `by_day` has all."""
    of_samples: int = 0
    """Posts of sample authors next to other people's; other pages leave the samples out."""

    @cached_property
    def cells(self) -> list[DayCell]:
        """The cells of the authors, and a `REST` cell for other posts, by day."""
        days: Counter[date] = Counter()
        for hour, posts in self.hours.items():
            days[date.fromordinal(hour // 24 + 1)] += posts
        for day, _, posts in self.by_day:
            days[day] -= posts
        others = [(day, REST, posts) for day, posts in days.items() if posts > 0]
        return sorted([*self.by_day, *others], key=itemgetter(0))

    @property
    def span(self) -> tuple[date, date]:
        return self.cells[0][0], self.cells[-1][0]

    @cached_property
    def period(self) -> Period:
        return fitting(*self.span)

    @cached_property
    def starts(self) -> Sequence[date]:
        """The first day of each period, then the last end; empty without posts."""
        return starts(*self.span, self.period) if self.cells else ()

    @cached_property
    def _counts(self) -> dict[str, list[int]]:
        places = {start: place for place, start in enumerate(self.starts)}
        counts: dict[str, list[int]] = {}
        for day, username, posts in self.cells:
            row = counts.setdefault(username, [0] * (len(places) - 1))
            row[places[start_of(day, self.period)]] += posts
        return counts

    @cached_property
    def rows(self) -> dict[str, list[int]]:
        """Each author's posts by period, in the order of their first posts."""
        return {name: counts for name, counts in self._counts.items() if name != REST}

    @property
    def uncounted(self) -> int:
        """The number of authors with posts who have no row of their own in the table."""
        return self.authors.total - len(self.authors.names) if REST in self._counts else 0

    @cached_property
    def drawn(self) -> list[AuthorRow]:
        """The rows of authors, the most posts first; with many authors, some and the rest share the
        last, without usernames.
        """
        totals = {username: sum(counts) for username, counts in self.rows.items()}
        order = leaders = sorted(totals, key=lambda username: -totals[username])
        if len(order) > 8:  # More rows could not be read on a first screen.
            least = 0.1 * totals[order[0]]  # The bars of authors with fewer would be hairlines.
            leaders = [username for username in order[:7] if totals[username] >= least]
        rows = [
            AuthorRow(shown_name(username), f"${hue(username)}", self.rows[username], [username])
            for username in leaders
        ]
        others = order[len(leaders) :]
        if others or self.uncounted:
            columns = [self._counts[name] for name in (*others, REST) if name in self._counts]
            sums = [sum(column) for column in zip(*columns, strict=True)]
            name = gettext("{count} others").format(count=show_number(len(others) + self.uncounted))
            rows.append(AuthorRow(name, "$soft", sums, () if self.uncounted else others))
        return rows

    @cached_property
    def scale_end(self) -> int:
        """The number of posts of a bar as high as an author's row."""
        return scale_end([posts for row in self.named for posts in row.counts if posts])

    @property
    def named(self) -> list[AuthorRow]:
        """The rows of single authors; all rows if there are none."""
        return [row for row in self.drawn if len(row.usernames) == 1] or self.drawn

    def end_of(self, row: AuthorRow) -> int:
        # Many authors together would flatten all other rows: their row has its own, higher scale.
        return max(self.scale_end, 0 if row in self.named else max(row.counts))

    def figure(self) -> Figure[Plot]:
        if not self.cells:
            return nothing_dated(self.view, self.undated)
        title, notes = _title(self)
        rows, links = self._rows()
        return Figure(
            title=title,
            notes=sentences(*notes, *self._notes()),
            about=" ".join(self._how_it_is_drawn()),
            columns=(gettext("Period"), gettext("Author"), gettext("Posts")),
            rows=rows,
            links=links,
            plot=self._plot(),
        )

    def _how_it_is_drawn(self) -> Iterator[str]:
        end, last = self.scale_end, self.drawn[-1]
        if self.uncounted:
            yield gettext(
                "The author with the most posts is on top. Select a bar to choose its time, and "
                "again to see its posts. A bar in the row of everyone else shows all posts of its "
                "time."
            )
        elif len(self.rows) == 1:
            yield gettext("Select a bar to choose its time, and again to see its posts.")
        elif len(self.rows) == 2:
            yield gettext(
                "The author with more posts is on top. Select a bar to choose its time, and again "
                "to see its posts."
            )
        else:
            yield gettext(Timeline.about)
        if any(posts > end for row in self.named for posts in row.counts):
            note = gettext("The scale ends at {count}; ▲ marks a bar that would be higher.")
            yield note.format(count=show_number(end))
        if self.end_of(last) != end:
            note = gettext("The row of the {others} has its own scale, up to {count}.")
            yield note.format(others=last.name, count=show_number(self.end_of(last)))

    def _notes(self) -> Iterator[str]:
        yield more_undated(self.undated)
        if self.of_samples:
            note = ngettext(
                "{count} of these posts is by a sample author.",
                "{count} of these posts are by sample authors.",
                self.of_samples,
            )
            yield note.format(count=show_number(self.of_samples))
        if self.uncounted:
            note = gettext("The table has the {shown} of {all} authors with the most posts.")
            yield note.format(
                shown=show_number(len(self.authors.names)), all=show_number(self.authors.total)
            )

    def _plot(self) -> Plot:
        names = [row.name for row in self.drawn]
        height = max(min(96, ALL_ROWS_PX // len(names)), row_px(names))
        traces = [_bars(self, row, place, height) for place, row in enumerate(self.drawn)]
        beyond = _marks(self)
        first, last = self.span
        span = [first.isoformat(), (last + timedelta(days=1)).isoformat()]
        layout = {
            "xaxis": {"type": "date", "range": span, "nticks": 8},
            "yaxis": row_axis(names),
            "meta": {"height": len(names) * height + 50},
        }
        return {"data": [*traces, beyond] if beyond["x"] else traces, "layout": layout}

    def path(self) -> str:
        return posts_path(self.view.query(username="", since="", until=""))

    def _rows(self) -> tuple[list[tuple[str, str, int]], list[str]]:
        query = self.view.query(username="", since="", until="")
        rows, links = list[tuple[str, str, int]](), list[str]()
        for place, days in reversed(list(enumerate(pairwise(self.starts)))):
            for name, posts in self.rows.items():
                if posts[place]:
                    rows.append((show_period(*days), shown_name(name), posts[place]))
                    links.append(posts_path(query, **_asked(self, [name], place)))
        return rows, links


def _asked(
    data: PostsByPeriod, usernames: Sequence[str], place: int
) -> dict[str, str | Sequence[str]]:
    since, until = data.starts[place : place + 2]
    usernames = usernames or list(data.view.names)
    return {"username": usernames, "since": str(since), "until": str(until)}


def _title(data: PostsByPeriod) -> tuple[str, Sequence[str]]:
    """Return a title on the leading period or author, or else on the days, and notes on it."""
    totals = [sum(column) for column in zip(*(row.counts for row in data.drawn), strict=True)]
    posts = sum(totals)
    first, last = data.span
    if sum(map(bool, totals)) == 1:
        days = (first, last + timedelta(days=1))
        title = ngettext("{count} post, of {period}", "{count} posts, all of {period}", posts)
        return title.format(count=show_number(posts), period=show_period(*days)), ()
    if (place := busiest_period(data.cells, data.starts)) is not None:
        title = gettext("Busiest: {period}, with {count} of {total} posts")
        period = show_period(data.starts[place], data.starts[place + 1])
        return title.format(
            period=period, count=show_number(totals[place]), total=show_number(posts)
        ), ()
    span = {"first": show_date(first), "last": show_date(last)}
    if (leader := leader_of(data.cells, data.rows)) is not None:
        title = gettext("{name} wrote the most: {count} of {total} posts")
        if len(data.rows) == 2:
            title = gettext("{name} wrote more: {count} of {total} posts")
        own = sum(data.rows[leader])
        title = title.format(
            name=shown_name(leader), count=show_number(own), total=show_number(posts)
        )
        return title, (gettext("From {first} to {last}.").format(**span), _calm(data, totals))
    title = gettext("{total} posts from {first} to {last}")
    return title.format(total=show_number(posts), **span), (_calm(data, totals),)


def _calm(data: PostsByPeriod, totals: Sequence[int]) -> str:
    """Return that the two periods with the most posts have no clear lead, or are equal."""
    first, second = sorted(range(len(totals)), key=lambda place: (-totals[place], place))[:2]
    if totals[first] == totals[second]:
        calm = {
            "day": gettext_noop("No day is clearly ahead."),
            "week": gettext_noop("No week is clearly ahead."),
            "month": gettext_noop("No month is clearly ahead."),
            "quarter": gettext_noop("No quarter is clearly ahead."),
            "year": gettext_noop("No year is clearly ahead."),
        }
        return gettext(calm[data.period])
    return gettext("Most posts: {first} ({count}), next: {second} ({next}).").format(
        first=show_period(*data.starts[first : first + 2]),
        count=show_number(totals[first]),
        second=show_period(*data.starts[second : second + 2]),
        next=show_number(totals[second]),
    )


def _bars(data: PostsByPeriod, row: AuthorRow, place: int, height_px: int) -> Plot:
    counts, begins, ends = row.counts, data.starts[:-1], data.starts[1:]
    places = [i for i, posts in enumerate(counts) if posts]
    end = data.end_of(row)
    least_px, day_ms = 3.5, 86_400_000  # The lowest bar can still be seen and pressed.
    heights = [max(min(counts[i] / end, 1), least_px / height_px) for i in places]
    return {
        "name": escape(row.name),
        "x": [begins[i].isoformat() for i in places],
        "offset": 0,
        "width": [0.92 * (ends[i] - begins[i]).days * day_ms for i in places],
        # Rows are counted downwards, so bars grow upwards below zero.
        "base": [place + 0.42] * len(places),
        "y": [round(-0.84 * height, 4) for height in heights],
        "customdata": [urlencode(_asked(data, row.usernames, i), doseq=True) for i in places],
        "marker": {"color": row.colour},
        "hovertext": [_label(data, row, i) for i in places],
        "meta": {"posts": sum(counts)},
    }


def _marks(data: PostsByPeriod) -> Plot:
    cut = [
        (row, place, column)
        for place, row in enumerate(data.drawn)
        for column, posts in enumerate(row.counts)
        if posts > data.end_of(row)
    ]
    middles = [
        datetime.combine(data.starts[i], time()) + (data.starts[i + 1] - data.starts[i]) * 0.46
        for _, _, i in cut
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [middle.isoformat() for middle in middles],
        "y": [place - 0.36 for _, place, _ in cut],
        "marker": {"symbol": "triangle-up", "size": 8, "color": "$ink"},
        "customdata": [urlencode(_asked(data, row.usernames, i), doseq=True) for row, _, i in cut],
        "hovertext": [_label(data, row, i) for row, _, i in cut],
        "meta": {"posts": 0},
    }


def _label(data: PostsByPeriod, row: AuthorRow, place: int) -> str:
    period = show_period(data.starts[place], data.starts[place + 1])
    return f"<b>{hover_lines(row.name)}</b><br>{period}: {show_number(row.counts[place])}"


HOURS: Final = 24
HOURS_OF_WEEK: Final = 7 * HOURS


class Week(Panel["PostsByHour"]):
    name = "week"
    height_px = 260
    topic = gettext_noop("Rhythm of the week")
    about = gettext_noop("A stronger colour means more posts.")

    async def load(self, session: AsyncSession, view: View) -> "PostsByHour":
        counts = await count_by_hour(session, view.selection, view.zone)
        undated = 0 if counts else await count_undated(session, view.selection)
        # Fifteen years of posts are in tens of thousands of hours.
        hours, busy_from = await asyncio.to_thread(_of_week, counts)
        return PostsByHour(view, hours, busy_from, undated)


def _of_week(counts: Mapping[int, int]) -> tuple[list[int], int | None]:
    """Return the posts in each hour of the week, and the first of the three busiest hours."""
    hours = [0] * HOURS_OF_WEEK
    for hour, posts in counts.items():  # The first day of the year 1 is a Monday.
        hours[hour % HOURS_OF_WEEK] += posts
    return hours, busiest_hours(counts) if sum(hours) >= FEWEST_OF_RHYTHM else None


@dataclass(frozen=True, slots=True)
class PostsByHour(PanelFigure):
    view: View
    hours: list[int]
    """Posts in each of the 168 hours, from Monday, 0 o'clock."""
    busy_from: int | None = None
    """The first of the three hours of the day that are clearly ahead, if any."""
    undated: int = 0
    """Posts without a time, if no post has a time; otherwise 0."""

    def figure(self) -> Figure[Plot]:
        if not any(self.hours):
            return nothing_dated(self.view, self.undated)
        days = weekday_names("wide")
        hours = [hour for hour, posts in enumerate(self.hours) if posts]
        return Figure(
            title=self._rhythm or _no_rhythm(sum(self.hours)),
            notes=[gettext("Hours are in {zone}.").format(zone=show_zone(self.view.tz or "UTC"))],
            about="" if self._is_drawn else " ",
            columns=(gettext("Weekday"), gettext("Hour"), gettext("Posts")),
            rows=[(days[hour // HOURS], f"{hour % HOURS}:00", self.hours[hour]) for hour in hours],
            links=[posts_path(self.view.query(), hour=str(hour)) for hour in hours],
            plot=self._plot(),
        )

    @property
    def _is_drawn(self) -> bool:
        """Return whether hours are ahead, or posts are too few to say that none are."""
        return bool(self._rhythm) or sum(self.hours) < FEWEST_OF_RHYTHM

    @property
    def _rhythm(self) -> str:
        by_hour = [sum(self.hours[hour::HOURS]) for hour in range(HOURS)]
        return busiest(by_hour, self.busy_from) or _rhythm(self.hours)

    def _plot(self) -> Plot | None:
        """Return the drawing, unless it shows that no hours stand out; then the numbers suffice."""
        most = max(self.hours)
        if not self._is_drawn:
            return None
        days = weekday_names("abbreviated")
        cells = [
            Cell(
                column=hour % HOURS,
                row=hour // HOURS,
                share=posts / most,
                text=f"{days[hour // HOURS]} {hour % HOURS}:00–{hour % HOURS + 1}:00: {posts}",
                query=f"hour={hour}",
            )
            for hour, posts in enumerate(self.hours)
            if posts
        ]
        layout = {
            "xaxis": {
                "range": [-0.6, 23.6],
                "tickvals": list(range(0, HOURS, 3)),
                "showgrid": False,
                "title": {"text": gettext("Hour")},
            },
            "yaxis": row_axis(days),
            "meta": {"height": Week.height_px},
        }
        return {"data": [draw_cells(cells)], "layout": layout}

    def path(self) -> str:
        return posts_path(self.view.query())


FEWEST_OF_RHYTHM: Final = 20


def _no_rhythm(total: int) -> str:
    if total >= FEWEST_OF_RHYTHM:
        return gettext("No hour and no part of the day is clearly ahead")
    few = ngettext(
        "{count} post, too few to show a rhythm", "{count} posts, too few to show a rhythm", total
    )
    return few.format(count=show_number(total))


def _rhythm(data: list[int]) -> str:
    """Return a title with the hour or part of the day clearly ahead; empty for none."""
    total = sum(data)
    if total < FEWEST_OF_RHYTHM:
        return ""
    hours_of_part = HOURS // len(PARTS)
    parts = [
        sum(posts for hour, posts in enumerate(data) if hour % HOURS // hours_of_part == part)
        for part in range(len(PARTS))
    ]
    busiest, part = clear_peak(data), clear_peak(parts)
    # Each of 168 equal hours has a share of 0.006.
    if busiest is not None and data[busiest] >= 0.05 * total:
        title = gettext(
            "Busiest hour: {weekday}, {hour}:00 to {next}:00, with {count} of {total} posts"
        )
        weekday, hour = weekday_names("wide")[busiest // HOURS], busiest % HOURS
        times = {"weekday": weekday, "hour": hour, "next": hour + 1}
        return title.format(**times, count=show_number(data[busiest]), total=show_number(total))
    if part is not None and parts[part] >= LEAST_PART * total:
        title = gettext("Busiest part of the day: {part}, with {count} of {total} posts")
        return title.format(
            part=gettext(PARTS[part]), count=show_number(parts[part]), total=show_number(total)
        )
    return ""
