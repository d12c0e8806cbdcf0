"""Drawings as values: `templates/_drawings.html` makes HTML of them, pictures draw them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final, NamedTuple

NO_HUE: Final = "author-0"
"""Class of the colour of people without a colour of their own."""
HOURS: Final = tuple(f"{hour}:00" for hour in range(24))


class Rectangle(NamedTuple):
    """A rectangle of a drawing, in units of its grid: columns and days are 1 apart."""

    left: float
    top: float
    width: float
    height: float


Place = tuple[float, float]
"""Across and down, in units of a drawing's grid."""
GROUND: Final = 100.0
"""Place of the ground of columns, whose heights are in per cent."""
SQUARE: Final = Rectangle(0.06, 0.06, 0.88, 0.88)
"""A day in its field of 1 by 1."""


def column_boxes(columns: Sequence[Sequence[float]]) -> list[list[Rectangle]]:
    """Return the boxes of columns with stacked parts, by the place of the part."""
    boxes: list[list[Rectangle]] = [[] for _ in max(columns, key=len, default=())]
    for place, heights in enumerate(columns):
        top = GROUND
        for part, height in enumerate(heights):
            top -= height
            if height:
                boxes[part].append(Rectangle(place + 0.1, round(top, 1), 0.8, round(height, 1)))
    return boxes


def path_of(boxes: Iterable[Rectangle]) -> str:
    """Return boxes as a path of a page."""
    numbers = (map(_short, box) for box in boxes)
    return "".join(f"M{left} {top}h{wide}v{high}h-{wide}z" for left, top, wide, high in numbers)


def path_along(line: Sequence[Place]) -> str:
    """Return a line from place to place as a path of a page."""
    return "M" + " ".join(f"{_short(across)} {_short(down)}" for across, down in line)


@lru_cache(maxsize=4_096)
def _short(number: float) -> str:
    # A cache knows no -0 from 0, so both are written alike.
    return f"{round(number, 2) + 0.0:g}".removeprefix("0") or "0"


class Drawn:
    """A drawing of a page, made by the macro named like its type."""

    __slots__ = ()

    @property
    def macro(self) -> str:
        return re.sub(r"\B(?=[A-Z])", "_", type(self).__name__).lower()


class NamedBar(NamedTuple):
    name: str
    share: float
    """Length in proportion to the longest possible bar, in [0, 1]."""
    label: str
    hue: str


class Row(NamedTuple):
    """A row of a drawing: a label, its value, and a bar."""

    label: str
    value: str = ""
    beside: str = ""
    """What the value is next to: the name and value of the mark, or the value in words."""
    path: str = ""
    """URL of the posts of the row, or of the named subject; empty for no link."""
    length: float = 0.0
    """Length of the bar, in per cent of the longest possible bar."""
    mark: float | None = None
    """Place of everyone else's value, in the same unit; None without other people."""
    is_clear: bool = False


@dataclass(frozen=True, slots=True)
class NameList(Drawn):
    names: Sequence[Row]
    labelled_by: str = ""
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Clock(Drawn):
    """Hours of the day: a person's as columns, everyone else's as outline."""

    hue: str
    caption: str
    heights: Sequence[float]
    """Heights from hour 0 on, in per cent of the highest of both."""
    outline: Sequence[float]
    told: Sequence[str] = ()

    @property
    def path(self) -> str:
        return path_of(column_boxes([[height] for height in self.heights])[0])

    @property
    def outline_path(self) -> str:
        tops = [round(GROUND - height, 1) for height in self.outline]
        steps = [place for hour, top in enumerate(tops) for place in ((hour, top), (hour + 1, top))]
        return path_along([(0, GROUND), *steps, (len(tops), GROUND)]) if tops else ""


@dataclass(frozen=True, slots=True)
class PhraseList(Drawn):
    hue: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class StackedBar(Drawn):
    parts: Sequence[NamedBar]
    name: str = ""
    """The person of these parts; empty for all people."""
    hue: str = ""

    @property
    def starts(self) -> list[float]:
        return [100 * start for start in accumulate((part.share for part in self.parts), initial=0)]


class PeriodColumn(NamedTuple):
    label: str
    heights: Sequence[float]
    """Heights of each person's part, bottom first, in per cent of the highest column."""
    told: str = ""
    path: str = ""
    """Link of the column; empty for no link."""
    mark: str = ""
    """Sign of the sentence about it below the drawing."""

    @property
    def top(self) -> float:
        return 100 - sum(self.heights)


class ColumnsPart(NamedTuple):
    name: str
    hue: str
    boxes: Sequence[Rectangle]

    @property
    def path(self) -> str:
        return path_of(self.boxes)


@dataclass(frozen=True, slots=True)
class PeriodColumns(Drawn):
    caption: str
    people: Sequence[tuple[str, str]]
    columns: Sequence[PeriodColumn]
    most: str = ""

    @property
    def has_links(self) -> bool:
        return any(column.path for column in self.columns)

    @property
    def highest(self) -> int:
        heights = [sum(column.heights) for column in self.columns]
        return heights.index(max(heights))

    @property
    def labels(self) -> list[tuple[int, str]]:
        return [(place, column.label) for place, column in enumerate(self.columns) if column.label]

    @property
    def parts(self) -> list[ColumnsPart]:
        """Parts of each person who has any, in a field 1 wide per column and 100 high."""
        boxes = column_boxes([column.heights for column in self.columns])
        parts = zip(self.people, boxes, strict=True)
        return [ColumnsPart(name, hue, own) for (name, hue), own in parts if own]


class CardRow(NamedTuple):
    """A row of a card, which is drawn whole or not at all."""

    text: str = ""
    label: str = ""
    """Name of a person or a word, in bold, above the text."""
    hue: str = ""
    beside: str = ""
    """A short text at the right of the label."""
    share: float | None = None
    """Length of a bar below the label, in [0, 1]; None for no bar."""
    is_quote: bool = False


@dataclass(frozen=True, slots=True)
class CardRows:
    """The content of a picture: few rows, in letters that are large on a phone."""

    rows: tuple[CardRow, ...]

    @property
    def told(self) -> str:
        """All texts, for people who do not see the card."""
        rows = ([row.label, row.beside, row.text] for row in self.rows)
        return " · ".join(" ".join(filter(None, row)) for row in rows)


@dataclass(frozen=True, slots=True)
class Habits(Drawn):
    hue: str
    labelled_by: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class GridDay:
    week: int
    """Column, from 0."""
    weekday: int
    """Row, from Monday, 0."""
    level: int
    """Shade; 0 without posts."""
    is_marked: bool
    told: str = ""
    """Day and number of posts in words; empty without posts."""

    @property
    def box(self) -> Rectangle:
        return _day_at(self.week, self.weekday)[0]

    @property
    def path(self) -> str:
        return _day_at(self.week, self.weekday)[1]


@lru_cache(maxsize=1_000)  # The days of a year are at the same places in every grid.
def _day_at(week: int, weekday: int) -> tuple[Rectangle, str]:
    box = SQUARE._replace(left=week + SQUARE.left, top=weekday + SQUARE.top)
    return box, path_of([box])


@dataclass(frozen=True, slots=True)
class WeekGrid(Drawn):
    """The days of a year: weeks are columns, weekdays rows."""

    hue: str
    labelled_by: str
    days: Sequence[GridDay]
    months: Sequence[tuple[int, str]]
    columns: int
    """Columns of the whole year, so that months stay in place."""

    @property
    def shades(self) -> list[tuple[str, str]]:
        """Classes of the days, with the outlines of all days of each class."""
        outlines: dict[str, str] = {}
        for day in sorted(self.days, key=lambda day: day.level):
            outlines[f"shade-{day.level}"] = outlines.get(f"shade-{day.level}", "") + day.path
        rings = "".join(day.path for day in self.days if day.is_marked)
        return [*outlines.items(), ("ring", rings)]
