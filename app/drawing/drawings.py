"""Drawings as values: `templates/_drawings.html` makes HTML of them, pictures draw them as well."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import ClassVar, Final, NamedTuple
from unicodedata import east_asian_width

NO_HUE: Final = "author-0"
"""Class of the colour of people who have none of their own."""
HOURS: Final = tuple(f"{hour}:00" for hour in range(24))
HOUR_LABELS: Final = tuple(str(hour) if hour % 6 == 0 else "" for hour in range(24))


class LetterWidths(NamedTuple):
    """Estimated widths of letters on a page, in pixels."""

    letter: int
    wide: int
    """Width of a Korean letter."""
    around: int
    """Space on both sides together."""

    def of(self, text: str) -> int:
        """Return the width of a text with the space on its sides."""
        wide = sum(east_asian_width(letter) in "WF" for letter in text)
        return self.around + self.wide * wide + self.letter * (len(text) - wide)


NARROWEST_BAR_PX: Final = 660
"""Width of a bar of all shares on the narrowest page with two columns."""
IN_BAR: Final = LetterWidths(10, 17, 18)
IN_RING: Final = LetterWidths(8, 11, 10)


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
        return self.share * NARROWEST_BAR_PX >= IN_BAR.of(self.name)


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
    texts: Sequence[str]
    """Each number in words."""
    names: Sequence[str]
    """Full name of each column."""
    labels: Sequence[str]
    """Label below each column; empty without room."""


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
    told: str = ""
    """The guesses in words."""


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


EDGE: Final = 4.0
"""Free space at both ends of a line, in per cent, so that dots and rings stay inside."""
MOST_LETTERS: Final = 6
"""Largest number of letters in a ring."""
GAP_PX: Final = 2
"""Smallest gap between two rings."""
PHONE_PX: Final = 310
"""Width of a line on a phone."""


class Initials(NamedTuple):
    """The initials of a person."""

    text: str
    name: str
    hue: str
    """Class of the person's colour."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring for people at about the same point of a line."""

    place: float
    """Middle of the ring, in per cent of the line."""
    people: Sequence[Initials]

    @property
    def letters(self) -> Sequence[Initials]:
        """The people's initials in their colours, or the number of people if there are too many."""
        if sum(len(person.text) for person in self.people) <= MOST_LETTERS:
            return self.people
        names = ", ".join(person.name for person in self.people)
        return [Initials(str(len(self.people)), names, NO_HUE)]

    @property
    def hue(self) -> str:
        """Class of the ring's colour: a single person's colour, or none."""
        return self.people[0].hue if len(self.people) == 1 else NO_HUE

    @property
    def is_number(self) -> bool:
        """Whether the ring shows the number of people instead of initials."""
        return self.letters is not self.people

    @property
    def width_px(self) -> int:
        return IN_RING.of("".join(letter.text for letter in self.letters))


@dataclass(frozen=True, slots=True)
class DotRow:
    """A line with a dot for a person, and rings for the others."""

    label: str
    value: str
    """Value of the dot, in words."""
    beside: str
    """Name and value of all others together; empty without others."""
    is_clear: bool
    """Whether the dot differs from the others by more than chance."""
    place: float
    """Position of the dot, in per cent of the line."""
    beside_place: float | None
    """Position of all others together, in per cent of the line; None without others."""
    rings: Sequence[Ring]
    path: str
    """URL of the posts behind the row."""
    brief: str = ""
    """Short form of the value for little room; empty if the value is short."""


@dataclass(frozen=True, slots=True)
class Dots:
    """Lines below each other, the most distinct first."""

    macro: ClassVar[str] = "dots"

    hue: str
    """Class of the dots' colour."""
    labelled_by: str
    """Ids of the elements that describe the drawing."""
    rows: Sequence[DotRow]
    others: Sequence[Initials]
    """The other people, shown as rings."""

    @property
    def has_numbers(self) -> bool:
        """Whether any ring shows the number of people instead of initials."""
        return any(ring.is_number for row in self.rows for ring in row.rings)

    @property
    def has_key(self) -> bool:
        """Whether the drawing needs a key that explains the initials."""
        return len(self.others) > 1 and any(other.text != other.name for other in self.others)


def rings_of(places: Sequence[float], people: Sequence[Initials]) -> list[Ring]:
    """Return rings for people at these places; rings that would touch on a phone are joined."""
    groups: list[list[tuple[float, Initials]]] = []
    for placed in sorted(zip(places, people, strict=True)):
        groups.append([placed])
        while len(groups) > 1 and _touch(_ring(groups[-2]), _ring(groups[-1])):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [*map(_ring, groups)]


def _ring(group: Sequence[tuple[float, Initials]]) -> Ring:
    """Return a ring in the middle of a group, moved inside the line."""
    ring = Ring(sum(place for place, _ in group) / len(group), tuple(one for _, one in group))
    half = 100 * ring.width_px / 2 / PHONE_PX
    return replace(ring, place=round(min(max(ring.place, half), 100 - half), 2))


def _touch(left: Ring, right: Ring) -> bool:
    between = (right.place - left.place) / 100 * PHONE_PX
    return between < (left.width_px + right.width_px) / 2 + GAP_PX


@dataclass(frozen=True, slots=True)
class GridDay:
    """A day in a grid of weeks."""

    week: int
    """Its column, from 0."""
    weekday: int
    """Its row, from Monday, 0."""
    level: int
    """Its shade; 0 for nothing."""
    is_marked: bool
    """Whether it has a ring."""
    told: str = ""
    """The day and its number of posts; empty without posts."""

    @property
    def path(self) -> str:
        return f"M{self.week}.06 {self.weekday}.08h.88v.84h-.88z"


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """The days of a year: weeks are columns, days of the week are rows."""

    macro: ClassVar[str] = "weeks"

    hue: str
    labelled_by: str
    """The ids of what the drawing says, and whose year it is."""
    days: Sequence[GridDay]
    """Until today, of a year that goes on."""
    months: Sequence[tuple[int, str]]
    """The column in which each begins, and its name."""
    columns: int
    """Those of the whole year, so that each month stands where it stands in other years."""

    @property
    def shades(self) -> list[tuple[str, str]]:
        """The classes of the days, and the outlines of all days of each."""
        outlines: dict[str, str] = {}
        for day in sorted(self.days, key=lambda day: day.level):
            outlines[f"shade-{day.level}"] = outlines.get(f"shade-{day.level}", "") + day.path
        rings = "".join(day.path for day in self.days if day.is_marked)
        return [*outlines.items(), ("ring", rings)]
