"""The index of a website's search, in scripts, which a page loads from a disk too.

A shard has the terms between two terms, each with its posts; `index.js` tells where each shard
begins. The texts are in files of some `CHUNK` posts, each named after its first post. Which posts
begin a file depends on their ids alone, so that a deletion changes the file of that post and not
all files after it (content-defined chunking). `search.js` reads both.
"""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

from saywho import korean
from saywho.words import index_terms, word_rules

CHUNK: Final = 32
"""Average posts in a file of texts: 100,000 posts have some 3,000 files of 8 KB."""
MOST: Final = 4 * CHUNK
"""Posts in the longest file of texts."""
SHARD: Final = 20_000
"""Characters in a shard, unless a single term has more."""
DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MEDIA: Final = ":media"
"""The term of posts with pictures, videos or links; no word has a colon."""
REPLY: Final = ":reply"
OLD_ADDRESS: Final = "="
"""Begins the term of a post's number on its platform."""


class IndexedText(NamedTuple):
    """Fields of a post that the search shows."""

    path: str
    time: str
    text: str
    described: str
    """The descriptions of its media."""
    lang: str | None
    """Its attribute `lang`; None for the language of the page."""


class SearchIndex:
    def __init__(self) -> None:
        self._terms: dict[str, array[int]] = {}
        self._days = Counter[int]()
        """Posts of each day, by its number, in order."""
        self._texts: list[IndexedText] = []
        self._files: list[int] = []
        """Number of posts and id of the first post, of each file of texts."""
        self._first_id = 0
        self.posts = 0

    def add(
        self,
        post_id: int,
        shown: IndexedText,
        day: date | None,
        source_id: str | None,
        *,
        has_media: bool,
        is_reply: bool,
    ) -> Iterator[tuple[str, bytes]]:
        """Add the next post; yield the name and content of the file before, if it begins one.

        source_id: the post's number on its platform, which finds it too.
        """
        if len(self._texts) == MOST or crc32(b"%d" % post_id) % CHUNK == 0:
            yield from self._chunk()
        if not self._texts:
            self._first_id = post_id
        number = self.posts
        self.posts += 1
        found = {*index_terms(f"{shown.text} {shown.described}").split()}
        found |= {term for term, has in ((MEDIA, has_media), (REPLY, is_reply)) if has}
        if source_id is not None:
            found.add(f"{OLD_ADDRESS}{source_id}")
        for term in found:
            if (numbers := self._terms.get(term)) is None:
                numbers = self._terms[term] = array("I")
            numbers.append(number)
        if day is not None:
            self._days[day.toordinal()] += 1
        self._texts.append(shown)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and content of the files that end the index."""
        yield from self._chunk()
        shard, size, starts = dict[str, str](), 0, list[str]()
        for term in sorted(self._terms):
            packed = pack_numbers(self._terms[term], self.posts)
            if shard and size + len(packed) > SHARD:
                yield self._shard(len(starts), starts, shard)
                shard, size = {}, 0
            shard[term] = packed
            size += len(packed) + len(term)
        if shard:
            yield self._shard(len(starts), starts, shard)
        begin = next(iter(self._days), None)
        gaps, before = list[int](), begin or 1
        for ordinal, count in self._days.items():
            gaps += [ordinal - before, count]
            before = ordinal
        facts = {
            "posts": self.posts,
            "dated": self._days.total(),
            "files": "".join(map(_digits, self._files)),
            "starts": starts,
            "korean": korean.RULES,
            "words": word_rules(),
            "begin": begin and date.fromordinal(begin),
            "days": "".join(map(_digits, gaps)),
        }
        yield "search/index.js", _script("index", facts)
        yield "search/search.js", Path(__file__).with_name("search.js").read_bytes()

    def _chunk(self) -> Iterator[tuple[str, bytes]]:
        if texts := self._texts:
            self._texts = []
            self._files += [len(texts), self._first_id]
            yield f"search/texts/{self._first_id}.js", _script(f"texts/{self._first_id}", texts)

    @staticmethod
    def _shard(number: int, starts: list[str], shard: dict[str, str]) -> tuple[str, bytes]:
        starts.append(next(iter(shard)))
        return f"search/{number}.js", _script(str(number), shard)


def pack_numbers(numbers: Sequence[int], end: int) -> str:
    """Return rising numbers below `end` as text: `.` and gaps, or `!` and bits if dense."""
    if len(numbers) * 6 > end:
        bits = [0] * (numbers[-1] // 6 + 1)
        for number in numbers:
            bits[number // 6] |= 1 << number % 6
        return "!" + "".join(DIGITS[bit] for bit in bits)
    before, packed = -1, ["."]
    for number in numbers:
        packed.append(_digits(number - before - 1))
        before = number
    return "".join(packed)


def _digits(number: int) -> str:
    """Return a number in digits of five bits, the lowest first; all but the last have a sixth."""
    digits = ""
    while number >= 32:
        digits += DIGITS[number % 32 + 32]
        number //= 32
    return digits + DIGITS[number]


def _script(name: str, value: object) -> bytes:
    encoded = msgspec.json.encode(value).decode()
    return f"saywhoSearch.got({msgspec.json.encode(name).decode()},{encoded});\n".encode()
