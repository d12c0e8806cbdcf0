"""The drawings of pages (`drawings.py`, `dots.py`) in a picture, each as large as its field allows.

Measures are in pixels.
"""

from collections.abc import Sequence
from math import ceil
from typing import Final, NamedTuple

from app.views.canvas import Canvas
from app.views.dots import DotRow, Dots, Ring
from app.views.drawings import Bars, GridDay, NamedBar, Tiles, WeekGrid
from app.views.lettering import clipped, drawn_text, first_rows, font_of, rows_of

Drawing = Bars | Dots | WeekGrid | Tiles
SHADES: Final = (0.0, 0.32, 0.54, 0.76, 1.0)
"""Shares of the hue in the days of each level, as on the page."""
_WIDE: Final = 900
"""A field from here on has two columns where its rows would be low."""
_HIGHEST_ROW: Final = 150
_HIGHEST_BAR: Final = 230
_BAR_ROW: Final = 46
"""Lowest row of a bar in one column."""
_DOT_ROW: Final = 66
_BETWEEN: Final = 48
"""Between two columns."""
_LARGEST_DAY: Final = 64
_MOST_STRIPS: Final = 6
_MONTHS: Final = 30
"""Height of the names of months above a strip."""
_LARGEST_TILE: Final = 180
_TILE_GAP: Final = 12
_PLAYER: Final = 28
"""Size of the letters of a player's name, above the tiles."""
_PLAYER_ROW: Final = 50


class Field(NamedTuple):
    """Where a drawing stands."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def part(self, height: float) -> "Field":
        """Return as much of its height as is needed; of what is left a third is above it."""
        top = self.top + max(0, self.height - height) / 3
        return self._replace(top=top, bottom=min(self.bottom, top + height))


def paint(canvas: Canvas, drawing: Drawing, field: Field, notes: Sequence[str] = ()) -> None:
    """Draw it; notes are what is told of its rows, as far as there is room."""
    if isinstance(drawing, Bars):
        _paint_bars(canvas, drawing.rows, field, notes)
    elif isinstance(drawing, Dots):
        _paint_dots(canvas, drawing, field)
    elif isinstance(drawing, WeekGrid):
        _paint_weeks(canvas, drawing, field)
    else:
        _paint_tiles(canvas, drawing, field)


def _rows_of(field: Field, rows: int, lowest: int, highest: int) -> list[Field]:
    """Return where each row stands: below each other, or in two columns where that is too low.

    They are fewer than asked for where not all have the lowest height.
    """
    is_halved = field.width > _WIDE and field.height / rows < lowest
    columns = 2 if is_halved and rows > 1 else 1
    in_column = max(1, min(ceil(rows / columns), int(field.height // lowest)))
    height = min(field.height / in_column, highest)
    width = (field.width - _BETWEEN * (columns - 1)) / columns
    top = field.part(height * in_column).top
    return [
        Field(left, top + row * height, left + width, top + (row + 1) * height)
        for column in range(columns)
        for left in [field.left + column * (width + _BETWEEN)]
        for row in range(in_column)
    ][:rows]


def _paint_bars(
    canvas: Canvas, bars: Sequence[NamedBar], field: Field, notes: Sequence[str]
) -> None:
    """Draw bars as long as their shares are of the largest one."""
    largest = max((bar.share for bar in bars), default=0) or 1
    rows = _rows_of(field, len(bars), _BAR_ROW, _HIGHEST_BAR)
    for place, (bar, row) in enumerate(zip(bars, rows, strict=False)):
        note = notes[place] if place < len(notes) else ""
        _paint_bar(canvas, bar, row, bar.share / largest, note)


def _paint_bar(canvas: Canvas, bar: NamedBar, row: Field, length: float, note: str) -> None:
    size = int(min(56, max(24, row.height * 0.32)))
    font, colour = font_of(bold=True, size=size), canvas.theme.hues[bar.hue]
    name_width = row.width * (0.34 if row.width > _WIDE else 0.4)
    canvas.write((row.left, row.top), clipped(bar.name, font, name_width - 16), font, colour)
    canvas.write((row.right - font.getlength(bar.label), row.top), bar.label, font)
    end = row.right - font.getlength("100%") - 20
    box = row.left + name_width, row.top + size * 0.4, end, row.top + size * 1.2
    canvas.draw_bar(box, length, colour)
    small, top = font_of(bold=False, size=min(30, int(size * 0.8))), row.top + size * 1.5
    most = min(2, int((row.bottom - top) // (small.size * 1.4)))
    if note and most:
        for _, text in first_rows([*rows_of(note, small, row.width)], most, small, row.width):
            canvas.write((row.left, top), text, small, canvas.theme.soft)
            top += small.size * 1.4


def _paint_dots(canvas: Canvas, dots: Dots, field: Field) -> None:
    rows = _rows_of(field, len(dots.rows), _DOT_ROW, _HIGHEST_ROW)
    for row, place in zip(dots.rows, rows, strict=False):
        _paint_dot_row(canvas, row, place, canvas.theme.hues[dots.hue])


def _paint_dot_row(canvas: Canvas, row: DotRow, field: Field, colour: str) -> None:
    """Draw the line, its label and value above, the dot on it, and the rings below it."""
    size = int(min(32, max(20, field.height * 0.3)))
    font, theme = font_of(bold=row.is_clear, size=size), canvas.theme
    label, value = drawn_text(row.label), drawn_text(row.value)
    value = clipped(value, font, field.width * 0.6)
    left = field.right - font.getlength(value)
    canvas.write((left, field.top), value, font, theme.ink if row.is_clear else theme.soft)
    name = clipped(label, font, left - field.left - 16)
    canvas.write((field.left, field.top), name, font)
    line = field.top + size * 1.95
    canvas.pen.line((field.left, line, field.right, line), theme.line, 3)
    for ring in row.rings:
        _paint_ring(canvas, ring, field, line + size * 0.8, size)
    middle, radius = field.left + field.width * row.place / 100, size * 0.38
    box = middle - radius, line - radius, middle + radius, line + radius
    canvas.pen.ellipse(box, colour, theme.paper, 3)


def _paint_ring(canvas: Canvas, ring: Ring, field: Field, middle: float, size: int) -> None:
    """Draw the initials of some people in a ring, inside the field."""
    font, theme = font_of(bold=False, size=int(size * 0.7)), canvas.theme
    texts = [drawn_text(letter.text) or "·" for letter in ring.letters]
    width = sum(map(font.getlength, texts)) + size * 0.7
    left = field.left + field.width * ring.place / 100 - width / 2
    left = min(max(left, field.left), field.right - width)
    box = left, middle - size * 0.5, left + width, middle + size * 0.5
    canvas.pen.rounded_rectangle(box, size * 0.5, theme.paper, theme.hues[ring.hue], 2)
    left += size * 0.35
    for text, letter in zip(texts, ring.letters, strict=True):
        canvas.write((left, middle - font.size * 0.73), text, font, theme.hues[letter.hue])
        left += font.getlength(text)


def _paint_weeks(canvas: Canvas, grid: WeekGrid, field: Field) -> None:
    """Draw the weeks in as many strips as make the days largest."""
    in_strip, side = max(
        (_side_of(grid, field, strips) for strips in range(1, _MOST_STRIPS + 1)),
        key=lambda sized: sized[1],
    )
    strips, height = ceil(grid.columns / in_strip), 7 * side + _MONTHS
    field = field.part(strips * height + (strips - 1) * _MONTHS)
    tops = [field.top + strip * (height + _MONTHS) for strip in range(strips)]
    font, ends = font_of(bold=False, size=20), [field.left] * strips
    for week, name in grid.months:
        strip, column = divmod(week, in_strip)
        left = field.left + column * side
        if strip < strips and ends[strip] <= left <= field.right - font.getlength(name):
            canvas.write((left, tops[strip] - 2), name, font, canvas.theme.soft)
            ends[strip] = left + font.getlength(name) + 8
    for day in sorted(grid.days, key=lambda day: day.is_marked):
        strip, column = divmod(day.week, in_strip)
        top = tops[strip] + _MONTHS + day.weekday * side
        _paint_day(canvas, day, (field.left + column * side, top), side, grid.hue)


def _side_of(grid: WeekGrid, field: Field, strips: int) -> tuple[int, float]:
    """Return how many weeks stand in each of so many strips, and how large a day is then."""
    in_strip = ceil(grid.columns / strips)
    space = field.height - _MONTHS * (2 * strips - 1)
    return in_strip, min(field.width / in_strip, space / (7 * strips), _LARGEST_DAY)


def _paint_day(
    canvas: Canvas, day: GridDay, place: tuple[float, float], side: float, hue: str
) -> None:
    theme, (left, top) = canvas.theme, place
    colour = theme.mixed(theme.hues[hue], SHADES[day.level]) if day.level else theme.line
    inner = left, top, left + side * 0.88, top + side * 0.88
    outline = theme.ink if day.is_marked else None
    canvas.pen.rounded_rectangle(inner, side * 0.12, colour, outline, max(2, round(side * 0.08)))


def _paint_tiles(canvas: Canvas, tiles: Tiles, field: Field) -> None:
    """Draw tiles for each player: a check in a filled one, a cross in an empty one."""
    most = max(len(row.hits) for row in tiles.rows)
    columns, side = max(
        ((columns, _tile_side(tiles, field, columns)) for columns in (most, ceil(most / 2))),
        key=lambda sized: sized[1],
    )
    font, step = font_of(bold=True, size=_PLAYER), side + _TILE_GAP
    height = _PLAYER_ROW + step * ceil(most / columns)
    field = field.part(len(tiles.rows) * height)
    for number, row in enumerate(tiles.rows):
        top = field.top + number * height
        canvas.write((field.left, top), row.name, font)
        for place, is_hit in enumerate(row.hits):
            left = field.left + place % columns * step
            tile_top = top + _PLAYER_ROW + place // columns * step
            _paint_tile(canvas, Field(left, tile_top, left + side, tile_top + side), is_hit)


def _tile_side(tiles: Tiles, field: Field, columns: int) -> float:
    """Return how large a tile is, of so many beside each other."""
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
        pen.line([at(0.26, 0.52), at(0.44, 0.7), at(0.76, 0.32)], theme.paper, stroke, "curve")
    else:
        pen.rounded_rectangle(tile, side * 0.16, theme.paper, theme.soft, 3)
        for start, end in ((0.32, 0.68), (0.68, 0.32)):
            pen.line([at(start, 0.32), at(end, 0.68)], theme.soft, max(2, stroke - 2))
