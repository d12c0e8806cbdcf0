"""Drawings as values: `templates/_drawings.html` makes HTML of them, pictures draw them as well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar, Final, NamedTuple
from unicodedata import east_asian_width

from app.language.i18n import gettext
from app.views.cast import NO_HUE, post_count

HOURS: Final = tuple(f"{hour}:00" for hour in range(24))
HOUR_LABELS: Final = tuple(str(hour) if hour % 6 == 0 else "" for hour in range(24))

BAR_PX: Final = 660
"""Of a bar of all on the narrowest page of two columns."""
LETTER_PX: Final = 10
WIDE_PX: Final = 17
MARGIN_PX: Final = 18


class NamedBar(NamedTuple):
    """A bar of somebody, or of something."""

    name: str
    share: float
    """Its length, of the longest that there can be, in [0, 1]."""
    label: str
    """The share as it is written."""
    hue: str
    """The class of its colour."""

    @property
    def is_of_several(self) -> bool:
        """Whether it is that of all others together."""
        return self.hue == NO_HUE

    @property
    def has_room(self) -> bool:
        """Whether its name stands in it, in a bar of all that is as wide as two columns."""
        letters_px = sum(WIDE_PX if east_asian_width(c) in "WF" else LETTER_PX for c in self.name)
        return self.share * BAR_PX >= letters_px + MARGIN_PX


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars below each other."""

    rows: Sequence[NamedBar]


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns beside each other, a number of posts each."""

    macro: ClassVar[str] = "columns"

    hue: str
    """The class of their colour."""
    caption: str
    counts: Sequence[int]
    names: Sequence[str]
    """What each is called in full."""
    labels: Sequence[str]
    """What stands below each; an empty text where there is no room."""

    @property
    def texts(self) -> list[str]:
        """Each number in words."""
        return list(map(post_count, self.counts))


class ListedName(NamedTuple):
    """A word or name of a list."""

    text: str
    posts: str
    """In how many posts it is, as it is written."""
    path: str
    """The address of these posts, or of what it names."""
    told: str = ""
    """The number in words, for those who only listen; empty where it is in words."""


@dataclass(frozen=True, slots=True)
class NameList:
    """Words or names below each other, the clearest or most frequent first."""

    macro: ClassVar[str] = "names"

    names: Sequence[ListedName]
    labelled_by: str = ""
    """The id of its heading."""
    prefix: str = ""
    """What stands before each."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The hours of the day: somebody's as columns, those of others as an outline."""

    macro: ClassVar[str] = "clock"

    hue: str
    caption: str
    heights: Sequence[float]
    """Of each hour from 0, in per cent of the highest of both."""
    outline: Sequence[float]
    """Likewise; empty where there is nobody else."""
    labelled_by: str = ""
    """The ids of what names the drawing where it is a page's first one; else its caption does."""
    told: Sequence[str] = ()
    """What each hour has, in words."""

    @property
    def outline_path(self) -> str:
        """The outline in a field of 24 by 100, from its left end to its right one."""
        steps = [f"V{100 - height:.1f}H{hour}" for hour, height in enumerate(self.outline, 1)]
        return f"M0 100{''.join(steps)}V100"


@dataclass(frozen=True, slots=True)
class Spark:
    """A few columns in a line of text, one of which stands out."""

    macro: ClassVar[str] = "spark"

    hue: str
    topic: str
    """What it is of, in sight; the caption has all of it."""
    caption: str
    heights: Sequence[float]
    """In per cent of the highest."""
    shown: int
    """The place of the one that stands out."""
    ends: tuple[str, str]
    """What stands before and after them."""


class PhraseRow(NamedTuple):
    """A phrase, and how often somebody and others write it."""

    text: str
    told: str
    own: float
    """The length of the bar, in per cent of the longest."""
    beside: float
    path: str


@dataclass(frozen=True, slots=True)
class PhraseList:
    """Phrases below each other, the clearest first."""

    macro: ClassVar[str] = "phrases"

    hue: str
    rows: Sequence[PhraseRow]


@dataclass(frozen=True, slots=True)
class StackedBar:
    """A bar of several parts, which are a whole together."""

    parts: Sequence[NamedBar]
    name: str = ""
    """Of whose parts these are; empty for all."""
    hue: str = ""

    @property
    def starts(self) -> list[float]:
        """Where each part begins, in per cent."""
        return [100 * start for start in accumulate((part.share for part in self.parts), initial=0)]


class PeriodColumn(NamedTuple):
    """A column of a month or a year."""

    label: str
    """What stands below it; an empty text where there is no room."""
    heights: Sequence[float]
    """Of its parts from the ground up, one for each person, in per cent of the highest column."""
    told: str = ""
    """Its name and numbers."""


class ColumnsPart(NamedTuple):
    """What is of one person in columns."""

    name: str
    hue: str
    path: str


@dataclass(frozen=True, slots=True)
class PeriodColumns:
    """Months or years beside each other, each of parts of several people."""

    caption: str
    people: Sequence[tuple[str, str]]
    """Name and class of the colour of each person."""
    columns: Sequence[PeriodColumn]
    most: str = ""
    """The number of the highest column."""

    @property
    def highest(self) -> int:
        """The place of the first highest column."""
        heights = [sum(column.heights) for column in self.columns]
        return heights.index(max(heights))

    @property
    def labels(self) -> list[tuple[int, str]]:
        """Labels with their places."""
        return [(place, column.label) for place, column in enumerate(self.columns) if column.label]

    @property
    def parts(self) -> list[ColumnsPart]:
        """Those of each person in a field whose width is the number of columns, height 100."""
        paths = [""] * len(self.people)
        for place, column in enumerate(self.columns):
            bottom = 100.0
            for person, height in enumerate(column.heights):
                if height:
                    paths[person] += f"M{place}.1 {bottom:.1f}v-{height:.1f}h.8v{height:.1f}z"
                bottom -= height
        return [
            ColumnsPart(name, hue, path)
            for (name, hue), path in zip(self.people, paths, strict=True)
            if path
        ]


class Thing(NamedTuple):
    """A sentence about a person."""

    text: str
    beside: str
    """What everyone else does."""


@dataclass(frozen=True, slots=True)
class Things:
    """The things that set a person apart most, the clearest first."""

    hue: str
    rows: tuple[Thing, ...]


class TileRow(NamedTuple):
    """What somebody guessed, question by question."""

    name: str
    hits: tuple[bool, ...]
    """Whether each guess was right."""

    @property
    def told(self) -> str:
        """How each guess was, in words."""
        right, wrong = gettext("right"), gettext("wrong")
        return ", ".join(right if is_hit else wrong for is_hit in self.hits)


@dataclass(frozen=True, slots=True)
class Tiles:
    """A tile for each question, and a row for each player."""

    rows: Sequence[TileRow]


@dataclass(frozen=True, slots=True)
class HourStrip:
    """The hours of somebody's day, small."""

    hue: str
    caption: str
    """What stands out; an empty text where nothing does."""
    heights: Sequence[float]
    """In per cent of the highest."""
    told: Sequence[str] = ()
    """What each hour has, in words."""

    @property
    def path(self) -> str:
        return column_path(self.heights)


def column_path(heights: Iterable[float]) -> str:
    """Return columns of these heights as one path, each 0.8 wide in a field of 1 by 100."""
    return "".join(
        f"M{place}.1 100v-{height:.1f}h.8v{height:.1f}z"
        for place, height in enumerate(heights)
        if height
    )


def by_hour(hue: str, counts: Sequence[int], caption: str) -> Columns:
    """Return the columns of the hours of the day."""
    return Columns(hue, caption, counts, HOURS, HOUR_LABELS)
