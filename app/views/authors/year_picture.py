"""The picture of a year of an author, 1200 × 630, to pass on."""

from functools import lru_cache
from typing import Final, NamedTuple

from PIL import ImageDraw, ImageFont

from app.views.canvas import INK, MARGIN, SIZE, SOFT, WIDTH, Canvas
from app.views.lettering import clipped, drawn_text, font_of

MOST_KEPT: Final = 32
"""Pictures in memory: programs ask for a shared one several times."""
_CHART_TOP: Final = 210
_CHART_HEIGHT: Final = 150
"""Beside as many lines as there can be; where some have nothing to tell it is higher."""
_MOST_LINES: Final = 3
_LINE: Final = 44
_GAP: Final = 12
_LABEL: Final = 230
"""Width of the labels before a line of names."""


class YearPicture(NamedTuple):
    """What is drawn: words are in the visitor's language already."""

    name: str
    """The author's, as far as it can be drawn; it may be empty."""
    heading: str
    """With `{username}` where the name stands, which is cut where it is too long."""
    figures: str
    colour: str
    """The author's."""
    months: tuple[int, ...]
    """Posts of each month, from January."""
    month_names: tuple[str, ...]
    lines: tuple[tuple[str, str], ...]
    """Labels, and names in a row."""


@lru_cache(maxsize=MOST_KEPT)
def draw_year(picture: YearPicture) -> bytes:
    """Return the picture as PNG; a new one takes some 100 ms, so call it in a thread."""
    canvas = Canvas()
    pen = canvas.pen
    heading, figures = font_of(bold=True, size=52), font_of(bold=False, size=30)
    room = WIDTH - heading.getlength(picture.heading.format(username=""))
    name = clipped(picture.name, heading, room)
    pen.text((MARGIN, 46), picture.heading.format(username=name), INK, heading)
    pen.text((MARGIN, 128), picture.figures, SOFT, figures)
    _draw_months(pen, picture)
    _draw_lines(pen, picture)
    canvas.draw_foot(mark_top=SIZE[1] - 58)
    return canvas.as_png()


def _draw_months(pen: ImageDraw.ImageDraw, picture: YearPicture) -> None:
    """Draw a column for each month, its number of posts above and its name below."""
    font, top = font_of(bold=False, size=20), max(1, *picture.months)
    width = (WIDTH - _GAP * (len(picture.months) - 1)) / len(picture.months)
    chart_height, colour = _height_of(picture), picture.colour
    bottom = _CHART_TOP + chart_height
    for place, posts in enumerate(picture.months):
        left = MARGIN + place * (width + _GAP)
        height = chart_height * posts / top
        if posts:
            pen.rounded_rectangle((left, bottom - max(height, 4), left + width, bottom), 4, colour)
            _write_centred(pen, str(posts), left + width / 2, bottom - height - 28, font)
        pen.line((left, bottom, left + width, bottom), SOFT)
        _write_centred(pen, picture.month_names[place], left + width / 2, bottom + 8, font)


def _height_of(picture: YearPicture) -> float:
    """Return the height of the columns, which fill what the lines leave."""
    return _CHART_HEIGHT + _LINE * (_MOST_LINES - len(picture.lines))


def _write_centred(
    pen: ImageDraw.ImageDraw, text: str, middle: float, top: float, font: ImageFont.FreeTypeFont
) -> None:
    pen.text((middle - font.getlength(text) / 2, top), text, SOFT, font)


def _draw_lines(pen: ImageDraw.ImageDraw, picture: YearPicture) -> None:
    top = _CHART_TOP + _height_of(picture) + 64
    label_font, font = font_of(bold=True, size=26), font_of(bold=False, size=26)
    for label, names in picture.lines:
        pen.text((MARGIN, top), clipped(label, label_font, _LABEL), INK, label_font)
        row = clipped(drawn_text(names), font, WIDTH - _LABEL - _GAP)
        pen.text((MARGIN + _LABEL + _GAP, top), row, INK, font)
        top += _LINE
