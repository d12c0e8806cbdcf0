"""The canvas of all pictures: paper, text, bars, foot, and the colours of pages."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final, Literal, NamedTuple

from PIL import Image, ImageColor

from app.views.lettering import Lettering, drawn_text, font_of, joined_rows
from app.views.smooth_pen import SmoothPen

SIZE: Final = (1200, 630)
"""Size of a picture that programs show for a link, in pixels as all measures."""
TINTED: Final = 0.15
"""Share of an author's colour in the ground of a mark, as on a page."""
MARGIN: Final = 64
_SHORTEST: Final = 12
"""Width of the shortest bar."""
_COMPRESSION: Final = 4
"""zlib level: files are a tenth larger than with the default, in two thirds of the time."""
ThemeName = Literal["light", "dark"]
_COLOUR: Final = re.compile(
    r"^(?:\.(author-\d+) \{ --hue|  --([a-z-]+)): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)",
    re.M,
)
_STYLES: Final = Path(__file__).parents[1] / "static" / "style.css"


class Theme(NamedTuple):
    """The colours of light or dark pages."""

    paper: str
    ink: str
    soft: str
    line: str
    accent: str
    hues: Mapping[str, str]
    """Colours of authors, by class."""

    def mixed(self, colour: str, share: float = TINTED) -> str:
        """Return a share of a colour mixed with the paper, by default for the ground of a mark."""
        pairs = zip(ImageColor.getrgb(self.paper), ImageColor.getrgb(colour), strict=True)
        return "#" + "".join(f"{round(paper + share * (hue - paper)):02x}" for paper, hue in pairs)


class Field(NamedTuple):
    """A rectangle in a picture."""

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
    """The heights that a drawing may have."""

    least: float
    """Smallest height, at which parts are left out or smaller."""
    good: float
    most: float
    """Largest height, above which the drawing does not improve."""

    def lower(self) -> "Heights":
        """Return these heights with the smallest height as the good one."""
        return self._replace(good=self.least)


class RowNote(NamedTuple):
    """Notes about a row; each part is drawn whole or not at all."""

    parts: Sequence[str] = ()
    is_wanted: bool = False
    """Whether the second part is cut instead of left out."""


class RowNotes(NamedTuple):
    """Notes about each row of a drawing, in parts; parts without room are left out."""

    rows: tuple[tuple[str, ...], ...] = ()
    are_wanted: bool = False
    """Whether the visitor requested the notes."""

    def of(self, number: int) -> RowNote:
        """Return the notes about a row, by its number."""
        return RowNote(self.rows[number] if number < len(self.rows) else (), self.are_wanted)


class Canvas:
    """A picture that is being drawn."""

    def __init__(self, size: tuple[int, int] = SIZE, theme: ThemeName = "light") -> None:
        self.width, self.height = size
        self.theme = theme_of(theme)
        self._image = Image.new("RGB", size, self.theme.paper)
        self.pen = SmoothPen(self._image)

    @property
    def is_upright(self) -> bool:
        return self.height > self.width

    def write(
        self, place: tuple[float, float], text: str, font: Lettering, colour: str = ""
    ) -> None:
        """Draw a text with its top left corner at a place, by default in ink."""
        self.pen.write(place, text, font, colour or self.theme.ink)

    def draw_bar(
        self,
        box: tuple[float, float, float, float],
        share: float,
        colour: str,
        *,
        has_ground: bool = True,
    ) -> None:
        """Draw a bar: its ground, and a share of it, in [0, 1], in the colour.

        The end of the ground means 100%; without a ground, the bar begins at a line.
        """
        left, top, right, bottom = box
        if has_ground:
            self.pen.rounded_rectangle(box, 6, self.theme.mixed(colour))
        else:
            self.pen.line([(left - 3, top - 6), (left - 3, bottom + 6)], self.theme.line, 3)
        length = (right - left) * share
        if length >= 1:
            end = left + max(length, _SHORTEST)
            self.pen.rounded_rectangle((left, top, end, bottom), 6, colour)

    def draw_foot(self, parts: Sequence[str], *, size: int, top: int, rows: int = 1) -> float:
        """Draw the program's name at the right, and parts in up to `rows` rows at the left.

        The last row begins at `top`. Return the top of the first row.
        """
        mark, small = font_of(bold=True, size=size + 2), font_of(bold=False, size=size)
        left = self.width - MARGIN - mark.getlength("saywho")
        self.write((left, top - 2), "saywho", mark, self.theme.accent)
        texts = joined_rows(map(drawn_text, parts), small, left - MARGIN - 24, rows)
        begin = top - max(0, len(texts) - 1) * size * 1.3
        for number, text in enumerate(texts):
            self.write((MARGIN, begin + number * size * 1.3), text, small, self.theme.soft)
        return begin

    def as_png(self) -> bytes:
        """Return the picture as a PNG file."""
        file = BytesIO()
        self._image.save(file, "PNG", compress_level=_COMPRESSION)
        return file.getvalue()


@cache
def theme_of(name: ThemeName) -> Theme:
    """Return the colours of light or dark pages."""
    colours, hues = dict[str, str](), dict[str, str]()
    for author, token, light, dark in _COLOUR.findall(_STYLES.read_text(encoding="utf-8")):
        (hues if author else colours)[author or token] = dark if name == "dark" else light
    shared = {field: colours[field] for field in Theme._fields if field != "hues"}
    return Theme(**shared, hues=hues)
