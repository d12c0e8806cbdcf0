"""Painting of a picture's rows, in the largest letters that leave room for all of them."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from app.drawing.drawings import CardRow, CardRows
from app.drawing.lettering import Lettering, drawn_text, even_rows, font_of, whole_parts
from app.drawing.png import MARGIN, Canvas, Field, Heights

SIZES: Final = (80, 72, 64, 60, 56, 52, 48, 44, 40)
"""Letters below 40 pixels of 1,080 are hard to read on a phone."""
_WIDE_SIZES: Final = (48, 44, 40, 36, 32, 28)
_GOOD: Final = 52
_ROW: Final = 1.3
"""Height of a row of letters, by their size, as the measures below."""
_BAR: Final = 0.6
_BAR_SPACE: Final = 0.3
_BETWEEN: Final = 0.8
_INSIDE: Final = 0.45
"""Space around the text of a quotation, inside its ground."""


class _Laid(NamedTuple):
    row: CardRow
    labels: Sequence[str]
    texts: Sequence[str]
    height: float
    is_torn: bool
    """Whether a row ends within a word."""


def card_rows_heights(canvas: Canvas, drawing: CardRows) -> Heights:
    """Return the heights of the lowest row in the smallest letters, since a title precedes rows,
    and of all rows in good and in the largest letters.
    """
    width = canvas.width - 2 * MARGIN
    sizes = _sizes(canvas)
    smallest = [row.height for row in _laid_of(drawing, sizes[-1], width)]
    good, largest = (
        _height(_laid_of(drawing, size, width), size)
        for size in (_GOOD if canvas.is_upright else sizes[-1], sizes[0])
    )
    return Heights(min(smallest, default=0.0), good, largest)


def paint_card_rows(canvas: Canvas, drawing: CardRows, field: Field) -> None:
    """Draw the rows whole, without rows that lack room in the smallest letters."""
    size, rows = _fitting(drawing, field, _sizes(canvas))
    spare = field.height - _height(rows, size)
    between = size * _BETWEEN + min(2 * size, max(0.0, spare) / max(1, len(rows)))
    top = field.top
    for row in rows:
        _paint_row(canvas, row, field._replace(top=top, bottom=top + row.height), size)
        top += row.height + between


def _sizes(canvas: Canvas) -> Sequence[int]:
    return SIZES if canvas.is_upright else _WIDE_SIZES


def _fitting(drawing: CardRows, field: Field, sizes: Sequence[int]) -> tuple[int, Sequence[_Laid]]:
    """Return the largest letters that leave room for all, if possible without a torn word."""
    room = field.height + 0.01  # A sum of heights may be a little less than them.
    laid = {size: _laid_of(drawing, size, field.width) for size in sizes}
    fitting = [(size, rows) for size, rows in laid.items() if _height(rows, size) <= room]
    whole = [(size, rows) for size, rows in fitting if not any(row.is_torn for row in rows)]
    if fitting:
        return (whole or fitting)[0]
    size, shown = sizes[-1], list[_Laid]()
    for row in laid[size]:
        if _height([*shown, row], size) <= room:
            shown.append(row)
    return size, shown


def _height(rows: Sequence[_Laid], size: int) -> float:
    return sum(row.height for row in rows) + size * _BETWEEN * max(0, len(rows) - 1)


@lru_cache(maxsize=2 * len(SIZES))  # A drawing is measured, and then painted.
def _laid_of(drawing: CardRows, size: int, width: float) -> Sequence[_Laid]:
    return [_laid(row, size, width) for row in drawing.rows]


def _laid(row: CardRow, size: int, width: float) -> _Laid:
    bold, font = font_of(bold=True, size=size), font_of(bold=False, size=size)
    beside = bold.getlength(row.beside) + size if row.beside else 0
    inside = 2 * _INSIDE * size if row.is_quote else 0.0
    labels = _broken(row.label, bold, width - beside)
    texts = _broken(row.text, font, width - inside)
    height = (len(labels) + len(texts)) * size * _ROW
    if texts:
        height += inside
    if row.share is not None:
        height += (_BAR + _BAR_SPACE) * size
    words = (row.label, bold, width - beside), (row.text, font, width - inside)
    is_torn = any(
        font.getlength(part) > width for text, font, width in words for part in whole_parts(text)
    )
    return _Laid(row, labels, texts, height, is_torn)


def _broken(text: str, font: Lettering, width: float) -> list[str]:
    return [row for line in drawn_text(text).split("\n") for row in even_rows(line, font, width)]


def _paint_row(canvas: Canvas, laid: _Laid, field: Field, size: int) -> None:
    row, top = laid.row, field.top
    bold, font = font_of(bold=True, size=size), font_of(bold=False, size=size)
    colour = canvas.theme.hues[row.hue] if row.hue else canvas.theme.ink
    if row.beside:
        left = field.right - bold.getlength(row.beside)
        canvas.write((left, top), row.beside, bold)
    top = canvas.write_rows((field.left, top), laid.labels, bold, _ROW, colour)
    if row.share is not None:
        top += _BAR_SPACE * size / 2
        bar = field.left, top, field.right, top + _BAR * size
        canvas.draw_bar(bar, row.share, colour)
        top += (_BAR + _BAR_SPACE / 2) * size
    inside = 0.0
    if row.is_quote and laid.texts:
        inside = _INSIDE * size
        ground = canvas.theme.mixed(colour)
        box = field.left, top + size * 0.1, field.right, field.bottom
        canvas.draw_ground(box, 16, ground)
        top += inside
    canvas.write_rows((field.left + inside, top), laid.texts, font, _ROW, is_quoted=row.is_quote)
