"""What is usually done instead: vectors of a text, and a classifier fitted for each set of authors.

These are the baselines of the PAN authorship tasks (character n-grams of 2 to 5).
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from benchmarks.accuracy_data import Row

NAMES: Final = {"tfidf": "char TF-IDF + LogReg", "svc": "char TF-IDF + LinearSVC"}


@dataclass(frozen=True, slots=True)
class Score:
    """Share that is right, and the log-loss where there are probabilities: means over the sets."""

    top_1: float
    log_loss: float | None


class Baselines:
    """Vectors of all posts, made once; the classifiers are fitted for each set of authors."""

    def __init__(self, rows: Sequence[Row]) -> None:
        known = np.array([not row.is_test for row in rows])
        texts = [row.text for row in rows]
        vectorizer = TfidfVectorizer(
            analyzer="char",
            ngram_range=(2, 5),
            min_df=2,
            sublinear_tf=True,
            lowercase=False,
            dtype=np.float32,
        ).fit([text for text, is_known in zip(texts, known, strict=True) if is_known])
        self._vectors = vectorizer.transform(texts)
        self._known = known
        self._authors = np.array([row.author for row in rows])

    def measure(self, name: str, sets: Iterable[tuple[str, ...]]) -> Score | None:
        """Return how well one of `NAMES` tells the authors; None if nothing is asked."""
        top_1, losses = [], []
        for authors in sets:
            places = {author: place for place, author in enumerate(authors)}
            chosen = np.isin(self._authors, authors)
            known, asked = (np.flatnonzero(chosen & part) for part in (self._known, ~self._known))
            if not asked.size:
                continue
            answers = np.array([places[author] for author in self._authors[known]])
            true = np.array([places[author] for author in self._authors[asked]])
            classifier = _CLASSIFIERS[name](len(authors))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                classifier.fit(self._vectors[known], answers)
            if name == "svc":
                top_1.append(np.mean(classifier.predict(self._vectors[asked]) == true))
                continue
            shares: NDArray[np.float64] = classifier.predict_proba(self._vectors[asked])
            top_1.append(np.mean(shares.argmax(axis=1) == true))
            right = shares[np.arange(true.size), true]
            losses.append(-np.log(np.maximum(right, 1e-12)).mean())
        if not top_1:
            return None
        return Score(float(np.mean(top_1)), float(np.mean(losses)) if losses else None)


def _logistic(authors: int) -> Any:
    classifier = LogisticRegression(C=10, solver="liblinear")
    return classifier if authors == 2 else OneVsRestClassifier(classifier)


_CLASSIFIERS: Final[dict[str, Callable[[int], Any]]] = {
    "tfidf": _logistic,
    "svc": lambda _: LinearSVC(),
}
