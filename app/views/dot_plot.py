"""A drawing of somebody beside others: lines with a dot, and rings with initials."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, NamedTuple
from unicodedata import east_asian_width

from app.views.hues import NO_HUE

EDGE: Final = 4.0
"""Per cent of a line that are left free at both ends, so that dots and rings stay inside."""
MOST_LETTERS: Final = 6
"""In one ring."""
LETTER_PX: Final = 8
WIDE_PX: Final = 11
SIDES_PX: Final = 10
"""Of a ring, beside its letters."""
GAP_PX: Final = 2
"""Least between two rings."""
PHONE_PX: Final = 310
"""Width of a line on a phone."""


class Initials(NamedTuple):
    """Somebody in a letter or two."""

    text: str
    name: str
    hue: str
    """The class of their colour."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Those of some people who are at about one place of a line."""

    place: float
    """In per cent of the line."""
    people: Sequence[Initials]

    @property
    def letters(self) -> Sequence[Initials]:
        """Their initials in their colours; where these would be too many, how many they are."""
        if sum(len(person.text) for person in self.people) <= MOST_LETTERS:
            return self.people
        names = ", ".join(person.name for person in self.people)
        return [Initials(str(len(self.people)), names, NO_HUE)]

    @property
    def hue(self) -> str:
        """The class of its colour: of one person theirs."""
        return self.people[0].hue if len(self.people) == 1 else NO_HUE

    @property
    def is_number(self) -> bool:
        """Whether it says how many people are there, and not who."""
        return self.letters is not self.people

    @property
    def width_px(self) -> int:
        letters = "".join(letter.text for letter in self.letters)
        wide = sum(east_asian_width(letter) in "WF" for letter in letters)
        return SIDES_PX + WIDE_PX * wide + LETTER_PX * (len(letters) - wide)


@dataclass(frozen=True, slots=True)
class DotRow:
    """A line with a dot for somebody, and rings for those beside them."""

    label: str
    value: str
    """Of the dot, in words."""
    beside: str
    """What all others have together, after their name; empty where there are none."""
    is_clear: bool
    """Whether the dot is apart from them by more than chance."""
    place: float
    """Of the dot, in per cent of the line."""
    beside_place: float | None
    """Of all others together; None where there are none."""
    rings: Sequence[Ring]
    path: str
    """The address of the posts that show it."""
    brief: str = ""
    """The value where there is little room; empty where it is short as it is."""


@dataclass(frozen=True, slots=True)
class Dots:
    """Lines below each other, the most distinct first."""

    macro: ClassVar[str] = "dots"

    hue: str
    """The class of the dots' colour."""
    labelled_by: str
    """The ids of what the drawing says."""
    rows: Sequence[DotRow]
    others: Sequence[Initials]
    """Those who are rings."""

    @property
    def has_numbers(self) -> bool:
        """Whether some rings say how many people are there, and not who."""
        return any(ring.is_number for row in self.rows for ring in row.rings)

    @property
    def has_key(self) -> bool:
        """Whether it has to be said whose the initials are."""
        return len(self.others) > 1 and any(other.text != other.name for other in self.others)


def rings_of(places: Sequence[float], people: Sequence[Initials]) -> list[Ring]:
    """Return rings for people at these places; those who would touch on a phone share one."""
    groups: list[list[tuple[float, Initials]]] = []
    for placed in sorted(zip(places, people, strict=True)):
        groups.append([placed])
        while len(groups) > 1 and _touch(_ring(groups[-2]), _ring(groups[-1])):
            groups[-2:] = [groups[-2] + groups[-1]]
    return [*map(_ring, groups)]


def _ring(group: Sequence[tuple[float, Initials]]) -> Ring:
    """Return one ring in the middle of a group, as far inside the line as it is wide."""
    ring = Ring(sum(place for place, _ in group) / len(group), tuple(one for _, one in group))
    half = 100 * ring.width_px / 2 / PHONE_PX
    return replace(ring, place=round(min(max(ring.place, half), 100 - half), 2))


def _touch(left: Ring, right: Ring) -> bool:
    between = (right.place - left.place) / 100 * PHONE_PX
    return between < (left.width_px + right.width_px) / 2 + GAP_PX
