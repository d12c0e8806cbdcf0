"""Queries of the search: their parts, and the words that a typing error may have been meant for."""

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from app.compute.korean import Forms, forms_of, is_hangul, stem_size
from app.compute.text import normalized
from app.compute.words import segment_terms, segments

_PIECE = re.compile(r'(?P<not>-?)(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+|"))')
SHORTEST_LONG: Final = 3
"""Syllables of a stem that is told from others without its first."""
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
    alternatives: Mapping[str, float] = field(default_factory=dict, compare=False)
    """Words one typing error away, each with its nearness in (0, 1)."""

    @functools.cached_property
    def terms(self) -> list[str]:
        """The index terms that every post with this part has, without endings."""
        if self.kind == "phrase":
            return [term for piece in self.pieces for term in segment_terms(*piece)]
        if self.kind == "paired" and len(self.text) > 1:
            return segment_terms(self.kind, self.text)[:-1]
        return [self.text]

    @functools.cached_property
    def ways(self) -> list[str]:
        """The strings of which a word of paired letters must have one to count as the same.

        Its ending may differ; if the rest is long, its first letter may be mistyped.
        """
        size, stem = len(self.text), stem_size(self.text)
        if size == 1:
            return [self.text]
        start = self.text[: max(2, min(stem, (size + 1) // 2))]
        is_long = stem >= SHORTEST_LONG and size > SHORTEST_LONG
        return [start, self.text[1:]] if is_long else [start]

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


_ALPHABETS: Final = {
    "LATIN": "abcdefghijklmnopqrstuvwxyz",
    "GREEK": "αβγδεζηθικλμνξοπρσςτυφχψω",
    "CYRILLIC": "абвгдежзийклмнопрстуфхцчшщъыьэюяёєіїґў",
    "HEBREW": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "ARABIC": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژکگی",
}
_FIRST, _INITIALS, _MEDIALS, _FINALS = 0xAC00, 19, 21, 28
SHORTEST: Final = 4
"""Of shorter words almost any letters are another word; none are replaced or taken away."""
LONGEST: Final = 32
LONGEST_HANGUL: Final = 8
"""Of longer words there would be thousands, and hardly anybody writes such a word."""
SWAPPED, LEFT_OUT, ADDED, REPLACED = 0.9, 0.8, 0.8, 0.7
FIRST_LETTER_FACTOR: Final = 0.7
"""People seldom get the first letter wrong."""


def neighbours(word: str) -> dict[str, float]:
    """Return words one typing error away, each with how near it is, in (0, 1).

    Letters may be exchanged, left out, added or replaced; in a Hangul syllable one letter
    (jamo) may be another. Numbers have no neighbours. `word` is folded.
    """
    if any(char.isdigit() for char in word):
        return {}
    found: dict[str, float] = {}
    for other, nearness in _of_hangul(word) if is_hangul(word) else _of_letters(word):
        if other != word and nearness > found.get(other, 0.0):
            found[other] = nearness
    return found


def _of_letters(word: str) -> Iterator[tuple[str, float]]:
    if not SHORTEST - 1 <= len(word) <= LONGEST:
        return
    for place in range(len(word) - 1):
        swapped = word[place + 1] + word[place]
        yield word[:place] + swapped + word[place + 2 :], _at(place, SWAPPED)
    alphabet = _ALPHABETS.get(unicodedata.name(word[0], "").partition(" ")[0], "")
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        for letter in alphabet:
            yield head + letter + tail, _at(place, LEFT_OUT)
        if tail and len(word) >= SHORTEST:
            yield head + tail[1:], _at(place, ADDED)
            for letter in alphabet:
                yield head + letter + tail[1:], _at(place, REPLACED)


def _at(place: int, nearness: float) -> float:
    return nearness * FIRST_LETTER_FACTOR if place == 0 else nearness


def _of_hangul(word: str) -> Iterator[tuple[str, float]]:
    if not 2 <= len(word) <= LONGEST_HANGUL:
        return
    for place, char in enumerate(word):
        head, tail = word[:place], word[place + 1 :]
        if tail:
            yield head + tail[0] + char + tail[1:], _at(place, SWAPPED)
        if len(word) > SHORTEST - 1:
            yield head + tail, _at(place, ADDED)
        for syllable in _one_letter_off(char):
            yield head + syllable + tail, _at(place, REPLACED)


def _one_letter_off(char: str) -> Iterator[str]:
    initial, rest = divmod(ord(char) - _FIRST, _MEDIALS * _FINALS)
    medial, final = divmod(rest, _FINALS)
    for other in range(_INITIALS):
        yield _syllable(other, medial, final)
    for other in range(_MEDIALS):
        yield _syllable(initial, other, final)
    for other in range(_FINALS):
        yield _syllable(initial, medial, other)


def _syllable(initial: int, medial: int, final: int) -> str:
    return chr(_FIRST + (initial * _MEDIALS + medial) * _FINALS + final)
