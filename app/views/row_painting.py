"""Drawings of rows in a picture: bars with their names.

Measures are in pixels.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from typing import Final

from app.views.canvas import Canvas, Field, Heights, RowNote, RowNotes
from app.views.drawings import Bars, NamedBar
from app.views.lettering import clipped, font_of, joined_rows

SMALLEST: Final = 22
"""Size of letters; pictures are looked at on phones."""
_WIDE: Final = 900
"""A field from here on has two columns where its rows would be low."""
_BETWEEN: Final = 48
"""Between two columns."""
_BAR_ROW: Final = 46
"""Lowest row of a bar."""
_UPRIGHT_ROW: Final = 62
_NOTED_ROW: Final = 78
"""One with a note below it."""
_LARGE_ROW: Final = 180
"""From here on a bar stands below its name, as wide as the field."""
_HIGHEST_NOTED: Final = 290
_HIGHEST_BAR: Final = 200
_HIGHEST_LOW_BAR: Final = 130
"""Likewise in a picture that is not upright."""
_MOST_NOTED: Final = 2
"""Of more bars the notes have no room below them, unless the picture is upright."""
_MOST_BELOW: Final = 4
"""More bars stand in two columns, unless the picture is upright."""
_BEFORE_NOTE: Final = 1.5
"""Where a note begins below a bar, by the size of the letters beside that."""
_NOTE_ROW: Final = 1.4
"""Height of a row of a note, by the size of its letters."""
_STACK: Final = 40
"""Height of the one bar of all where there is no room for rows."""
_STACK_GAP: Final = 4
_STACK_SPACE: Final = 10
"""Below it."""
_LEGEND: Final = 24
"""Size of the letters of names below it."""
_LEGEND_ROW: Final = 34
_LEGEND_NAME: Final = 200
"""Most width of a name there."""


def bars_heights(canvas: Canvas, bars: Bars, notes: RowNotes) -> Heights:
    count = len(bars.rows)
    if canvas.is_upright:
        has_notes = any(notes.rows)
        good, most = (_NOTED_ROW, _HIGHEST_NOTED) if has_notes else (_UPRIGHT_ROW, _HIGHEST_BAR)
        return Heights(_UPRIGHT_ROW * count, good * count, most * count)
    stack = _STACK + _STACK_SPACE
    if notes.are_wanted and count > _MOST_NOTED:
        return Heights(stack + 2 * _LEGEND_ROW, *[stack + count * _LEGEND_ROW] * 2)
    lines = count if count <= _MOST_BELOW else ceil(count / 2)
    least = min(_BAR_ROW * count, stack + 2 * _LEGEND_ROW)
    return Heights(least, _BAR_ROW * lines, _HIGHEST_LOW_BAR * lines)


def paint_bars(canvas: Canvas, bars: Bars, field: Field, notes: RowNotes) -> None:
    """Draw bars as long as their shares are of the largest one; as one bar where they are many.

    All others together have a share and no bar: beside those of single people it would lead.
    """
    count = len(bars.rows)
    largest = max((bar.share for bar in bars.rows if not bar.is_of_several), default=0) or 1
    places = places_of(field, count, _BAR_ROW)
    is_for_notes = notes.are_wanted and count > _MOST_NOTED and not canvas.is_upright
    if is_for_notes or len(places) < count:
        _paint_stack(canvas, bars.rows, field, notes)
        return
    for number, (bar, place) in enumerate(zip(bars.rows, places, strict=True)):
        length = None if bar.is_of_several else bar.share / largest
        if place.height >= _LARGE_ROW:
            _paint_large_bar(canvas, bar, place, length, notes.of(number))
        else:
            row = place if any(notes.rows) and _has_note_room(place) else _middle_of(place)
            _paint_bar(canvas, bar, row, length, notes.of(number))


def places_of(field: Field, rows: int, lowest: int) -> list[Field]:
    """Return where each row stands: below each other, or in two columns where that is too low.

    They are fewer than asked for where not all have the lowest height.
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
    """Return the size of the letters beside a bar, by the height of its row."""
    return int(min(44, max(24, height * 0.34)))


def _note_size(size: int) -> int:
    """Return the size of the letters of a note, by that of the name above it."""
    return min(28, max(SMALLEST, int(size * 0.8)))


def _has_note_room(row: Field) -> bool:
    """Return whether a note has room below a bar."""
    size = _bar_size(row.height)
    return row.height - size * _BEFORE_NOTE >= _note_size(size) * _NOTE_ROW


def _middle_of(row: Field) -> Field:
    """Return a row without a note lowered, so that what is in it stands in its middle."""
    lower = max(0, row.height - _BEFORE_NOTE * _bar_size(row.height)) / 2
    return row._replace(top=row.top + lower, bottom=row.bottom + lower)


def _paint_bar(
    canvas: Canvas, bar: NamedBar, row: Field, length: float | None, note: RowNote
) -> None:
    """Draw the name, the bar and the share beside each other, and the note below them."""
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
    """Draw all shares in one bar, and the names below it, as many as there is room for.

    Where the notes are wanted, each name has a row with its note.
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
    left, top = field.left, field.top + _STACK + _STACK_SPACE
    for number, bar in enumerate(bars):
        length = _named_length(bar)
        is_full = notes.are_wanted or left + length > field.right
        if left > field.left and is_full:
            left, top = field.left, top + _LEGEND_ROW
        if top + _LEGEND_ROW > field.bottom:
            return
        _paint_named(canvas, bar, left, top)
        left += length + 32
        if notes.are_wanted:
            begin = field.left + _LEGEND_NAME + 90
            note = field._replace(left=begin, top=top, bottom=top + _LEGEND_ROW)
            _paint_note(canvas, notes.of(number), note, SMALLEST)


def _named_length(bar: NamedBar) -> float:
    """Return the width of a name with its share."""
    font = font_of(bold=True, size=_LEGEND)
    return font.getlength(clipped(bar.name, font, _LEGEND_NAME)) + 10 + font.getlength(bar.label)


def _paint_named(canvas: Canvas, bar: NamedBar, left: float, top: float) -> None:
    font, colour = font_of(bold=True, size=_LEGEND), canvas.theme.hues[bar.hue]
    canvas.write((left, top), clipped(bar.name, font, _LEGEND_NAME), font, colour)
    share_left = left + _named_length(bar) - font.getlength(bar.label)
    canvas.write((share_left, top), bar.label, font)
