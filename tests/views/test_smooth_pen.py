"""Shapes in pictures: their edges are smooth, and they cover what was asked for."""

import pytest
from PIL import Image

from app.drawing.png import SmoothPen

PAPER, INK = (255, 255, 255), (0, 0, 0)


@pytest.mark.parametrize("shape", ["bar", "outlined", "dot", "check"])
def test_edges_of_round_shapes_are_smooth(shape: str) -> None:
    image = Image.new("RGB", (60, 40), PAPER)
    pen = SmoothPen(image)
    {
        "bar": lambda: pen.rounded_rectangle((10, 10, 50, 30), 8, "#000000"),
        "outlined": lambda: pen.rounded_rectangle((10, 10, 50, 30), 8, "#000000", "#000000", 3),
        "dot": lambda: pen.ellipse((10, 10, 50, 30), "#000000", "#000000", 3),
        "check": lambda: pen.stroke([(14, 20), (24, 27), (46, 13)], "#000000", 6),
    }[shape]()
    colours = {colour for _, colour in image.getcolors() or []}
    assert {PAPER, INK} < colours
    assert len(colours) > 4
    left, top, right, bottom = Image.eval(image, lambda value: 255 - value).getbbox() or (0,) * 4
    assert (left, top) >= (10, 10)
    assert (right, bottom) <= (51, 31)
