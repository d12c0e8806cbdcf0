"""Posts over time: a row of bars for each author."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from html import escape
from itertools import pairwise
from typing import Final, NamedTuple
from urllib.parse import urlencode

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.peaks import clear_peak, scale_end
from app.dates import show_date, show_period
from app.i18n import gettext, gettext_noop, ngettext, show_number
from app.services.posts.statistics import (
    BusyAuthors,
    DayCell,
    busiest_authors,
    count_by_day,
    count_undated,
)
from app.views.dashboard.figures import MOST_AUTHORS, Panel
from app.views.dashboard.periods import Period, fitting, start_of, starts
from app.views.dashboard.sentences import nothing_dated, posts_path, sentences, some_of
from app.views.dashboard.shapes import ROW_PX, Plot, row_axis
from app.views.figure import Figure, Finding, Table
from app.views.filters import View
from app.views.names import hue, shown_name

FEW_PX: Final = 448
HIGHEST_ROW_PX: Final = 56
"""Rows of few authors share so much height; those of many are as high as a name."""
LEAST_PX: Final = 3.5
"""Height of the lowest bar, so that it can be seen and pressed."""
DAY_MS: Final = 86_400_000
CALM: Final[dict[Period, str]] = {
    "day": gettext_noop("no day stands out"),
    "week": gettext_noop("no week stands out"),
    "month": gettext_noop("no month stands out"),
    "quarter": gettext_noop("no quarter stands out"),
    "year": gettext_noop("no year stands out"),
}


class PostsByDay(NamedTuple):
    """How many posts each author has on each day, as the database counts them."""

    authors: BusyAuthors
    cells: Sequence[DayCell] = ()
    undated: int = 0


class Timeline(Panel[PostsByDay]):
    # Heights of all rows have one scale, so that authors can be compared. A scale of each row's
    # own would still be flattened by a burst in that row.
    name = "timeline"
    topic = gettext_noop("Posts over time")
    about = gettext_noop(
        "How many posts of each author are kept here, the earliest author on top. A bar leads to "
        "its posts."
    )

    async def load(self, session: AsyncSession, view: View) -> PostsByDay:
        authors = await busiest_authors(session, view.selection, limit=MOST_AUTHORS)
        if not authors.names:
            return PostsByDay(authors)
        selection = replace(view.selection, usernames=tuple(authors.names))
        cells = await count_by_day(session, selection, view.zone)
        return PostsByDay(authors, cells, await count_undated(session, selection))

    def usernames(self, loaded: PostsByDay) -> Iterable[str]:
        return loaded.authors.names

    async def count(self, loaded: PostsByDay, view: View) -> "PostsByPeriod":
        return await asyncio.to_thread(by_period, loaded, view)


@dataclass(frozen=True, slots=True)
class PostsByPeriod(Figure[Plot]):
    """How many posts each author has in each period."""

    view: View
    authors: BusyAuthors
    undated: int = 0
    """Posts without a time, which no period counts."""
    period: Period = "day"
    starts: Sequence[date] = ()
    """The first day of each period, and the end of the last."""
    rows: dict[str, list[int]] = field(default_factory=dict)
    """By author, in the order of their first posts."""
    span: tuple[date, date] | None = None
    """The first day with posts, and the last one."""

    @property
    def totals(self) -> list[int]:
        """Posts of each period, of all rows together."""
        return [sum(column) for column in zip(*self.rows.values(), strict=True)]

    @property
    def scale_end(self) -> int:
        """The number of posts whose bar is as high as a row."""
        return scale_end([posts for row in self.rows.values() for posts in row if posts])

    @property
    def highest(self) -> int:
        """The most posts of an author in a period."""
        return max(max(row) for row in self.rows.values())

    def finding(self) -> Finding:
        extent = some_of(len(self.authors.names), self.authors.total)
        if self.span is None:
            return replace(nothing_dated(self.view, self.undated), notes=sentences(extent))
        return Finding(_title(self), sentences(_undated(self), _beyond(self), extent))

    def plot(self) -> Plot | None:
        if self.span is None:
            return None
        row_px = max(ROW_PX, min(HIGHEST_ROW_PX, FEW_PX // len(self.rows)))
        traces = [_row(self, name, place, row_px) for place, name in enumerate(self.rows)]
        beyond = _marks(self)
        span = [self.span[0].isoformat(), (self.span[1] + timedelta(days=1)).isoformat()]
        layout = {
            "xaxis": {"type": "date", "range": span, "nticks": 8},
            "yaxis": row_axis(list(map(shown_name, self.rows))),
            "meta": {"height": len(self.rows) * row_px + 50},
        }
        return {"data": [*traces, beyond] if beyond["x"] else traces, "layout": layout}

    def path(self) -> str:
        return posts_path(self.view.query(username="", since="", until=""))

    def table(self) -> Table:
        query = self.view.query(username="", since="", until="")
        rows, links = [], []
        for place, days in reversed(list(enumerate(pairwise(self.starts)))):
            for name, posts in self.rows.items():
                if posts[place]:
                    rows.append((show_period(*days), shown_name(name), posts[place]))
                    links.append(posts_path(query, **_asked(self, name, place)))
        return Table((gettext("Period"), gettext("Author"), gettext("Posts")), rows, links)


def _asked(data: PostsByPeriod, name: str, place: int) -> dict[str, str]:
    """Return the parameters of an author's posts in a period."""
    since, until = data.starts[place : place + 2]
    return {"username": name, "since": str(since), "until": str(until)}


def _title(data: PostsByPeriod) -> str:
    """Return which period has clearly the most posts, or that none has."""
    totals = data.totals
    posts = sum(totals)
    first, last = data.span or (date.min, date.min)
    place = clear_peak(totals)
    if sum(map(bool, totals)) == 1:
        days = (first, last + timedelta(days=1))
        title = ngettext("{count} post, of {period}", "{count} posts, all of {period}", posts)
        return title.format(count=show_number(posts), period=show_period(*days))
    if place is None:
        title = gettext("{total} posts from {first} to {last}; {calm}")
        return title.format(
            total=show_number(posts),
            first=show_date(first),
            last=show_date(last),
            calm=gettext(CALM[data.period]),
        )
    return gettext("Busiest: {period}, with {count} of {total} posts").format(
        period=show_period(data.starts[place], data.starts[place + 1]),
        count=show_number(totals[place]),
        total=show_number(posts),
    )


def _undated(data: PostsByPeriod) -> str:
    """Return how many posts no period counts, in a sentence."""
    note = ngettext("{count} more has no time.", "{count} more have no time.", data.undated)
    return note.format(count=show_number(data.undated)) if data.undated else ""


def _beyond(data: PostsByPeriod) -> str:
    """Return where the scale ends, in a sentence, if some bars are higher."""
    end = data.scale_end
    note = gettext("The scale ends at {count}; ▲ marks a bar that would be higher.")
    return note.format(count=show_number(end)) if data.highest > end else ""


def _row(data: PostsByPeriod, name: str, place: int, row_px: int) -> Plot:
    """Return an author's row of bars."""
    row, begins, ends = data.rows[name], data.starts[:-1], data.starts[1:]
    places = [i for i, posts in enumerate(row) if posts]
    end = data.scale_end
    heights = [max(min(row[i] / end, 1), LEAST_PX / row_px) for i in places]
    return {
        "name": escape(shown_name(name)),
        "x": [begins[i].isoformat() for i in places],
        "offset": 0,
        "width": [0.92 * (ends[i] - begins[i]).days * DAY_MS for i in places],
        # Rows are counted downwards, so bars grow upwards below zero.
        "base": [place + 0.42] * len(places),
        "y": [round(-0.84 * height, 4) for height in heights],
        "customdata": [urlencode(_asked(data, name, i)) for i in places],
        "marker": {"color": f"${hue(name)}"},
        "hovertext": [_label(data, name, i) for i in places],
        "meta": {"posts": sum(row)},
    }


def _marks(data: PostsByPeriod) -> Plot:
    """Return a mark on each bar that is cut off where the scale ends."""
    end = data.scale_end
    cut = [
        (name, row, column)
        for row, (name, counts) in enumerate(data.rows.items())
        for column, posts in enumerate(counts)
        if posts > end
    ]
    middles = [
        datetime.combine(data.starts[i], time()) + (data.starts[i + 1] - data.starts[i]) * 0.46
        for _, _, i in cut
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [middle.isoformat() for middle in middles],
        "y": [row - 0.36 for _, row, _ in cut],
        "marker": {"symbol": "triangle-up", "size": 8, "color": "$ink"},
        "customdata": [urlencode(_asked(data, name, i)) for name, _, i in cut],
        "hovertext": [_label(data, name, i) for name, _, i in cut],
        "meta": {"posts": 0},
    }


def _label(data: PostsByPeriod, name: str, place: int) -> str:
    """Return what is said of a bar that is pointed at."""
    period = show_period(data.starts[place], data.starts[place + 1])
    return f"<b>{escape(shown_name(name))}</b><br>{period}: {show_number(data.rows[name][place])}"


def by_period(loaded: PostsByDay, view: View) -> PostsByPeriod:
    """Return the counts of the days by the periods that there is room for."""
    authors, cells, undated = loaded
    if not cells:
        return PostsByPeriod(view, authors, undated)
    first, last = cells[0][0], cells[-1][0]
    period = fitting(first, last)
    begins = starts(first, last, period)
    places = {start: place for place, start in enumerate(begins)}
    rows: dict[str, list[int]] = {}
    for day, username, posts in cells:
        row = rows.setdefault(username, [0] * (len(begins) - 1))
        row[places[start_of(day, period)]] += posts
    return PostsByPeriod(view, authors, undated, period, begins, rows, (first, last))
