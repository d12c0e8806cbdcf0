"""What is usually done to verify an author, on the trials of `benchmarks.verification`.

The cosine of TF-IDF vectors of characters in fours is the baseline of the PAN tasks; General
Impostors (Koppel and Winter 2014) counts in how many random halves of these features the author is
nearer than any of some impostors; `benchmarks.lambdag` is the third. Two constants turn the score
into a logarithm of a ratio. They are fitted on these very trials, for each language and number of
texts, which favours the baselines.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from benchmarks.accuracy_data import Row
from benchmarks.lambdag import LambdaG
from benchmarks.verification import (
    SEED,
    Array,
    Author,
    Plan,
    Trials,
    impostors_of,
    plans,
    print_scores,
)

FEATURES: Final = 12_000
HALVES: Final = 25
MOST_IMPOSTORS: Final = 10


class Vectors:
    """Weighed counts of characters in fours: of each author's known posts, and of those asked."""

    def __init__(self, rows: Sequence[Row]) -> None:
        known = [row.text for row in rows if not row.is_test]
        vectorizer = TfidfVectorizer(
            analyzer="char",
            ngram_range=(4, 4),
            max_features=FEATURES,
            norm=None,
            lowercase=False,
            dtype=np.float32,
        ).fit(known)
        weighed = vectorizer.transform([row.text for row in rows])
        is_test = np.array([row.is_test for row in rows])
        authors = np.array([row.author for row in rows])
        self.known: dict[str, Array] = {}
        self.asked: dict[str, Any] = {}
        for name in dict.fromkeys(authors.tolist()):
            own = authors == name
            self.known[name] = np.asarray(weighed[own & ~is_test].sum(axis=0)).ravel()
            self.asked[name] = weighed[own & is_test]

    def of(self, plan: Plan, size: int) -> Array:
        """Return the sums of the posts of each set: (k, n)."""
        return np.asarray((self.asked[plan.true].T @ plan.sets[size].T.astype(np.float32)).T)


def normal(vectors: Array) -> Array:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12))


def cosine(vectors: Vectors, plan: Plan, size: int, _: dict[str, Author]) -> list[Array]:
    """Return the scores of the sets for each claimed author."""
    asked = normal(vectors.of(plan, size))
    alike = asked @ normal(np.array([vectors.known[name] for name in plan.claimed])).T
    return list(alike.T)


def general_impostors(
    vectors: Vectors, plan: Plan, size: int, authors: dict[str, Author]
) -> list[Array]:
    """Return the share of random halves in which each claimed author is the nearest."""
    rng = np.random.default_rng(SEED)
    asked = vectors.of(plan, size)
    known = np.array([vectors.known[name] for name in plan.here])
    wins = np.zeros((len(plan.claimed), len(asked)))
    for _ in range(HALVES):
        half = rng.permutation(known.shape[1])[: known.shape[1] // 2]
        alike = normal(asked[:, half]) @ normal(known[:, half]).T
        for row, name in zip(wins, plan.claimed, strict=True):
            impostors = rng.permutation(impostors_of(plan, name, authors))[:MOST_IMPOSTORS]
            row += alike[:, plan.here.index(name)] > alike[:, impostors].max(axis=1)
    return list(wins / HALVES)


def print_baselines(rows: Sequence[Row], authors: dict[str, Author]) -> None:
    """Print a row of the table for each method, language and number of texts."""
    vectors = Vectors(rows)
    methods: dict[str, Callable[[Plan, int, dict[str, Author]], list[Array]]] = {
        "char 4-gram cosine": partial(cosine, vectors),
        "General Impostors": partial(general_impostors, vectors),
        "LambdaG": LambdaG(rows),
    }
    for label, method in methods.items():
        found: dict[tuple[str, int], list[tuple[Plan, str, Array]]] = defaultdict(list)
        for plan in plans(authors):
            for size, sets in plan.sets.items():
                if len(sets):
                    scores = method(plan, size, authors)
                    kind = authors[plan.true].lang, size
                    found[kind] += zip([plan] * len(scores), plan.claimed, scores, strict=True)
        fitted = [each for kind, some in sorted(found.items()) for each in _fitted(some, *kind)]
        print_scores(f", {label}", fitted)


def _fitted(some: Sequence[tuple[Plan, str, Array]], lang: str, size: int) -> Iterator[Trials]:
    """Yield the trials with ratios that fit best; both kinds weigh half, and pairs the same."""
    scores = np.concatenate([each for _, _, each in some])
    sizes = [each.size for _, _, each in some]
    is_own = np.array([plan.true == claimed for plan, claimed, _ in some])
    names = np.array([f"{plan.true} {claimed}" for plan, claimed, _ in some])
    _, pairs, times = np.unique(np.repeat(names, sizes), return_inverse=True, return_counts=True)
    own = np.repeat(is_own, sizes)
    weights: NDArray[np.float64] = 1 / times[pairs]
    for side in (own, ~own):
        weights[side] /= weights[side].sum()
    fit = LogisticRegression(C=1e6).fit(scores[:, np.newaxis], own, weights * len(scores))
    for plan, claimed, each in some:
        log10 = fit.decision_function(each[:, np.newaxis]) / np.log(10)
        yield Trials(claimed, plan.true, size, lang, log10, log10)
