"""Posters, the content of pictures to share, and the formats of the pictures."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from app.views.canvas import RowNotes, ThemeName
from app.views.painting import NO_NOTES, Drawing

Format = Literal["1200x630", "1080x1350", "1080x1920"]


class Measures(NamedTuple):
    """Measures of a format, in pixels. Sizes of letters are tried in order until one fits."""

    size: tuple[int, int]
    """Width and height."""
    top: int
    """Top of the title; other programs cover the edges of the highest format."""
    foot: int
    """Top of the foot."""
    titles: tuple[int, ...]
    """Sizes of the title's letters."""
    facts: tuple[int, ...]
    """Sizes of the facts' letters."""
    lines: int
    """Size of the lines' letters."""
    quote_size: int
    """Size of the quotation's letters."""
    small: int
    """Size of the foot's letters."""
    findings: tuple[int, ...]
    """Sizes of the finding's letters."""
    space: int
    """Smallest space between the drawings and the foot."""
    above: int
    """Smallest space between the finding, or a drawing, and the next drawing."""
    quote: int
    """Largest number of rows of the quotation."""


FORMATS: Final[Mapping[Format, Measures]] = MappingProxyType(
    {
        "1200x630": Measures(
            size=(1200, 630),
            top=32,
            foot=568,
            titles=(36, 30),
            facts=(24, 22),
            lines=26,
            quote_size=28,
            small=22,
            findings=(56, 52, 48, 44),
            space=22,
            above=33,
            quote=2,
        ),
        "1080x1350": Measures(
            size=(1080, 1350),
            top=72,
            foot=1262,
            titles=(48, 40),
            facts=(28, 26, 24),
            lines=30,
            quote_size=32,
            small=26,
            findings=(72, 64, 56),
            space=30,
            above=30,
            quote=6,
        ),
        "1080x1920": Measures(
            size=(1080, 1920),
            top=190,
            foot=1690,
            titles=(52, 44),
            facts=(28, 26, 24),
            lines=32,
            quote_size=34,
            small=28,
            findings=(80, 72, 64, 56),
            space=44,
            above=44,
            quote=8,
        ),
    }
)


class PosterLine(NamedTuple):
    """A line below the drawing."""

    label: str
    text: str


class PosterFigure(NamedTuple):
    """A second drawing, for an upright picture with enough room."""

    topic: str
    """Topic of the drawing; empty if the title says it."""
    about: tuple[str, ...]
    """The finding of the drawing, and how to read it."""
    drawing: Drawing


class Poster(NamedTuple):
    """The content of a picture, in the visitor's language, with names in drawable letters."""

    title: str
    facts: tuple[str, ...]
    finding: str
    drawing: Drawing | None
    address: str
    head: tuple[str, ...] = ()
    """Text above the drawing: its topic and finding."""
    notes: RowNotes = NO_NOTES
    lines: tuple[PosterLine, ...] = ()
    quote: str = ""
    """A quotation of a person's words."""
    hue: str = ""
    """Class of the colour of the person whom the picture is about."""
    second: PosterFigure | None = None


class LookArgs(Struct):
    """The size, colours and language of a picture."""

    format: Format = "1200x630"
    theme: ThemeName = "light"
    lang: Literal["ko", "en"] | None = None
    """Language of the page with the link; programs that show links send none."""


class PeopleArgs(LookArgs):
    """The look of a picture, its time zone, and how it names people."""

    tz: str = ""
    """Time zone of its days (default: the chat's, otherwise UTC)."""
    names: Literal["names", "initials"] = "names"

    @property
    def has_names(self) -> bool:
        return self.names == "names"


class PictureArgs(PeopleArgs):
    """The options of a picture that may quote people."""

    words: Literal["", "1"] = ""
    """Whether the picture contains people's words."""

    @property
    def has_words(self) -> bool:
        return bool(self.words)
