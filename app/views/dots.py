"""A drawing of somebody beside others: lines with a dot, and rings with initials."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from app.views.hues import NO_HUE

MOST_LETTERS: Final = 3
"""In one ring."""


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
    def width_px(self) -> int:
        return 10 + 8 * sum(len(letter.text) for letter in self.letters)


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
    rings: Sequence[Ring]
    path: str
    """The address of the posts that show it."""


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
    has_middle: bool = False
    """Whether the middle of each line is all others together."""
