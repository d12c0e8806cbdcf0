"""Words and style over time."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.periods import Period, fitting, start_of, starts
from app.compute.style import Style, measure
from app.dashboard.figures.base import (
    COLOURS,
    DASHES,
    SYMBOLS,
    Drawing,
    Figure,
    Plot,
    Table,
    colour,
    posts_path,
)
from app.dashboard.figures.timeline import PERIODS
from app.i18n import gettext, gettext_noop, show_number
from app.services.posts.drawing import DrawnPost, draw_posts
from app.services.posts.statistics import most_active
from app.views.filters import View

MOST_POSTS: Final = 4_000
FEWEST_POSTS: Final = 3
"""A period with fewer posts shows no average."""
USUAL_POSTS: Final = 6
"""Periods grow until an author has this many posts in one, on average."""

RICHNESS: Final = gettext_noop("Different words among 50")
MEASURES: Final[tuple[tuple[str, Callable[[Style], float | None]], ...]] = (
    (gettext_noop("Characters per post"), lambda style: style.length),
    (gettext_noop("Emoji per post"), lambda style: style.emoji),
    (gettext_noop("Punctuation marks per 100 characters"), lambda style: style.punctuation),
    (RICHNESS, lambda style: style.richness),
)


@dataclass(frozen=True, slots=True)
class Texts:
    """A sample of the posts, by author and period."""

    authors: list[str]
    period: Period
    starts: Sequence[date]
    texts: dict[tuple[str, int], list[str]]
    """By author and index of the period, in the order of writing."""
    drawn: int
    total: int


class StyleOverTime(Figure):
    name = "style"
    height = "13rem"
    title = gettext_noop("Words and style over time")
    about = gettext_noop("How each author writes. A point leads to its posts.")
    graphs = tuple(title for title, _ in MEASURES)

    async def load(self, session: AsyncSession, view: View) -> Texts:
        authors = await most_active(session, view.selection, limit=COLOURS)
        selection = replace(view.selection, usernames=tuple(authors))
        posts: list[DrawnPost] = []
        total = 0
        if authors:
            posts, total = await draw_posts(session, selection, most=MOST_POSTS)
        return await asyncio.to_thread(_by_period, authors, posts, total, view)

    def draw(self, data: Texts) -> Drawing:
        styles = _styles(data)
        if not styles:
            return Drawing([])
        plots: list[Plot] = []
        for title, value in MEASURES:
            rangemode = "normal" if title == RICHNESS else "tozero"
            traces = []
            for place, name in enumerate(data.authors):
                points = [
                    (period, number)
                    for (author, period), style in styles.items()
                    if author == name and (number := value(style)) is not None
                ]
                traces.append(_line(data, place, points))
            axes = {
                "xaxis": {"type": "date", "fixedrange": True, "nticks": 5},
                "yaxis": {"rangemode": rangemode, "fixedrange": True, "nticks": 5},
            }
            plots.append({"data": traces, "layout": axes})
        note = ""
        if data.drawn < data.total:
            note = gettext("{shown} of {all} posts, drawn evenly over the authors").format(
                shown=show_number(data.drawn), all=show_number(data.total)
            )
        days = [start.isoformat() for start in data.starts]
        return Drawing(plots, note, {"periods": days}, data.authors)

    def table(self, data: Texts, view: View) -> Table:
        query = view.query(username="", since="", until="")
        rows, links = [], []
        for (author, period), style in sorted(
            _styles(data).items(), key=lambda item: (-item[0][1], item[0][0])
        ):
            since, until = data.starts[period].isoformat(), data.starts[period + 1].isoformat()
            values = [value(style) for _, value in MEASURES]
            shown = [None if value is None else round(value, 2) for value in values]
            rows.append((since, author, style.posts, *shown))
            links.append(posts_path(query, username=author, since=since, until=until))
        columns = [gettext(PERIODS[data.period]), gettext("Author"), gettext("Posts")]
        return Table([*columns, *(gettext(title) for title, _ in MEASURES)], rows, links)


def _by_period(authors: list[str], posts: Sequence[DrawnPost], total: int, view: View) -> Texts:
    zone = view.zone
    days = [
        (post.created_at.astimezone(zone).date(), post)
        for post in posts
        if post.created_at is not None
    ]
    days.sort(key=lambda pair: (pair[1].created_at, pair[1].id))
    if not days:
        return Texts(authors, "month", [], {}, len(posts), total)
    first, last = days[0][0], days[-1][0]
    period = _roomy(fitting(first, last, view.step or None), len(days), first, last)
    begins = starts(first, last, period)
    places = {start: place for place, start in enumerate(begins)}
    texts: dict[tuple[str, int], list[str]] = defaultdict(list)
    for day, post in days:
        texts[post.username, places[start_of(day, period)]].append(post.text)
    return Texts(authors, period, begins, texts, len(posts), total)


def _roomy(period: Period, posts: int, first: date, last: date) -> Period:
    """Return a period with enough posts for an average, a month at most."""
    coarser: Period = "week" if period == "day" else "month"
    if period == "month" or posts / len(starts(first, last, period)) >= USUAL_POSTS * COLOURS:
        return period
    return _roomy(coarser, posts, first, last)


def _styles(data: Texts) -> dict[tuple[str, int], Style]:
    return {
        key: measure(texts)
        for key, texts in sorted(data.texts.items(), key=lambda item: item[0][1])
        if len(texts) >= FEWEST_POSTS
    }


def _line(data: Texts, place: int, points: list[tuple[int, float]]) -> Plot:
    name = escape(data.authors[place])
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": [data.starts[period].isoformat() for period, _ in points],
        "y": [round(number, 2) for _, number in points],
        "line": {"color": colour(place), "width": 1.5, "dash": DASHES[place]},
        "marker": {"color": colour(place), "size": 6, "symbol": SYMBOLS[place]},
        "meta": {"username": data.authors[place], "places": [period for period, _ in points]},
        "hovertemplate": f"<b>{name}</b><br>%{{x}}: %{{y}}<extra></extra>",
    }
