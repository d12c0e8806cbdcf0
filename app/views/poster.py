"""Pictures to pass on: a title, what was found, one drawing, and an address, in three sizes."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from app.views.canvas import MARGIN, Canvas, ThemeName
from app.views.lettering import Lettering, clipped, drawn_text, first_rows, font_of, rows_of
from app.views.painting import Drawing, Field, paint

Format = Literal["1200x630", "1080x1350", "1080x1920"]
MOST_KEPT: Final = 32
"""Pictures in memory: programs ask for a shared one several times."""
FINDING_SIZES: Final = (56, 48, 40, 34, 28)
"""The largest that leaves the drawing its space."""
_ROW: Final = 1.28
"""Height of a row, by the size of its letters."""
_HUED: Final = 28
"""What the line in somebody's colour takes beside the finding."""
_SPACE: Final = 24
"""Above the drawing, and below it."""
_LINE: Final = 26
"""Size of the letters of lines."""
_LINE_ROW: Final = 42
_LABEL: Final = 0.4
"""Most of the width that the label of a line takes."""


class Measures(NamedTuple):
    """Of a format, in pixels."""

    size: tuple[int, int]
    top: int
    """Where the title begins; programs cover the edges of the highest format."""
    foot: int
    """Where the foot begins."""
    title: int
    """Size of its letters."""
    facts: int
    drawing: int
    """Least height of the drawing."""
    quote: int
    """Most rows of somebody's words."""


FORMATS: Final[Mapping[Format, Measures]] = MappingProxyType(
    {
        "1200x630": Measures((1200, 630), 36, 568, 36, 26, 200, 2),
        "1080x1350": Measures((1080, 1350), 72, 1262, 48, 30, 430, 6),
        "1080x1920": Measures((1080, 1920), 190, 1690, 52, 32, 600, 8),
    }
)


class PosterLine(NamedTuple):
    """A line below the drawing."""

    label: str
    text: str


class Poster(NamedTuple):
    """What is drawn: words are in the visitor's language already, people by what can be drawn."""

    title: str
    facts: str
    finding: str
    drawing: Drawing | None
    address: str
    notes: tuple[str, ...] = ()
    """What is told of the rows of the drawing."""
    lines: tuple[PosterLine, ...] = ()
    quote: str = ""
    """What somebody wrote."""
    hue: str = ""
    """The class of the colour of whom it is about."""


@lru_cache(maxsize=MOST_KEPT)
def draw_poster(poster: Poster, format_: Format = "1200x630", theme: ThemeName = "light") -> bytes:
    """Return the picture as PNG; a new one takes some 150 ms, so call it in a thread."""
    measures = FORMATS[format_]
    canvas = Canvas(measures.size, theme)
    canvas.draw_foot(drawn_text(poster.address), top=measures.foot)
    top = _draw_title(canvas, poster, measures)
    bottom = _draw_quote(canvas, poster, measures, measures.foot - _SPACE)
    least = measures.drawing + _SPACE
    first_line = _LINE_ROW + _SPACE / 2 if poster.lines else 0
    top = _draw_finding(canvas, poster, top, bottom - least - first_line)
    space = bottom - top - least - _SPACE / 2
    lines = poster.lines[: max(0, int(space // _LINE_ROW))]
    bottom = _draw_lines(canvas, lines, bottom)
    if poster.drawing:
        field = Field(MARGIN, top + _SPACE, canvas.width - MARGIN, bottom)
        paint(canvas, poster.drawing, field, poster.notes)
    return canvas.as_png()


def _draw_title(canvas: Canvas, poster: Poster, measures: Measures) -> float:
    """Draw the title and the facts, and return where they end."""
    title, facts = font_of(bold=True, size=measures.title), font_of(bold=False, size=measures.facts)
    width, top = canvas.width - 2 * MARGIN, float(measures.top)
    canvas.write((MARGIN, top), clipped(drawn_text(poster.title), title, width), title)
    top += measures.title * 1.45
    for _, row in _rows(poster.facts, facts, width, 2):
        canvas.write((MARGIN, top), row, facts, canvas.theme.soft)
        top += measures.facts * 1.4
    return top + measures.facts * 0.6


def _draw_finding(canvas: Canvas, poster: Poster, top: float, bottom: float) -> float:
    """Draw it as large as there is room, and return where it ends."""
    left = MARGIN + (_HUED if poster.hue else 0)
    width = canvas.width - MARGIN - left
    for size in FINDING_SIZES:
        font, most = font_of(bold=True, size=size), max(1, int((bottom - top) // (size * _ROW)))
        rows = [*islice(rows_of(drawn_text(poster.finding), font, width), most + 1)]
        if len(rows) <= most:
            break
    begin = top
    for _, row in first_rows(rows, most, font, width):
        canvas.write((left, top), row, font)
        top += size * _ROW
    if poster.hue:
        box = MARGIN, begin + size * 0.3, MARGIN + 8, top + size * 0.05
        canvas.pen.rounded_rectangle(box, 4, canvas.theme.hues[poster.hue])
    return top


def _draw_lines(canvas: Canvas, lines: Sequence[PosterLine], bottom: float) -> float:
    """Draw the lines above a place, and return where they begin."""
    label_font, font = font_of(bold=True, size=_LINE), font_of(bold=False, size=_LINE)
    widest = max((label_font.getlength(line.label) for line in lines), default=0)
    before = min(widest + 24, canvas.width * _LABEL) if widest else 0
    begin = top = bottom - _LINE_ROW * len(lines)
    for label, text in lines:
        if label:
            canvas.write((MARGIN, top), clipped(label, label_font, before - 16), label_font)
        row = clipped(drawn_text(text), font, canvas.width - 2 * MARGIN - before)
        canvas.write((MARGIN + before, top), row, font)
        top += _LINE_ROW
    return begin - (_SPACE / 2 if lines else 0)


def _draw_quote(canvas: Canvas, poster: Poster, measures: Measures, bottom: float) -> float:
    """Draw somebody's words above a place, and return where they begin."""
    font, width = font_of(bold=False, size=measures.facts + 4), canvas.width - 2 * MARGIN - _HUED
    rows = _rows(poster.quote, font, width, measures.quote)
    if not rows:
        return bottom
    begin = top = bottom - font.size * 1.4 * len(rows) - 12
    colour = canvas.theme.hues[poster.hue] if poster.hue else canvas.theme.line
    box = MARGIN, begin - 12, canvas.width - MARGIN, bottom
    canvas.pen.rounded_rectangle(box, 12, canvas.theme.mixed(colour))
    for _, row in rows:
        canvas.write((MARGIN + _HUED / 2, top - 6), row, font)
        top += font.size * 1.4
    return begin - 32


def _rows(text: str, font: Lettering, width: float, most: int) -> list[tuple[int, str]]:
    """Return the first rows of a text, in which lines follow each other without a break."""
    plain = " ".join(drawn_text(text).split())
    return first_rows([*islice(rows_of(plain, font, width), most + 1)], most, font, width)
