"""The question of a comparison: who would have said this?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from app.compute.gaps import Gap
from app.compute.judgement import SURE
from app.compute.text import username_key
from app.errors import InvalidInputError

LONG_CHARACTERS: Final = 50_000
"""Longer texts take half a second, and up to some 5 s."""
UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Did one of some authors write texts by one hand, or somebody else?

    Raises InvalidInputError where its parts do not fit together.
    """

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
    years: str = ""
    """The only author, whose years are ranked too."""
    zone: ZoneInfo = UTC
    """The time zone in which these years begin."""

    def __post_init__(self) -> None:
        if not self.years:
            return
        if any(username_key(name) != username_key(self.years) for name in self.usernames):
            raise InvalidInputError(
                "The years are those of one author: name no other beside '{username}'",
                loc="years",
                username=self.years,
            )
        if self.hidden_post is not None:
            raise InvalidInputError("Of a post that is hidden no years are ranked", loc="post")

    @property
    def suspects(self) -> Sequence[str]:
        """The authors by name; none for all."""
        return [self.years] if self.years else self.usernames

    @property
    def is_long(self) -> bool:
        """Whether judging the texts takes longer than other comparisons should wait."""
        return sum(map(len, self.texts)) > LONG_CHARACTERS
