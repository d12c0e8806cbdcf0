"""People by their initials."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_NUMBER: Final = re.compile(r"\d{1,2}$")


def initials_of(names: Sequence[str]) -> list[str]:
    """Return a letter for each name, two if several share it.

    The second is the end's number, the last word's first letter, or the next free letter.
    """
    firsts = [_first_of(name) for name in names]
    times, initials = Counter(firsts), list[str]()
    for first, name in zip(firsts, names, strict=True):
        pairs = [first + second for second in _seconds_of(name)] if times[first] > 1 else []
        initials.append(next((pair for pair in pairs if pair not in initials), (*pairs, first)[0]))
    return initials


def numbered_initials(names: Sequence[str]) -> list[str]:
    firsts = [_first_of(name) for name in names]
    times, placed = Counter(firsts), Counter[str]()
    initials = []
    for first in firsts:
        placed[first] += 1
        initials.append(f"{first}{placed[first]}" if times[first] > 1 else first)
    return initials


def _first_of(name: str) -> str:
    composed = unicodedata.normalize("NFC", name)
    return next(filter(str.isalnum, composed), composed[:1]).upper()


def _seconds_of(name: str) -> Iterator[str]:
    first, *later = _WORD.findall(unicodedata.normalize("NFC", name)) or [""]
    if number := _NUMBER.search((later or [first[1:]])[-1]):
        yield number[0]
    if later:
        yield later[-1][0].upper()
    yield from first[1:]
