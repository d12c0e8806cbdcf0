"""Ask about an installation's own newest posts, each author left out in turn."""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import penalties_of, scores_of
from app.compute.background import Background
from app.compute.counts import Counts, add
from app.compute.features import CHARACTERS, group_sums
from app.compute.profiles import AuthorProfile
from app.compute.ratio_scores import RatioScore, score_ratios
from app.compute.verification import (
    FEWEST_IMPOSTORS,
    INTERCEPT,
    bounds,
    log10_parts,
    usual_rates,
    usual_score,
)

MOST_AUTHORS: Final = 30
MOST_ASKED: Final = 5
"""Posts of each author, the newest: an author costs some 10 ms."""
FEWEST_AUTHORS: Final = FEWEST_IMPOSTORS + 2
"""Beside the author in question and the one who is left out."""
LEVELS: Final[tuple[float, ...]] = tuple(np.linspace(-1.5, 2, 15).tolist())
"""Logarithms at which a Tippett plot has its points."""


@dataclass(frozen=True, slots=True)
class RatioCalibration(RatioScore):
    """How good verifications of this installation's own newest posts were, one post at a time."""

    authors: int
    posts: int


@dataclass(frozen=True, slots=True)
class RatioMeasure:
    """A calibration, and what a Tippett plot shows."""

    score: RatioCalibration
    own: list[float]
    other: list[float]
    """(15,) shares of the own texts, and of those by others, with at least each level."""


@dataclass(frozen=True, slots=True)
class TrialAuthor:
    """An author whose newest posts are asked about, and what is known without them."""

    known: AuthorProfile
    rates: NDArray[np.float64]
    asked: list[Counts]


def trial_author(
    before: AuthorProfile, newest: Sequence[Counts], background: Background
) -> TrialAuthor:
    """Return an author of trials; `newest` are the newest posts first, `before` the others.

    At most half of the newest are asked about; the others say what is usual.
    """
    asked = list(newest[: min(MOST_ASKED, len(newest) // 2)])
    usual = newest[len(asked) :]
    rates = usual_rates(before, add(usual), len(usual), background.without(add(asked), len(asked)))
    known = AuthorProfile(add([before.counts, *usual]), before.posts + len(usual))
    return TrialAuthor(known, rates, asked)


def measure_ratios(
    authors: Sequence[TrialAuthor], background: Background, chance: random.Random
) -> RatioMeasure | None:
    """Return the quality of the ratios of these authors of one language; None for too few.

    Who wrote the post is no impostor and not in the background when another author is asked
    about; for the own author somebody else is left out, so that both have as many impostors.
    """
    authors = [author for author in authors if author.asked][:MOST_AUTHORS]
    if len(authors) < FEWEST_AUTHORS:
        return None
    found: list[tuple[NDArray[np.float64], int, int]] = []
    for true, writer in enumerate(authors):
        others = [place for place in range(len(authors)) if place != true]
        rest = background.without(add(writer.asked), len(writer.asked))
        without = rest.without(writer.known.counts, writer.known.posts)
        scores = _scores(writer.asked, [authors[i].known for i in others], without)
        for column, claimed in enumerate(others):
            impostors = np.delete(scores, column, axis=1)
            found.append(
                (_ratios(scores[:, column], impostors, authors[claimed], writer), claimed, true)
            )
        left_out = chance.choice(others)
        here = [authors[i].known for i in others if i != left_out]
        without = rest.without(authors[left_out].known.counts, authors[left_out].known.posts)
        scores = _scores(writer.asked, [writer.known, *here], without)
        found.append((_ratios(scores[:, 0], scores[:, 1:], writer, writer), true, true))
    return _measured(found, len(authors))


def _scores(
    queries: Sequence[Counts], profiles: Sequence[AuthorProfile], background: Background
) -> NDArray[np.float64]:
    return np.array([scores_of(query, profiles, background) for query in queries])


def _ratios(
    own: NDArray[np.float64],
    impostors: NDArray[np.float64],
    claimed: TrialAuthor,
    writer: TrialAuthor,
) -> NDArray[np.float64]:
    """Return the unbounded logarithms for the posts of a writer: (k,)."""
    widths = np.array([group_sums(query) for query in writer.asked])
    features = widths[:, CHARACTERS]
    doubts = [penalties_of(int(each), [claimed.known])[0] for each in features]
    usual = usual_score(widths, claimed.rates) - doubts
    lead, typical = log10_parts(own, impostors, usual, features)
    ratios: NDArray[np.float64] = INTERCEPT / np.log(10) + lead + typical
    return ratios


def _measured(found: Sequence[tuple[NDArray[np.float64], int, int]], authors: int) -> RatioMeasure:
    unbounded = np.concatenate([ratios for ratios, _, _ in found])
    sizes = [ratios.size for ratios, _, _ in found]
    is_own = np.repeat([claimed == true for _, claimed, true in found], sizes)
    pairs = np.repeat([claimed * authors + true for _, claimed, true in found], sizes)
    log10 = unbounded.clip(*bounds(authors - 2))
    score = asdict(score_ratios(log10, unbounded, is_own, pairs))
    rounded = {name: round(value, 4) + 0.0 for name, value in score.items()}  # Without -0.0.
    return RatioMeasure(
        RatioCalibration(**rounded, authors=authors, posts=int(is_own.sum())),
        [round(float(np.mean(log10[is_own] >= level)), 4) for level in LEVELS],
        [round(float(np.mean(log10[~is_own] >= level)), 4) for level in LEVELS],
    )
