"""What a client may see of an author's posts: a set that each write changes at one moment.

That moment is between a request and its answer; where no answer came, there may be none. Reads
that no such moments explain are faults.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from typing import Final

NEVER: Final = inf


@dataclass(slots=True)
class Post:
    """When somebody began to add and to remove it, and when each was acknowledged."""

    began: float
    added: float = NEVER
    removal: float = NEVER
    removed: float = NEVER
    id: int = 0

    def must_be_in(self, read: "Read") -> bool:
        return self.added < read.began and self.removal > read.ended

    def may_be_in(self, read: "Read") -> bool:
        return self.began < read.ended and self.removed > read.began


@dataclass(frozen=True, slots=True)
class Read:
    """What was seen: texts, or how many there are; `of` is the post that was asked for alone."""

    began: float
    ended: float
    seen: frozenset[str] = frozenset()
    count: int | None = None
    of: str = ""


@dataclass(slots=True)
class Author:
    """The history of one author, whose texts all differ."""

    name: str
    posts: dict[str, Post] = field(default_factory=dict)
    reads: list[Read] = field(default_factory=list)

    def faults(self, *, is_one_machine: bool) -> Iterator[str]:
        """Yield what cannot be explained.

        `is_one_machine`: what was shown by one worker is seen by all from then on.
        """
        for read in self.reads:
            yield from self._against_writes(read)
        kept = {text for text, post in self.posts.items() if post.removal == NEVER}
        lists = (read.seen & kept for read in self.reads if read.count is None and not read.of)
        for fewer, more in pairwise(sorted(lists, key=len)):
            if wrong := fewer - more:
                yield f"{self.name}: two lists are of no one order of writes: {sorted(wrong)}"
        if is_one_machine:
            for text in self.posts:
                yield from self._against_reads(text)

    def _against_writes(self, read: Read) -> Iterator[str]:
        posts = {read.of: self.posts[read.of]} if read.of else self.posts
        must = {text for text, post in posts.items() if post.must_be_in(read)}
        may = {text for text, post in posts.items() if post.may_be_in(read)}
        if read.count is not None:
            if not len(must) <= read.count <= len(may):
                yield f"{self.name}: {read.count} posts instead of {len(must)} to {len(may)}"
        elif not must <= read.seen:
            yield f"{self.name}: missing {sorted(must - read.seen)}"
        elif not read.seen <= may:
            yield f"{self.name}: cannot be there: {sorted(read.seen - may)}"

    def _against_reads(self, text: str) -> Iterator[str]:
        """Yield whether a read is older than one that ended before it began."""
        post = self.posts[text]
        reads = [read for read in self.reads if read.count is None and read.of in {"", text}]
        there = min([post.added, *(read.ended for read in reads if text in read.seen)])
        gone = [read for read in reads if text not in read.seen and read.began > there]
        if any(read.ended < post.removal for read in gone):
            yield f"{self.name}: {text} was there before, and then it was not"
        end = min((read.ended for read in gone), default=NEVER)
        if any(text in read.seen and read.began > end for read in reads):
            yield f"{self.name}: {text} was gone, and came back"
