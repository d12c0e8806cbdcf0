"""Painting of drawings in pictures, as large as there is room, in pixels."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from math import ceil
from typing import Any, Final, NamedTuple

from app.drawing import drawings
from app.drawing.card_rows import card_rows_heights, paint_card_rows
from app.drawing.lettering import font_of
from app.drawing.marked_text import marked_text_heights, paint_marked_text
from app.drawing.png import MARGIN, Canvas, Field, Heights

Drawing = drawings.CardRows | drawings.MarkedText | drawings.Tiles | drawings.Clock
_LABEL: Final = 24
_BELOW_COLUMNS: Final = 6
_OUTLINE: Final = 4
"""Width of the line of everyone else's hours."""


def clock_heights(_canvas: Canvas, _clock: drawings.Clock) -> Heights:
    return Heights(160, 220, 560)


def paint_clock(canvas: Canvas, clock: drawings.Clock, field: Field) -> None:
    """Draw a column for each hour with its labels, and everyone else's outline."""
    size = max(_LABEL, canvas.smallest)
    above = field._replace(bottom=field.bottom - size * 1.5 - _BELOW_COLUMNS)
    grid, ground = _Grid.of_columns(above, len(drawings.HOUR_LABELS)), above.bottom
    for box in map(grid.box, clock.boxes):
        if box.height >= 1:
            canvas.pen.rectangle(box, canvas.theme.hues[clock.hue])
    font = font_of(bold=False, size=size)
    for place, label in enumerate(drawings.HOUR_LABELS):
        left = field.left + place * grid.across
        canvas.write((left, ground + _BELOW_COLUMNS), label, font, canvas.theme.soft)
    canvas.pen.line([(field.left, ground + 1), (field.right, ground + 1)], canvas.theme.line, 3)
    inner = above._replace(left=above.left + _OUTLINE, right=above.right - _OUTLINE)
    for part in pairwise(map(_Grid.of_columns(inner, len(drawings.HOUR_LABELS)).at, clock.line)):
        canvas.pen.line(part, canvas.theme.ink, _OUTLINE)


class _Grid(NamedTuple):
    left: float
    top: float
    across: float
    down: float

    @classmethod
    def of_columns(cls, field: Field, count: int) -> "_Grid":
        return cls(field.left, field.top, field.width / count, field.height / drawings.GROUND)

    @classmethod
    def of_squares(cls, left: float, top: float, side: float) -> "_Grid":
        """Return a grid of squares that begins at a place."""
        return cls(left - drawings.SQUARE.left * side, top - drawings.SQUARE.top * side, side, side)

    def at(self, place: drawings.Place) -> drawings.Place:
        return self.left + place[0] * self.across, self.top + place[1] * self.down

    def box(self, box: drawings.Rectangle) -> Field:
        right, bottom = box.left + box.width, box.top + box.height
        return Field(*self.at((box.left, box.top)), *self.at((right, bottom)))


_LARGEST_TILE: Final = 180
_TILE_GAP: Final = 12
_PLAYER_ROW: Final = 54
_LEAST: Final = 2
"""Smallest size of a drawn square, if the text above takes the room."""
_TILE_LINES: Final = 2


def tiles_heights(canvas: Canvas, tiles: drawings.Tiles) -> Heights:
    most, width = max(len(row.hits) for row in tiles.rows), canvas.width - 2 * MARGIN

    def high(columns: int, largest: float) -> float:
        side = min(largest, (width + _TILE_GAP) / columns - _TILE_GAP)
        lines = ceil(most / columns)
        return len(tiles.rows) * (_PLAYER_ROW + lines * (side + _TILE_GAP))

    good = high(most, _LARGEST_TILE)
    folded = high(ceil(most / _TILE_LINES), _LARGEST_TILE)
    return Heights(high(most, 60), good, max(good, folded))


def paint_tiles(canvas: Canvas, tiles: drawings.Tiles, field: Field) -> None:
    most = max(len(row.hits) for row in tiles.rows)
    columns, side = max(
        (
            (columns, _tile_side(tiles, field, columns))
            for columns in (most, ceil(most / _TILE_LINES))
        ),
        key=lambda sized: sized[1],
    )
    if side < _LEAST:
        return
    font, step = font_of(bold=True, size=30), side + _TILE_GAP
    # Tiles that are small because of the height are spread to the edge of the field.
    across = min((field.width - side) / max(columns - 1, 1), side + 40)
    height = _PLAYER_ROW + step * ceil(most / columns)
    for number, row in enumerate(tiles.rows):
        top = field.top + number * height
        canvas.write((field.left, top), row.name, font)
        for place, is_hit in enumerate(row.hits):
            left = field.left + place % columns * across
            tile_top = top + _PLAYER_ROW + place // columns * step
            _paint_tile(canvas, Field(left, tile_top, left + side, tile_top + side), is_hit)


def _tile_side(tiles: drawings.Tiles, field: Field, columns: int) -> float:
    lines = ceil(max(len(row.hits) for row in tiles.rows) / columns)
    across = (field.width + _TILE_GAP) / columns
    down = (field.height / len(tiles.rows) - _PLAYER_ROW) / lines
    return min(_LARGEST_TILE, across - _TILE_GAP, down - _TILE_GAP)


def _paint_tile(canvas: Canvas, tile: Field, is_hit: bool) -> None:
    theme, pen, unit = canvas.theme, canvas.pen, tile.width / drawings.Tiles.tile.width
    grid, rounding = _Grid.of_squares(tile.left, tile.top, unit), drawings.Tiles.rounding * unit
    stroke = max(3, round(tile.width * 0.09))
    if is_hit:
        pen.rounded_rectangle(tile, rounding, theme.accent)
    else:
        pen.rounded_rectangle(tile, rounding, theme.paper, theme.soft, 3)
    for line in drawings.Tiles.sign(is_hit):
        places = [grid.at(place) for place in line]
        if is_hit:
            pen.stroke(places, theme.paper, stroke)
        else:
            pen.stroke(places, theme.soft, max(2, stroke - 2))


class Painter(NamedTuple):
    heights_of: Callable[[Canvas, Any], Heights]
    paint: Callable[[Canvas, Any, Field], None]


PAINTERS: Final[Mapping[type, Painter]] = {
    drawings.CardRows: Painter(card_rows_heights, paint_card_rows),
    drawings.MarkedText: Painter(marked_text_heights, paint_marked_text),
    drawings.Tiles: Painter(tiles_heights, paint_tiles),
    drawings.Clock: Painter(clock_heights, paint_clock),
}


def heights_of(canvas: Canvas, drawing: Drawing) -> Heights:
    return PAINTERS[type(drawing)].heights_of(canvas, drawing)


def paint(canvas: Canvas, drawing: Drawing, field: Field) -> None:
    PAINTERS[type(drawing)].paint(canvas, drawing, field)
