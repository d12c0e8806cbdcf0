"""Shared code of all panels: counting figures, sending them to the browser, shapes and words.

Shapes have colours of the stylesheet, such as `$ink`.
"""

import asyncio
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from html import escape
from typing import Annotated, Any, ClassVar, Final, Generic, NamedTuple, TypeVar
from unicodedata import east_asian_width
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct
from quart import g
from sqlalchemy.ext.asyncio import AsyncSession

from app.asgi.cached import CachedResponse
from app.db.result_cache import cacheable
from app.errors import AppError, UnavailableError
from app.language.i18n import (
    gettext,
    gettext_noop,
    ngettext,
    show_list,
    show_number,
    translate_message,
)
from app.lifespan import resources
from app.views.cast import Cast, bound, cast_of, current_cast, shown_name
from app.views.figures.figure import Figure, written
from app.views.filters import View, view_of
from app.views.page import WebPage, render
from saywho.clock import monotonic


def nothing_dated(view: View, undated: int = 0) -> Figure[Any]:
    title = ngettext("{count} post, without a time", "{count} posts, all without a time", undated)
    if not undated:
        title = gettext("There are no posts here. Try another filter.")
        title = title if view.is_narrowed else gettext("Nothing here yet")
    return Figure(title=title.format(count=show_number(undated)), about=" ")


def some_of(displayed: int, total: int) -> str:
    """Return how many authors a figure shows, as a sentence; empty if all."""
    if displayed >= total:
        return ""
    note = gettext("The {shown} of {all} authors with the most posts.")
    return note.format(shown=show_number(displayed), all=show_number(total))


def more_undated(undated: int) -> str:
    """Return how many more posts have no time, or empty for 0."""
    note = ngettext("{count} more post has no time.", "{count} more posts have no time.", undated)
    return note.format(count=show_number(undated)) if undated else ""


def some_shown(usernames: Sequence[str]) -> str:
    names = [shown_name(username) for username in usernames]
    if len(names) <= 5:
        return show_list(names)
    others = gettext("{names} and {count} others")
    return others.format(names=", ".join(names[:4]), count=show_number(len(names) - 4))


def sentences(*parts: str) -> list[str]:
    return [*filter(None, parts)]


def posts_path(query: str, **narrowed: str | Sequence[str]) -> str:
    parameters = urlencode(narrowed, doseq=True)
    return "/posts?" + "&".join(filter(None, (query, parameters)))


Plot = dict[str, Any]


class Cell(NamedTuple):
    column: int
    row: int
    share: float
    """Share of the strongest possible cell, in [0, 1]."""
    text: str
    query: str


class FigureBar(NamedTuple):
    name: str
    length: float
    label: str
    query: str
    colour: str = "$accent"
    is_heading: bool = False


def draw_cells(cells: Sequence[Cell]) -> Plot:
    return {
        "x": [cell.column for cell in cells],
        "base": [cell.row - 0.47 for cell in cells],
        "y": [0.94] * len(cells),
        "width": 0.94,
        "customdata": [cell.query for cell in cells],
        "marker": {
            "color": "$accent",
            "opacity": [round(0.12 + 0.88 * cell.share, 3) for cell in cells],
        },
        "hovertext": [cell.text for cell in cells],
    }


def draw_bars(bars: Sequence[FigureBar], **axis: Any) -> Plot:
    """Return a figure with a bar in each row, and a label at its end."""
    trace = {
        "orientation": "h",
        "width": 0.7,
        "x": [round(bar.length, 4) for bar in bars],
        "y": list(range(len(bars))),
        "text": [escape(bar.label) for bar in bars],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": [bar.colour for bar in bars]},
        "customdata": [bar.query for bar in bars],
        "hovertext": [
            f"<b>{hover_lines(bar.name)}</b><br>{hover_lines(bar.label)}" for bar in bars
        ],
    }
    names = [bar.name for bar in bars]
    rows = row_axis(names)
    rows["ticktext"] = [
        f"<b>{label}</b>" if bar.is_heading else label
        for bar, label in zip(bars, rows["ticktext"], strict=True)
    ]
    layout = {
        # There is room for a label after the longest bar.
        "xaxis": {"range": [0, 1.3], "nticks": 6} | axis,
        "yaxis": rows,
        "meta": {"height": row_height(names, least_px=90)},
    }
    return {"data": [trace], "layout": layout}


LINE_CELLS: Final = 22
"""Width of a name's line beside the rows of a drawing; a Hangul syllable has two cells."""
LINE_PX: Final = 17
HOVER_CELLS: Final = 36


def row_labels(names: Sequence[str]) -> list[list[str]]:
    """Return the lines of each name: two, of its beginning and end; all if names share these."""
    labels = [_lines_of(name) for name in names]
    short = [
        lines if len(lines) < 3 else [lines[0], f"…{_end_of(name)}"]
        for name, lines in zip(names, labels, strict=True)
    ]
    return [
        whole if short.count(lines) > 1 else lines
        for whole, lines in zip(labels, short, strict=True)
    ]


_SECOND_CELL: Final = "\u2060"


def _lines_of(text: str, cells: int = LINE_CELLS) -> list[str]:
    # `textwrap` counts characters, so a wide character gets a second one.
    wide = [
        letter + _SECOND_CELL * (east_asian_width(letter) in {"F", "W"}) for letter in text.strip()
    ]
    return [line.replace(_SECOND_CELL, "") for line in textwrap.wrap("".join(wide), cells)]


def hover_lines(text: str) -> str:
    """Return a line of a label at the pointer, broken so that it has room on a phone."""
    return "<br>".join(map(escape, _lines_of(text, HOVER_CELLS)))


def _end_of(name: str) -> str:
    """Return the last words of a name that fit into a line after an ellipsis."""
    return _lines_of(name[::-1], LINE_CELLS - 1)[0][::-1]


def row_axis(names: Sequence[str]) -> Plot:
    return {
        "range": [len(names) - 0.4, -0.6],
        "tickvals": list(range(len(names))),
        "ticktext": ["<br>".join(map(escape, lines)) for lines in row_labels(names)],
        "tickfont": {"color": "$ink", "size": 13},
        "showgrid": False,
    }


def row_px(names: Sequence[str]) -> int:
    """Return the height of a row, in which each name has room."""
    return 3 + LINE_PX * max(map(len, row_labels(names)), default=1)


def row_height(names: Sequence[str], *, least_px: int = 160, around_px: int = 50) -> int:
    return max(least_px, len(names) * row_px(names) + around_px)


TICK_S: Final = 1.0
"""Seconds between answers to live viewers; a stream of posts would fill a core."""
MOST_AUTHORS: Final = 40

LoadedT = TypeVar("LoadedT")


class ShownRow(NamedTuple):
    cells: Sequence[tuple[str, bool]]
    link: str


def show_rows(table: Figure[Any], most: int) -> list[ShownRow]:
    """Return the first rows in the request's language; many rows need a thread."""
    return [
        ShownRow([(written(cell), isinstance(cell, int | float)) for cell in row], link)
        for row, link in zip(table.rows[:most], table.links or [""] * most, strict=False)
    ]


class PanelFigure(ABC):
    @abstractmethod
    def figure(self) -> Figure[Plot]:
        """Return the finding, the numbers in rows, and the drawing if there is anything to draw."""

    @abstractmethod
    def path(self) -> str:
        """Return the URL of a point's posts, without the point's parameters."""


class FigureAnswer(msgspec.Struct, omit_defaults=True):
    words: str
    rows: str = ""
    plot: Plot | None = None
    path: str = ""
    is_problem: bool = False
    """Whether the words describe an error in the view."""


class Panel(ABC, Generic[LoadedT]):
    name: ClassVar[str]
    topic: ClassVar[str]
    about: ClassVar[str]
    waiting: ClassVar[str] = gettext_noop("Drawing the chart…")
    height_px: ClassVar[int] = 224
    """Height of the reserved space until the drawing has its own height."""

    @abstractmethod
    async def load(self, session: AsyncSession, view: View) -> LoadedT:
        """Return the figure's data, and register its dependencies.

        Raises NotFoundError and MalformedError.
        """

    def usernames(self, loaded: LoadedT) -> Iterable[str]:
        return ()

    def key(self, view: View) -> tuple[str, str, str]:
        return self.name, g.locale, view.query()


AnyPanel = Panel[Any]


class FigureRequest(Struct):
    view: Annotated[str, Meta(max_length=8_000)]
    live: bool = False


async def draw(panel: AnyPanel, query: str, *, is_live: bool) -> str:
    """Return a view and its answer as JSON, made once for all; is_live: an event asked for it."""
    memo = resources().cache
    if is_live:
        await asyncio.sleep(TICK_S - monotonic() % TICK_S)
    if not await memo.feed.catch_up():
        raise UnavailableError("The log cannot be read at the moment. Try again soon.")
    view = view_of(query)
    try:
        answer = msgspec.Raw(await answer_of(panel, view))
    except AppError as error:
        answer = msgspec.Raw(msgspec.json.encode(await problem_of(panel, view, error)))
    return msgspec.json.encode({"view": query, "answer": answer}).decode()


async def answer_of(panel: AnyPanel, view: View) -> bytes:
    """Return the cached answer to a view; the caller must have caught up with the feed.

    Raises NotFoundError, MalformedError and InvalidInputError.
    """

    async def make() -> CachedResponse:
        async with asyncio.timeout(60.0):
            figure, cast = await load(panel, view)
        with bound(cast):
            parts = await resources().work_pool.run(figure.figure)
            cacheable()
            return CachedResponse(
                "", (), msgspec.json.encode(await _answer(panel, parts, figure.path()))
            )

    made = await resources().cache.get_or_make(panel.key(view), make)
    return made.body if made else b"null"


async def load(panel: AnyPanel, view: View) -> tuple[PanelFigure, Cast]:
    """Return a figure and its cast, to be bound while the figure makes texts.

    Raises NotFoundError, MalformedError and InvalidInputError.
    """
    async with resources().long_reads.turn(), resources().db.read() as session:
        figure = await panel.load(session, view)
        usernames = panel.usernames(figure)
        cast = await cast_of(session, usernames, about=view.names, platform=view.platform)
        return figure, cast


async def _answer(panel: AnyPanel, parts: Figure[Plot], path: str) -> FigureAnswer:
    first = show_rows(parts, 12)
    rows = await render(FigureRows(table=parts, rows=first), current_cast()) if first else ""
    words = await _show_words(panel, parts)
    return FigureAnswer(words, rows, parts.plot, path)


async def problem_of(panel: AnyPanel, view: View, error: AppError) -> FigureAnswer:
    async with resources().db.read() as session:
        cast = await cast_of(session, view.names, about=view.names, platform=view.platform)
    with bound(cast):
        topic = gettext(panel.topic)
        notes = [translate_message(error.detail)]
        problem = Figure[Plot](topic=topic, title=topic, notes=notes, about=" ")
        return FigureAnswer(await _show_words(panel, problem), is_problem=True)


class FigureRows(WebPage, frozen=True, kw_only=True):
    template = "dashboard/_figure_rows.html"

    table: Figure[Plot]
    rows: Sequence[ShownRow]


class FigureWords(WebPage, frozen=True, kw_only=True):
    template = "dashboard/_figure_words.html"

    name: str
    topic: str
    figure: Figure[Plot]
    reading: str


async def _show_words(panel: AnyPanel, figure: Figure[Plot]) -> str:
    words = FigureWords(
        name=panel.name,
        topic=figure.topic or gettext(panel.topic),
        figure=figure,
        reading=(figure.about or gettext(panel.about)).strip(),
    )
    return await render(words, current_cast())
