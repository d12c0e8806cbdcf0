"""The frame of all pictures: paper, heading, foot, bars, and the colours of pages."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Final, Literal, NamedTuple

from PIL import Image, ImageColor, ImageDraw

from app.views.lettering import Lettering, drawn_text, font_of, joined_rows

SIZE: Final = (1200, 630)
"""What programs show of a link; all measures are in pixels."""
TINTED: Final = 0.15
"""Share of an author's colour in the ground of a mark, as on a page."""
MARGIN: Final = 64
_SHORTEST: Final = 12
"""Width of the shortest bar that is drawn."""
_COMPRESSION: Final = 4
"""Of zlib: a tenth larger than by default, in two thirds of the time."""
ThemeName = Literal["light", "dark"]
_COLOUR: Final = re.compile(
    r"^(?:\.(author-\d+) \{ --hue|  --([a-z-]+)): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)",
    re.M,
)
_STYLES: Final = Path(__file__).parents[1] / "static" / "style.css"


class Theme(NamedTuple):
    """The colours of pages, light or dark."""

    paper: str
    ink: str
    soft: str
    line: str
    accent: str
    hues: Mapping[str, str]
    """Of authors, by their class."""

    def mixed(self, colour: str, share: float = TINTED) -> str:
        """Return a colour as a ground: so much of it on the paper, by default that of a mark."""
        pairs = zip(ImageColor.getrgb(self.paper), ImageColor.getrgb(colour), strict=True)
        return "#" + "".join(f"{round(paper + share * (hue - paper)):02x}" for paper, hue in pairs)


class Field(NamedTuple):
    """Where something stands in a picture."""

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
    """What a drawing takes of the height."""

    least: float
    """With less of it, or smaller."""
    good: float
    most: float
    """With more it would become no better."""

    def lower(self) -> "Heights":
        """Return the same where the least is good enough."""
        return self._replace(good=self.least)


class RowNote(NamedTuple):
    """What is told of a row, in parts that are drawn whole or not at all."""

    parts: Sequence[str] = ()
    is_wanted: bool = False
    """Whether the second part is rather cut than left out."""


class RowNotes(NamedTuple):
    """What is told of each row of a drawing, in parts of which those with room are drawn."""

    rows: tuple[tuple[str, ...], ...] = ()
    are_wanted: bool = False
    """Whether they were asked for."""

    def of(self, number: int) -> RowNote:
        """Return what is told of a row, by its number."""
        return RowNote(self.rows[number] if number < len(self.rows) else (), self.are_wanted)


class Canvas:
    """A picture that is being drawn."""

    def __init__(self, size: tuple[int, int] = SIZE, theme: ThemeName = "light") -> None:
        self.width, self.height = size
        self.theme = theme_of(theme)
        self._image = Image.new("RGB", size, self.theme.paper)
        self.pen = ImageDraw.Draw(self._image)

    @property
    def is_upright(self) -> bool:
        return self.height > self.width

    def write(
        self, place: tuple[float, float], text: str, font: Lettering, colour: str = ""
    ) -> None:
        """Draw a text whose top left corner is there, by default in ink."""
        font.write(self.pen, place, text, colour or self.theme.ink)

    def draw_bar(
        self,
        box: tuple[float, float, float, float],
        share: float,
        colour: str,
        *,
        has_ground: bool = True,
    ) -> None:
        """Draw a bar: its ground, and of that the share in [0, 1] in the colour.

        A ground says that its end is all; without it the bar begins at a line.
        """
        left, top, right, bottom = box
        if has_ground:
            self.pen.rounded_rectangle(box, 6, self.theme.mixed(colour))
        else:
            self.pen.line((left - 3, top - 6, left - 3, bottom + 6), self.theme.line, 3)
        length = (right - left) * share
        if length >= 1:
            end = left + max(length, _SHORTEST)
            self.pen.rounded_rectangle((left, top, end, bottom), 6, colour)

    def draw_foot(self, parts: Sequence[str], *, size: int, top: int, rows: int = 1) -> float:
        """Draw the name of the program at the right, and beside it parts in up to so many rows.

        The last row begins at `top`. Return where the first one does.
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
        """Return the picture as a file."""
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
