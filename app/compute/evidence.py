"""Evidence: the words of a text that speak for an author, and its sentences one by one.

The score is a sum over places. Only characters, words and pairs of words are located. Shape and
style belong to the whole text: marked on single words they look arbitrary, so they are summed up
as its layout.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import Query, group_factors, query_of, scores_of_each, shares_of
from app.compute.case import Case, Suspect
from app.compute.counts import lookup
from app.compute.features import SHAPE, Occurrences, features_of
from app.compute.text import letter_count, own_words

STAY: Final = 0.85
"""Probability that the next sentence is by the same author. In texts composed of posts of two
authors, 88% of the sentences are attributed correctly; without it (0.5) 81%."""
FEWEST_LETTERS: Final = 12
"""Letters; shorter sentences are joined with the next."""

# Marks match from the first of them only, otherwise the time would be quadratic.
SENTENCE_END = re.compile(r"(?:(?<![.!?…。！？])[.!?…。！？]+[\"'”’)\]]*(?=\s)|\n)\s*")


@dataclass(frozen=True, slots=True)
class Passage:
    """One or more sentences, and their probable author."""

    start: int
    """Code points of the text, half-open, without white space at either end."""
    end: int
    text: str
    username: str
    probability: float
    """That it is by this author, given the sentences around it."""


def judge_passages(case: Case, usernames: Sequence[str]) -> list[Passage]:
    """Return the author of each sentence among two or more with posts, in the text's order.

    A hidden Markov model: the author of a sentence is probably the author of the next one, so a
    sentence with little evidence follows its neighbours. Source: Rabiner 1989, forward, backward.
    """
    text, fitted = case.text, case.fitted
    places = sentences(text)
    profiles = {suspect.username: suspect.profile for suspect in case.suspects}
    compared = [profiles[name] for name in usernames]
    if not places or len(compared) < 2:
        return []
    queries = features_of([own_words(text[start:end]) for start, end in places])
    scores = scores_of_each(queries, compared, fitted.background)
    return [
        Passage(start, end, text[start:end], usernames[int(row.argmax())], float(row.max()))
        for (start, end), row in zip(places, _smoothed(scores / fitted.temperature), strict=True)
    ]


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the places of the sentences, which cover all but white space."""
    cuts = [0, *(match.end() for match in SENTENCE_END.finditer(text)), len(text)]
    places: list[tuple[int, int]] = []
    start, letters = 0, 0
    for before, cut in pairwise(cuts):
        letters += letter_count(text[before:cut])
        is_last = cut == len(text)
        if letters >= FEWEST_LETTERS or (is_last and not places):
            places.append((start, cut))
            start, letters = cut, 0
        elif is_last:
            places[-1] = (places[-1][0], cut)
    return [_stripped(text, *place) for place in places if text[slice(*place)].strip()]


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return end - len(piece.lstrip()), start + len(piece.rstrip())


def _smoothed(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of each author (n) for each sentence, given all sentences: (m, n)."""
    likelihoods = np.exp(scores - scores.max(axis=1, keepdims=True))
    authors = scores.shape[1]
    switch = (1 - STAY) / (authors - 1)
    forward, backward = np.empty_like(scores), np.ones_like(scores)
    belief = np.full(authors, 1 / authors)
    for place, row in enumerate(likelihoods):
        belief = belief * row
        belief /= belief.sum()
        forward[place] = belief
        belief = switch + (STAY - switch) * belief
    for place in range(len(scores) - 2, -1, -1):
        after = backward[place + 1] * likelihoods[place + 1]
        after /= after.sum()
        backward[place] = switch + (STAY - switch) * after
    shares: NDArray[np.float64] = forward * backward
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


MOST_MARKS: Final = 12
FEWEST_WEIGHT: Final = 0.3
"""Least log-odds of a mark; a weaker one looks accidental."""
FEWEST_WORD_WEIGHT: Final = 0.1
"""Least log-odds of each word of a mark."""

# Links with random addresses are no evidence.
_WORD = re.compile(r"(?<!\S)(?!https?://t\.co/|pic\.twitter\.com/)\S+")


class TextMark(NamedTuple):
    """Words of the text that speak for an author, or against the only one."""

    start: int
    """Code points of the text, half-open, without white space at either end."""
    end: int
    username: str
    weight: float
    """Log-odds; below 0 they speak against the only author."""


def marks_of(case: Case, compared: Sequence[Suspect], found: Occurrences) -> list[TextMark]:
    """Return the strongest marks, in the order of the text and without overlap.

    A mark is a word with its punctuation, or several in a row of one sentence that speak for the
    same author. Each author is set against the others compared; one alone against everybody else of
    the language. found: where the features stand in the text.
    """
    text, keys = case.text, found.counts.keys
    used: list[NDArray[np.uint32 | np.int64]]
    used = [lookup(suspect.profile.counts, keys) for suspect in compared]
    totals = [suspect.profile.totals for suspect in compared]
    if len(compared) == 1 and (others := case.others_of(compared[0])).any():
        population = case.fitted.population
        used.append(population.uses(keys, others))
        totals.append(population.totals[others].sum(axis=0))
    words = np.array([match.span() for match in _WORD.finditer(text)], np.int64).reshape(-1, 2)
    if len(used) < 2 or not len(words):
        return []
    query = case.ranking.query
    if query.counts is not found.counts:  # A text is judged without quotations.
        query = query_of(found.counts, case.fitted.background)
    leads = _leads(query, np.array(used), np.array(totals)).take(found.numbers, axis=1)
    words_leads = _word_leads(found, words, leads, len(text))
    ends = np.array([cut.start() for cut in SENTENCE_END.finditer(text)], np.int64)
    runs = _merged(words, words_leads, np.searchsorted(ends, words[:, 0]))
    strongest = sorted((run for run in runs if run[3] >= FEWEST_WEIGHT), key=lambda run: -run[3])
    names = [suspect.username for suspect in compared]
    return [
        TextMark(start, end, names[author], weight)
        if author < len(names)
        else TextMark(start, end, names[0], -weight)
        for start, end, author, weight in sorted(strongest[:MOST_MARKS])
    ]


def _leads(query: Query, used: NDArray[np.int64], totals: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the log-odds of each located feature (k,) for each author: (n, k).

    A feature that an author never used speaks for the others, not for this author. used: how often
    each author uses each feature of the text; totals: (n, 5) all features of each, per group.
    """
    end, sizes = query.edges[SHAPE], query.edges[1 : SHAPE + 1] - query.edges[:SHAPE]
    used = used[:, :end]
    shares = shares_of(totals)[:, :SHAPE].repeat(sizes, axis=1)
    odds, authors = np.log1p(used / query.expected[:end]) + shares, len(used)
    # Each author's are those less the mean of the others'.
    leads: NDArray[np.float64] = (odds - odds.sum(axis=0) / authors) * (authors / (authors - 1))
    leads *= group_factors(query.widths)[:SHAPE].repeat(sizes)
    return np.where(used > 0, leads, np.minimum(leads, 0)) * used.any(axis=0)


def _word_leads(
    found: Occurrences, words: NDArray[np.int64], leads: NDArray[np.float64], length: int
) -> NDArray[np.float64]:
    """Return the log-odds of each word (m, 2) for each author, spread evenly over characters."""
    density = (leads / (found.ends - found.starts)).ravel()
    authors, places = len(leads), length + 1
    rows = np.arange(0, authors * places, places)[:, np.newaxis]
    steps = np.bincount((rows + found.starts).ravel(), density, authors * places)
    steps -= np.bincount((rows + found.ends).ravel(), density, authors * places)
    before = np.zeros((authors, places + 1))
    steps.reshape(authors, places).cumsum(axis=1).cumsum(axis=1, out=before[:, 1:])
    sums: NDArray[np.float64] = before.take(words[:, 1], axis=1)
    sums -= before.take(words[:, 0], axis=1)
    return sums


def _merged(
    words: NDArray[np.int64], leads: NDArray[np.float64], sentences: NDArray[np.intp]
) -> Iterator[tuple[int, int, int, float]]:
    """Yield the words that speak for an author: start, end, the author's number and the weight.

    Consecutive ones of a sentence for the same author are joined. sentences: of each word (m,).
    """
    weights = leads.max(axis=0)
    authors = np.where(weights >= FEWEST_WORD_WEIGHT, leads.argmax(axis=0), -1).tolist()
    each = list(zip(authors, sentences.tolist(), strict=True))
    starts, ends = words.T.tolist()
    for (author, _sentence), run in groupby(range(len(each)), each.__getitem__):
        if author >= 0:
            places = list(run)
            first, last = places[0], places[-1]
            yield starts[first], ends[last], author, float(weights[first : last + 1].sum())
