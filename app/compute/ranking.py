"""Score posts for a query (BM25), and mark the matches.

The index only proposes posts: here one rule decides about match, score and highlights.
"""

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.compute.korean import Forms
from app.compute.query import Part
from app.compute.words import Segment, segments, words_and_runs

K1: Final = 1.2
B: Final = 0.5
EXACT_BONUS: Final = 1.25
"""Factor for Korean words that the post has as they were typed."""
FORM_FACTOR: Final = 0.8
"""Factor for other forms of a stem of one syllable."""
WORD_BONUS: Final = 2.0
"""Factor for a single syllable that is a word of the post, and not a part of one."""
WHOLE_BONUS: Final = 1.5
"""Factor for posts with all words."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Number of posts, their mean length in terms, and the number of posts with each term."""

    posts: int
    mean_terms: float
    frequencies: Mapping[str, int]

    def weight(self, term: str) -> float:
        """Return the term's inverse document frequency, positive."""
        known = self.frequencies.get(term, 0)
        posts = max(self.posts, known, 1)
        return math.log(1 + (posts - known + 0.5) / (known + 0.5))


class Scorer:
    """Scores posts for a query."""

    def __init__(self, parts: Sequence[Part], statistics: Statistics) -> None:
        self.wanted = [part for part in parts if not part.is_excluded]
        self._unwanted = [part for part in parts if part.is_excluded]
        self._mean_terms = max(statistics.mean_terms, 1.0)
        self._weight = functools.cache(statistics.weight)

    def score(self, text: str) -> float | None:
        """Return the score of the text; None if it has no part, or an excluded one."""
        post = _Post(text)
        if any(_holds(part, post) for part in self._unwanted):
            return None
        shape = K1 * (1 - B + B * post.length / self._mean_terms)
        score, held = 0.0, 0
        for part in self.wanted:
            held += _holds(part, post)
            score += self._part_score(part, post, shape)
        if held == len(self.wanted):
            score *= WHOLE_BONUS
        return score if held else None

    def highlights(self, text: str) -> list[tuple[int, int]]:
        """Return the matches, [start, end) in code points, in order and without overlap."""
        found = list(segments(text))
        spans = sorted(span for part in self.wanted for span in _spans(part, found))
        merged: list[tuple[int, int]] = []
        for start, end in spans:
            if merged and start < merged[-1][1]:
                merged[-1] = merged[-1][0], max(end, merged[-1][1])
            else:
                merged.append((start, end))
        return merged

    def _part_score(self, part: Part, post: "_Post", shape: float) -> float:
        if part.kind == "paired":
            score = self._paired_score(part, post, shape)
            if part.forms and (count := len(post.places_of(part.forms))):
                if len(part.text) == 1:
                    return score * WORD_BONUS
                likeness = self._weight(part.terms[0]) * _saturated(count, shape)
                score = max(score, FORM_FACTOR * likeness)
            return score
        if part.kind == "phrase":
            count = len(_phrase_places(part, post.segments))
            weight = sum(self._weight(term) for term in set(part.terms))
            return weight * _saturated(count, shape)
        return self._weight(part.text) * _saturated(post.words.count(part.text), shape)

    def _paired_score(self, part: Part, post: "_Post", shape: float) -> float:
        terms = part.terms
        # A long word is one word, though it has many pairs.
        share = 1 / math.sqrt(len(terms))
        score = sum(
            self._weight(term) * share * _saturated(post.runs.count(term), shape) for term in terms
        )
        return score * EXACT_BONUS if part.text in post.runs else score


class _Post:
    def __init__(self, text: str) -> None:
        self._text = text
        self.words, self.each_run = words_and_runs(text)
        self.runs = " ".join(self.each_run)
        self.length = len(self.words) + sum(map(len, self.each_run))

    @functools.cached_property
    def segments(self) -> list[Segment]:
        return list(segments(self._text))

    def places_of(self, forms: Forms) -> list[int]:
        return _form_places(forms, self.segments) if any(map(forms.has, self.each_run)) else []


def _saturated(count: int, shape: float) -> float:
    return count * (K1 + 1) / (count + shape)


def _holds(part: Part, post: _Post) -> bool:
    if part.kind == "phrase":
        return bool(_phrase_places(part, post.segments))
    if part.kind == "paired":
        if part.forms and post.places_of(part.forms):
            return True
        # The start is in the joined runs if it is in one of them: it has no blank.
        if not (part.is_quoted or part.is_excluded):
            return part.start in post.runs
        return any(_fits_run(part, run) for run in post.each_run)
    return part.text in post.words


def _fits_run(part: Part, run: str) -> bool:
    """Return whether a run of syllables matches the word, but for its ending."""
    if part.is_quoted:
        return run == part.text
    if part.is_excluded:
        return part.text in run
    return part.start in run


def _phrase_places(part: Part, found: Sequence[Segment]) -> list[int]:
    size = len(part.pieces)
    return [
        place
        for place in range(len(found) - size + 1)
        if all(_is_piece(part, number, found[place + number]) for number in range(size))
    ]


def _form_places(forms: Forms, found: Sequence[Segment]) -> list[int]:
    """Return the segments that are forms, but not what is written onto a number or name (17일)."""
    ends = {segment.end for segment in found if segment.kind == "word"}
    return [
        place
        for place, segment in enumerate(found)
        if segment.kind == "paired" and segment.start not in ends and forms.has(segment.text)
    ]


def _is_piece(part: Part, number: int, segment: Segment) -> bool:
    kind, text = part.pieces[number]
    if segment.kind != kind:
        return False
    is_last = number == len(part.pieces) - 1
    if kind == "paired" and is_last and not part.is_quoted:
        return segment.text.startswith(text)
    return segment.text == text


def _spans(part: Part, found: Sequence[Segment]) -> list[tuple[int, int]]:
    if part.kind == "phrase":
        last = len(part.pieces) - 1
        places = _phrase_places(part, found)
        return [(found[place].start, found[place + last].end) for place in places]
    if part.kind == "paired":
        forms = _form_places(part.forms, found) if part.forms else []
        return [
            (run.start, run.end)
            for place, run in enumerate(found)
            if run.kind == "paired" and (place in forms or _fits_run(part, run.text))
        ]
    return [
        (segment.start, segment.end)
        for segment in found
        if segment.kind == part.kind and segment.text == part.text
    ]
