"""Squares in a picture: the days of a year or the questions of a quiz, in pixels."""

from math import ceil
from typing import Final

from app.drawing.drawings import Tiles, WeekGrid
from app.drawing.lettering import font_of
from app.drawing.png import MARGIN, Canvas, Field, Heights, Theme

_LARGEST_DAY: Final = 64
_MONTHS: Final = 34
"""Height of the names of months above a strip."""
_MONTH: Final = 22
"""Size of the letters of these names."""
_LARGEST_TILE: Final = 180
_TILE_GAP: Final = 12
_PLAYER_ROW: Final = 54
_LEAST: Final = 2
"""Smallest size of a square; smaller squares are not drawn, since the text above took the room."""
_TILE_LINES: Final = 2
"""Number of lines of a player's tiles if they are large."""


def weeks_heights(canvas: Canvas, grid: WeekGrid) -> Heights:
    strips = 2 if canvas.is_upright else 1  # Two fill the width of an upright picture.
    side = min(_LARGEST_DAY, (canvas.width - 2 * MARGIN) / ceil(grid.columns / strips))
    good = strips * (7 * side + 2 * _MONTHS) - _MONTHS
    return Heights(good if canvas.is_upright else 7 * 13 + _MONTHS, good, good)


def tiles_heights(canvas: Canvas, tiles: Tiles) -> Heights:
    most, width = max(len(row.hits) for row in tiles.rows), canvas.width - 2 * MARGIN

    def high(columns: int, largest: float) -> float:
        side = min(largest, (width + _TILE_GAP) / columns - _TILE_GAP)
        lines = ceil(most / columns)
        return len(tiles.rows) * (_PLAYER_ROW + lines * (side + _TILE_GAP))

    good = high(most, _LARGEST_TILE)
    folded = high(ceil(most / _TILE_LINES), _LARGEST_TILE)
    return Heights(high(most, 60), good, max(good, folded))


def paint_weeks(canvas: Canvas, grid: WeekGrid, field: Field) -> None:
    """Draw the weeks in the number of strips that makes the days largest."""
    in_strip, side = max(
        (_side_of(grid, field, strips) for strips in range(1, 6 + 1)), key=lambda sized: sized[1]
    )
    if side < _LEAST:
        return
    strips, height = ceil(grid.columns / in_strip), 7 * side + _MONTHS
    tops = [field.top + strip * (height + _MONTHS) for strip in range(strips)]
    font, ends = font_of(bold=False, size=_MONTH), [field.left] * strips
    for week, name in grid.months:
        strip, column = divmod(week, in_strip)
        left = field.left + column * side
        if strip < strips and ends[strip] <= left <= field.right - font.getlength(name):
            canvas.write((left, tops[strip] - 4), name, font, canvas.theme.soft)
            ends[strip] = left + font.getlength(name) + 8
    for day in sorted(grid.days, key=lambda day: day.is_marked):
        strip, column = divmod(day.week, in_strip)
        left, top = field.left + column * side, tops[strip] + _MONTHS + day.weekday * side
        outline = canvas.theme.ink if day.is_marked else None
        box, width = (left, top, left + side * 0.88, top + side * 0.88), max(2, round(side * 0.08))
        colour = _shade(canvas.theme, grid.hue, day.level)
        canvas.pen.rounded_rectangle(box, side * 0.12, colour, outline, width)


def _side_of(grid: WeekGrid, field: Field, strips: int) -> tuple[int, float]:
    """Return the number of weeks in a strip, and the size of a day."""
    in_strip = ceil(grid.columns / strips)
    space = field.height - _MONTHS * (2 * strips - 1)
    return in_strip, min(field.width / in_strip, space / (7 * strips), _LARGEST_DAY)


def _shade(theme: Theme, hue: str, level: int) -> str:
    shares = (0.0, 0.32, 0.54, 0.76, 1.0)  # As on the page.
    return theme.mixed(theme.hues[hue], shares[level]) if level else theme.line


def paint_tiles(canvas: Canvas, tiles: Tiles, field: Field) -> None:
    """Draw tiles for each player: filled with a check if right, empty with a cross if wrong."""
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


def _tile_side(tiles: Tiles, field: Field, columns: int) -> float:
    lines = ceil(max(len(row.hits) for row in tiles.rows) / columns)
    across = (field.width + _TILE_GAP) / columns
    down = (field.height / len(tiles.rows) - _PLAYER_ROW) / lines
    return min(_LARGEST_TILE, across - _TILE_GAP, down - _TILE_GAP)


def _paint_tile(canvas: Canvas, tile: Field, is_hit: bool) -> None:
    theme, pen, side = canvas.theme, canvas.pen, tile.width
    stroke = max(3, round(side * 0.09))

    def at(across: float, down: float) -> tuple[float, float]:
        return tile.left + side * across, tile.top + side * down

    if is_hit:
        pen.rounded_rectangle(tile, side * 0.16, theme.accent)
        pen.stroke([at(0.26, 0.52), at(0.44, 0.7), at(0.76, 0.32)], theme.paper, stroke)
    else:
        pen.rounded_rectangle(tile, side * 0.16, theme.paper, theme.soft, 3)
        for start, end in ((0.32, 0.68), (0.68, 0.32)):
            pen.stroke([at(start, 0.32), at(end, 0.68)], theme.soft, max(2, stroke - 2))
