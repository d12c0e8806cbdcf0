"""Texts looked through together: to search each of 20,000 messages takes many times as long."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np

_BETWEEN: Final = "\n"
_FIRST_SYLLABLE, _LAST_SYLLABLE = ord("가"), ord("힣")
_FINALS: Final = np.array(
    [*map(ord, "\0ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")], np.uint32
)
"""Final consonants of Hangul syllables in the order of their code points."""
_NO_LENGTH: Final = np.array([*map(ord, "ㅇㅋㅎ")], np.uint32)
"""Consonants that are repeated as words of their own or as laughs."""


@dataclass(frozen=True, slots=True)
class JoinedTexts:
    text: str
    starts: list[int]
    """Place in the text where each of the joined texts begins, and one after the last."""

    @classmethod
    def of(cls, texts: Sequence[str]) -> "JoinedTexts":
        lengths = (len(text) + len(_BETWEEN) for text in texts)
        return cls(_BETWEEN.join(texts), [*accumulate(lengths, initial=0)])

    def having(self, parts: Iterable[str]) -> list[int]:
        """Return the indices of the texts that have any of these parts, in order."""
        found: set[int] = set()
        for part in parts:
            start = self.text.find(part)
            while start >= 0:
                place = bisect_right(self.starts, start)
                found.add(place - 1)
                start = self.text.find(part, self.starts[place])
        return sorted(found)

    def with_runs(self) -> list[int]:
        """Return the indices of the texts with a sign three times in a row, and a few others."""
        codes = np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)
        (runs,) = ((codes[2:] == codes[1:-1]) & (codes[1:-1] == codes[:-2])).nonzero()
        places: list[int] = np.unique(np.searchsorted(self.starts, runs, "right") - 1).tolist()
        return places

    def with_long_syllables(self) -> list[int]:
        """Return the indices of the texts with a syllable whose last letter goes on: 제발ㄹㄹ."""
        if self.text.isascii():
            return []
        codes = np.frombuffer(self.text.encode("utf-32-le", "surrogatepass"), np.uint32)
        next_ones = codes[1:-1] == codes[2:]
        is_syllable = (codes[:-2] >= _FIRST_SYLLABLE) & (codes[:-2] <= _LAST_SYLLABLE)
        (places,) = (next_ones & is_syllable).nonzero()
        final = _FINALS[(codes[places] - _FIRST_SYLLABLE) % _FINALS.size]
        goes_on = (codes[places + 1] == final) & ~np.isin(final, _NO_LENGTH)
        found: list[int] = np.unique(
            np.searchsorted(self.starts, places[goes_on], "right") - 1
        ).tolist()
        return found
