"""Other ways to count and to score, compared on authors for whom nothing was fitted.

`python -m benchmarks.variants FILE.jsonl` looks at the posts with split `train` alone: the earliest
80% of each author are known, the others are asked about. The weights of the groups are fitted to
one half of the authors; right answers are counted for the posts of the other half, among all, both
ways and for four divisions.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from app.compute.attribution import PRIORS
from app.compute.counts import Counts
from app.compute.features import GROUPS, SHAPE, features_of, group_edges
from app.compute.hashes import skeleton_of
from benchmarks.accuracy_data import read_rows
from benchmarks.variant_data import Array, Group, Posts, counted

DIVISIONS: Final = 4
SETS: Final = {"en_2": 300, "en_5": 300, "en_20": 40, "ko_2": 6, "ko_4": 1, "all": 1}

AuthorSets = dict[str, list[NDArray[np.intp]]]


def runs(signs: Sequence[object], low: int, high: int) -> Iterator[tuple[object, ...]]:
    for size in range(low, high + 1):
        yield from (tuple(signs[i : i + size]) for i in range(len(signs) - size + 1))


def marks(text: str) -> Iterator[object]:
    """Yield runs of punctuation, emoji and blanks; letters between them do not matter."""
    words = re.sub(r"(w )+w", "w", re.sub(r"\w+", "w", re.sub(r"https?://\S+", "U", text)))
    return runs(f"^{words}$", 3, 7)


def endings(text: str) -> Iterator[object]:
    """Yield the last syllable and the last two of each Korean word, with what follows them."""
    for found in re.finditer(r"([가-힣]+)([^\w\s]*)(?=\s|$)", text):
        yield from ((found[1][-size:], found[2]) for size in (1, 2))


def spacing(text: str) -> Iterator[object]:
    """Yield runs of lengths of Korean words, as they are spaced."""
    return runs(
        [min(len(word), 8) for word in text.split()] if re.search("[가-힣]", text) else [], 1, 3
    )


def variants(posts: Posts) -> Iterator[tuple[str, list[Array]]]:
    """Yield a name and the scores by each group."""
    counts, own = features_of(posts.texts), []
    for number, prior in enumerate(PRIORS):
        parts = [(c, slice(*group_edges(c.keys)[number : number + 2])) for c in counts]
        own.append(Group(posts, [Counts(c.keys[at], c.counts[at]) for c, at in parts], prior))
    plain = [group.scores() for group in own]
    yield "as it is", plain
    former = counted(posts, lambda text: runs(skeleton_of(text)[0].tolist(), 1, 5))
    yield (
        "shape: runs of 1 to 5, as often as they occur",
        [former.scores() if number == SHAPE else scores for number, scores in enumerate(plain)],
    )
    for damping in (-0.1, -0.5):
        yield f"damping W^{1 + damping:.1f}", [group.scores(damping=damping) for group in own]
        for name, number in zip(GROUPS, range(len(GROUPS)), strict=True):
            some = [*plain]
            some[number] = own[number].scores(damping=damping)
            yield f"damping W^{1 + damping:.1f} of {name} alone", some
    for factor in (0.5, 2.0):
        yield f"priors x {factor}", [group.scores(prior=factor) for group in own]
    for power in (0.25, 0.5):
        yield (
            f"priors by the author's features^{power}",
            [group.scores(prior=(group.totals / group.totals.mean()) ** power) for group in own],
        )
    for discount in (0.3, 0.6):
        yield f"absolute discounting {discount}", [group.scores(discount=discount) for group in own]
    yield "all features of a text once", [group.scores(once=True) for group in own]
    yield "and punctuation and emoji in runs of 3 to 7", [*plain, counted(posts, marks).scores()]
    yield "and Korean endings", [*plain, counted(posts, endings, 200).scores()]
    yield "and Korean spacing", [*plain, counted(posts, spacing, 200).scores()]
    yield (
        "and characters in fours",
        [*plain, counted(posts, lambda t: runs(f" {t} ", 4, 4), 900).scores()],
    )


def fitted(groups: Array, posts: Posts, some: NDArray[np.intp]) -> Array:
    """Return the weights (k,) that tell the posts of some authors from these authors best."""
    rows = np.flatnonzero(np.isin(posts.asked, some))
    truth = posts.asked[rows, np.newaxis]
    leads = groups[rows[:, np.newaxis], truth] - groups[rows[:, np.newaxis], some]
    rival = (posts.korean[truth] == posts.korean[some]) & (truth != some)
    leads = leads[rival]
    signs = np.where(np.arange(len(leads)) % 2, 1.0, -1.0)
    model = LogisticRegression(C=1e3, fit_intercept=False, max_iter=500)
    weights: Array = model.fit(leads * signs[:, np.newaxis], signs).coef_[0]
    return weights


def shares(scores: Array, posts: Posts, sets: AuthorSets) -> list[float]:
    """Return the share of right answers in each kind of author sets."""
    found = []
    for drawn in sets.values():
        right = []
        for some in drawn:
            asked = np.flatnonzero(np.isin(posts.asked, some))
            named = some[scores[np.ix_(asked, some)].argmax(axis=1)]
            right.append(np.mean(named == posts.asked[asked]))
        found.append(float(np.mean(right)))
    return found


def author_sets(posts: Posts, rng: np.random.Generator) -> AuthorSets:
    sets: AuthorSets = {}
    for name, amount in SETS.items():
        lang, _, size = name.partition("_")
        pool = np.flatnonzero(posts.korean == (lang == "ko")) if size else np.arange(posts.size)
        many = min(int(size or posts.size), pool.size)
        if many > 1:
            sets[name] = [np.sort(rng.choice(pool, many, replace=False)) for _ in range(amount)]
    return sets


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; return 0, or 2 with one line where the file cannot be used."""
    parser = argparse.ArgumentParser(prog="variants", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    path = parser.parse_args(argv).file
    try:
        posts = Posts(read_rows(path))
        if np.count_nonzero(~posts.korean) < 4:
            raise ValueError("needs at least four authors who write English")
    except (OSError, ValueError) as error:
        print(f"variants: {path}: {error}", file=sys.stderr)
        return 2
    rng = np.random.default_rng(7)
    sets = author_sets(posts, rng)
    divisions = [halves(posts, rng) for _ in range(DIVISIONS)]
    print(f"| variant | {' | '.join(sets)} |\n{'| --- ' * (1 + len(sets))}|")
    for name, parts in variants(posts):
        groups = np.stack(parts, axis=2)
        found = []
        for pair in divisions:
            scores = np.empty(groups.shape[:2])
            for fit_to, asked in (pair, pair[::-1]):
                rows = np.isin(posts.asked, asked)
                scores[rows] = groups[rows] @ fitted(groups, posts, fit_to)
            found.append(shares(scores, posts, sets))
        print(
            f"| {name} | {' | '.join(f'{100 * s:.1f}' for s in np.mean(found, axis=0))} |",
            flush=True,
        )
    return 0


def halves(posts: Posts, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return two halves of the authors of each language."""
    parts = [
        np.array_split(rng.permutation(np.flatnonzero(posts.korean == lang)), 2)
        for lang in (False, True)
    ]
    first, second = (np.sort(np.concatenate(half)) for half in zip(*parts, strict=True))
    return first, second


if __name__ == "__main__":
    sys.exit(main())
