"""Lines with dots in a picture, and a key of the initials in the rings, in pixels."""

from collections.abc import Sequence
from math import ceil
from typing import Final

from app.drawing.drawings import EDGE, DotRow, Dots, Initials, Ring
from app.drawing.lettering import Lettering, clipped, drawn_text, font_of
from app.drawing.png import MARGIN, Canvas, Field, Heights
from app.drawing.row_painting import SMALLEST, places_of

_DOT_ROW: Final = 86
"""Smallest height of a row."""
_HIGHEST_DOT: Final = 150
_RING_GAP: Final = 3
_TICK: Final = 8
"""Height of a mark above and below a line."""
_KEY_ROW: Final = 34


def dots_heights(canvas: Canvas, dots: Dots) -> Heights:
    count, key = len(dots.rows), _KEY_ROW * len(_key_rows(dots, canvas.width - 2 * MARGIN))
    heights = (_DOT_ROW * count, 104 * count, _HIGHEST_DOT * count)
    if not canvas.is_upright:
        lines = ceil(count / 2)
        heights = (_DOT_ROW, _DOT_ROW * min(lines, 2), _HIGHEST_DOT * lines)
    return Heights(*(height + key for height in heights))


def paint_dots(canvas: Canvas, dots: Dots, field: Field) -> None:
    """Draw as many lines as there is room for, and the key of the initials."""
    key = _key_rows(dots, field.width)
    _paint_key(canvas, key, field._replace(top=field.bottom - _KEY_ROW * len(key)))
    field = field._replace(bottom=field.bottom - _KEY_ROW * len(key))
    places = places_of(field, len(dots.rows), _DOT_ROW)
    sizes = map(_dot_size, dots.rows, places)
    size = min(sizes, default=SMALLEST)
    for row, place in zip(dots.rows, places, strict=False):
        _paint_dot_row(canvas, row, place, canvas.theme.hues[dots.hue], size)


def _dot_size(row: DotRow, field: Field) -> int:
    """Return the largest size of letters at which label and value fit side by side."""
    size = int(min(36, max(SMALLEST, field.height * 0.28)))
    texts = drawn_text(row.label), drawn_text(row.value)
    while size > SMALLEST:
        font = font_of(bold=row.is_clear, size=size)
        if sum(map(font.getlength, texts)) + 24 <= field.width:
            break
        size -= 2
    return max(size, SMALLEST)


def _paint_dot_row(canvas: Canvas, row: DotRow, field: Field, colour: str, size: int) -> None:
    """Draw a line with its dot, label and value above it, and rings below it."""
    font, theme = font_of(bold=row.is_clear, size=size), canvas.theme
    value = clipped(drawn_text(row.value), font, field.width * 0.6)
    left = field.right - font.getlength(value)
    canvas.write((left, field.top), value, font, theme.ink if row.is_clear else theme.soft)
    name = clipped(drawn_text(row.label), font, left - field.left - 16)
    canvas.write((field.left, field.top), name, font)
    line = field.top + size * 1.85
    canvas.pen.line([(field.left, line), (field.right, line)], theme.line, 3)
    begin = field.left + field.width * EDGE / 100
    canvas.pen.line([(begin, line - _TICK), (begin, line + _TICK)], theme.line, 3)
    if row.beside_place is not None:
        beside = field.left + field.width * row.beside_place / 100
        canvas.pen.line([(beside, line - _TICK), (beside, line + _TICK)], theme.soft, 3)
    _paint_rings(canvas, row.rings, field._replace(top=line + size * 0.4), size)
    middle, radius = field.left + field.width * row.place / 100, size * 0.4
    box = middle - radius, line - radius, middle + radius, line + radius
    canvas.pen.ellipse(box, colour, theme.paper, 3)


def _paint_rings(canvas: Canvas, rings: Sequence[Ring], field: Field, size: int) -> None:
    """Draw the initials of people in rings, as near to their places as there is room."""
    font = font_of(bold=False, size=max(SMALLEST, int(size * 0.7)))
    people = [_letters(ring, font, field.width / len(rings)) for ring in rings]
    texts = [[drawn_text(letter.text) or "·" for letter in letters] for letters in people]
    widths = [sum(map(font.getlength, letters)) + font.size for letters in texts]
    lefts, end = list[float](), field.left
    for ring, width in zip(rings, widths, strict=True):
        lefts.append(max(end, field.left + field.width * ring.place / 100 - width / 2))
        end = lefts[-1] + width + _RING_GAP
    end = field.right
    for number in reversed(range(len(rings))):
        lefts[number] = min(lefts[number], end - widths[number])
        end = lefts[number] - _RING_GAP
    for ring, letters, left, width in zip(rings, people, lefts, widths, strict=True):
        box = left, field.top, left + width, field.top + font.size * 1.32
        colour = canvas.theme.hues[ring.hue]
        canvas.pen.rounded_rectangle(box, font.size * 0.66, canvas.theme.paper, colour, 2)
        place = left + font.size * 0.5
        for letter in letters:
            text = drawn_text(letter.text) or "·"
            hue = canvas.theme.hues[letter.hue]
            canvas.write((place, field.top - font.size * 0.07), text, font, hue)
            place += font.getlength(text)


def _letters(ring: Ring, font: Lettering, room: float) -> Sequence[Initials]:
    length = font.getlength("".join(drawn_text(person.text) for person in ring.people))
    return ring.people if length + font.size <= room else ring.letters


def _key_rows(dots: Dots, width: float) -> list[list[Initials]]:
    """Return the people of the key in rows of a width; empty if no key is needed."""
    rows, left = list[list[Initials]](), width
    for person in dots.others if dots.has_key else ():
        length = _key_length(person)
        if left + length > width:
            rows.append([])
            left = 0
        rows[-1].append(person)
        left += length
    return rows[:2]


def _key_name(person: Initials) -> str:
    return clipped(drawn_text(person.name), font_of(bold=False, size=SMALLEST), 200)


def _key_length(person: Initials) -> float:
    bold, font = (font_of(bold=bold, size=SMALLEST) for bold in (True, False))
    return bold.getlength(person.text) + font.getlength(_key_name(person)) + 36


def _paint_key(canvas: Canvas, rows: Sequence[Sequence[Initials]], field: Field) -> None:
    bold, font = (font_of(bold=bold, size=SMALLEST) for bold in (True, False))
    for number, row in enumerate(rows):
        left, top = field.left, field.top + number * _KEY_ROW
        for person in row:
            canvas.write((left, top), person.text, bold, canvas.theme.hues[person.hue])
            place = left + bold.getlength(person.text) + 8
            canvas.write((place, top), _key_name(person), font, canvas.theme.soft)
            left += _key_length(person)
