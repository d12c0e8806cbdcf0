"""Names before texts, with nothing but a blank between, that may have blanks themselves."""

from collections import Counter
from itertools import accumulate
from typing import Final

_MOST_WORDS: Final = 4
"""Of a name."""
_MOST_COUNTED: Final = 50_000
"""Beginnings of lines that are counted."""
_LEAST_REPEATS: Final = 3
_LEAST_SHARE: Final = 0.05
_GOES_ON: Final = 0.95
"""Words go on being a name where so many of the lines go on with words that come back."""


class Names:
    """Learns the names of a chat from all its lines: what they begin with again and again.

    Where nearly each line that begins with `Anna` goes on with `Kim` or `Lee`, these are names.
    """

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._frequent: dict[str, int] | None = None
        """Lines that begin with these words and go on with one that comes back; None until all
        lines are counted."""

    def add(self, line: str) -> None:
        """Count how a line begins: its last word belongs to the text."""
        words = line.split(" ", _MOST_WORDS)[:-1]
        for beginning in accumulate(words, "{} {}".format):
            if beginning in self._counts or len(self._counts) < _MOST_COUNTED:
                self._counts[beginning] += 1

    def split(self, line: str) -> tuple[str, str]:
        """Return the name at the beginning of a line, and the text behind it."""
        words = line.split(" ", _MOST_WORDS)
        beginnings = list(accumulate(words[:-1], "{} {}".format))
        if not beginnings:
            return line, ""
        name = beginnings[0]
        for longer in beginnings[1:]:
            if not (self._goes_on(name) and self._is_frequent(longer, name)):
                break
            name = longer
        return name, line[len(name) + 1 :]

    @property
    def are_of_a_chat(self) -> bool:
        """Whether two or more names come back, and at least half of the lines begin with them."""
        counts = [count for words, count in self._counts.items() if " " not in words]
        repeated = [count for count in counts if count > 1]
        return len(repeated) > 1 and 2 * sum(repeated) >= sum(counts)

    def _goes_on(self, name: str) -> bool:
        if self._frequent is None:
            self._frequent = Counter()
            for longer, count in self._counts.items():
                shorter, blank, _ = longer.rpartition(" ")
                if blank and self._is_frequent(longer, shorter):
                    self._frequent[shorter] += count
        return self._frequent.get(name, 0) >= _GOES_ON * self._counts[name] > 0

    def _is_frequent(self, longer: str, shorter: str) -> bool:
        least = max(_LEAST_REPEATS, _LEAST_SHARE * self._counts[shorter])
        return self._counts[longer] >= least
