"""What a page says first: one ranking of findings for chats, people, years, cards and files.

A finding has passed a test of its own before it is here, so chance does not explain it. They are in
the order of how much people care (`CARE`); of one kind, the one comes first that chance would bring
least often. docs/statistics.md has the same order.
"""

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, get_args

from app.views.tell import LONGEST_FINDING

Care = Literal[
    "alone",
    "speech",
    "silence",
    "return",
    "days",
    "politeness",
    "only",
    "change",
    "ahead",
    "habit",
    "known",
    "shared",
    "names",
    "amount",
    "less clear",
    "moved",
    "rhythm",
    "nothing",
]
CARE: Final[tuple[Care, ...]] = get_args(Care)
"""From what people read aloud to what is true of any chat."""


class Told(NamedTuple):
    """A finding as a sentence."""

    care: Care
    text: str
    giant: str = ""
    """The one number or word of it, for a card."""
    below: str = ""
    """What a card says below it, without the giant."""
    username: str | None = None
    """Of whom it tells, if of one person."""
    errors: float = 0.0
    """How far it is from chance, in standard errors; 0 for what is said once of a subject."""


def of_person(found: Iterable[Told], username: str) -> list[Told]:
    """Return what is told of a person among a chat's findings, but for the habits that the person's
    page has found itself.
    """
    habits = CARE.index("habit")
    return [one for one in found if one.username == username and CARE.index(one.care) < habits]


def ranked(found: Iterable[Told]) -> list[Told]:
    """Return findings that are short enough for a heading, the first to be told first."""
    fitting = (one for one in found if 0 < len(one.text) <= LONGEST_FINDING)
    return sorted(fitting, key=lambda one: (CARE.index(one.care), -abs(one.errors)))
