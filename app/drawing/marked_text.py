"""Painting of a text with marks, in the largest letters that leave room for all of it."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby, islice
from typing import Final, NamedTuple

from app.drawing.drawings import MarkedText
from app.drawing.lettering import Lettering, drawable, first_rows, font_of, rows_of
from app.drawing.png import MARGIN, Canvas, Field, Heights

_SIZES: Final = (112, 104, 96, 88, 80, 72, 64, 58, 52, 46, 40)
_WIDE_SIZES: Final = (72, 66, 60, 54, 48, 44, 40, 36, 32)
_ROW: Final = 1.6
"""Height of a row, by the size of its letters."""
_SHARE: Final = 0.42
"""Good height of a long text, by the picture's height."""
_STRUCK: Final = "struck"


class _Layout(NamedTuple):
    font: Lettering
    rows: Sequence[tuple[int, str]]
    """Start and text of each row; a row more than has room where the text is cut."""

    @property
    def height(self) -> float:
        return len(self.rows) * self.font.size * _ROW


def marked_text_heights(canvas: Canvas, drawing: MarkedText) -> Heights:
    """Return the heights of a small row, of the text in the largest letters that fill a
    good share of the picture, and of the text in the largest of all.
    """
    good = canvas.height * _SHARE
    layout = _layout_of(drawing, canvas, good)
    least = _ROW * _sizes(canvas)[-1] if layout.rows else 0.0
    most = _in_size(drawing, canvas, _sizes(canvas)[0], canvas.height)[1].height
    return Heights(least, max(least, min(good, layout.height)), max(least, most))


def paint_marked_text(canvas: Canvas, drawing: MarkedText, field: Field) -> None:
    """Draw as much of the text as has room, in the middle of the field."""
    font, rows = _layout_of(drawing, canvas, field.height)
    rows = first_rows([*rows], _most_rows(field.height, font.size), font, field.width)
    colours = [colour for _, colour in _signs_of(drawing)]
    row_height = font.size * _ROW
    top = field.top + max(0.0, field.height - len(rows) * row_height) / 2
    for start, row in rows:
        _paint_marks(canvas, row, colours[start : start + len(row)], font, (field.left, top))
        canvas.write((field.left, top), row, font, is_quoted=True)
        top += row_height


def _paint_marks(
    canvas: Canvas,
    row: str,
    colours: Sequence[str | None],
    font: Lettering,
    place: tuple[float, float],
) -> None:
    (begin, top), run_end = place, 0
    for colour, run in groupby(colours):
        run_start, run_end = run_end, run_end + len([*run])
        if colour is None:
            continue
        for first, last in font.boxes(row, run_start, run_end):
            left, right = begin + first, begin + last
            if colour == _STRUCK:
                box = left, top + font.size * 0.8, right, top + font.size * 0.85
                canvas.pen.rectangle(box, canvas.theme.ink)
                continue
            hue, line = canvas.theme.hues[colour], top + font.size * 1.37
            canvas.pen.rectangle((left, top + 4, right, line), canvas.theme.mixed(hue))
            canvas.pen.rectangle((left, line, right, line + 2), hue)


def _layout_of(drawing: MarkedText, canvas: Canvas, height: float) -> _Layout:
    """Return all rows in the largest letters that fit, else what fits in the smallest."""
    sizes = _sizes(canvas)
    place = bisect_left(sizes, True, key=lambda size: _in_size(drawing, canvas, size, height)[0])
    return _in_size(drawing, canvas, sizes[min(place, len(sizes) - 1)], height)[1]


def _in_size(drawing: MarkedText, canvas: Canvas, size: int, height: float) -> tuple[bool, _Layout]:
    font, most = font_of(bold=False, size=size), _most_rows(height, size)
    text = "".join(sign for sign, _ in _signs_of(drawing))
    rows = [*islice(rows_of(text, font, canvas.width - 2 * MARGIN), most + 1)]
    return len(rows) <= most, _Layout(font, rows)


def _sizes(canvas: Canvas) -> Sequence[int]:
    return _SIZES if canvas.is_upright else _WIDE_SIZES


def _most_rows(height: float, size: float) -> int:
    # A height that was made of whole rows has room for each of them.
    return max(1, int((height + 0.01) / (_ROW * size)))


@lru_cache(maxsize=4)  # A drawing is measured, and then painted.
def _signs_of(drawing: MarkedText) -> list[tuple[str, str | None]]:
    spans = [*drawing.marks, *((*gap, _STRUCK) for gap in drawing.struck)]
    marked = {place: colour for start, stop, colour in spans for place in range(start, stop)}
    return drawable(drawing.text, marked)
