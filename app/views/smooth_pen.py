"""Shapes with smooth edges: Pillow's own are of whole pixels, with steps where they are round."""

from collections.abc import Callable, Sequence
from math import ceil, floor
from typing import Final

from PIL import Image, ImageDraw

from app.views.lettering import Lettering

SCALE: Final = 4
"""Points of a mask to a pixel, across and down."""
Points = Sequence[tuple[float, float]]


class SmoothPen:
    """Draws on a picture; straight lines and edges are on whole pixels."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._plain = ImageDraw.Draw(image)

    def write(self, place: tuple[float, float], text: str, font: Lettering, colour: str) -> None:
        """Draw a text whose top left corner is there."""
        font.write(self._image, place, text, colour)

    def rectangle(self, box: Sequence[float], colour: str) -> None:
        left, top, right, bottom = box
        self._plain.rectangle((left, top, right, bottom), colour)

    def line(self, points: Points, colour: str, width: int) -> None:
        """Draw lines that run across and down alone."""
        self._plain.line(points, colour, width)

    def stroke(self, points: Points, colour: str, width: float) -> None:
        """Draw slanting lines with round joints."""
        left, top = (min(place) - width for place in zip(*points, strict=True))
        right, bottom = (max(place) + width for place in zip(*points, strict=True))

        def draw(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
            corners = [((across - x) * SCALE, (down - y) * SCALE) for across, down in points]
            pen.line(corners, 255, round(width * SCALE), "curve")

        self._paint((left, top, right, bottom), colour, draw)

    def rounded_rectangle(
        self,
        box: Sequence[float],
        radius: float,
        colour: str,
        outline: str | None = None,
        width: float = 1,
    ) -> None:
        """Draw a rectangle with round corners; an outline is inside of it."""
        if outline is not None:
            self.rounded_rectangle(box, radius, outline)
            box, radius = _inside(box, width), max(0.0, radius - width)
        if box[0] <= box[2] and box[1] <= box[3]:

            def draw(pen: ImageDraw.ImageDraw, x: int, y: int) -> None:
                pen.rounded_rectangle(_scaled(box, x, y), radius * SCALE, 255)

            self._paint(box, colour, draw)

    def ellipse(self, box: Sequence[float], colour: str, outline: str, width: float) -> None:
        """Draw an ellipse with an outline inside of it."""
        for each, fill in ((box, outline), (_inside(box, width), colour)):

            def draw(
                pen: ImageDraw.ImageDraw, x: int, y: int, each: Sequence[float] = each
            ) -> None:
                pen.ellipse(_scaled(each, x, y), 255)

            self._paint(each, fill, draw)

    def _paint(
        self,
        box: Sequence[float],
        colour: str,
        draw: Callable[[ImageDraw.ImageDraw, int, int], None],
    ) -> None:
        """Paint with a mask on which `draw` draws; it gets where the mask begins in the picture."""
        left, top = floor(box[0]), floor(box[1])
        size = ceil(box[2]) - left + 1, ceil(box[3]) - top + 1
        mask = Image.new("L", (size[0] * SCALE, size[1] * SCALE))
        draw(ImageDraw.Draw(mask), left, top)
        self._image.paste(colour, (left, top), mask.reduce(SCALE))


def _inside(box: Sequence[float], width: float) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left + width, top + width, right - width, bottom - width


def _scaled(box: Sequence[float], x: int, y: int) -> tuple[float, float, float, float]:
    """Return a box on a mask that begins at this place of the picture."""
    left, top, right, bottom = box
    # Pillow draws the last point too, here and on whole pixels.
    return (
        (left - x) * SCALE,
        (top - y) * SCALE,
        (right - x + 1) * SCALE - 1,
        (bottom - y + 1) * SCALE - 1,
    )
