"""Evidence: the words of a text that speak for an author. The score is a sum over places.

Only characters, words and pairs of words are located. Shape and style belong to the whole text:
marked on single words they look arbitrary, so they are summed up as its layout.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import PRIORS, Ranking, group_factors
from app.compute.background import Background
from app.compute.counts import lookup
from app.compute.features import GROUP_EDGES, SHAPE, STYLE, Occurrences, group_sizes, occurrences
from app.compute.passages import SENTENCE_END
from app.compute.profiles import AuthorProfile

FEWEST_WEIGHT: Final = 0.3
"""Least log-odds of a mark; a weaker one looks accidental."""
FEWEST_WORD_WEIGHT: Final = 0.1
"""Least log-odds of each word of a mark."""

# Links with random addresses are no evidence.
_WORD = re.compile(r"(?<!\S)(?!https?://t\.co/|pic\.twitter\.com/)\S+")


@dataclass(frozen=True, slots=True)
class Span:
    """Words of the text that speak for one author against the others."""

    start: int
    """Code points of the text, half-open, without white space at either end."""
    end: int
    author: int
    """Index into the given profiles."""
    weight: float
    """Log-odds in favour of the author, above 0."""


def evidence(
    text: str,
    profiles: Sequence[AuthorProfile],
    background: Background,
    *,
    most: int = 12,
    found: Occurrences | None = None,
) -> list[Span]:
    """Return the strongest marks, in the order of the text and without overlap.

    A mark is a word with its punctuation, or several in a row of one sentence that speak for the
    same author.
    `found` are the occurrences of the text, if they are known already.
    """
    if len(profiles) < 2:
        return []
    found = located(found or occurrences(text))
    return mark(text, found, _leads(found, profiles, background), most=most)


def mark(text: str, found: Occurrences, leads: NDArray[np.float64], *, most: int) -> list[Span]:
    """Return the strongest marks of a text, as `evidence` does.

    found: its located occurrences; leads: (n, k) the log-odds of each for each author.
    """
    words = np.array([match.span() for match in _WORD.finditer(text)], np.int64).reshape(-1, 2)
    if not len(words):
        return []
    words_leads = _word_leads(found, words, leads, len(text))
    ends = np.array([cut.start() for cut in SENTENCE_END.finditer(text)], np.int64)
    sentences = np.searchsorted(ends, words[:, 0])
    found_spans = _merged(words, words_leads, sentences)
    spans = [span for span in found_spans if span.weight >= FEWEST_WEIGHT]
    strongest = sorted(spans, key=lambda span: -span.weight)[:most]
    return sorted(strongest, key=lambda span: span.start)


def layout_evidence(ranking: Ranking, authors: Sequence[int]) -> NDArray[np.float64]:
    """Return the weight of shape and style for each author against the others: (n,).

    authors: indices into the ranking, at least two. In log-odds; the sum is 0.
    """
    return _against_others(ranking.groups[list(authors)][:, (SHAPE, STYLE)].sum(axis=1))


def _leads(
    found: Occurrences, profiles: Sequence[AuthorProfile], background: Background
) -> NDArray[np.float64]:
    """Return the log-odds of each occurrence (k,), sorted by key, for each author: (n, k).

    A feature that an author never used speaks for the others, not for this author.
    """
    sizes = group_sizes(found.keys)
    expected = np.repeat(PRIORS, sizes) * background.probabilities(found.keys)
    used = np.array([lookup(profile.counts, found.keys) for profile in profiles])
    totals = np.array([PRIORS / (PRIORS + profile.totals) for profile in profiles])
    leads = np.log1p(used / expected) + np.repeat(np.log(totals), sizes, axis=1)
    leads = _against_others(leads) * np.repeat(group_factors(sizes), sizes)
    return np.where(used > 0, leads, np.minimum(leads, 0)) * used.any(axis=0)


def _against_others(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each row of (n, …) less the mean of the other rows."""
    authors = len(values)
    differences: NDArray[np.float64] = (values - values.mean(axis=0)) * (authors / (authors - 1))
    return differences


def located(found: Occurrences) -> Occurrences:
    """Return the occurrences of located features, sorted by key."""
    order = np.argsort(found.keys, kind="stable")
    order = order[: np.searchsorted(found.keys[order], GROUP_EDGES[SHAPE])]
    return Occurrences(found.keys[order], found.starts[order], found.ends[order])


def _word_leads(
    found: Occurrences, words: NDArray[np.int64], leads: NDArray[np.float64], length: int
) -> NDArray[np.float64]:
    """Return the log-odds of each word (m, 2) for each author, spread evenly over characters."""
    density = leads / (found.ends - found.starts)
    sums = np.empty((len(leads), len(words)))
    for row, share in zip(sums, density, strict=True):
        steps = np.bincount(found.starts, share, length + 1)
        steps -= np.bincount(found.ends, share, length + 1)
        before = np.concatenate(([0.0], np.cumsum(np.cumsum(steps))))
        row[:] = before[words[:, 1]] - before[words[:, 0]]
    return sums


def _merged(
    words: NDArray[np.int64], leads: NDArray[np.float64], sentences: NDArray[np.intp]
) -> Iterator[Span]:
    """Yield the words that speak for an author.

    Consecutive ones of a sentence for the same author are joined. sentences: of each word (m,).
    """
    weights = leads.max(axis=0)
    authors = np.where(weights >= FEWEST_WORD_WEIGHT, leads.argmax(axis=0), -1).tolist()
    each = list(zip(authors, sentences.tolist(), strict=True))
    for (author, _sentence), run in groupby(range(len(each)), each.__getitem__):
        if author >= 0:
            places = list(run)
            first, last = places[0], places[-1]
            weight = float(weights[first : last + 1].sum())
            yield Span(int(words[first, 0]), int(words[last, 1]), author, weight)
