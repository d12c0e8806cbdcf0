"""Painting of drawings in pictures, as large as there is room, in pixels."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from math import ceil
from typing import Any, Final, NamedTuple

from app.drawing import drawings
from app.drawing.card_rows import card_rows_heights, paint_card_rows
from app.drawing.lettering import Lettering, clipped, drawn_text, font_of, joined_rows, text_rows
from app.drawing.marked_text import marked_text_heights, paint_marked_text
from app.drawing.png import MARGIN, Canvas, Field, Heights, Theme

Drawing = (
    drawings.Bars
    | drawings.CardRows
    | drawings.Habits
    | drawings.MarkedText
    | drawings.WeekGrid
    | drawings.Tiles
    | drawings.PeriodColumns
    | drawings.Clock
)
_LABEL: Final = 24
_BELOW_COLUMNS: Final = 6
_OUTLINE: Final = 4
"""Width of the line of everyone else's hours."""


def columns_heights(_canvas: Canvas, _columns: drawings.PeriodColumns | drawings.Clock) -> Heights:
    return Heights(160, 220, 560)


def paint_periods(canvas: Canvas, periods: drawings.PeriodColumns, field: Field) -> None:
    parts = [(part.hue, part.boxes) for part in periods.parts]
    _paint_columns(canvas, parts, [column.label for column in periods.columns], field)


def paint_clock(canvas: Canvas, clock: drawings.Clock, field: Field) -> None:
    """Draw a column for each hour, and everyone else's outline."""
    above = _paint_columns(canvas, [(clock.hue, clock.boxes)], drawings.HOUR_LABELS, field)
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


def _paint_columns(
    canvas: Canvas,
    parts: Iterable[tuple[str, Sequence[drawings.Rectangle]]],
    labels: Sequence[str],
    field: Field,
) -> Field:
    """Draw the boxes of each hue, and the labels that have room; return the columns' field."""
    size = max(_LABEL, canvas.smallest)
    above = field._replace(bottom=field.bottom - size * 1.5 - _BELOW_COLUMNS)
    grid, ground = _Grid.of_columns(above, len(labels)), above.bottom
    for hue, boxes in parts:
        for box in map(grid.box, boxes):
            if box.height >= 1:
                canvas.pen.rectangle(box, canvas.theme.hues[hue])
    font, end = font_of(bold=False, size=size), field.left
    for place, label in enumerate(labels):
        left = field.left + place * grid.across
        if label and end <= left <= field.right - font.getlength(label):
            canvas.write((left, ground + _BELOW_COLUMNS), label, font, canvas.theme.soft)
            end = left + font.getlength(label) + 8
    canvas.pen.line([(field.left, ground + 1), (field.right, ground + 1)], canvas.theme.line, 3)
    return above


_LARGEST_DAY: Final = 64
_LARGEST_TILE: Final = 180
_TILE_GAP: Final = 12
_PLAYER_ROW: Final = 54
_LEAST: Final = 2
"""Smallest size of a drawn square, if the text above takes the room."""
_TILE_LINES: Final = 2


def weeks_heights(canvas: Canvas, grid: drawings.WeekGrid) -> Heights:
    strips = 2 if canvas.is_upright else 1  # Two fill the width of an upright picture.
    side = min(_LARGEST_DAY, (canvas.width - 2 * MARGIN) / ceil(grid.columns / strips))
    months = _months_height(canvas)
    good = strips * (7 * side + 2 * months) - months
    return Heights(good if canvas.is_upright else 7 * 13 + months, good, good)


def _months_height(canvas: Canvas) -> int:
    return round(canvas.smallest * 1.4) + 3


def tiles_heights(canvas: Canvas, tiles: drawings.Tiles) -> Heights:
    most, width = max(len(row.hits) for row in tiles.rows), canvas.width - 2 * MARGIN

    def high(columns: int, largest: float) -> float:
        side = min(largest, (width + _TILE_GAP) / columns - _TILE_GAP)
        lines = ceil(most / columns)
        return len(tiles.rows) * (_PLAYER_ROW + lines * (side + _TILE_GAP))

    good = high(most, _LARGEST_TILE)
    folded = high(ceil(most / _TILE_LINES), _LARGEST_TILE)
    return Heights(high(most, 60), good, max(good, folded))


def paint_weeks(canvas: Canvas, grid: drawings.WeekGrid, field: Field) -> None:
    """Draw the weeks in the number of strips that makes the days largest."""
    months = _months_height(canvas)
    in_strip, side = max(
        (_side_of(grid, field, strips, months) for strips in range(1, 6 + 1)),
        key=lambda sized: sized[1],
    )
    if side < _LEAST:
        return
    strips, height = ceil(grid.columns / in_strip), 7 * side + months
    tops = [field.top + strip * (height + months) for strip in range(strips)]
    font, ends = font_of(bold=False, size=canvas.smallest), [field.left] * strips
    for week, name in grid.months:
        strip, column = divmod(week, in_strip)
        left = field.left + column * side
        if strip < strips and ends[strip] <= left <= field.right - font.getlength(name):
            canvas.write((left, tops[strip] - 4), name, font, canvas.theme.soft)
            ends[strip] = left + font.getlength(name) + 8
    for day in sorted(grid.days, key=lambda day: day.is_marked):
        strip = day.week // in_strip
        left, top = field.left - strip * in_strip * side, tops[strip] + months
        box = _Grid.of_squares(left, top, side).box(day.box)
        outline = canvas.theme.ink if day.is_marked else None
        colour = _shade(canvas.theme, grid.hue, day.level)
        canvas.pen.rounded_rectangle(box, side * 0.12, colour, outline, max(2, round(side * 0.08)))


def _side_of(grid: drawings.WeekGrid, field: Field, strips: int, months: int) -> tuple[int, float]:
    in_strip = ceil(grid.columns / strips)
    space = field.height - months * (2 * strips - 1)
    return in_strip, min(field.width / in_strip, space / (7 * strips), _LARGEST_DAY)


def _shade(theme: Theme, hue: str, level: int) -> str:
    shares = (0.0, 0.32, 0.54, 0.76, 1.0)  # As on the page.
    return theme.mixed(theme.hues[hue], shares[level]) if level else theme.line


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


SMALLEST: Final = 22
"""Smallest size of letters, since pictures are seen on phones."""
_WIDE: Final = 900
_BETWEEN: Final = 48
_BAR_ROW: Final = 46
_UPRIGHT_ROW: Final = 62
_STORY_ROW: Final = 96
_NOTED_ROWS: Final = (78, 120)
"""Good heights of a row with a bar in an upright picture, and in a story."""
_LARGE: Final = 180
"""Height of a row with a name above its bar."""
_NAMED_ABOVE: Final = 90
_MOST_NOTED: Final = 2
_BEFORE_NOTE: Final = 1.5
"""Start of a note below a bar, by the size of the bar's letters."""
_NOTE_ROW: Final = 1.4
"""Height of a row of a note, by the size of its letters."""
_NAME_SPACE: Final = 16
"""Space between a name and its bar."""
_STACK: Final = 40
"""Height of the bar of all shares, which replaces rows."""
_STACK_SPACE: Final = 10
_LEGEND: Final = 24
_LEGEND_ROW: Final = 34
_LEGEND_NAME: Final = 200


def bars_heights(canvas: Canvas, bars: drawings.Bars) -> Heights:
    count = len(bars.rows)
    if canvas.is_upright:
        least = _STORY_ROW if canvas.is_story else _UPRIGHT_ROW
        good, most = (_NOTED_ROWS[canvas.is_story], 290) if bars.has_notes else (least, 200)
        return Heights(least * count, good * count, most * count)
    stack = _STACK + _STACK_SPACE
    named = stack + max(2, ceil(count / 3)) * _LEGEND_ROW
    if bars.are_notes_wanted and count > _MOST_NOTED:
        return Heights(named, *[stack + count * _LEGEND_ROW] * 2)
    lines = count if count <= 4 else ceil(count / 2)
    least = min(_BAR_ROW * count, named)
    return Heights(least, _BAR_ROW * lines, 130 * lines)


def paint_bars(canvas: Canvas, bars: drawings.Bars, field: Field) -> None:
    """Draw a bar for each share on a ground of 100%, or one bar of all shares without room."""
    count = len(bars.rows)
    places = places_of(field, count, _BAR_ROW)
    is_for_notes = bars.are_notes_wanted and count > _MOST_NOTED and not canvas.is_upright
    if is_for_notes or len(places) < count:
        _paint_stack(canvas, bars, field)
        return
    for bar, place in zip(bars.rows, places, strict=True):
        are_above = bars.are_names_above and canvas.is_upright
        if place.height >= (_NAMED_ABOVE if are_above else _LARGE):
            _paint_large_bar(canvas, bar, place, is_wanted=bars.are_notes_wanted)
        else:
            size = _bar_size(canvas, place)
            has_note = bars.has_notes and _has_note_room(canvas, place)
            row = place if has_note else _middle_of(place, size)
            width = _name_width(bars.rows, row, size)
            _paint_bar(canvas, bar, row, width, is_wanted=bars.are_notes_wanted)


def places_of(field: Field, rows: int, lowest: int) -> list[Field]:
    """Return the fields of the rows, in two columns if rows in one would be too low, and fewer than
    `rows` if the smallest height lacks room.
    """
    room = round(field.height, 3)  # A sum of heights may be a little less than them.
    is_halved = field.width > _WIDE and room / rows < lowest
    columns = 2 if is_halved and rows > 1 else 1
    in_column = min(ceil(rows / columns), int(max(0, room) // lowest))
    height = field.height / max(in_column, 1)
    width = (field.width - _BETWEEN * (columns - 1)) / columns
    return [
        Field(left, top, left + width, top + height)
        for column in range(columns)
        for left in [field.left + column * (width + _BETWEEN)]
        for top in [field.top + row * height for row in range(in_column)]
    ][:rows]


def _bar_size(canvas: Canvas, row: Field) -> int:
    return int(min(44, max(24, canvas.smallest, row.height * 0.34)))


def _note_size(canvas: Canvas, size: int) -> int:
    return max(canvas.smallest, min(28, int(size * 0.8)))


def _has_note_room(canvas: Canvas, row: Field) -> bool:
    size = _bar_size(canvas, row)
    return row.height - size * _BEFORE_NOTE >= _note_size(canvas, size) * _NOTE_ROW


def _middle_of(row: Field, size: int) -> Field:
    lower = max(0, row.height - _BEFORE_NOTE * size) / 2
    return row._replace(top=row.top + lower, bottom=row.bottom + lower)


def _name_width(bars: Sequence[drawings.NamedBar], row: Field, size: int) -> float:
    font = font_of(bold=True, size=size)
    longest = max(font.getlength(bar.name) for bar in bars) + _NAME_SPACE
    return max(row.width * (0.34 if row.width > _WIDE else 0.4), min(longest, row.width * 0.6))


def _paint_bar(
    canvas: Canvas, bar: drawings.NamedBar, row: Field, name_width: float, *, is_wanted: bool
) -> None:
    size = _bar_size(canvas, row)
    font, colour = font_of(bold=True, size=size), canvas.theme.hues[bar.hue]
    rows = 1 if bar.note and _has_note_room(canvas, row) else 2
    _write_name(canvas, bar, row, font, name_width - _NAME_SPACE, rows)
    canvas.write((row.right - font.getlength(bar.label), row.top), bar.label, font)
    end = row.right - font.getlength("100%") - 20
    box = row.left + name_width, row.top + size * 0.4, end, row.top + size * 1.2
    canvas.draw_bar(box, bar.share, colour)
    below = row._replace(top=row.top + size * _BEFORE_NOTE)
    _paint_note(canvas, bar.note, below, _note_size(canvas, size), is_wanted=is_wanted)


def _write_name(
    canvas: Canvas, bar: drawings.NamedBar, row: Field, font: Lettering, width: float, most: int
) -> None:
    smaller = sorted({canvas.smallest, *(size for size in (30, 26) if size > canvas.smallest)})
    fonts = [font, *(font_of(bold=True, size=size) for size in reversed(smaller))]
    fitting = (each for each in fonts if each.getlength(bar.name) <= width)
    own = next(fitting, fonts[-1])
    names = text_rows(bar.name, own, width, most)
    top = row.top + font.size * 0.8 - own.size * (0.8 + 0.525 * (len(names) - 1))
    canvas.write_rows((row.left, top), names, own, 1.05, canvas.theme.hues[bar.hue])


def _paint_large_bar(
    canvas: Canvas, bar: drawings.NamedBar, row: Field, *, is_wanted: bool
) -> None:
    size = int(min(56, max(34, canvas.smallest, row.height * (0.2 if bar.note else 0.28))))
    font, colour = font_of(bold=True, size=size), canvas.theme.hues[bar.hue]
    canvas.write((row.right - font.getlength(bar.label), row.top), bar.label, font)
    room = row.width - font.getlength("100%") - 32
    canvas.write((row.left, row.top), clipped(bar.name, font, room), font, colour)
    top = row.top + size * 1.5
    box = row.left, top, row.right, top + size * 0.9
    canvas.draw_bar(box, bar.share, colour)
    below = row._replace(top=top + size * 1.1)
    _paint_note(
        canvas, bar.note, below, max(canvas.smallest, min(32, size * 0.7)), is_wanted=is_wanted
    )


def _paint_note(
    canvas: Canvas, note: Sequence[str], field: Field, size: float, *, is_wanted: bool
) -> None:
    font = font_of(bold=False, size=int(size))
    most = min(2, int(field.height // (font.size * _NOTE_ROW)))
    first, *others = note or [""]
    rows = joined_rows(note, font, field.width, most)
    if is_wanted and others and rows == joined_rows([first], font, field.width, most):
        rows = joined_rows([f"{first} · {others[0]}"], font, field.width, most)
    canvas.write_rows((field.left, field.top), rows, font, _NOTE_ROW, canvas.theme.soft)


def _paint_stack(canvas: Canvas, drawing: drawings.Bars, field: Field) -> None:
    """Draw all shares in a single bar, and the names below it.

    If notes are wanted and fit, each name has a row with its note.
    """
    if field.height < _STACK:
        return
    bars, gap = drawing.rows, 4
    total = sum(bar.share for bar in bars) or 1
    width = field.width - gap * (len(bars) - 1)
    starts = accumulate((bar.share / total * width + gap for bar in bars), initial=0)
    for bar, start in zip(bars, starts, strict=False):
        left = field.left + start
        box = left, field.top, left + bar.share / total * width, field.top + _STACK
        canvas.pen.rectangle(box, canvas.theme.hues[bar.hue])
    legend = field._replace(top=field.top + _STACK + _STACK_SPACE)
    columns = _noted_columns(len(bars), legend) if drawing.are_notes_wanted else 0
    if columns:
        _paint_noted_names(canvas, bars, legend, columns)
    else:
        _paint_names(canvas, bars, legend)


def _noted_columns(names: int, legend: Field) -> int:
    rows = int(legend.height // _LEGEND_ROW)
    return next((columns for columns in (1, 2) if ceil(names / columns) <= rows), 0)


def _paint_noted_names(
    canvas: Canvas, bars: Sequence[drawings.NamedBar], legend: Field, columns: int
) -> None:
    width = (legend.width - _BETWEEN * (columns - 1)) / columns
    in_column, before = ceil(len(bars) / columns), max(map(_named_length, bars)) + _LEGEND
    for number, bar in enumerate(bars):
        column, row = divmod(number, in_column)
        left, top = legend.left + column * (width + _BETWEEN), legend.top + row * _LEGEND_ROW
        _paint_named(canvas, bar, left, top)
        note = Field(left + before, top, left + width, top + _LEGEND_ROW)
        # In two columns, little more than the dots of a cut part would have room.
        _paint_note(canvas, bar.note, note, SMALLEST, is_wanted=columns == 1)


def _paint_names(canvas: Canvas, bars: Sequence[drawings.NamedBar], legend: Field) -> None:
    left, top = legend.left, legend.top
    for bar in bars:
        length = _named_length(bar)
        if legend.left < left and left + length > legend.right:
            left, top = legend.left, top + _LEGEND_ROW
        if top + _LEGEND_ROW > legend.bottom:
            return
        _paint_named(canvas, bar, left, top)
        left += length + 32


def _named_length(bar: drawings.NamedBar) -> float:
    font = font_of(bold=True, size=_LEGEND)
    return font.getlength(clipped(bar.name, font, _LEGEND_NAME)) + 10 + font.getlength(bar.label)


def _paint_named(canvas: Canvas, bar: drawings.NamedBar, left: float, top: float) -> None:
    font, colour = font_of(bold=True, size=_LEGEND), canvas.theme.hues[bar.hue]
    canvas.write((left, top), clipped(bar.name, font, _LEGEND_NAME), font, colour)
    share_left = left + _named_length(bar) - font.getlength(bar.label)
    canvas.write((share_left, top), bar.label, font)


_HABIT_ROW: Final = 4.7
"""Height of a habit's row, by the size of the smallest letters."""
_HABIT_BAR: Final = 0.5
"""Height of a habit's bar, as a part of the letters' size."""


def habits_heights(canvas: Canvas, habits: drawings.Habits) -> Heights:
    count, row = len(habits.rows), round(_HABIT_ROW * canvas.smallest)
    if canvas.is_upright:
        return Heights(row * min(count, 2), row * min(count, 4), 1.5 * row * count)
    lines = ceil(count / 2)
    return Heights(row, row * min(lines, 2), 160 * lines)


def paint_habits(canvas: Canvas, habits: drawings.Habits, field: Field) -> None:
    """Draw the first habits, up to the space."""
    lowest = round(_HABIT_ROW * canvas.smallest)
    # In two columns of an upright picture, the letters would be hard to read on a phone.
    rows = habits.rows[: max(1, int(field.height // lowest)) if canvas.is_upright else None]
    places = places_of(field, len(rows), lowest)
    sizes = [_habit_size(canvas, row, place) for row, place in zip(rows, places, strict=False)]
    for row, place in zip(rows, places, strict=False):
        _paint_habit(canvas, row, place, canvas.theme.hues[habits.hue], min(sizes))


def _habit_size(canvas: Canvas, row: drawings.Row, field: Field) -> int:
    size = int(min(1.6 * canvas.smallest, max(canvas.smallest, field.height * 0.24)))
    texts = drawn_text(row.label), drawn_text(row.value)
    while size > canvas.smallest:
        font = font_of(bold=row.is_clear, size=size)
        if sum(map(font.getlength, texts)) + 24 <= field.width:
            break
        size -= 2
    return max(size, canvas.smallest)


def _paint_habit(canvas: Canvas, row: drawings.Row, field: Field, colour: str, size: int) -> None:
    font, theme = font_of(bold=row.is_clear, size=size), canvas.theme
    value = clipped(drawn_text(row.value), font, field.width * 0.6)
    left = field.right - font.getlength(value)
    canvas.write((left, field.top), value, font, theme.ink if row.is_clear else theme.soft)
    name = clipped(drawn_text(row.label), font, left - field.left - 16)
    canvas.write((field.left, field.top), name, font)
    top, high = field.top + size * 1.45, size * _HABIT_BAR
    ground = Field(field.left, top, field.right, top + high)
    canvas.pen.rectangle(ground, theme.line)
    bar = ground._replace(right=field.left + field.width * row.length / 100)
    if bar.width >= 1:
        canvas.pen.rectangle(bar, colour)
    if row.mark is None:
        return
    mark = field.left + field.width * row.mark / 100
    canvas.pen.line([(mark, top - 5), (mark, top + high + 5)], theme.ink, 4)
    small = font_of(bold=False, size=canvas.smallest)
    usual = clipped(drawn_text(row.beside), small, field.width)
    canvas.write((field.left, top + high + 4), usual, small, theme.soft)


class Painter(NamedTuple):
    heights_of: Callable[[Canvas, Any], Heights]
    paint: Callable[[Canvas, Any, Field], None]


PAINTERS: Final[Mapping[type, Painter]] = {
    drawings.Bars: Painter(bars_heights, paint_bars),
    drawings.CardRows: Painter(card_rows_heights, paint_card_rows),
    drawings.Habits: Painter(habits_heights, paint_habits),
    drawings.MarkedText: Painter(marked_text_heights, paint_marked_text),
    drawings.WeekGrid: Painter(weeks_heights, paint_weeks),
    drawings.Tiles: Painter(tiles_heights, paint_tiles),
    drawings.PeriodColumns: Painter(columns_heights, paint_periods),
    drawings.Clock: Painter(columns_heights, paint_clock),
}


def heights_of(canvas: Canvas, drawing: Drawing) -> Heights:
    return PAINTERS[type(drawing)].heights_of(canvas, drawing)


def paint(canvas: Canvas, drawing: Drawing, field: Field) -> None:
    PAINTERS[type(drawing)].paint(canvas, drawing, field)
