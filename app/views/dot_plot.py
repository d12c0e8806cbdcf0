"""A drawing of a person compared with others: lines with a dot, and rings with initials."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, NamedTuple
from unicodedata import east_asian_width

from app.views.cast import NO_HUE

EDGE: Final = 4.0
"""Free space at both ends of a line, in per cent, so that dots and rings stay inside."""
MOST_LETTERS: Final = 6
"""Largest number of letters in a ring."""
LETTER_PX: Final = 8
WIDE_PX: Final = 11
SIDES_PX: Final = 10
"""Space in a ring on both sides of its letters."""
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
        letters = "".join(letter.text for letter in self.letters)
        wide = sum(east_asian_width(letter) in "WF" for letter in letters)
        return SIDES_PX + WIDE_PX * wide + LETTER_PX * (len(letters) - wide)


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
