"""How well held-out posts are attributed to their authors."""

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from saywho.engine.attribution import probabilities_of, scores_of_each
from saywho.engine.case import Case
from saywho.engine.fitting import hold_out
from saywho.engine.population import FEWEST_POSTS

FEWEST_ASKED: Final = 10
"""Smallest number of posts for a share."""
Units = Sequence[Sequence[str]]
"""Posts in units that are judged as one."""


class MeasuredBin(msgspec.Struct, frozen=True):
    """Answers with about the same probability, and the share that was right."""

    claimed: float
    """Mean probability of the first author."""
    right: float
    asked: int


class Measured(msgspec.Struct, frozen=True):
    """The results for held-out posts by the authors of the card."""

    posts: int
    """Number of held-out posts."""
    asked: int
    """Number of held-out posts with enough words, or of their pieces."""
    right: float
    """Share of posts, or of pieces, whose author was named correctly."""
    by_chance: float
    """Share that is right by always naming the author with the most of these posts."""
    eighty: MeasuredBin | None
    """Answers of about 80%; null if there are few."""
    in_pieces: bool = False
    """Whether long posts of authors with few posts were judged in pieces of 20 to 60 words."""


def measured_on(case: Case, newest: Sequence[Units]) -> tuple[Measured | None, list[list[int]]]:
    """Return what was measured on the newest posts of each author of the case, None with too few,
    and the number of posts by real author (row) and named author (column).
    """
    size, fitted = len(case.suspects), case.fitted
    held_out = [
        hold_out(author_case.profile, units, in_pieces=author_case.profile.posts < FEWEST_POSTS)
        for author_case, units in zip(case.suspects, newest, strict=True)
    ]
    profiles = [author_case.profile for author_case in held_out]
    filled = np.array([profile.counts.keys.size > 0 for profile in profiles])
    queries = [query for author_case in held_out for query in author_case.queries]
    table = np.zeros((size, size), np.int64)
    if filled.sum() < 2 or not queries:
        return None, table.tolist()
    # Scored together, each feature is looked up once: a third of the time of single scoring.
    scores = scores_of_each(queries, profiles, fitted.background)
    scores[:, ~filled] = -np.inf
    shares = probabilities_of(scores, fitted.temperature)
    authors = np.repeat(np.arange(size), [len(author_case.queries) for author_case in held_out])
    np.add.at(table, (authors, shares.argmax(axis=1)), 1)
    tops, hits = shares.max(axis=1), shares.argmax(axis=1) == authors
    is_eighty = (tops >= 0.7) & (tops < 0.9)
    eighty = None
    if is_eighty.sum() >= FEWEST_ASKED:
        claimed, right = _rounded(tops[is_eighty].mean()), _rounded(hits[is_eighty].mean())
        eighty = MeasuredBin(claimed, right, int(is_eighty.sum()))
    measured = Measured(
        posts=sum(map(len, newest)),
        asked=authors.size,
        in_pieces=any(
            len(author_case.asked) > len(units)
            for author_case, units in zip(held_out, newest, strict=True)
        ),
        right=_rounded(hits.mean()),
        by_chance=_rounded(np.bincount(authors).max() / authors.size),
        eighty=eighty,
    )
    return measured, table.tolist()


def _rounded(value: float) -> float:
    return round(float(value), 4)
