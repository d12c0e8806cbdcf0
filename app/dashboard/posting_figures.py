"""When posts are written: over time, a row for each author, and over the hours of a week."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from html import escape
from itertools import pairwise
from typing import Final, Literal
from urllib.parse import urlencode

from babel.dates import get_day_names
from quart import g

from app.dashboard.figures import (
    MOST_AUTHORS,
    ROW_PX,
    Cell,
    Drawing,
    Figure,
    Plot,
    Table,
    draw_cells,
    posts_path,
    row_axis,
    sentences,
    some_of,
)
from app.i18n import gettext, gettext_noop, show_number, show_period
from app.lifespan import resources
from app.services.posts.statistics import (
    ActiveAuthors,
    DayCell,
    count_by_day,
    count_by_hour_of_week,
    most_active,
)
from app.views.filters import View

Period = Literal["day", "week", "month", "quarter", "year"]
MOST_COLUMNS: Final = 60
"""Periods side by side that can be told apart on a phone too, such as five years of months."""
_DAYS: Final[dict[Period, int]] = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
"""The most days of each."""

FEW_PX: Final = 448
HIGHEST_ROW_PX: Final = 56
"""Rows of few authors share so much height; those of many are as high as a name."""
LEAST_PX: Final = 3.5
"""Height of the lowest bar, so that it can be seen and pressed."""
DAY_MS: Final = 86_400_000
HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class PostsByPeriod:
    """How many posts each author has in each period."""

    authors: ActiveAuthors
    starts: Sequence[date] = ()
    """The first day of each period, and the end of the last."""
    rows: dict[str, list[int]] = field(default_factory=dict)
    """By author, in the order of their first posts."""
    span: Sequence[str] = ()
    """The first day with posts, and the day after the last: the axis ends with them."""


class Timeline(Figure):
    name = "timeline"
    title = gettext_noop("Posts over time")
    about = gettext_noop(
        "How many posts of each author are kept here, the earliest author on top. A bar leads to "
        "its posts."
    )

    async def load(self, view: View) -> PostsByPeriod:
        async with resources().db.read() as session:
            authors = await most_active(session, view.selection, limit=MOST_AUTHORS)
            selection = replace(view.selection, usernames=tuple(authors.names))
            cells = await count_by_day(session, selection, view.zone) if authors.rows else []
        return await asyncio.to_thread(_by_period, authors, cells)

    def draw(self, data: PostsByPeriod, view: View) -> Drawing:
        if not data.rows:
            return Drawing()
        most = max(max(row) for row in data.rows.values())
        row_px = max(ROW_PX, min(HIGHEST_ROW_PX, FEW_PX // len(data.rows)))
        traces = [_row(data, name, place, most, row_px) for place, name in enumerate(data.rows)]
        layout = {
            "xaxis": {"type": "date", "range": data.span, "nticks": 8},
            "yaxis": row_axis(list(data.rows)),
            "meta": {"height": len(data.rows) * row_px + 50},
        }
        return Drawing(
            sentences(_busiest(data), some_of(len(data.authors.rows), data.authors.total)),
            {"data": traces, "layout": layout},
            posts_path(view.query(username="", since="", until="")),
        )

    def table(self, data: PostsByPeriod, view: View) -> Table:
        query = view.query(username="", since="", until="")
        rows, links = [], []
        for place, days in reversed(list(enumerate(pairwise(data.starts)))):
            for name, posts in data.rows.items():
                if posts[place]:
                    rows.append((show_period(*days), name, posts[place]))
                    links.append(posts_path(query, **_asked(data, name, place)))
        return Table((gettext("Period"), gettext("Author"), gettext("Posts")), rows, links)


def _asked(data: PostsByPeriod, name: str, place: int) -> dict[str, str]:
    """Return the parameters of an author's posts in a period."""
    since, until = data.starts[place : place + 2]
    return {"username": name, "since": str(since), "until": str(until)}


def _busiest(data: PostsByPeriod) -> str:
    """Return which period has the most posts, in a sentence."""
    totals = [sum(row) for row in zip(*data.rows.values(), strict=True)]
    place = totals.index(max(totals))
    note = gettext("{total} posts. The busiest time: {period} ({count}).")
    return note.format(
        total=show_number(sum(totals)),
        period=show_period(data.starts[place], data.starts[place + 1]),
        count=show_number(totals[place]),
    )


def _row(data: PostsByPeriod, name: str, place: int, most: int, row_px: int) -> Plot:
    """Return an author's row of bars."""
    row, begins, ends = data.rows[name], data.starts[:-1], data.starts[1:]
    places = [i for i, posts in enumerate(row) if posts]
    return {
        "name": escape(name),
        "x": [begins[i].isoformat() for i in places],
        "offset": 0,
        "width": [0.92 * (ends[i] - begins[i]).days * DAY_MS for i in places],
        # Rows are counted downwards, so bars grow upwards below zero.
        "base": [place + 0.42] * len(places),
        "y": [round(-0.84 * max(row[i] / most, LEAST_PX / row_px), 4) for i in places],
        "customdata": [urlencode(_asked(data, name, i)) for i in places],
        "marker": {"color": "$accent"},
        "hovertext": [
            f"<b>{escape(name)}</b><br>{show_period(begins[i], ends[i])}: {show_number(row[i])}"
            for i in places
        ],
        "meta": {"posts": sum(row)},
    }


def _by_period(authors: ActiveAuthors, cells: Sequence[DayCell]) -> PostsByPeriod:
    if not cells:
        return PostsByPeriod(authors)
    first, last = cells[0][0], cells[-1][0]
    period = fitting(first, last)
    begins = starts(first, last, period)
    places = {start: place for place, start in enumerate(begins)}
    rows: dict[str, list[int]] = {}
    for day, username, posts in cells:
        row = rows.setdefault(username, [0] * (len(begins) - 1))
        row[places[start_of(day, period)]] += posts
    span = [first.isoformat(), (last + timedelta(days=1)).isoformat()]
    return PostsByPeriod(authors, begins, rows, span)


class Week(Figure):
    name = "week"
    title = gettext_noop("Rhythm of the week")
    about = gettext_noop(
        "When posts are written, in your own time zone. The stronger a cell, the more posts."
    )

    async def load(self, view: View) -> list[int]:
        async with resources().db.read() as session:
            return await count_by_hour_of_week(session, view.selection, view.zone)

    def draw(self, data: list[int], view: View) -> Drawing:
        most = max(data)
        if not most:
            return Drawing()
        days = weekdays("abbreviated")
        cells = [
            Cell(
                column=hour % HOURS,
                row=hour // HOURS,
                share=posts / most,
                text=f"{days[hour // HOURS]} {hour % HOURS}:00–{hour % HOURS + 1}:00: {posts}",
                query=f"hour={hour}",
            )
            for hour, posts in enumerate(data)
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
            "meta": {"height": 260},
        }
        busiest = data.index(most)
        note = gettext("Most posts come on {weekday} between {hour}:00 and {next}:00: {count}.")
        return Drawing(
            note.format(
                weekday=weekdays("wide")[busiest // HOURS],
                hour=busiest % HOURS,
                next=busiest % HOURS + 1,
                count=show_number(most),
            ),
            {"data": [draw_cells(cells)], "layout": layout},
            posts_path(view.query()),
        )

    def table(self, data: list[int], view: View) -> Table:
        days = weekdays("wide")
        hours = [hour for hour, posts in enumerate(data) if posts]
        return Table(
            (gettext("Weekday"), gettext("Hour"), gettext("Posts")),
            [(days[hour // HOURS], f"{hour % HOURS}:00", data[hour]) for hour in hours],
            [posts_path(view.query(), hour=str(hour)) for hour in hours],
        )


def weekdays(width: str) -> list[str]:
    """Return the names of the days from Monday in the request's language."""
    names = get_day_names(width, locale=g.locale)  # type: ignore[arg-type]
    return [names[day] for day in range(7)]


def fitting(first: date, last: date) -> Period:
    """Return the finest period of which there are at most so many, else years."""
    days = (last - first).days + 1
    for period in _DAYS:
        is_near = days <= MOST_COLUMNS * _DAYS[period]
        if is_near and len(starts(first, last, period)) - 1 <= MOST_COLUMNS:
            return period
    return "year"


def start_of(day: date, period: Period) -> date:
    """Return the first day of the period that a day is in; weeks begin on Monday."""
    match period:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(day=1, month=1 + (day.month - 1) // 3 * 3)
        case "year":
            return day.replace(day=1, month=1)


def starts(first: date, last: date, period: Period) -> Sequence[date]:
    """Return when each period from the first day's to the last day's begins, then its end."""
    times = [start_of(first, period)]
    while times[-1] <= last:
        times.append(start_of(times[-1] + timedelta(days=_DAYS[period]), period))
    return times
