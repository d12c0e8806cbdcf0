"""Painting of drawings in pictures, as large as there is room, in pixels."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil
from typing import Final

from app.drawing.drawings import (
    HOUR_LABELS,
    Bars,
    Clock,
    Dots,
    PeriodColumns,
    Thing,
    Things,
    Tiles,
    WeekGrid,
)
from app.drawing.lettering import clipped, drawn_text, font_of, text_rows
from app.drawing.png import MARGIN, Canvas, Field, Heights, RowNotes, Theme
from app.drawing.row_painting import SMALLEST, bars_heights, dots_heights, paint_bars, paint_dots

Drawing = Bars | Dots | Things | WeekGrid | Tiles | PeriodColumns | Clock
NO_NOTES: Final = RowNotes()


def heights_of(canvas: Canvas, drawing: Drawing, notes: RowNotes = NO_NOTES) -> Heights:
    if isinstance(drawing, Bars):
        return bars_heights(canvas, drawing, notes)
    if isinstance(drawing, Dots):
        return dots_heights(canvas, drawing)
    if isinstance(drawing, Things):
        return things_heights(canvas, drawing)
    if isinstance(drawing, WeekGrid):
        return weeks_heights(canvas, drawing)
    if isinstance(drawing, Tiles):
        return tiles_heights(canvas, drawing)
    return Heights(160, 220, 560)


def paint(canvas: Canvas, drawing: Drawing, field: Field, notes: RowNotes = NO_NOTES) -> None:
    if isinstance(drawing, Bars):
        paint_bars(canvas, drawing, field, notes)
    elif isinstance(drawing, Dots):
        paint_dots(canvas, drawing, field)
    elif isinstance(drawing, Things):
        paint_things(canvas, drawing, field)
    elif isinstance(drawing, WeekGrid):
        paint_weeks(canvas, drawing, field)
    elif isinstance(drawing, Tiles):
        paint_tiles(canvas, drawing, field)
    elif isinstance(drawing, PeriodColumns):
        paint_periods(canvas, drawing, field)
    else:
        paint_clock(canvas, drawing, field)


_LABEL_ROW: Final = 42


def paint_periods(canvas: Canvas, periods: PeriodColumns, field: Field) -> None:
    hues = [hue for _, hue in periods.people]
    heights = [column.heights for column in periods.columns]
    _paint_columns(canvas, heights, hues, [column.label for column in periods.columns], field)


def paint_clock(canvas: Canvas, clock: Clock, field: Field) -> None:
    """Draw a column for each hour, and the others' outline."""
    _paint_columns(canvas, [[height] for height in clock.heights], [clock.hue], HOUR_LABELS, field)
    _paint_outline(canvas, clock.outline, field._replace(bottom=field.bottom - _LABEL_ROW))


def _paint_columns(
    canvas: Canvas,
    columns: Sequence[Sequence[float]],
    hues: Sequence[str],
    labels: Iterable[str],
    field: Field,
) -> None:
    """Draw columns with a part for each hue, heights in per cent, and labels."""
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


_LARGEST_DAY: Final = 64
_MONTHS: Final = 34
_LARGEST_TILE: Final = 180
_TILE_GAP: Final = 12
_PLAYER_ROW: Final = 54
_LEAST: Final = 2
"""Smallest size of a drawn square, if the text above takes the room."""
_TILE_LINES: Final = 2


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
    font, ends = font_of(bold=False, size=22), [field.left] * strips
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
    in_strip = ceil(grid.columns / strips)
    space = field.height - _MONTHS * (2 * strips - 1)
    return in_strip, min(field.width / in_strip, space / (7 * strips), _LARGEST_DAY)


def _shade(theme: Theme, hue: str, level: int) -> str:
    shares = (0.0, 0.32, 0.54, 0.76, 1.0)  # As on the page.
    return theme.mixed(theme.hues[hue], shares[level]) if level else theme.line


def paint_tiles(canvas: Canvas, tiles: Tiles, field: Field) -> None:
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


_THING_SIZES: Final = (52, 48, 44, 40, 36, 32, 28)
_THING_ROW: Final = 1.25
_THING_BESIDE: Final = 0.62
_THING_NUMBER: Final = 1.9
"""Height of a row, size of the text below a sentence, and width of the number, by the letters'
size.
"""


def things_heights(canvas: Canvas, things: Things) -> Heights:
    of_one = Heights(130, 200, 300) if canvas.is_upright else Heights(84, 110, 150)
    return Heights(*(height * len(things.rows) for height in of_one))


def paint_things(canvas: Canvas, things: Things, field: Field) -> None:
    height = field.height / len(things.rows)
    fitting = (
        size
        for size in _THING_SIZES
        if _things_fit(things, size, field._replace(bottom=height, top=0))
    )
    size = next(fitting, _THING_SIZES[-1])
    for place, thing in enumerate(things.rows):
        top = field.top + place * height
        row = field._replace(top=top, bottom=top + height)
        _paint_thing(canvas, thing, row, size, number=place + 1, hue=things.hue)


def _things_fit(things: Things, size: int, row: Field) -> bool:
    used = _beside_height(size) + size * 0.4
    # Four rows are too many for a sentence in good letters.
    most = max(len(_thing_rows(thing, size, row.width, 4)) for thing in things.rows)
    return most < 4 and most * size * _THING_ROW + used <= row.height


def _thing_rows(thing: Thing, size: int, width: float, most: int) -> list[str]:
    font = font_of(bold=True, size=size)
    return text_rows(drawn_text(thing.text), font, width - size * _THING_NUMBER, most)


def _beside_height(size: int) -> float:
    return max(SMALLEST, size * _THING_BESIDE) * _THING_ROW


def _paint_thing(
    canvas: Canvas, thing: Thing, field: Field, size: int, *, number: int, hue: str
) -> None:
    font, colour = font_of(bold=True, size=size), canvas.theme.hues[hue]
    small = font_of(bold=False, size=max(SMALLEST, round(size * _THING_BESIDE)))
    most = max(1, int((field.height - _beside_height(size)) // (size * _THING_ROW)))
    circle = field.left, field.top + size * 0.1, field.left + size * 1.4, field.top + size * 1.5
    canvas.pen.ellipse(circle, colour, colour, 1)
    digit = f"{number}"
    middle = field.left + size * 0.7 - font.getlength(digit) / 2
    canvas.write((middle, field.top + size * 0.08), digit, font, canvas.theme.paper)
    left, top = field.left + size * _THING_NUMBER, field.top
    for row in _thing_rows(thing, size, field.width, most):
        canvas.write((left, top), row, font)
        top += size * _THING_ROW
    if thing.beside:
        canvas.write(
            (left, top),
            clipped(drawn_text(thing.beside), small, field.right - left),
            small,
            canvas.theme.soft,
        )
