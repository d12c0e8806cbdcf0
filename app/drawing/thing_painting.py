"""Numbered sentences about a person in a picture, in pixels."""

from typing import Final

from app.drawing.drawings import Thing, Things
from app.drawing.lettering import clipped, drawn_text, font_of, text_rows
from app.drawing.png import Canvas, Field, Heights

_SIZES: Final = (52, 48, 44, 40, 36, 32, 28)
"""Sizes of letters, tried in order until all sentences fit."""
_ROW: Final = 1.25
"""Height of a row, as a multiple of the size of its letters."""
_BESIDE: Final = 0.62
"""Size of the text below a sentence, as a multiple of the sentence's."""
_SMALLEST: Final = 22
_NUMBER: Final = 1.9
"""Width of the number with its space, as a multiple of the size of the letters."""
_MOST_ROWS: Final = 4
"""Number of rows that is too many for a sentence in good letters."""


def things_heights(canvas: Canvas, things: Things) -> Heights:
    of_one = Heights(130, 200, 300) if canvas.is_upright else Heights(84, 110, 150)
    return Heights(*(height * len(things.rows) for height in of_one))


def paint_things(canvas: Canvas, things: Things, field: Field) -> None:
    """Draw the sentences below each other, in the largest letters in which all have room."""
    height = field.height / len(things.rows)
    fitting = (size for size in _SIZES if _fits(things, size, field._replace(bottom=height, top=0)))
    size = next(fitting, _SIZES[-1])
    for place, thing in enumerate(things.rows):
        top = field.top + place * height
        row = field._replace(top=top, bottom=top + height)
        _paint_thing(canvas, thing, row, size, number=place + 1, hue=things.hue)


def _fits(things: Things, size: int, row: Field) -> bool:
    used = _beside_height(size) + size * 0.4
    most = max(len(_rows(thing, size, row.width, _MOST_ROWS)) for thing in things.rows)
    return most < _MOST_ROWS and most * size * _ROW + used <= row.height


def _rows(thing: Thing, size: int, width: float, most: int) -> list[str]:
    font = font_of(bold=True, size=size)
    return text_rows(drawn_text(thing.text), font, width - size * _NUMBER, most)


def _beside_height(size: int) -> float:
    return max(_SMALLEST, size * _BESIDE) * _ROW


def _paint_thing(
    canvas: Canvas, thing: Thing, field: Field, size: int, *, number: int, hue: str
) -> None:
    font, colour = font_of(bold=True, size=size), canvas.theme.hues[hue]
    small = font_of(bold=False, size=max(_SMALLEST, round(size * _BESIDE)))
    most = max(1, int((field.height - _beside_height(size)) // (size * _ROW)))
    circle = field.left, field.top + size * 0.1, field.left + size * 1.4, field.top + size * 1.5
    canvas.pen.ellipse(circle, colour, colour, 1)
    digit = f"{number}"
    middle = field.left + size * 0.7 - font.getlength(digit) / 2
    canvas.write((middle, field.top + size * 0.08), digit, font, canvas.theme.paper)
    left, top = field.left + size * _NUMBER, field.top
    for row in _rows(thing, size, field.width, most):
        canvas.write((left, top), row, font)
        top += size * _ROW
    if thing.beside:
        canvas.write(
            (left, top),
            clipped(drawn_text(thing.beside), small, field.right - left),
            small,
            canvas.theme.soft,
        )
