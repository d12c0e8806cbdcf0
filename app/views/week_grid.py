"""The days of a year as a drawing, as those of `app/views/drawings.py` are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


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
