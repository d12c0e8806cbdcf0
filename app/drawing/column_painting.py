"""Drawings of columns in a picture: months or years of several people, or the hours of the day.

Measures are in pixels.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from app.drawing.drawings import HOUR_LABELS, Clock, PeriodColumns
from app.drawing.lettering import font_of
from app.drawing.png import Canvas, Field, Heights

_LABEL: Final = 24
"""Size of the letters below the columns."""
_LABEL_ROW: Final = 42
_OUTLINE: Final = 4
"""Width of the line of the outline."""


def periods_heights() -> Heights:
    return Heights(160, 220, 560)


def clock_heights() -> Heights:
    return Heights(160, 220, 560)


def paint_periods(canvas: Canvas, periods: PeriodColumns, field: Field) -> None:
    """Draw a column for each period, with a part for each person."""
    ground = field.bottom - _LABEL_ROW
    width, high = field.width / len(periods.columns), (ground - field.top) / 100
    inset = max(1, width * 0.1)
    for place, column in enumerate(periods.columns):
        left, bottom = field.left + place * width, ground
        for height, (_, hue) in zip(column.heights, periods.people, strict=True):
            top = bottom - height * high
            if bottom - top >= 1:
                box = left + inset, top, left + width - inset, bottom
                canvas.pen.rectangle(box, canvas.theme.hues[hue])
            bottom = top
    _paint_ground(canvas, field, ground)
    labels = [(field.left + place * width, label) for place, label in periods.labels]
    _write_below(canvas, labels, field, ground)


def paint_clock(canvas: Canvas, clock: Clock, field: Field) -> None:
    """Draw a column for each hour, and the outline of the other people's hours."""
    ground = field.bottom - _LABEL_ROW
    width, high = field.width / len(clock.heights), (ground - field.top) / 100
    for hour, height in enumerate(clock.heights):
        left, top = field.left + hour * width, ground - height * high
        if ground - top >= 1:
            box = left + width * 0.1, top, left + width * 0.9, ground
            canvas.pen.rectangle(box, canvas.theme.hues[clock.hue])
    _paint_ground(canvas, field, ground)
    _paint_outline(canvas, clock.outline, field._replace(bottom=ground))
    labels = [(field.left + hour * width, label) for hour, label in enumerate(HOUR_LABELS)]
    _write_below(canvas, labels, field, ground)


def _paint_outline(canvas: Canvas, heights: Sequence[float], field: Field) -> None:
    """Draw an outline with steps of these heights, inside the field."""
    width = (field.width - 2 * _OUTLINE) / max(len(heights), 1)
    levels = [field.bottom - height * field.height / 100 for height in (0, *heights, 0)]
    for hour, (before, level) in enumerate(pairwise(levels) if heights else ()):
        left = field.left + _OUTLINE + hour * width
        corners = [(left, before), (left, level)]
        if hour < len(heights):
            corners.append((left + width, level))
        canvas.pen.line(corners, canvas.theme.ink, _OUTLINE)


def _paint_ground(canvas: Canvas, field: Field, ground: float) -> None:
    canvas.pen.line([(field.left, ground + 1), (field.right, ground + 1)], canvas.theme.line, 3)


def _write_below(
    canvas: Canvas, labels: Iterable[tuple[float, str]], field: Field, ground: float
) -> None:
    """Write labels from their left edges on, except labels without room."""
    font, end = font_of(bold=False, size=_LABEL), field.left
    for left, label in labels:
        if label and end <= left <= field.right - font.getlength(label):
            canvas.write((left, ground + 6), label, font, canvas.theme.soft)
            end = left + font.getlength(label) + 8
