"""A likelihood ratio from the counts that decide it, without a database or a text.

What is computed here is what `judgement` computes of a case with one author.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from saywho.engine.attribution import PRIORS, Query, shares_of
from saywho.engine.case import (
    Case,
    Usual,
    bounded,
    fullness_of,
    lead_weights,
    leads_between,
    log_ratios,
    unfamiliarity,
)
from saywho.engine.features import (
    CHARACTERS,
    GROUP_SHIFT,
    GROUPS,
    Counts,
    group_edges,
    group_sums,
    lookup,
)
from saywho.engine.judgement import MOST_TIMES_A_TEXT, Bound, compared_with, lead_shares, reported
from saywho.engine.population import Population


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The k features of some texts, ordered by group."""

    keys: NDArray[np.uint32]
    """Only the groups in them count."""
    expected: NDArray[np.float64]
    """What the background adds to a count, (k,)."""

    @classmethod
    def of_groups(cls, groups: NDArray[np.uint32], expected: NDArray[np.float64]) -> "Features":
        """Return features of these groups, which ascend."""
        places = np.arange(groups.size, dtype=np.uint32)
        return cls((groups << np.uint32(GROUP_SHIFT)) | places, expected)

    @property
    def groups(self) -> NDArray[np.uint32]:
        return self.keys >> np.uint32(GROUP_SHIFT)


@dataclass(frozen=True, slots=True, eq=False)
class Own:
    """What is known of the author who is asked about."""

    uses: NDArray[np.int64]
    """Of each feature, (k,)."""
    totals: NDArray[np.int64]
    """Features known of each group, (5,)."""
    usual: Usual


class AskedCounts(NamedTuple):
    """What is asked about: how often each feature is in how many texts."""

    counts: NDArray[np.int64]
    """(k,)"""
    texts: int


class OtherScores(NamedTuple):
    """How n others score what is asked about."""

    totals: NDArray[np.int64]
    """Features known of each group, (n, 5)."""
    scores: NDArray[np.float64]
    """Weighted log-odds by group, (n, 5)."""
    unused: NDArray[np.float64]
    """Features that neither the author nor the other uses, by group, (n, 5)."""


class Ratio(NamedTuple):
    log10: float
    bound: Bound | None


def asked_of(features: Features, counts: Counts, texts: int) -> AskedCounts:
    """Return what is asked about; counts: of features that are all among these."""
    amounts = np.zeros(features.keys.size, np.int64)
    amounts[features.keys.searchsorted(counts.keys)] = counts.counts
    return AskedCounts(amounts, max(texts, 1))


def features_in(case: Case, queries: Sequence[Counts]) -> Features:
    """Return all features of some queries, with the background of a case."""
    keys = np.unique(np.concatenate([query.keys for query in queries]))
    edges = group_edges(keys)
    priors = PRIORS.repeat(edges[1:] - edges[:-1])
    # In the precision in which a file has it.
    expected = (priors * case.fitted.background.probabilities(keys)).astype(np.float32)
    return Features(keys, expected.astype(np.float64))


def own_of(case: Case, features: Features) -> Own | None:
    """Return what is known of a case's only author; None without a ratio."""
    suspect, compared = case.suspects[0], compared_with(case)
    if compared is None:
        return None
    uses = lookup(suspect.profile.counts, features.keys).astype(np.int64)
    return Own(uses, suspect.profile.totals.astype(np.int64), compared.usual)


def uses_of_each(population: Population, features: Features) -> NDArray[np.int64]:
    """Return how often each member uses each feature: (k, n)."""
    uses = population.uses(features.keys)
    table = np.zeros((features.keys.size, len(population)), np.int64)
    table[uses.features, uses.owners] = uses.amounts
    table[uses.common] = uses.table
    return table


def scores_of(
    features: Features,
    asked: AskedCounts,
    own_uses: NDArray[np.int64],
    uses: NDArray[np.int64],
    totals: NDArray[np.int64],
) -> OtherScores:
    """Return the scores of n others by their counts; uses: (k, n), totals: (n, 5)."""
    query = _limited(features, asked)
    of_group = _of_group(features)
    unused = np.where(own_uses == 0, query.counts.counts, 0)[:, np.newaxis] * (uses == 0)
    return OtherScores(totals, _groups(query, features, uses, totals), (of_group @ unused).T)


def ratio_of(
    features: Features,
    asked: AskedCounts,
    own: Own,
    others: OtherScores,
    weights: NDArray[np.float64],
    *,
    is_korean: bool,
) -> Ratio:
    """Return the author's ratio as it is reported.

    weights: how many authors each of the others counts as, (n,).
    """
    whole = float(asked.counts[features.groups == CHARACTERS].sum())
    query = _limited(features, asked)
    groups = _groups(query, features, own.uses[:, np.newaxis], own.totals[np.newaxis])
    width = float(query.widths[CHARACTERS])
    known = own.totals[np.newaxis]
    silent = unfamiliarity(known[:, CHARACTERS], others.totals[:, CHARACTERS], width)
    shares = lead_shares(fullness_of(whole, asked.texts), is_korean=is_korean)
    leads = leads_between(
        query,
        (groups, known),
        (others.scores, others.totals, shares_of(others.totals)),
        silent,
        others.unused[np.newaxis] if silent.any() else None,
        shares,
    ).over(weights[np.newaxis])
    counts = np.array([weights.sum()])
    leads *= lead_weights(width, asked.texts, counts)
    unbounded = log_ratios(query, asked.texts, leads, groups, [own.usual])
    (ratio,) = bounded(unbounded, width, counts).tolist()
    return Ratio(*reported(ratio, float(unbounded[0])))


def _limited(features: Features, asked: AskedCounts) -> Query:
    amounts = np.minimum(asked.counts, MOST_TIMES_A_TEXT * asked.texts).astype(np.uint32)
    counts, edges = Counts(features.keys, amounts), group_edges(features.keys)
    return Query(counts, edges, group_sums(counts, edges), features.expected)


def _groups(
    query: Query, features: Features, uses: NDArray[np.int64], totals: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the weighted log-odds of n people by their uses (k, n) and totals (n, 5): (n, 5)."""
    gains = np.log1p(uses / features.expected[:, np.newaxis])
    gains *= query.counts.counts[:, np.newaxis]
    sums = (_of_group(features) @ gains).T
    scores: NDArray[np.float64] = (sums + query.widths * shares_of(totals)) * query.factors
    return scores


def _of_group(features: Features) -> NDArray[np.float64]:
    """Return whether each feature is of each group: (5, k)."""
    is_of: NDArray[np.float64] = (
        features.groups == np.arange(len(GROUPS), dtype=np.uint32)[:, np.newaxis]
    ).astype(np.float64)
    return is_of
