"""Did this one author write it? Likelihood ratios on a file of posts that are split in time.

`python -m benchmarks.verification FILE`, a file as for `benchmarks.accuracy`. Posts with split
`test`, 1, 5 and 20 at a time, are asked about: against their own author, and against every other
author of the language. The population is always one author smaller than the file: who wrote the
posts is left out when another author is claimed, somebody drawn at random when it is the own one.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import group_factors, group_scores, penalties_of
from app.compute.background import Background
from app.compute.counts import Counts, add
from app.compute.features import CHARACTERS, features, group_sums
from app.compute.profiles import AuthorProfile
from app.compute.quotations import own_words
from app.compute.ratio_trials import RatioScore, score_ratios
from app.compute.verification import (
    HELD_OUT_SHARE,
    INTERCEPT,
    bounds,
    log10_parts,
    usual_rates,
    usual_score,
)
from app.services.verify.materials import MOST_HELD_OUT
from benchmarks.accuracy import background_of
from benchmarks.accuracy_data import Row, masked, newest_known, read_rows

Array = NDArray[np.float64]
SIZES: Final = (1, 5, 20)
SHUFFLES: Final = {5: 2, 20: 4}
DROPS: Final = 3
"""Authors who are left out in turn when the own author is claimed."""
FEW_KNOWN: Final = 50
SMALL: Final = (3, 4, 8)
"""Authors of small installations, beside the one who is left out."""
ROUNDS: Final = 6
SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Trials:
    """Ratios of one set of texts against one author."""

    claimed: str
    true: str
    size: int
    lang: str
    unbounded: Array
    log10: Array


@dataclass(slots=True)
class Author:
    """What is known of an author, and what is asked about."""

    lang: str
    train: list[Counts] = field(default_factory=list)
    test: list[Counts] = field(default_factory=list)


def authors_of(rows: Iterable[Row]) -> dict[str, Author]:
    authors: dict[str, Author] = {}
    for row in rows:
        author = authors.setdefault(row.author, Author(row.lang))
        (author.test if row.is_test else author.train).append(features(own_words(row.text)))
    return authors


def text_sets(posts: int, size: int, rng: np.random.Generator) -> Array:
    """Return which posts are asked about together: (k, posts), 0 or 1."""
    if size == 1:
        return np.eye(posts)
    sets = []
    for _ in range(SHUFFLES[size]):
        order = rng.permutation(posts)
        sets += [
            np.bincount(order[start : start + size], minlength=posts)
            for start in range(0, posts - size + 1, size)
        ]
    return np.array(sets, np.float64).reshape(-1, posts)


def profile_of(posts: Sequence[Counts]) -> AuthorProfile:
    return AuthorProfile(add(posts), len(posts))


def own_rates(author: Author, others: Sequence[AuthorProfile]) -> Array:
    """Return the author's usual rates, as the program measures them."""
    held_out = max(1, min(MOST_HELD_OUT, int(len(author.train) * HELD_OUT_SHARE)))
    whole = background_of([*others, profile_of(author.train)])
    newest = add(author.train[-held_out:])
    return usual_rates(profile_of(author.train[:-held_out]), newest, held_out, whole)


def doubts_of(widths: NDArray[np.int64], profiles: Sequence[AuthorProfile]) -> Array:
    """Return the penalties for short histories: (k, n)."""
    return np.array([penalties_of(int(width), profiles) for width in widths[:, CHARACTERS]])


class Scores:
    """Undamped log-odds of posts under profiles; those of several posts are their sums."""

    def __init__(
        self, posts: Sequence[Counts], profiles: Sequence[AuthorProfile], background: Background
    ) -> None:
        self.widths = np.array([group_sums(post) for post in posts])
        self._sums = np.array(
            [
                group_scores(post, profiles, background) / group_factors(group_sums(post))
                for post in posts
            ]
        )
        self._profiles = profiles

    def of(self, sets: Array) -> Array:
        """Return the scores of sets of posts (k, posts) under each profile: (k, n)."""
        widths = (sets @ self.widths).astype(np.int64)
        sums = np.einsum("kp,png->kng", sets, self._sums)
        scores: Array = (sums * group_factors(widths)[:, np.newaxis]).sum(axis=2)
        return scores - doubts_of(widths, self._profiles)


@dataclass(frozen=True, slots=True)
class Plan:
    """Texts of one author, one population, and the authors who are claimed."""

    true: str
    here: list[str]
    """The population, with the claimed authors in it."""
    claimed: list[str]
    sets: dict[int, Array]
    """By the number of texts asked about together: (k, posts), 0 or 1."""


def plans(authors: dict[str, Author], sizes: Sequence[int] = SIZES) -> Iterator[Plan]:
    """Yield what is asked, the same for all methods."""
    rng = np.random.default_rng(SEED)
    for true, author in authors.items():
        alike = [name for name in authors if name != true and authors[name].lang == author.lang]
        if len(alike) < 3 or not author.test:
            continue
        sets = {size: text_sets(len(author.test), size, rng) for size in sizes}
        drawn = rng.choice(alike, min(DROPS, len(alike)), replace=False).tolist()
        yield Plan(true, [name for name in authors if name != true], alike, sets)
        for turn, gone in enumerate(drawn):
            # Each set of the own author meets one of the populations.
            some = {size: rows[turn :: len(drawn)] for size, rows in sets.items()}
            yield Plan(true, [name for name in authors if name != gone], [true], some)


def impostors_of(plan: Plan, claimed: str, authors: dict[str, Author]) -> list[int]:
    """Return the places in the population of all others of the claimed author's language."""
    lang = authors[claimed].lang
    return [
        place
        for place, name in enumerate(plan.here)
        if name != claimed and authors[name].lang == lang
    ]


def trials(full: dict[str, Author], known: dict[str, Author]) -> Iterator[Trials]:
    """Yield all trials; `known` holds what is known of a claimed author, `full` of the others."""
    whole = {name: profile_of(author.train) for name, author in full.items()}
    claims = {name: profile_of(author.train) for name, author in known.items()}
    rates = {
        name: own_rates(author, [whole[other] for other in full if other != name])
        for name, author in known.items()
    }
    for plan in plans(full):
        background = background_of([whole[name] for name in plan.here])
        profiles = [*(whole[name] for name in plan.here), *(claims[name] for name in plan.claimed)]
        scores = Scores(full[plan.true].test, profiles, background)
        for size, rows in plan.sets.items():
            if not len(rows):
                continue
            found, widths = scores.of(rows), (rows @ scores.widths).astype(np.int64)
            for place, name in enumerate(plan.claimed, len(plan.here)):
                impostors = impostors_of(plan, name, full)
                usual = usual_score(widths, rates[name]) - doubts_of(widths, [claims[name]])[:, 0]
                lead, typical = log10_parts(
                    found[:, place], found[:, impostors], usual, widths[:, CHARACTERS]
                )
                unbounded = INTERCEPT / np.log(10) + lead + typical
                log10 = unbounded.clip(*bounds(len(impostors)))
                yield Trials(name, plan.true, size, full[name].lang, unbounded, log10)


def scored(found: Iterable[Trials]) -> dict[tuple[str, int], tuple[int, RatioScore]]:
    """Return the number of trials and their quality, for each language and number of texts."""
    by_kind: dict[tuple[str, int], list[Trials]] = defaultdict(list)
    for each in found:
        by_kind[each.lang, each.size].append(each)
    return {kind: _score(some) for kind, some in sorted(by_kind.items())}


def _score(some: Sequence[Trials]) -> tuple[int, RatioScore]:
    sizes = [each.log10.size for each in some]
    names = sorted({each.claimed for each in some} | {each.true for each in some})
    pairs = [names.index(each.claimed) * len(names) + names.index(each.true) for each in some]
    return sum(sizes), score_ratios(
        np.concatenate([each.log10 for each in some]),
        np.concatenate([each.unbounded for each in some]),
        np.repeat([each.claimed == each.true for each in some], sizes),
        np.repeat(np.array(pairs, np.intp), sizes),
    )


HEADING: Final = (
    "| set | texts | trials | C_llr | C_llr min | EER | AUC | c@1 | F0.5u | silent "
    "| wrong > 10 | own < 1/10 | own > 10 |"
)


def print_scores(label: str, found: Iterable[Trials]) -> None:
    for (lang, size), (count, score) in scored(found).items():
        shares = (score.silent, score.wrong_for, score.wrong_against, score.right_for)
        cells = [
            *(f"{value:.3f}" for value in (score.cllr, score.cllr_min, score.eer, score.auc)),
            *(f"{value:.3f}" for value in (score.c_at_1, score.f_05_u)),
            *(f"{100 * share:.1f} %" for share in shares),
        ]
        print(f"| {lang}{label} | {size} | {count:,} | {' | '.join(cells)} |", flush=True)


def print_small(authors: dict[str, Author]) -> None:
    """Print small installations of random English authors, one of whom is always left out."""
    rng = np.random.default_rng(5)
    english = [name for name, author in authors.items() if author.lang == "en"]
    for number in SMALL:
        if len(english) <= number:
            continue
        found: list[Trials] = []
        for _ in range(ROUNDS):
            some = {name: authors[name] for name in rng.permutation(english)[: number + 1].tolist()}
            found += trials(some, some)
        print_scores(f", {number} authors", found)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return 0, or 2 with one line where the file cannot be used."""
    parser = argparse.ArgumentParser(prog="verification", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--only-ours", action="store_true", help="without the baselines")
    options = parser.parse_args(argv)
    try:
        rows = read_rows(options.file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"verification: {options.file}: {reason}", file=sys.stderr)
        return 2
    authors = authors_of(rows)
    print(
        "\nDid this one author write it? Bounded likelihood ratios; the measures are described in"
    )
    print("docs/attribution.md:\n")
    print(HEADING)
    print("| --- " * HEADING.count(" | ") + "| --- |")
    print_scores("", trials(authors, authors))
    hidden = authors_of(masked(rows))
    print_scores(", masked", trials(hidden, hidden))
    print_scores(f", {FEW_KNOWN} known", trials(authors, authors_of(newest_known(rows, FEW_KNOWN))))
    print_small(authors)
    if not options.only_ours:
        from benchmarks.verification_baselines import print_baselines

        print_baselines(rows, authors)
    return 0


if __name__ == "__main__":
    sys.exit(main())
