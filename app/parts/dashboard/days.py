"""Posts of each day: of authors one by one, and of all others together."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Final

from app.services.posts.statistics import BusyAuthors, DayCell

HOURS: Final = 24
REST: Final = ""
"""In the place of a name: those who are not counted one by one."""


@dataclass(frozen=True, slots=True)
class PostsByDay:
    """How many posts each author has on each day, as the database counts them."""

    authors: BusyAuthors
    cells: Sequence[DayCell] = ()
    undated: int = 0
    """Posts without a time, of all authors."""
    hours: Mapping[int, int] = field(default_factory=dict)
    """Posts of all authors by hour, since the year 1; empty where each is counted by name."""

    @property
    def all_cells(self) -> list[DayCell]:
        """Those of the authors, and what is left of each day for `REST`, by day."""
        days: Counter[date] = Counter()
        for hour, posts in self.hours.items():
            days[date.fromordinal(hour // HOURS + 1)] += posts
        for day, _, posts in self.cells:
            days[day] -= posts
        cells = [(day, REST, posts) for day, posts in days.items() if posts > 0]
        return sorted([*self.cells, *cells], key=itemgetter(0))
