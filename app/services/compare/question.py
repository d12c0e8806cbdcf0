"""The question of a comparison: who would have said this?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.compute.gaps import Gap
from app.compute.judgement import SURE

LONG_CHARACTERS: Final = 50_000
"""Longer texts take half a second, and up to some 5 s."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Did one of some authors write texts by one hand, or somebody else?"""

    texts: Sequence[str]
    usernames: Sequence[str] = ()
    """Those who may have written them; none for all authors with posts."""
    of_own: bool = False
    """Whether those, where none is named, are one's own alone once there are enough of them."""
    sure: float = SURE
    """How sure it is beforehand that one of them did, from 0 to 1."""
    explain: bool = True
    """Whether the answer has evidence."""
    reasons: bool = False
    """Whether the evidence says how often it is used, and where."""
    without: Sequence[Gap] = ()
    """Pieces of the joined texts that do not count."""
    hidden_post: int | None = None
    """A post that the model must not know."""

    @property
    def is_long(self) -> bool:
        """Whether judging the texts takes longer than other comparisons should wait."""
        return sum(map(len, self.texts)) > LONG_CHARACTERS
