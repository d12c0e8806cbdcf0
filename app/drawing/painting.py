"""Painting of drawings in pictures, as large as there is room, in pixels."""

from itertools import pairwise
from typing import Final, NamedTuple

from app.drawing import drawings
from app.drawing.card_rows import card_rows_heights, paint_card_rows
from app.drawing.lettering import font_of
from app.drawing.marked_text import marked_text_heights, paint_marked_text
from app.drawing.png import Canvas, Field, Heights

Drawing = drawings.CardRows | drawings.MarkedText | drawings.Clock
_LABEL: Final = 24
_BELOW_COLUMNS: Final = 6
_CLOCK: Final = Heights(160, 220, 560)
_OUTLINE: Final = 4
"""Width of the line of everyone else's hours."""


def _paint_clock(canvas: Canvas, clock: drawings.Clock, field: Field) -> None:
    """Draw a column for each hour with its labels, and everyone else's outline."""
    size = max(_LABEL, canvas.smallest)
    above = field._replace(bottom=field.bottom - size * 1.5 - _BELOW_COLUMNS)
    grid, ground = _Grid.of(above), above.bottom
    for box in map(grid.box, clock.boxes):
        if box.height >= 1:
            canvas.pen.rectangle(box, canvas.theme.hues[clock.hue])
    font = font_of(bold=False, size=size)
    for place, label in enumerate(drawings.HOUR_LABELS):
        left = field.left + place * grid.across
        canvas.write((left, ground + _BELOW_COLUMNS), label, font, canvas.theme.soft)
    canvas.pen.line([(field.left, ground + 1), (field.right, ground + 1)], canvas.theme.line, 3)
    inner = above._replace(left=above.left + _OUTLINE, right=above.right - _OUTLINE)
    for part in pairwise(map(_Grid.of(inner).at, clock.line)):
        canvas.pen.line(part, canvas.theme.ink, _OUTLINE)


class _Grid(NamedTuple):
    """Columns that are 1 apart, whose ground is at `GROUND`."""

    left: float
    top: float
    across: float
    down: float

    @classmethod
    def of(cls, field: Field) -> "_Grid":
        across = field.width / len(drawings.HOUR_LABELS)
        return cls(field.left, field.top, across, field.height / drawings.GROUND)

    def at(self, place: drawings.Place) -> drawings.Place:
        return self.left + place[0] * self.across, self.top + place[1] * self.down

    def box(self, box: drawings.Rectangle) -> Field:
        right, bottom = box.left + box.width, box.top + box.height
        return Field(*self.at((box.left, box.top)), *self.at((right, bottom)))


def heights_of(canvas: Canvas, drawing: Drawing) -> Heights:
    if isinstance(drawing, drawings.CardRows):
        return card_rows_heights(canvas, drawing)
    if isinstance(drawing, drawings.MarkedText):
        return marked_text_heights(canvas, drawing)
    return _CLOCK


def paint(canvas: Canvas, drawing: Drawing, field: Field) -> None:
    if isinstance(drawing, drawings.CardRows):
        paint_card_rows(canvas, drawing, field)
    elif isinstance(drawing, drawings.MarkedText):
        paint_marked_text(canvas, drawing, field)
    else:
        _paint_clock(canvas, drawing, field)
