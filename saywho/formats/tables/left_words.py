"""Words of people in JSON and XML that no reader has taken, counted where these are parsed."""

import re
from collections import Counter
from typing import ClassVar, Final

from saywho.errors import Message
from saywho.formats.source.json import Json
from saywho.formats.tables.cells import plain_column
from saywho.formats.tables.column_names import ALIASES, UNWRAPPED
from saywho.formats.tally import Doubts, Sightings
from saywho.text import word_set

_TEXT: Final = {*ALIASES["text"].split()} | word_set("message comment msg selftext")
_AUTHOR: Final = {*f"{ALIASES['username']} {ALIASES['display_name']}".split()} | word_set(
    "sender sendername senderid from fromid by who userid authorid account owner creator poster"
)


class LeftWords:
    """Counts the objects with a text and an author in all values that are parsed."""

    _OTHERS: ClassVar = re.compile(
        r"quot|retweet|re(?:post|blog|note|ply_?to|plied|f)|in_?reply|forward|parent|original|share"
        r"|embed|attach|source|root|context|includes|preview|history|version|revision|edit|translat"
        r"|tool_"
        r"|인용|원본|공유",
        re.IGNORECASE,
    )
    """Keys of what somebody quotes, passes on or answers, of earlier words and a program's."""
    _SAMPLED: ClassVar = 16

    def __init__(self) -> None:
        self._roles: dict[str, tuple[bool, bool, bool]] = {}
        """Whether a key is of a text, an author, or other people's words."""
        self._counts: Counter[str] = Counter()
        """Objects by the key of their list; without one they are what is parsed one by one."""
        self._dropped: Counter[str] = Counter()
        """Objects by the key of a value that is not read."""
        self._values, self._weight = 0, 1

    def see(self, value: object, key: str = "") -> None:
        """Count a value; one that is not read has a key.

        Of many values without objects inside, one counts for the next ones with known keys.
        """
        self._values += 1
        self._weight, is_new = 1, False
        if not key and self._values > 1_000 and len(self._counts) < 2:
            if self._values % self._SAMPLED == 0:
                self._weight = self._SAMPLED
            elif isinstance(value, dict):
                is_new = not value.keys() <= self._roles.keys()
                if not is_new:
                    return
        counts, self._counts = self._counts, Counter()
        self._see_all(value, key)
        if key and (count := self._counts.total()):
            self._dropped[key] += count
        elif is_new:
            del self._counts[""]
        if not key:
            counts.update(self._counts)
        self._counts = counts

    def _see_all(self, value: object, key: str) -> None:
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict) and not (key and self._is_others(each.get("type"))):
                self._see(each, key, is_part=False)
            elif isinstance(each, list):
                self._see_all(each, key)

    def _is_others(self, kind: object) -> bool:
        return isinstance(kind, str) and (kind == "reply" or bool(self._OTHERS.search(kind)))

    def _see(self, value: Json, key: str, *, is_part: bool) -> tuple[bool, bool]:
        """Count an object, and return whether it has a text and an author, if it has not both.

        is_part: whether it is inside of an object with both, of which it says more.
        """
        has_text = has_author = False
        inner: list[tuple[str, object, bool]] = []
        for name, each in value.items():
            is_text, is_author, is_others = self._roles.get(name) or self._roles_of(name)
            if not each or each is True:
                continue
            if not isinstance(each, dict | list):
                has_text |= is_text and isinstance(each, str)
                has_author |= is_author
            elif is_author and isinstance(each, dict):
                has_author = True
            elif not is_others:
                inner.append((name, each, is_text or name in UNWRAPPED))
        is_whole = is_part or (has_text and has_author)
        for name, each, is_wrapped in inner:
            found = self._see_inner(each, name, is_part=is_whole)
            if is_wrapped:
                has_text, has_author = has_text or found[0], has_author or found[1]
        if not (has_text and has_author):
            return has_text, has_author
        if not is_part:
            self._counts[key] += self._weight
        return False, False

    def _see_inner(self, value: object, key: str, *, is_part: bool) -> tuple[bool, bool]:
        if not isinstance(value, dict):
            self._see_all(value, key)
        elif is_part and all(isinstance(each, dict) for each in value.values()):
            self._see_all([*value.values()], key)  # Objects under their ids.
        else:
            return self._see(value, key, is_part=is_part)
        return False, False

    def doubts(self, items: int) -> Doubts:
        """items: number of records, and of those that were left out for a reason."""
        inside = self._counts.total() - items - (self._SAMPLED if self._values > 1_000 else 0)
        left = self._dropped.total() + max(inside, 0)
        # The smallest list that has so many may be the one that was passed over.
        places = [key for key in self._counts if key]
        places.sort(key=lambda key: (self._counts[key] < inside, self._counts[key]))
        if place := next(iter((*self._dropped, *places)), "") if left > 0 else "":
            finding = Message(
                "Texts with an author that are not read (see `{place}` in the file)",
                place=place[:40],
            )
            tally = Sightings("left_out", finding, count=left)
            yield tally.doubt(is_grave=100 * left > items)

    def _roles_of(self, name: str) -> tuple[bool, bool, bool]:
        plain = plain_column(name)
        roles = plain in _TEXT, plain in _AUTHOR, self._OTHERS.search(name) is not None
        if len(self._roles) < 10_000:
            self._roles[name] = roles
        return roles
