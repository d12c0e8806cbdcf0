"""Columns in a picture: periods of several people, or hours of the day, in pixels."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from app.drawing.drawings import HOUR_LABELS, Clock, PeriodColumns
from app.drawing.lettering import font_of
from app.drawing.png import Canvas, Field, Heights

_LABEL_ROW: Final = 42
"""Height of the row of labels below the columns."""


def columns_heights() -> Heights:
    return Heights(160, 220, 560)


def paint_periods(canvas: Canvas, periods: PeriodColumns, field: Field) -> None:
    """Draw a column for each period, with a part for each person."""
    hues, heights = (
        [hue for _, hue in periods.people],
        [column.heights for column in periods.columns],
    )
    _paint_columns(canvas, heights, hues, [column.label for column in periods.columns], field)


def paint_clock(canvas: Canvas, clock: Clock, field: Field) -> None:
    """Draw a column for each hour, and the outline of the other people's hours."""
    _paint_columns(canvas, [[height] for height in clock.heights], [clock.hue], HOUR_LABELS, field)
    _paint_outline(canvas, clock.outline, field._replace(bottom=field.bottom - _LABEL_ROW))


def _paint_columns(
    canvas: Canvas,
    columns: Sequence[Sequence[float]],
    hues: Sequence[str],
    labels: Iterable[str],
    field: Field,
) -> None:
    """Draw columns with a part for each hue, heights in per cent, and the labels with room."""
    ground = field.bottom - _LABEL_ROW
    width, high = field.width / len(columns), (ground - field.top) / 100
    inset = max(1, width * 0.1)
    font, end = font_of(bold=False, size=24), field.left
    for place, (heights, label) in enumerate(zip(columns, labels, strict=True)):
        left, bottom = field.left + place * width, ground
        for height, hue in zip(heights, hues, strict=True):
            top = bottom - height * high
            if bottom - top >= 1:
                box = left + inset, top, left + width - inset, bottom
                canvas.pen.rectangle(box, canvas.theme.hues[hue])
            bottom = top
        if label and end <= left <= field.right - font.getlength(label):
            canvas.write((left, ground + 6), label, font, canvas.theme.soft)
            end = left + font.getlength(label) + 8
    canvas.pen.line([(field.left, ground + 1), (field.right, ground + 1)], canvas.theme.line, 3)


def _paint_outline(canvas: Canvas, heights: Sequence[float], field: Field) -> None:
    stroke = 4
    width = (field.width - 2 * stroke) / max(len(heights), 1)
    levels = [field.bottom - height * field.height / 100 for height in (0, *heights, 0)]
    for hour, (before, level) in enumerate(pairwise(levels) if heights else ()):
        left = field.left + stroke + hour * width
        corners = [(left, before), (left, level)]
        if hour < len(heights):
            corners.append((left + width, level))
        canvas.pen.line(corners, canvas.theme.ink, stroke)
