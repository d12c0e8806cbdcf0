"""Where a name of WhatsApp ends and its message begins, learned from all lines of a file.

Names and groups may have a colon in theirs, and some versions write none of the blank behind it.
"""

import re
from itertools import takewhile
from typing import Final, NamedTuple

from app.errors import Message
from app.formats.assumptions import ReadNotes

COLON: Final = ": "
_MOST_NAMES: Final = 20_000
_LONGEST: Final = 60
"""Characters of a name that is learned."""
_DEEPEST: Final = 3
"""Colons in a name."""
_BARE: Final = re.compile(r"(?P<name>[^:\n]{1,40}):(?![/\s])(?P<text>.+)", re.DOTALL)
"""A name, and words behind a colon without a blank."""
_IN_TIME: Final = re.compile(r".*\d:\d\d")
_NO_NAME: Final = re.compile(r"$|[\u200e\u200f<\[‹]")
"""Nothing, or what begins a line of the app, such as that of a file."""
_QUOTES: Final = re.compile('["“”„«»「」『』＂]')


class SpokenLine(NamedTuple):
    """A name as it stands in a line, and what it says."""

    name: str
    text: str


class Names:
    """The names of a file; `add` takes what stands behind each head before `settle` decides."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._common: dict[str, tuple[str, ...]] = {}
        """What stood behind a name in all its lines, up to a later colon each."""
        self._bare: dict[str, int] = {}
        self._longer: dict[str, str] = {}
        self._without_blank: frozenset[str] = frozenset()
        self._apps: frozenset[str] = frozenset()

    def add(self, rest: str) -> None:
        """Take a line behind its head."""
        name, colon, text = rest.partition(COLON)
        if not colon:
            if (match := _BARE.match(rest)) and not _IN_TIME.fullmatch(
                rest[: match.end("name") + 3]
            ):
                bare = match["name"]
                if bare in self._bare or len(self._bare) < _MOST_NAMES:
                    self._bare[bare] = self._bare.get(bare, 0) + 1
            return
        count = self._counts.get(name)
        if count is None:
            if len(self._counts) < _MOST_NAMES:
                self._counts[name] = 1
                self._common[name] = _parts(text)
            return
        self._counts[name] = count + 1
        if common := self._common[name]:
            pairs = zip(common, _parts(text), strict=False)
            alike = takewhile(lambda pair: pair[0] == pair[1], pairs)
            self._common[name] = tuple(part for part, _ in alike)

    def settle(self) -> None:
        """Decide, once all lines are taken."""
        known = {name for name, count in self._counts.items() if count > 1 and not _is_cut(name)}
        self._longer = {
            name: COLON.join((name, *common))
            for name, common in self._common.items()
            if common
            and not _is_cut(name)
            and self._counts[name] > 1 + (not all(map(_is_called, common)))
        }
        known |= set(self._longer)
        self._count_bare()
        bare = {name for name, count in self._bare.items() if count > 1 or name in self._counts}
        if bare or not self._counts:
            bare |= {name for name in self._bare if _is_called(name)}
        self._without_blank = frozenset(bare)
        whole = sorted(self._longer.values())
        self._apps = frozenset(
            name
            for name, count in self._counts.items()
            if count < 3 and name not in self._longer and _is_of_app(name, known, whole)
        )

    def _count_bare(self) -> None:
        """Count bare names also in lines with a later colon and blank, which seem to end there."""
        for name, count in self._counts.items():
            if count == 1 and (match := _BARE.match(name)) and match["name"] in self._bare:
                self._bare[match["name"]] += 1

    def split(self, rest: str) -> SpokenLine | None:
        """Return who says what in a line; None for a line that nobody says."""
        name, colon, text = rest.partition(COLON)
        if colon and not self._without_blank:
            longer = self._longer.get(name)
        else:
            if (match := _BARE.match(rest)) and match["name"] in self._without_blank:
                return SpokenLine(match["name"], match["text"])
            if not colon:
                return None
            longer = self._longer.get(name)
        if longer is not None and rest.startswith(longer + COLON):
            return SpokenLine(longer, rest[len(longer) + len(COLON) :])
        return None if name in self._apps else SpokenLine(name, text)

    def note(self, notes: ReadNotes) -> None:
        """Note which names were learned."""
        for name, longer in self._longer.items():
            count = f"{self._counts[name]:,}"
            evidence = Message(
                "the name is written like this in all {count} of its lines", count=count
            )
            notes.assume("person", longer, evidence=evidence)
        for name in sorted(self._without_blank - self._counts.keys()):
            evidence = Message("there is no space after the colon")
            notes.assume("person", name, evidence=evidence)


def _parts(text: str) -> tuple[str, ...]:
    """Return what stands before each colon near the beginning of a text."""
    if COLON not in text[: _LONGEST + len(COLON)]:
        return ()
    *parts, _ = text[: _DEEPEST * _LONGEST].split(COLON, _DEEPEST)
    return tuple(
        takewhile(lambda part: len(part) <= _LONGEST and _NO_NAME.match(part) is None, parts)
    )


def _is_called(part: str) -> bool:
    """Return whether this looks like a part of a name: few words with capitals, or without case."""
    words = part.split()
    return 0 < len(words) < 4 and not any(word[0].islower() for word in words)


def _is_cut(name: str) -> bool:
    """Return whether a quote is open at the end of a name."""
    return len(_QUOTES.findall(name)) % 2 == 1


def _is_of_app(name: str, known: set[str], whole: list[str]) -> bool:
    """Return whether a line whose name would be this is the app's.

    A contact's name has the colon, or somebody who is known begins a sentence.
    """
    if any(name.endswith(f" {longer.partition(COLON)[0]}") for longer in whole):
        return True
    words = name.split()
    if len(words) < 4:
        return False
    starts = (" ".join(words[:end]) for end in range(1, len(words) - 2))
    return any(start in known for start in starts)
