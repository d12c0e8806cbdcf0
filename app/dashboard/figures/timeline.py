"""Posts over time, a row for each author."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from itertools import pairwise
from typing import Final
from urllib.parse import urlencode

from app.compute.periods import MOST_COLUMNS, Period, fitting, start_of, starts
from app.dashboard.figures.base import (
    HOVER,
    MOST_AUTHORS,
    ROW_PX,
    Drawing,
    Figure,
    Plot,
    Table,
    posts_path,
    row_axis,
    sentences,
    some_of,
)
from app.db.backend import Sessions
from app.i18n import gettext, gettext_noop, show_number, show_period
from app.services.posts.statistics import ActiveAuthors, count_by_day_of_some, most_active
from app.views.filters import View

PERIODS: Final[dict[Period, str]] = {
    "day": gettext_noop("Day"),
    "week": gettext_noop("Week from"),
    "month": gettext_noop("Month from"),
    "quarter": gettext_noop("Quarter from"),
    "year": gettext_noop("Year from"),
}
FEW: Final = 8
FEW_ROW_PX: Final = 56
"""Rows of few authors are as high; those of more are as high as a name."""
LEAST_PX: Final = 3.5
"""Height of the lowest bar, so that it can be seen and pressed."""
MOST_NARROW: Final = 28
"""Columns on a phone, where each is still as wide as 6 pixels."""
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class PostsByPeriod:
    """How many posts each author has in each period."""

    authors: ActiveAuthors
    period: Period
    starts: Sequence[date]
    """The first day of each period, and the end of the last."""
    rows: dict[str | None, list[int]]
    """By author, in the order of their first posts; None stands for all others."""
    span: Sequence[str] = ()
    """The first day with posts, and the day after the last: the axis ends with them."""


class Timeline(Figure):
    name = "timeline"
    title = gettext_noop("Posts over time")
    about = gettext_noop(
        "How many posts of each author are kept here, the earliest author on top. A bar leads to "
        "its posts."
    )

    async def load(self, db: Sessions, view: View) -> PostsByPeriod:
        async with db.read() as session:
            authors = await most_active(session, view.selection, limit=MOST_AUTHORS)
            cells = await count_by_day_of_some(
                session, view.selection, view.zone, usernames=authors.names
            )
        most = MOST_NARROW if view.narrow else MOST_COLUMNS
        return await asyncio.to_thread(_by_period, authors, cells, most)

    def draw(self, data: PostsByPeriod, view: View) -> Drawing:
        if not data.rows:
            return Drawing()
        names = [gettext("All others") if name is None else name for name in data.rows]
        most = max(max(row) for name, row in data.rows.items() if name is not None)
        row_px = FEW_ROW_PX if len(names) <= FEW else ROW_PX
        traces = [_row(data, place, most, row_px) for place in range(len(names))]
        layout = {
            "barmode": "overlay",
            "xaxis": {"type": "date", "range": data.span, "fixedrange": True, "nticks": 8},
            "yaxis": row_axis(names, view),
            "meta": {"height": len(names) * row_px + 50},
        }
        return Drawing(
            sentences(_busiest(data), some_of(*data.authors.counts)),
            {"data": traces, "layout": layout},
            posts_path(view.query(username="", since="", until="")),
        )

    def table(self, data: PostsByPeriod, view: View) -> Table:
        query = view.query(username="", since="", until="")
        rows, links = [], []
        for place, (since, _) in reversed(list(enumerate(pairwise(data.starts)))):
            for username, posts in data.rows.items():
                if posts[place]:
                    name = username or gettext("All others")
                    rows.append((since.isoformat(), name, posts[place]))
                    links.append(posts_path(query, **_asked(data, username, place)))
        columns = (gettext(PERIODS[data.period]), gettext("Author"), gettext("Posts"))
        return Table(columns, rows, links)


def _asked(data: PostsByPeriod, username: str | None, place: int) -> dict[str, str]:
    """Return the parameters of an author's posts in a period."""
    period = {"since": str(data.starts[place]), "until": str(data.starts[place + 1])}
    return period if username is None else {"username": username} | period


def _busiest(data: PostsByPeriod) -> str:
    """Return which period has the most posts, in a sentence."""
    totals = [sum(row) for row in zip(*data.rows.values(), strict=True)]
    place = totals.index(max(totals))
    note = gettext("{total} posts; most in {period}: {count}.")
    return note.format(
        total=show_number(sum(totals)),
        period=show_period(data.starts[place], data.starts[place + 1]),
        count=show_number(totals[place]),
    )


def _row(data: PostsByPeriod, place: int, most: int, row_px: int) -> Plot:
    """Return an author's row of bars; in a low row they grow with the root of the posts."""
    power = 1.0 if row_px == FEW_ROW_PX else 0.5
    name, row = list(data.rows.items())[place]
    shown = gettext("All others") if name is None else escape(name)
    places = [i for i, posts in enumerate(row) if posts]
    # All others together may have far more posts than any author.
    shares = [(row[i] / (most if name else max(row))) ** power for i in places]
    begins, ends = data.starts[:-1], data.starts[1:]
    return {
        "type": "bar",
        "name": shown,
        "x": [begins[i].isoformat() for i in places],
        "offset": 0,
        "width": [0.92 * (ends[i] - begins[i]).days * DAY_MS for i in places],
        # Rows are counted downwards, so bars grow upwards below zero.
        "base": [place + 0.42] * len(places),
        "y": [round(-0.84 * max(share, LEAST_PX / row_px), 4) for share in shares],
        "customdata": [urlencode(_asked(data, name, i)) for i in places],
        "marker": {"color": "$accent" if name else "$author-0", "line": {"width": 0}},
        "hovertext": [
            f"<b>{shown}</b><br>{show_period(begins[i], ends[i])}: {show_number(row[i])}"
            for i in places
        ],
        "hovertemplate": HOVER,
        "meta": {"posts": sum(row)},
    }


def _by_period(
    authors: ActiveAuthors, cells: Sequence[tuple[date, str | None, int]], most: int
) -> PostsByPeriod:
    if not cells:
        return PostsByPeriod(authors, "day", [], {})
    first, last = cells[0][0], cells[-1][0]
    period = fitting(first, last, most=most)
    begins = starts(first, last, period)
    places = {start: place for place, start in enumerate(begins)}
    rows: dict[str | None, list[int]] = {}
    for day, username, posts in cells:
        row = rows.setdefault(username, [0] * (len(begins) - 1))
        row[places[start_of(day, period)]] += posts
    if None in rows:
        rows[None] = rows.pop(None)  # At the end, whoever began first.
    span = [first.isoformat(), (last + timedelta(days=1)).isoformat()]
    return PostsByPeriod(authors, period, begins, rows, span)
