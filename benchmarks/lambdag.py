"""LambdaG on the trials of `benchmarks.verification`: grammar models of an author against others.

After Nini et al. 2025: the log-likelihood of the texts under a Kneser-Ney model of the author's
posts, less the mean under models of as many posts of other authors. Words that nearly all authors
use are kept; all others are masked by a class, since the published masking needs a tagger. Instead
of new reference models for each question, the authors of a language are split into folds, a model
each, and only folds without the claimed and the true author count.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.accuracy_data import Row
from benchmarks.verification import SEED, Array, Author, Plan

ORDER: Final = 5
DISCOUNT: Final = 0.75
KEPT_SHARE: Final = 0.9
"""Share of the authors of the language who must use a word, or it is masked."""
FOLDS: Final = 5
_TOKEN: Final = re.compile(r"https?://\S+|[@#]?\w+(?:['’]\w+)?|[^\w\s]")

Sentence = list[str]


class KneserNey:
    """Interpolated Kneser-Ney: an n-gram below the highest order counts by what precedes it."""

    def __init__(self, sentences: Sequence[Sentence]) -> None:
        grams: list[Counter[tuple[str, ...]]] = [Counter() for _ in range(ORDER + 1)]
        for sentence in sentences:
            tokens = _padded(sentence)
            for end in range(ORDER, len(tokens) + 1):
                for order in range(1, ORDER + 1):
                    grams[order][tuple(tokens[end - order : end])] += 1
        for order in range(1, ORDER):
            grams[order] = Counter(gram[1:] for gram in grams[order + 1])
        self._grams = grams
        self._sums: defaultdict[tuple[str, ...], int] = defaultdict(int)
        self._kinds: defaultdict[tuple[str, ...], int] = defaultdict(int)
        for order in range(1, ORDER + 1):
            for gram, number in grams[order].items():
                self._sums[gram[:-1]] += number
                self._kinds[gram[:-1]] += 1
        self._words = len(grams[1]) + 1

    def log_likelihood(self, sentence: Sentence) -> float:
        tokens = _padded(sentence)
        shares = np.array([self._share(tokens, end) for end in range(ORDER, len(tokens) + 1)])
        return float(np.log(shares).sum())

    def _share(self, tokens: Sentence, end: int) -> float:
        share = 1 / self._words
        for order in range(1, ORDER + 1):
            gram = tuple(tokens[end - order : end])
            total = self._sums.get(gram[:-1])
            if not total:
                break
            own = max(self._grams[order].get(gram, 0) - DISCOUNT, 0)
            share = (own + DISCOUNT * self._kinds[gram[:-1]] * share) / total
        return share


def _padded(sentence: Sentence) -> Sentence:
    return ["<s>"] * (ORDER - 1) + [*sentence, "</s>"]


class LambdaG:
    """The log-likelihoods of all posts asked about, under each author and each fold."""

    def __init__(self, rows: Sequence[Row]) -> None:
        rng = np.random.default_rng(SEED)
        langs = {row.author: row.lang for row in rows}
        self._own: dict[tuple[str, str], Array] = {}
        self._folds: dict[tuple[str, int], Array] = {}
        self._fold_of: dict[str, int] = {}
        for lang in dict.fromkeys(langs.values()):
            authors = [author for author, own in langs.items() if own == lang]
            known, asked = _sentences([row for row in rows if row.lang == lang], len(authors))
            folds = min(FOLDS, len(authors))
            for place, author in enumerate(rng.permutation(authors).tolist()):
                self._fold_of[author] = place % folds
            models = {author: KneserNey(known[author]) for author in authors}
            for fold in range(folds):
                posts = [post for a in authors if self._fold_of[a] == fold for post in known[a]]
                size = min(len(posts), max(map(len, known.values())))
                drawn = rng.choice(len(posts), size, replace=False).tolist()
                reference = KneserNey([posts[i] for i in drawn])
                for true in authors:
                    self._folds[true, fold] = _likelihoods(reference, asked[true])
            for claimed, model in models.items():
                for true in authors:
                    self._own[true, claimed] = _likelihoods(model, asked[true])

    def __call__(self, plan: Plan, size: int, _: dict[str, Author]) -> list[Array]:
        """Return the scores of the sets for each claimed author."""
        scores = []
        for claimed in plan.claimed:
            gone = {self._fold_of[claimed], self._fold_of[plan.true]}
            others = [
                likelihoods
                for (true, fold), likelihoods in self._folds.items()
                if true == plan.true and fold not in gone
            ]
            lead = self._own[plan.true, claimed] - np.mean(others, axis=0)
            scores.append(plan.sets[size] @ lead)
        return scores


def _likelihoods(model: KneserNey, posts: Sequence[Sentence]) -> Array:
    return np.array([model.log_likelihood(post) for post in posts])


def _sentences(
    rows: Sequence[Row], authors: int
) -> tuple[dict[str, list[Sentence]], dict[str, list[Sentence]]]:
    """Return each author's masked posts: those known, and those asked about."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        if not row.is_test:
            for token in _TOKEN.findall(row.text.lower()):
                users[token].add(row.author)
    kept = {token for token, by in users.items() if len(by) >= KEPT_SHARE * authors}
    known, asked = defaultdict[str, list[Sentence]](list), defaultdict[str, list[Sentence]](list)
    for row in rows:
        part = asked if row.is_test else known
        part[row.author].append([_masked(token, kept) for token in _TOKEN.findall(row.text)])
    return known, asked


def _masked(token: str, kept: set[str]) -> str:
    if token.lower() in kept:
        return token.lower()
    for kind, is_meant in (
        ("LINK", token.startswith("http")),
        (token[0], token[0] in "@#"),
        ("NUMBER", token[0].isdigit()),
        ("CAPITALS", token.isupper()),
        ("NAME", token[0].isupper()),
        ("WORD", token[0].isalpha()),
    ):
        if is_meant:
            return kind
    return "SIGN"
