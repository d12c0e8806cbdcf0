"""What is in a picture to pass on: a title, what was found, a drawing, an address. Its sizes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from app.views.canvas import RowNotes, ThemeName
from app.views.painting import NO_NOTES, Drawing

Format = Literal["1200x630", "1080x1350", "1080x1920"]


class Measures(NamedTuple):
    """Of a format, in pixels. Of sizes of letters the first is taken for which there is room."""

    size: tuple[int, int]
    top: int
    """Where the title begins; programs cover the edges of the highest format."""
    foot: int
    """Where the foot begins."""
    titles: tuple[int, ...]
    facts: tuple[int, ...]
    lines: int
    """Size of letters, as the next two are."""
    quote_size: int
    small: int
    """Of the foot."""
    findings: tuple[int, ...]
    space: int
    """Least between the drawings and the foot."""
    above: int
    """Least between the finding, or a drawing, and the next drawing."""
    quote: int
    """Most rows of somebody's words."""


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
    """A drawing that an upright picture has below the first one where there is room."""

    topic: str
    """Empty where the title says it."""
    about: tuple[str, ...]
    """What it says, and how it is read."""
    drawing: Drawing


class Poster(NamedTuple):
    """What is drawn: words are in the visitor's language already, people by what can be drawn."""

    title: str
    facts: tuple[str, ...]
    finding: str
    drawing: Drawing | None
    address: str
    head: tuple[str, ...] = ()
    """What stands above the drawing: its topic, and what it says."""
    notes: RowNotes = NO_NOTES
    lines: tuple[PosterLine, ...] = ()
    quote: str = ""
    """What somebody wrote."""
    hue: str = ""
    """The class of the colour of whom it is about."""
    second: PosterFigure | None = None


class LookArgs(Struct):
    """The size, colours and language of a picture."""

    format: Format = "1200x630"
    theme: ThemeName = "light"
    lang: Literal["ko", "en"] | None = None
    """That of the page that links to it; programs that show links name none."""


class PeopleArgs(LookArgs):
    """The same, and how a picture names people."""

    tz: str = ""
    """The time zone of its days; without one they are those of the chat, else of UTC."""
    names: Literal["names", "initials"] = "names"

    @property
    def has_names(self) -> bool:
        return self.names == "names"


class PictureArgs(PeopleArgs):
    """The same, and what a picture tells of people."""

    words: Literal["", "1"] = ""
    """Whether it has what somebody wrote."""

    @property
    def has_words(self) -> bool:
        return bool(self.words)
