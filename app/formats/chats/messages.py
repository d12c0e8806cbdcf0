"""Lines of a chat become messages: some lines begin one, others go on with it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, Literal, Protocol

Fate = Literal["said", "system", "media", "deleted"]
LONGEST: Final = 30_000
"""Characters of a message that are kept: more than a post may have."""
_TIME: Final = re.compile(
    r"(?P<before>오전|오후|[AP]M)?\s?(?P<h>\d{1,2})[:.](?P<m>\d{2})(?:[:.](?P<s>\d{2}))?"
    r"\s?(?P<after>[ap]\.?\s?m\.?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a line begins: a message, or a line of the app where `name` is empty."""

    name: str
    when: datetime | None
    """As the exporting device showed it, without a zone; None for the app's own."""
    text: str
    fate: Fate = "said"
    is_day: bool = False
    """Whether it only says the day of what follows."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message of a room, or a line of its app."""

    place: int
    """Number of its first line, from 1."""
    name: str
    when: datetime | None
    text: str
    fate: Fate


class Grammar(Protocol):
    """How one app writes a room."""

    def read(self, line: str) -> Opening | None:
        """Return what the line begins; None for a line that goes on with the one before."""

    def judge(self, text: str) -> tuple[Fate, str]:
        """Return whether the whole text was said, and the text without what the app added."""


def messages(lines: Iterable[tuple[int, str]], grammar: Grammar) -> Iterator[ChatMessage]:
    """Yield the messages of numbered lines; what comes before the first one is the heading.

    A line that says the day ends the message before it, and is none itself. Of a line that has
    others in it, they belong to the first.
    """
    opening, place, parts, size = None, 0, [""], 0
    for number, line in lines:
        head, _, rest = line.partition("\n")
        found = grammar.read(head)
        if found is None:
            size += len(line) + 1
            if size <= LONGEST:
                parts.append(line)
            continue
        if opening is not None and not opening.is_day:
            yield _message(grammar, opening, place, parts)
        opening, place, size = found, number, len(line)
        parts = [found.text[:LONGEST], rest[:LONGEST]] if rest else [found.text[:LONGEST]]
    if opening is not None and not opening.is_day:
        yield _message(grammar, opening, place, parts)


def _message(grammar: Grammar, opening: Opening, place: int, parts: list[str]) -> ChatMessage:
    text, fate = "\n".join(parts).strip("\n"), opening.fate
    if opening.name and fate == "said":
        fate, text = grammar.judge(text)
    return ChatMessage(place, opening.name, opening.when, text, fate)


def time_of(text: str) -> time | None:
    """Return a time of day, by 12 or 24 hours; None for one that no clock shows."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    half = (found["before"] or found["after"] or "").lower()
    hour = int(found["h"])
    if half:
        hour = hour % 12 + 12 * (half == "오후" or half.startswith("p"))
    try:
        return time(hour, int(found["m"]), int(found["s"] or 0))
    except ValueError:
        return None


def moment(day: date | None, text: str) -> datetime | None:
    """Return the day at that time; None where one of both is not known."""
    clock = time_of(text)
    return None if day is None or clock is None else datetime.combine(day, clock)
