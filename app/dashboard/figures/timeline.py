"""Posts over time, per author."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import pairwise
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.periods import Period, fitting, start_of, starts
from app.dashboard.figures.base import COLOURS, Drawing, Figure, Plot, Table, colour, posts_path
from app.i18n import gettext, gettext_noop
from app.services.posts.statistics import count_by_day_of_some, most_active
from app.views.filters import View

PERIODS: Final[dict[Period, str]] = {
    "day": gettext_noop("Day"),
    "week": gettext_noop("Week from"),
    "month": gettext_noop("Month from"),
}


@dataclass(frozen=True, slots=True)
class PostsByPeriod:
    """How many posts each author has in each period."""

    authors: list[str]
    period: Period
    starts: Sequence[date]
    """The first day of each period, and the end of the last."""
    rows: dict[str | None, list[int]]
    """By author; None stands for all others."""


class Timeline(Figure):
    name = "timeline"
    height = "20rem"
    title = gettext_noop("Posts over time")
    about = gettext_noop("How many posts each author wrote. A bar leads to its posts.")

    async def load(self, session: AsyncSession, view: View) -> PostsByPeriod:
        authors = await most_active(session, view.selection, limit=COLOURS)
        cells = await count_by_day_of_some(session, view.selection, view.zone, usernames=authors)
        return await asyncio.to_thread(_by_period, authors, cells, view.step or None)

    def draw(self, data: PostsByPeriod) -> Drawing:
        named = [(place, name) for place, name in enumerate(data.authors) if name in data.rows]
        traces = [self._bars(data, name, colour(place)) for place, name in named]
        if None in data.rows:
            traces.append(self._bars(data, None, colour(None)))
        layout = {
            "barmode": "stack",
            "bargap": 0.12,
            "xaxis": {"type": "date", "fixedrange": True},
            "yaxis": {"rangemode": "tozero", "fixedrange": True},
        }
        plots: list[Plot] = [{"data": traces, "layout": layout}] if traces else []
        days = [start.isoformat() for start in data.starts]
        return Drawing(plots, clicks={"periods": days}, authors=data.authors)

    def _bars(self, data: PostsByPeriod, username: str | None, hue: str) -> Plot:
        shown = gettext("All others") if username is None else escape(username)
        return {
            "type": "bar",
            "name": shown,
            "x": [start.isoformat() for start in data.starts[:-1]],
            "y": data.rows[username],
            "marker": {"color": hue, "line": {"width": 0}},
            "meta": {"username": username},
            "hovertemplate": f"<b>{shown}</b><br>%{{x}}: %{{y}}<extra></extra>",
        }

    def table(self, data: PostsByPeriod, view: View) -> Table:
        query = view.query(username="", since="", until="")
        rows, links = [], []
        for place, (since, until) in reversed(list(enumerate(pairwise(data.starts)))):
            for username, posts in data.rows.items():
                if not posts[place]:
                    continue
                rows.append((since.isoformat(), username or gettext("All others"), posts[place]))
                period = {"since": since.isoformat(), "until": until.isoformat()}
                named = {} if username is None else {"username": username}
                links.append(posts_path(query, **period, **named))
        columns = (gettext(PERIODS[data.period]), gettext("Author"), gettext("Posts"))
        return Table(columns, rows, links)


def _by_period(
    authors: list[str], cells: Sequence[tuple[date, str | None, int]], step: Period | None
) -> PostsByPeriod:
    if not cells:
        return PostsByPeriod(authors, "day", [], {})
    first, last = cells[0][0], cells[-1][0]
    period = fitting(first, last, step)
    begins = starts(first, last, period)
    places = {start: place for place, start in enumerate(begins)}
    rows: dict[str | None, list[int]] = {}
    for day, username, posts in cells:
        row = rows.setdefault(username, [0] * (len(begins) - 1))
        row[places[start_of(day, period)]] += posts
    return PostsByPeriod(authors, period, begins, rows)
