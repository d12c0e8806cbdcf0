"""Bars with names in a picture, in pixels."""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from typing import Final

from app.drawing.drawings import Bars, NamedBar
from app.drawing.lettering import clipped, font_of, joined_rows
from app.drawing.png import Canvas, Field, Heights, RowNote, RowNotes

SMALLEST: Final = 22
"""Smallest size of letters, since pictures are seen on phones."""
_WIDE: Final = 900
"""Width from which a field has two columns if its rows would be too low."""
_BETWEEN: Final = 48
"""Gap between two columns."""
_BAR_ROW: Final = 46
"""Smallest height of a row with a bar."""
_UPRIGHT_ROW: Final = 62
"""Good height of a row in an upright picture."""
_MOST_NOTED: Final = 2
"""Largest number of bars with room for notes, in a picture that is not upright."""
_BEFORE_NOTE: Final = 1.5
"""Start of a note below a bar, as a multiple of the size of the bar's letters."""
_NOTE_ROW: Final = 1.4
"""Height of a row of a note, as a multiple of the size of its letters."""
_STACK: Final = 40
"""Height of the bar of all shares, which replaces rows without room."""
_STACK_GAP: Final = 4
_STACK_SPACE: Final = 10
"""Space below the bar of all shares."""
_LEGEND: Final = 24
"""Size of the letters of names below the bar of all shares."""
_LEGEND_ROW: Final = 34
_LEGEND_NAME: Final = 200
"""Largest width of a name below the bar of all shares."""


def bars_heights(canvas: Canvas, bars: Bars, notes: RowNotes) -> Heights:
    count = len(bars.rows)
    if canvas.is_upright:
        has_notes = any(notes.rows)
        good, most = (78, 290) if has_notes else (_UPRIGHT_ROW, 200)
        return Heights(_UPRIGHT_ROW * count, good * count, most * count)
    stack = _STACK + _STACK_SPACE
    named = stack + max(2, ceil(count / 3)) * _LEGEND_ROW
    if notes.are_wanted and count > _MOST_NOTED:
        return Heights(named, *[stack + count * _LEGEND_ROW] * 2)
    lines = count if count <= 4 else ceil(count / 2)
    least = min(_BAR_ROW * count, named)
    return Heights(least, _BAR_ROW * lines, 130 * lines)


def paint_bars(canvas: Canvas, bars: Bars, field: Field, notes: RowNotes) -> None:
    """Draw bars in proportion to the largest share, or a bar of all shares without room."""
    # All others together have a share but no bar, which might be longer than any person's.
    count = len(bars.rows)
    largest = max((bar.share for bar in bars.rows if not bar.is_of_several), default=0) or 1
    places = places_of(field, count, _BAR_ROW)
    is_for_notes = notes.are_wanted and count > _MOST_NOTED and not canvas.is_upright
    if is_for_notes or len(places) < count:
        _paint_stack(canvas, bars.rows, field, notes)
        return
    for number, (bar, place) in enumerate(zip(bars.rows, places, strict=True)):
        length = None if bar.is_of_several else bar.share / largest
        if place.height >= 180:
            _paint_large_bar(canvas, bar, place, length, notes.of(number))
        else:
            row = place if any(notes.rows) and _has_note_room(place) else _middle_of(place)
            _paint_bar(canvas, bar, row, length, notes.of(number))


def places_of(field: Field, rows: int, lowest: int) -> list[Field]:
    """Return the fields of the rows, in two columns if rows in one would be too low.

    There are fewer fields than `rows` if not all have the smallest height.
    """
    is_halved = field.width > _WIDE and field.height / rows < lowest
    columns = 2 if is_halved and rows > 1 else 1
    in_column = min(ceil(rows / columns), int(max(0, field.height) // lowest))
    height = field.height / max(in_column, 1)
    width = (field.width - _BETWEEN * (columns - 1)) / columns
    return [
        Field(left, top, left + width, top + height)
        for column in range(columns)
        for left in [field.left + column * (width + _BETWEEN)]
        for top in [field.top + row * height for row in range(in_column)]
    ][:rows]


def _bar_size(height: float) -> int:
    return int(min(44, max(24, height * 0.34)))


def _note_size(size: int) -> int:
    return min(28, max(SMALLEST, int(size * 0.8)))


def _has_note_room(row: Field) -> bool:
    size = _bar_size(row.height)
    return row.height - size * _BEFORE_NOTE >= _note_size(size) * _NOTE_ROW


def _middle_of(row: Field) -> Field:
    """Return a row without a note, moved down so that its content is in the middle."""
    lower = max(0, row.height - _BEFORE_NOTE * _bar_size(row.height)) / 2
    return row._replace(top=row.top + lower, bottom=row.bottom + lower)


def _paint_bar(
    canvas: Canvas, bar: NamedBar, row: Field, length: float | None, note: RowNote
) -> None:
    """Draw the name, the bar and the share side by side, and the note below them."""
    size = _bar_size(row.height)
    font, colour = font_of(bold=True, size=size), canvas.theme.hues[bar.hue]
    name_width = row.width * (0.34 if row.width > _WIDE else 0.4)
    canvas.write((row.left, row.top), clipped(bar.name, font, name_width - 16), font, colour)
    canvas.write((row.right - font.getlength(bar.label), row.top), bar.label, font)
    end = row.right - font.getlength("100%") - 20
    box = row.left + name_width, row.top + size * 0.4, end, row.top + size * 1.2
    if length is not None:
        canvas.draw_bar(box, length, colour, has_ground=False)
    _paint_note(canvas, note, row._replace(top=row.top + size * _BEFORE_NOTE), _note_size(size))


def _paint_large_bar(
    canvas: Canvas, bar: NamedBar, row: Field, length: float | None, note: RowNote
) -> None:
    """Draw the bar below the name and the share, as wide as the field, and the note below it."""
    size = int(min(56, row.height * (0.2 if note.parts else 0.28)))
    font, colour = font_of(bold=True, size=size), canvas.theme.hues[bar.hue]
    canvas.write((row.right - font.getlength(bar.label), row.top), bar.label, font)
    room = row.width - font.getlength("100%") - 32
    canvas.write((row.left, row.top), clipped(bar.name, font, room), font, colour)
    top = row.top + size * 1.5
    box = row.left + 4, top, row.right, top + size * 0.9
    if length is not None:
        canvas.draw_bar(box, length, colour, has_ground=False)
    _paint_note(canvas, note, row._replace(top=top + size * 1.1), min(32, size * 0.7))


def _paint_note(canvas: Canvas, note: RowNote, field: Field, size: float) -> None:
    font, top = font_of(bold=False, size=int(size)), field.top
    most = min(2, int(field.height // (font.size * _NOTE_ROW)))
    first, *others = note.parts or [""]
    rows = joined_rows(note.parts, font, field.width, most)
    if note.is_wanted and others and rows == joined_rows([first], font, field.width, most):
        rows = joined_rows([f"{first} · {others[0]}"], font, field.width, most)
    for row in rows:
        canvas.write((field.left, top), row, font, canvas.theme.soft)
        top += font.size * _NOTE_ROW


def _paint_stack(canvas: Canvas, bars: Sequence[NamedBar], field: Field, notes: RowNotes) -> None:
    """Draw all shares in a single bar, and the names below it.

    If notes are wanted, each name has a row with its note, unless only the names have room.
    """
    if field.height < _STACK:
        return
    total = sum(bar.share for bar in bars) or 1
    width = field.width - _STACK_GAP * (len(bars) - 1)
    starts = accumulate((bar.share / total * width + _STACK_GAP for bar in bars), initial=0)
    for bar, start in zip(bars, starts, strict=False):
        left = field.left + start
        box = left, field.top, left + bar.share / total * width, field.top + _STACK
        canvas.pen.rectangle(box, canvas.theme.hues[bar.hue])
    legend = field._replace(top=field.top + _STACK + _STACK_SPACE)
    columns = _noted_columns(len(bars), legend) if notes.are_wanted else 0
    if columns:
        _paint_noted_names(canvas, bars, legend, notes, columns)
    else:
        _paint_names(canvas, bars, legend)


def _noted_columns(names: int, legend: Field) -> int:
    """Return the number of columns in which each name has a row with its note; 0 without room."""
    rows = int(legend.height // _LEGEND_ROW)
    return next((columns for columns in (1, 2) if ceil(names / columns) <= rows), 0)


def _paint_noted_names(
    canvas: Canvas, bars: Sequence[NamedBar], legend: Field, notes: RowNotes, columns: int
) -> None:
    width = (legend.width - _BETWEEN * (columns - 1)) / columns
    in_column, before = ceil(len(bars) / columns), max(map(_named_length, bars)) + _LEGEND
    for number, bar in enumerate(bars):
        column, row = divmod(number, in_column)
        left, top = legend.left + column * (width + _BETWEEN), legend.top + row * _LEGEND_ROW
        _paint_named(canvas, bar, left, top)
        note = Field(left + before, top, left + width, top + _LEGEND_ROW)
        told = notes.of(number)
        if columns > 1:
            told = told._replace(is_wanted=False)  # Little more than its dots would have room.
        _paint_note(canvas, told, note, SMALLEST)


def _paint_names(canvas: Canvas, bars: Sequence[NamedBar], legend: Field) -> None:
    left, top = legend.left, legend.top
    for bar in bars:
        length = _named_length(bar)
        if legend.left < left and left + length > legend.right:
            left, top = legend.left, top + _LEGEND_ROW
        if top + _LEGEND_ROW > legend.bottom:
            return
        _paint_named(canvas, bar, left, top)
        left += length + 32


def _named_length(bar: NamedBar) -> float:
    font = font_of(bold=True, size=_LEGEND)
    return font.getlength(clipped(bar.name, font, _LEGEND_NAME)) + 10 + font.getlength(bar.label)


def _paint_named(canvas: Canvas, bar: NamedBar, left: float, top: float) -> None:
    font, colour = font_of(bold=True, size=_LEGEND), canvas.theme.hues[bar.hue]
    canvas.write((left, top), clipped(bar.name, font, _LEGEND_NAME), font, colour)
    share_left = left + _named_length(bar) - font.getlength(bar.label)
    canvas.write((share_left, top), bar.label, font)
