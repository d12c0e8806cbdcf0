"""The canvas of all pictures: paper, text, bars, codes, and the colours of pages."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from io import BytesIO
from math import ceil, floor
from pathlib import Path
from typing import Final, Literal, NamedTuple

import segno
from PIL import Image, ImageColor, ImageDraw

from app.drawing.drawings import Place
from app.drawing.lettering import Lettering

MARGIN: Final = 64
ThemeName = Literal["light", "dark"]
_COLOUR: Final = re.compile(
    r"^(?:\.(author-\d+) \{ --hue|  --([a-z-]+)): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)",
    re.M,
)
OURS: Final = "accent"
"""The hue of a picture of the visitor's own, such as a quiz."""
_STYLES: Final = Path(__file__).parents[1] / "static" / "style.css"


class Theme(NamedTuple):
    paper: str
    ink: str
    soft: str
    line: str
    accent: str
    hues: Mapping[str, str]

    def mixed(self, colour: str, share: float = 0.15) -> str:
        """Return a share of a colour mixed with the paper, by default a mark's ground."""
        pairs = zip(ImageColor.getrgb(self.paper), ImageColor.getrgb(colour), strict=True)
        return "#" + "".join(f"{round(paper + share * (hue - paper)):02x}" for paper, hue in pairs)

    def on_ground_of(self, hue: str) -> "Theme":
        """Return the theme of a card of a person, on paper tinted with the person's colour: a light
        card is light, and a dark one dark.
        """
        colour = self.accent if hue == OURS else self.hues[hue]
        tinted = self._replace(paper=self.mixed(colour), soft=self.ink, accent=colour)
        return tinted._replace(line=tinted.mixed(self.ink, 0.25), hues={**self.hues, hue: colour})


class Field(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


class Heights(NamedTuple):
    least: float
    """Smallest height, at which parts are left out or smaller."""
    good: float
    most: float
    """Largest height, above which the drawing does not improve."""


SCALE: Final = 4
"""Points of a mask to a pixel, across and down."""


class Canvas:
    def __init__(self, size: tuple[int, int], theme: ThemeName, hue: str = "") -> None:
        self.width, self.height = size
        self.hue = hue
        self.theme = theme_of(theme).on_ground_of(hue) if hue else theme_of(theme)
        self._image = Image.new("RGB", size, self.theme.paper)

    @property
    def is_upright(self) -> bool:
        return self.height > self.width

    def write(
        self, place: Place, text: str, font: Lettering, colour: str = "", *, is_quoted: bool = False
    ) -> None:
        ink = colour or self.theme.ink
        font.write(self._image, place, text, ink, is_ours=not is_quoted)

    def write_rows(
        self,
        place: Place,
        rows: Iterable[str],
        font: Lettering,
        row: float,
        colour: str = "",
        *,
        is_quoted: bool = False,
    ) -> float:
        """Write rows as high as `row` times their letters below each other; return their bottom."""
        left, top = place
        for text in rows:
            self.write((left, top), text, font, colour, is_quoted=is_quoted)
            top += font.size * row
        return top

    def draw_bar(self, box: tuple[float, float, float, float], share: float, colour: str) -> None:
        """Draw a share of a bar, in [0, 1], in a colour, and its ground, which ends at 100%."""
        left, top, right, bottom = box
        self.draw_ground(box, 6, self.theme.mixed(colour))
        length = (right - left) * share
        if length >= 1:
            end = left + max(length, 12)
            self.draw_ground((left, top, end, bottom), 6, colour)

    def draw_ground(self, box: Sequence[float], radius: float, colour: str) -> None:
        """Draw a rectangle with smooth round corners."""
        if box[0] > box[2] or box[1] > box[3]:
            return
        x, y = floor(box[0]), floor(box[1])
        size = (ceil(box[2]) - x + 1) * SCALE, (ceil(box[3]) - y + 1) * SCALE
        mask = Image.new("L", size)
        # Pillow draws the last point too.
        corner = (box[0] - x) * SCALE, (box[1] - y) * SCALE
        other = (box[2] - x + 1) * SCALE - 1, (box[3] - y + 1) * SCALE - 1
        ImageDraw.Draw(mask).rounded_rectangle((corner, other), radius * SCALE, 255)
        self._image.paste(colour, (x, y), mask.reduce(SCALE))

    def draw_code(self, link: str, side: int, corner: Place) -> int:
        """Draw the QR code of a link on white, at most so large if cameras can read it, with its
        lower right corner at a place; return its side.
        """
        code = segno.make_qr(link, error="m")
        scale = max(3, side // code.symbol_size()[0])
        rows = [bytes(row) for row in code.matrix_iter(scale=scale)]
        size, bits = len(rows), b"".join(rows)
        image = Image.frombytes("L", (size, size), bytes(255 * (1 - bit) for bit in bits))
        self._image.paste(image, (round(corner[0]) - size, round(corner[1]) - size))
        return size

    def as_png(self) -> bytes:
        file = BytesIO()
        # Files are a tenth larger than with the default level, in two thirds of the time.
        self._image.save(file, "PNG", compress_level=4)
        return file.getvalue()


@cache
def theme_of(name: ThemeName) -> Theme:
    colours, hues = dict[str, str](), dict[str, str]()
    for author, token, light, dark in _COLOUR.findall(_STYLES.read_text(encoding="utf-8")):
        (hues if author else colours)[author or token] = dark if name == "dark" else light
    shared = {field: colours[field] for field in Theme._fields if field != "hues"}
    return Theme(**shared, hues=hues)
