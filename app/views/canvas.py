"""The frame of all pictures, 1200 × 630: paper, heading, foot, bars, and the colours of pages."""

import re
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageColor, ImageDraw

from app.views.lettering import clipped, font_of

SIZE: Final = (1200, 630)
PAPER: Final = "#fbfaf8"
INK: Final = "#1c1b1a"
SOFT: Final = "#5f5b56"
ACCENT: Final = "#0b6e4f"
TINTED: Final = 0.15
"""Share of an author's colour in the ground of a mark, as on a page."""
MARGIN: Final = 64
WIDTH: Final = SIZE[0] - 2 * MARGIN
FOOT: Final = SIZE[1] - 62
"""Where the line at the foot begins, from the top; all measures are in pixels."""
_SHORTEST: Final = 12
"""Width of the shortest bar that is drawn."""
_HUE: Final = re.compile(r"^\.(author-\d+) \{ --hue: light-dark\((#[0-9a-f]{6})", re.M)
_STYLES: Final = Path(__file__).parents[1] / "static" / "style.css"


class Canvas:
    """A picture that is being drawn."""

    def __init__(self) -> None:
        self._image = Image.new("RGB", SIZE, PAPER)
        self.pen = ImageDraw.Draw(self._image)

    def draw_bar(self, box: tuple[float, float, float, float], share: float, colour: str) -> None:
        """Draw a bar: its ground, and of that the share in [0, 1] in the colour."""
        left, top, right, bottom = box
        self.pen.rounded_rectangle(box, 6, tint(colour))
        length = (right - left) * share
        if length >= 1:
            end = left + max(length, _SHORTEST)
            self.pen.rounded_rectangle((left, top, end, bottom), 6, colour)

    def draw_foot(
        self, text: str = "", *, size: int = 22, lowered: int = 0, mark_top: int = FOOT - 2
    ) -> None:
        """Draw the name of the program at the right, and a text beside it, cut to its room."""
        mark = font_of(bold=True, size=24)
        left = SIZE[0] - MARGIN - mark.getlength("saywho")
        self.pen.text((left, mark_top), "saywho", ACCENT, mark)
        small = font_of(bold=False, size=size)
        beside = clipped(text, small, left - MARGIN - 24)
        self.pen.text((MARGIN, FOOT + lowered), beside, SOFT, small)

    def as_png(self) -> bytes:
        """Return the picture as a file."""
        file = BytesIO()
        self._image.save(file, "PNG", optimize=True)
        return file.getvalue()


@cache
def page_colours() -> dict[str, str]:
    """Return the authors' colours on light pages, by their class."""
    return dict(_HUE.findall(_STYLES.read_text(encoding="utf-8")))


def tint(colour: str) -> tuple[int, ...]:
    """Return a colour as the ground of a mark."""
    pairs = zip(ImageColor.getrgb(PAPER), ImageColor.getrgb(colour), strict=True)
    return tuple(round(paper + TINTED * (hue - paper)) for paper, hue in pairs)
