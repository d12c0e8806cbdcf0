"""Queries of the search as parts: words, phrases, and what posts must not have."""

import functools
import re
from dataclasses import dataclass
from typing import Final

from app.compute.korean import Forms, forms_of, stem_size
from app.compute.text import normalized
from app.compute.words import segment_terms, segments

_PIECE = re.compile(r'(?P<not>-?)(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+|"))')
MOST_PARTS: Final = 100
"""Different parts of a query that are searched; further ones are ignored."""


@dataclass(frozen=True)
class Part:
    """A word, emoji or phrase that posts must have, or must not have."""

    kind: str
    """`word`, `paired` or `emoji`, as in `Segment`; `phrase` for several of them in a row."""
    text: str
    """As it is compared; the segments of a phrase are joined by blanks."""
    is_quoted: bool = False
    is_excluded: bool = False
    pieces: tuple[tuple[str, str], ...] = ()
    """Kind and text of a phrase's segments."""

    @functools.cached_property
    def terms(self) -> list[str]:
        """The index terms that every post with this part has, without endings."""
        if self.kind == "phrase":
            return [term for piece in self.pieces for term in segment_terms(*piece)]
        if self.kind == "paired" and len(self.text) > 1:
            return segment_terms(self.kind, self.text)[:-1]
        return [self.text]

    @functools.cached_property
    def start(self) -> str:
        """The beginning that a word of paired letters must have to count as the same.

        Its ending may differ.
        """
        size = len(self.text)
        return self.text[: max(2, min(stem_size(self.text), (size + 1) // 2))]

    @functools.cached_property
    def forms(self) -> Forms | None:
        """The forms of a Korean word with a stem of one syllable."""
        is_plain = self.kind == "paired" and not (self.is_quoted or self.is_excluded)
        return forms_of(self.text) if is_plain else None


def parse_query(typed: str) -> list[Part]:
    """Return the parts of a query: words, `"a phrase"`, `-word`; without what no post can have."""
    parts: dict[Part, None] = {}
    for piece in _PIECE.finditer(normalized(typed)):
        phrase = piece["phrase"]
        is_quoted = phrase is not None
        is_excluded = bool(piece["not"])
        for run in [phrase] if is_quoted else _runs(piece["word"]):
            if part := _part(run, is_quoted=is_quoted, is_excluded=is_excluded):
                parts[part] = None
    return list(parts)[:MOST_PARTS]


def split_phrase(part: Part) -> list[Part]:
    """Return the words of a phrase that was not quoted, such as `e-mail`, one by one."""
    if part.kind != "phrase" or part.is_quoted or part.is_excluded:
        return [part]
    return [Part(kind, text) for kind, text in part.pieces]


def _runs(word: str) -> list[str]:
    """Return the word cut where its script changes, as in `BTS는`."""
    runs, start, before = [], 0, None
    for segment in segments(word):
        if before is not None and segment.start == before.end:
            runs.append(word[start : segment.start])
            start = segment.start
        before = segment
    return [*runs, word[start:]]


def _part(text: str, *, is_quoted: bool, is_excluded: bool) -> Part | None:
    pieces = tuple((segment.kind, segment.text) for segment in segments(text))
    if not pieces:
        return None
    if len(pieces) == 1:
        ((kind, folded),) = pieces
        return Part(kind, folded, is_quoted, is_excluded)
    joined = " ".join(piece for _, piece in pieces)
    return Part("phrase", joined, is_quoted, is_excluded, pieces)
