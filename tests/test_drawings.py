"""Drawings: a page and a picture have the same boxes in the same places."""

import re
from io import BytesIO

from PIL import Image

from app.drawing.drawings import Clock, path_along
from app.drawing.painting import Drawing, paint
from app.drawing.png import Canvas, Field

FIELD = Field(0, 0, 600, 442)
LABELS = 42
"""Height of the labels below columns."""
BOX = re.compile(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-[\d.]+z")


def middles(path: str) -> list[tuple[float, float]]:
    """Return the middle of each box in a path of a page."""
    boxes = [map(float, box) for box in BOX.findall(path)]
    assert len(boxes) == path.count("M")
    return [(left + wide / 2, top + high / 2) for left, top, wide, high in boxes]


class Painted:
    """A drawing in a picture."""

    def __init__(self, drawing: Drawing) -> None:
        canvas = Canvas((600, 442), "light")
        paint(canvas, drawing, FIELD)
        self.hues = canvas.theme.hues
        self._image = Image.open(BytesIO(canvas.as_png())).convert("RGB")

    def colour_at(self, across: float, down: float) -> str:
        pixel = self._image.getpixel((round(across), round(down)))
        assert isinstance(pixel, tuple)
        return "#{:02x}{:02x}{:02x}".format(*pixel)


def test_nought_has_no_sign() -> None:
    assert path_along([(-0.0, -1e-9), (0.0, 0.5)]) == "M0 0 0 .5"


def test_hours_of_a_picture_are_those_of_the_page() -> None:
    heights = [100.0 if hour == 7 else 50 if hour > 12 else 0 for hour in range(24)]
    drawing = Clock("author-3", "", heights, [])
    picture = Painted(drawing)
    assert len(middles(drawing.path)) == 12
    for across, down in middles(drawing.path):
        place = across * 25, down * (442 - LABELS) / 100
        assert picture.colour_at(*place) == picture.hues["author-3"]
    assert drawing.outline_path == ""
    assert Clock("author-3", "", [], [50, 0]).outline_path == "M0 100 0 50 1 50 1 100 2 100 2 100"
