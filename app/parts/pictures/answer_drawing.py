"""The drawn picture of an answer: heading, marked text, bars and foot, in pixels."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import groupby, islice
from types import MappingProxyType
from typing import Final, NamedTuple

from app.drawing.lettering import (
    Lettering,
    clipped,
    drawable,
    drawn_text,
    even_rows,
    first_rows,
    font_of,
    rows_of,
    text_rows,
)
from app.drawing.png import MARGIN, Canvas, Field, ThemeName
from app.drawing.poster import FORMATS, Format


class PictureBar(NamedTuple):
    """A row of the answer, with a share in [0, 1]."""

    name: str
    share: float
    percent: str
    hue: str
    """Class of the bar's colour; `NO_HUE` for someone else."""


class Picture(NamedTuple):
    heading: str
    text: str
    marks: tuple[tuple[int, int, str], ...]
    """Start, end and colour class of each piece of text that speaks for an author."""
    bars: tuple[PictureBar, ...]
    """Bars, the likeliest first; none where no number would be honest."""
    premise: tuple[str, ...]
    why: str = ""
    """Reason below the heading, such as a share of strangers' texts."""
    struck: tuple[tuple[int, int], ...] = ()
    """Start and end of each piece of the text that did not count."""


MOST_KEPT: Final = 64
"""Number of cached pictures of 70 KB; programs request them several times."""
STRUCK: Final = "struck"
"""Colour of a piece of the text that has a line through it."""
_ROW: Final = 1.6
"""Height of a row of the text, by the size of its letters."""
_ABOVE: Final = 16
_NAME: Final = 330


class AnswerMeasures(NamedTuple):
    """Measures of a format; letter sizes are tried in order."""

    top: int
    heading: int
    headings: int
    texts: tuple[int, ...]
    reason: int
    bars: int
    bar_row: int
    foot: int


MEASURES: Final[Mapping[Format, AnswerMeasures]] = MappingProxyType(
    {
        "1200x630": AnswerMeasures(44, 46, 2, (72, 60, 48, 40, 32), 28, 24, 43, 22),
        "1080x1350": AnswerMeasures(72, 60, 3, (96, 80, 64, 52, 40), 34, 34, 104, 24),
        "1080x1920": AnswerMeasures(190, 64, 3, (112, 96, 80, 64, 52, 40), 36, 36, 112, 26),
    }
)


class _Text(NamedTuple):
    font: Lettering
    rows: Sequence[tuple[int, str]]
    colours: Sequence[str | None]

    @property
    def height(self) -> float:
        return len(self.rows) * self.font.size * _ROW


@lru_cache(maxsize=MOST_KEPT)
def draw_picture(
    picture: Picture, format_: Format = "1200x630", theme: ThemeName = "light"
) -> bytes:
    """Return the picture as PNG; call it in a thread, since it takes some 200 ms."""
    measures, frame = MEASURES[format_], FORMATS[format_]
    canvas = Canvas(frame.size, theme)
    foot = canvas.draw_foot(picture.premise, size=measures.foot, top=frame.foot, rows=2)
    top, bottom, count = _draw_heading(canvas, picture, measures), foot - 14, len(picture.bars)
    room, row = bottom - measures.bar_row * count - _ABOVE - top, float(measures.bar_row)
    lack = _ROW * measures.texts[-1] - room
    if count and lack > 0:  # The text has a row at least, for which the bars stand closer.
        room, row = room + lack, row - lack / count
    text = _text_of(picture, measures, canvas.width, room)
    if count:
        # In a picture that is not upright, the letters grow with the bar.
        most = 1.7 if canvas.is_upright else 1.5
        row = min(row * most, row + max(0, room - text.height) / 2 / count)
    if not canvas.is_upright:
        measures = measures._replace(bars=int(measures.bars * max(row / measures.bar_row, 1)))
    bars_top = bottom - row * count
    draw_bar = _draw_high_bar if canvas.is_upright else _draw_bar
    for number, bar in enumerate(picture.bars):
        begin = bars_top + number * row
        draw_bar(canvas, bar, measures, Field(MARGIN, begin, canvas.width - MARGIN, begin + row))
    # It stands in the middle of its room.
    spare = bars_top - _ABOVE - top - text.height
    _draw_text(canvas, text, top + max(0, spare) / 2)
    return canvas.as_png()


def _draw_heading(canvas: Canvas, picture: Picture, measures: AnswerMeasures) -> float:
    font, top = font_of(bold=True, size=measures.heading), float(measures.top)
    width = canvas.width - 2 * MARGIN
    for row in _even_rows(drawn_text(picture.heading), font, width, measures.headings):
        canvas.write((MARGIN, top), row, font)
        top += font.size * 1.3
    if picture.why:
        font = font_of(bold=False, size=measures.reason)
        for row in _even_rows(drawn_text(picture.why), font, width, 3):
            canvas.write((MARGIN, top + 10), row, font)
            top += font.size * 1.4
        top += font.size * 0.35
    return top + 30


def _even_rows(text: str, font: Lettering, width: float, most: int) -> list[str]:
    even, cut = even_rows(text, font, width), text_rows(text, font, width, most)
    return even if len(even) == len(cut) else cut


def _draw_bar(canvas: Canvas, bar: PictureBar, measures: AnswerMeasures, field: Field) -> None:
    size = measures.bars
    font, bold = font_of(bold=False, size=size), font_of(bold=True, size=size)
    name = clipped(drawn_text(bar.name), font, _NAME - 20)
    canvas.write((field.left, field.top), name, font)
    canvas.write((field.right - bold.getlength(bar.percent), field.top), bar.percent, bold)
    top, end = field.top + size * 0.4, field.right - 100
    box = field.left + _NAME, top, end, top + size * 0.9
    canvas.draw_bar(box, bar.share, canvas.theme.hues[bar.hue])


def _draw_high_bar(canvas: Canvas, bar: PictureBar, measures: AnswerMeasures, field: Field) -> None:
    font, bold = [font_of(bold=bold, size=measures.bars) for bold in (False, True)]
    left = field.right - bold.getlength(bar.percent)
    canvas.write((left, field.top), bar.percent, bold)
    name = clipped(drawn_text(bar.name), font, left - field.left - 24)
    canvas.write((field.left, field.top), name, font)
    top = field.top + font.size * 1.5
    box = field.left, top, field.right, top + (field.bottom - top) * 0.6
    canvas.draw_bar(box, bar.share, canvas.theme.hues[bar.hue])


def _text_of(picture: Picture, measures: AnswerMeasures, width: int, room: float) -> _Text:
    """Return as much of the text as fits, in the largest letters for all of it."""
    spans = [*picture.marks, *((*gap, STRUCK) for gap in picture.struck)]
    marked = {place: colour for start, stop, colour in spans for place in range(start, stop)}
    signs, inner = drawable(picture.text, marked), width - 2 * MARGIN
    text, colours = "".join(sign for sign, _ in signs), [colour for _, colour in signs]
    for size in measures.texts:
        font, most = font_of(bold=False, size=size), max(1, int(room / (_ROW * size)))
        rows = [*islice(rows_of(text, font, inner), most + 1)]
        if len(rows) <= most:
            break
    return _Text(font, first_rows(rows, most, font, inner), colours)


def _draw_text(canvas: Canvas, text: _Text, top: float) -> None:
    font, size = text.font, text.font.size
    for start, row in text.rows:
        run_end = 0
        for colour, run in groupby(text.colours[start : start + len(row)]):
            run_start, run_end = run_end, run_end + len([*run])
            if colour is None:
                continue
            left, right = (MARGIN + font.getlength(row[:end]) for end in (run_start, run_end))
            line = top + size * 1.37
            if colour == STRUCK:
                box = left, top + size * 0.8, right, top + size * 0.85
                canvas.pen.rectangle(box, canvas.theme.ink)
                continue
            hue = canvas.theme.hues[colour]
            canvas.pen.rectangle((left, top + 4, right, line), canvas.theme.mixed(hue))
            canvas.pen.rectangle((left, line, right, line + 2), hue)
        canvas.write((MARGIN, top), row, font)
        top += _ROW * size
