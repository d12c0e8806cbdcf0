"""Words and style: over time where there are few authors, else author by author."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from typing import Final

import numpy as np
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.periods import COARSER, Period, fitting, start_of, starts
from app.compute.style import Style, measure
from app.dashboard.figures.base import (
    MOST_AUTHORS,
    SYMBOLS,
    Drawing,
    Figure,
    Plot,
    RowRange,
    Table,
    draw_rows,
    drawn_of,
    hue,
    posts_path,
    sentences,
    short_label,
    some_of,
)
from app.dashboard.figures.timeline import PERIODS
from app.i18n import gettext, gettext_noop
from app.services.compare.contenders import Contender
from app.services.posts.drawing import DrawnPost, draw_posts
from app.services.posts.statistics import ActiveAuthors, most_active
from app.views.filters import View

MOST_POSTS: Final = 4_000
FEWEST_POSTS: Final = 3
"""A period with fewer posts shows no average."""
USUAL_POSTS: Final = 6
"""Periods grow until an author has this many posts in one, on average."""

LINES: Final = 6
"""Authors with lines over time; more are shown as dots."""
FEWEST_FILLED: Final = 0.5
"""Share of the periods that must have an average for lines."""
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

Measure = Callable[[Style], float | None]
RICHNESS: Final = gettext_noop("Different words among 50")
MEASURES: Final[tuple[tuple[str, Measure], ...]] = (
    (gettext_noop("Characters per post"), lambda style: style.length),
    (gettext_noop("Emoji per post"), lambda style: style.emoji),
    (gettext_noop("Punctuation marks per 100 characters"), lambda style: style.punctuation),
    (RICHNESS, lambda style: style.richness),
)


@dataclass(frozen=True, slots=True)
class Texts:
    """A sample of the posts, by author and period."""

    authors: ActiveAuthors
    period: Period
    starts: Sequence[date]
    texts: dict[tuple[str, int], list[str]]
    """By author and index of the period, in the order of writing."""
    drawn: int
    total: int


class StyleOverTime(Figure):
    name = "style"
    height = "13rem"
    title = gettext_noop("Words and style")
    about = gettext_noop("How each author writes. A point leads to its posts.")
    graphs = tuple(title for title, _ in MEASURES)

    async def load(self, session: AsyncSession, view: View) -> Texts:
        authors = await most_active(session, view.selection, limit=MOST_AUTHORS)
        selection = replace(view.selection, usernames=tuple(authors.names))
        posts: list[DrawnPost] = []
        total = 0
        if authors.shown:
            posts, total = await draw_posts(session, selection, most=MOST_POSTS)
        return await asyncio.to_thread(_by_period, authors, posts, total, view)

    def draw(self, data: Texts) -> Drawing:
        styles = _styles(data)
        if not styles:
            return Drawing([])
        # Lines over a time in which mostly nobody wrote would say nothing.
        filled = len({period for _, period in styles}) / (len(data.starts) - 1)
        is_few = len(data.authors.shown) <= LINES and filled >= FEWEST_FILLED
        overall = {} if is_few else _overall(data)
        plots = [
            _lines(data, styles, title, value) if is_few else _strips(data, styles, overall, value)
            for title, value in MEASURES
        ]
        ranges = gettext(
            "A dot is an author’s average, the line the range of the middle 80% of the periods."
        )
        note = sentences(
            some_of(*data.authors.counts),
            "" if is_few else ranges,
            drawn_of(data.drawn, data.total),
        )
        days = [start.isoformat() for start in data.starts]
        clicks = {"periods": days} if is_few else {"pairs": True}
        return Drawing(plots, note, clicks)

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


def _by_period(authors: ActiveAuthors, posts: Sequence[DrawnPost], total: int, view: View) -> Texts:
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
    while period in COARSER and posts / len(starts(first, last, period)) < USUAL_POSTS * LINES:
        period = COARSER[period]
    return period


def _styles(data: Texts) -> dict[tuple[str, int], Style]:
    return {
        key: measure(texts)
        for key, texts in sorted(data.texts.items(), key=lambda item: item[0][1])
        if len(texts) >= FEWEST_POSTS
    }


def _overall(data: Texts) -> dict[str, Style]:
    """Return the style of each author, over all periods."""
    texts: dict[str, list[str]] = defaultdict(list)
    for (author, _), some in data.texts.items():
        texts[author] += some
    return {author: measure(all_of_them) for author, all_of_them in texts.items()}


def _lines(data: Texts, styles: dict[tuple[str, int], Style], title: str, value: Measure) -> Plot:
    """Return the graph of few authors: a line for each."""
    traces = []
    for place, author in enumerate(data.authors.shown):
        points = {
            period: round(number, 2)
            for (name, period), style in styles.items()
            if name == author.username and (number := value(style)) is not None
        }
        if points:
            traces.append(_line(data, place, author, points))
    rangemode = "normal" if title == RICHNESS else "tozero"
    layout = {
        "xaxis": {"type": "date", "fixedrange": True, "nticks": 5},
        "yaxis": {"rangemode": rangemode, "fixedrange": True, "nticks": 5},
        "showlegend": title == MEASURES[0][0],
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "itemclick": False},
    }
    return {"data": traces, "layout": layout}


def _line(data: Texts, place: int, author: Contender, points: dict[int, float]) -> Plot:
    name = escape(author.username)
    # A period without an average breaks the line.
    periods = range(min(points), max(points) + 1)
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": short_label(author.username),
        "x": [data.starts[period].isoformat() for period in periods],
        "y": [points.get(period) for period in periods],
        "line": {"color": hue(author), "width": 1.5, "dash": DASHES[place]},
        "marker": {"color": hue(author), "size": 6, "symbol": SYMBOLS[place]},
        "meta": {"username": author.username, "places": list(periods)},
        "hovertemplate": f"<b>{name}</b><br>%{{x}}: %{{y}}<extra></extra>",
    }


def _strips(
    data: Texts, styles: dict[tuple[str, int], Style], overall: dict[str, Style], value: Measure
) -> Plot:
    """Return the graph of many authors: a dot and a range for each, the highest on top."""
    rows = []
    for author in data.authors.shown:
        style = overall.get(author.username)
        middle = value(style) if style else None
        if middle is None:
            continue
        own = [value(each) for (name, _), each in styles.items() if name == author.username]
        numbers = [number for number in own if number is not None] or [middle]
        low, high = np.quantile(numbers, [0.1, 0.9]).tolist()
        text = f"{middle:.2f} ({low:.2f}–{high:.2f})"
        name = author.username
        rows.append(RowRange(name, hue(author), middle, low, high, text, [name]))
    return draw_rows(sorted(rows, key=lambda row: -row.value), is_bar=False)
