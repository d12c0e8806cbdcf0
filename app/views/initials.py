"""People by their initials."""

import unicodedata
from collections import Counter
from collections.abc import Sequence


def initials_of(names: Sequence[str]) -> list[str]:
    """Return a letter for each name; where several would have one, two: also of its end."""
    firsts = [_first_of(name) for name in names]
    shared = {first for first, times in Counter(firsts).items() if times > 1}
    return [
        first + (_first_of(name.split()[-1]) if " " in name.strip() else _first_of(name[::-1]))
        if first in shared
        else first
        for first, name in zip(firsts, names, strict=True)
    ]


def numbered_initials(names: Sequence[str]) -> list[str]:
    """Return a letter for each name, with a number where several would have one."""
    firsts = [_first_of(name) for name in names]
    times, placed = Counter(firsts), Counter[str]()
    initials = []
    for first in firsts:
        placed[first] += 1
        initials.append(f"{first}{placed[first]}" if times[first] > 1 else first)
    return initials


def _first_of(name: str) -> str:
    """Return the first letter or digit of a name, or its first sign where it has none."""
    composed = unicodedata.normalize("NFC", name)
    return next(filter(str.isalnum, composed), composed[:1]).upper()
