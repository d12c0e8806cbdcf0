"""Drawings as values: `templates/_drawings.html` makes HTML of them, pictures draw them as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from app.views.names import post_count

HOURS: Final = tuple(f"{hour}:00" for hour in range(24))
HOUR_LABELS: Final = tuple(str(hour) if hour % 6 == 0 else "" for hour in range(24))


class NamedBar(NamedTuple):
    """A bar of somebody, or of something."""

    name: str
    share: float
    """Its length, of the longest that there can be, in [0, 1]."""
    label: str
    """The share as it is written."""
    hue: str
    """The class of its colour."""


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


@dataclass(frozen=True, slots=True)
class NameList:
    """Words or names below each other, the clearest or most frequent first."""

    macro: ClassVar[str] = "names"

    names: Sequence[ListedName]
    labelled_by: str = ""
    """The id of its heading."""
    prefix: str = ""
    """What stands before each."""
    unit: str = ""
    """What the numbers count, for those who only listen."""


def by_hour(hue: str, counts: Sequence[int], caption: str) -> Columns:
    """Return the columns of the hours of the day."""
    return Columns(hue, caption, counts, HOURS, HOUR_LABELS)
