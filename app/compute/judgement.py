"""One of the named authors, or somebody else? The answer to a ranking of texts by one hand.

Whether it was anybody else follows from one number for each named author, the likelihood ratio
against a stranger; which of them it was, from the closed probabilities p of the ranking:

    none = (1 - sure) / (1 - sure + sure * mean(LR)),    P(i) = (1 - none) * p_i

The ratio to report of each of m authors is m * p_i * mean(LR), so that all of it agrees.
"""

import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.compute.case import Case, Habit, Suspect
from app.compute.features import PAIRS, WORDS
from app.compute.ratios import (
    FEWEST_OTHERS,
    FEWEST_POSTS,
    LEAD_GROUPS,
    Usual,
    lead_scores,
    log_ratios,
)
from app.compute.text import FEWEST_WORDS, own_words, username_key, word_count

Verdict = Literal["likely", "close", "unfamiliar", "short"]
Limit = Literal[
    "few_posts", "few_authors", "other_language", "other_platform", "other_period", "topic"
]

SURE: Final = 0.5
"""How sure the asker is beforehand that it was one of the named authors, where nothing is said."""
LIKELY: Final = 0.81
"""Least probability of a likely author, after that of somebody else."""
UNFAMILIAR: Final = 0.65
"""Least probability of somebody else for a text that reads like none of the named authors."""
FEWEST_JUDGED: Final = 10
"""With fewer posts with words no verdict names an author. Between two authors with 10 posts each,
85% of texts are attributed correctly; with 5 posts 81%, with 25 posts 89%."""
RIVAL_PROBABILITY: Final = 0.05
"""Among all authors, a less likely one does not make the answer weak."""
LEAST_RATED: Final = 0.5
"""Least joint probability of the authors with a ratio that is assumed."""
REPORTED: Final = 3.0
"""Bound of the logarithms to base 10 that are reported, above and below 0."""

FEW_POSTS: Final = 100
FEW_AUTHORS: Final = 8
"""With fewer posts of an author, or fewer others of the language, the answer is called weak."""
TOPIC_SHARE: Final = 0.6
"""Share of the first author's lead that words and pairs have where the topic may decide."""


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """The answer to texts by one hand."""

    verdict: Verdict
    none: float | None
    """Probability that none of the suspects wrote them; None where it would be a guess."""
    log10: list[float | None]
    """Logarithm to base 10 of the reported ratio of each suspect."""
    order: list[int]
    """Places of the suspects, the likeliest first."""
    limits: list[Limit]


def judge(case: Case, sure: float = SURE) -> Judgement:
    """Return whether one of the authors wrote the texts, and which."""
    weighed = _weighed(case)
    shares, suspects = case.ranking.probabilities, case.suspects
    order = sorted(
        range(len(shares)), key=lambda i: (-shares[i], username_key(suspects[i].username))
    )
    rivals = [i for i in order if case.is_named or i == order[0] or shares[i] >= RIVAL_PROBABILITY]
    known = [i for i in order if suspects[i].profile.worded_posts >= FEWEST_JUDGED]
    words = sum(word_count(own_words(text)) for text in case.texts)
    # Of all authors some have few posts, and are not named; who was named must be.
    is_short = words < FEWEST_WORDS or not known or (case.is_named and len(known) < len(order))
    shown = [i for i in weighed.authors if suspects[i].profile.worded_posts >= FEWEST_POSTS]
    none, log10 = None, list[float | None]([None] * len(order))
    if shown and not is_short:
        # Those without a ratio count by their probabilities, since ratios follow these.
        rated = max(shares[weighed.authors].sum(), LEAST_RATED)
        mean = float(np.exp(weighed.ratios).sum() / rated / case.compared)
        none = (1 - sure) / (1 - sure + sure * mean)
        ratios = np.log10(case.compared * np.maximum(shares, 1e-300) * mean)
        for i in shown:
            log10[i] = float(np.clip(ratios[i], -REPORTED, REPORTED))
    return Judgement(
        _verdict(none, shares[known[:1]].sum(), is_short=is_short, is_alone=case.compared == 1),
        none,
        log10,
        order,
        _limits(case, [suspects[i] for i in rivals], weighed),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Weighed:
    """The best authors with a ratio against others of the language."""

    authors: list[int]
    """(m,) indices into the ranking."""
    ratios: NDArray[np.float64]
    """(m,) natural logarithms."""
    fewest_others: int
    """Others of the language that the best author with the fewest has."""
    topic_share: float
    """Share of the likeliest author's lead that words and pairs have."""


def _weighed(case: Case) -> _Weighed:
    ranking, population = case.ranking, case.fitted.population
    found: list[tuple[int, Usual, NDArray[np.bool_]]] = []
    fewest = len(population)
    for i in case.best():
        if (habit := case.suspects[i].habit) is None:
            continue
        others = case.others_of(case.suspects[i])
        fewest = min(fewest, int(others.sum()))
        if habit.usual is not None and others.sum() >= FEWEST_OTHERS:
            found.append((i, habit.usual, others))
    authors = [i for i, _, _ in found]
    if not found:
        return _Weighed([], np.empty(0), fewest, 0.0)
    groups = population.group_scores(ranking.query)
    scores = lead_scores(groups, population.penalties(ranking.query))
    others_scores = np.where([others for _, _, others in found], scores, -np.inf)
    ratios = log_ratios(
        ranking.query,
        len(case.texts),
        ranking.groups[authors],
        ranking.penalties[authors],
        [usual for _, usual, _ in found],
        others_scores,
    )
    first = int(np.argmax(ranking.probabilities[authors]))
    odds = np.exp(others_scores[first] - others_scores[first].max())
    lead = (ranking.groups[authors[first]] - odds / odds.sum() @ groups) * LEAD_GROUPS
    topic = float(lead[[WORDS, PAIRS]].sum() / lead.sum()) if lead.sum() > 0 else 0.0
    return _Weighed(authors, ratios, fewest, topic)


def _verdict(none: float | None, share: float, *, is_short: bool, is_alone: bool) -> Verdict:
    if is_short or (none is None and is_alone):
        return "short"
    if none is None:
        return "close"
    if none >= UNFAMILIAR:
        return "unfamiliar"
    return "likely" if (1 - none) * share >= LIKELY else "close"


def _limits(case: Case, rivals: Sequence[Suspect], weighed: _Weighed) -> list[Limit]:
    """Return what makes the answer weak, of the suspects who decide it."""
    habits = [each.habit for each in rivals if each.habit is not None]
    limits: dict[Limit, bool] = {
        "few_posts": any(each.profile.worded_posts < FEW_POSTS for each in rivals),
        "few_authors": weighed.fewest_others < FEW_AUTHORS,
        "other_language": any((each.language == "ko") != case.is_korean for each in habits),
        "other_platform": len({each.platform for each in habits}) > 1,
        "other_period": _has_other_period(habits),
        "topic": weighed.topic_share > TOPIC_SHARE,
    }
    return [limit for limit, holds in limits.items() if holds]


def _has_other_period(habits: Sequence[Habit]) -> bool:
    """Return whether the first author's posts are all older or newer than another's."""
    spans = [(each.first_at, each.newest_at) for each in habits if each.first_at]
    if not spans or spans[0][0] is not habits[0].first_at:
        return False
    first, newest = spans[0]
    return any(
        start and end and first and newest and (start > newest or end < first)
        for start, end in spans[1:]
    )


# How often the text of a stranger is given to one of the authors named: measured on authors that
# are not those of an installation, whose model card measures its own.
BELIEF: Final = 0.5
"""How sure one was beforehand that it was one of them; surer, more strangers pass."""
LENGTHS: Final = (0, 10, 20, 40, 80, 160)
"""Words of a text from which each rate holds."""
RATES: Final[dict[tuple[str, int], tuple[float, ...]]] = {
    # Written by benchmarks.open_question.
    ("en", 1): (0.033, 0.037, 0.037, 0.016, 0.011, 0.007),
    ("en", 2): (0.027, 0.024, 0.041, 0.021, 0.017, 0.011),
    ("en", 3): (0.033, 0.026, 0.038, 0.021, 0.011, 0.012),
    ("en", 5): (0.028, 0.022, 0.045, 0.025, 0.016, 0.016),
    ("en", 10): (0.025, 0.016, 0.043, 0.021, 0.013, 0.018),
    ("en", 20): (0.04, 0.018, 0.043, 0.022, 0.013, 0.016),
    ("ko", 1): (0.12, 0.071, 0.039, 0.043, 0.035, 0.054),
    ("ko", 2): (0.171, 0.061, 0.066, 0.049, 0.021, 0.108),
    ("ko", 3): (0.18, 0.057, 0.083, 0.058, 0.028, 0.12),
}
"""Share of strangers' texts called likely, by language and number of named authors, for each
length."""


def length_place(words: int) -> int:
    """Return the place of a text's length among those measured."""
    return bisect.bisect_right(LENGTHS, words) - 1


def stranger_rate(language: str | None, suspects: int, words: int) -> float:
    """Return how often a stranger's text of so many words is given to one of so many authors.

    Of languages other than Korean it is the rate of English; of numbers in between that of the
    nearest.
    """
    own = "ko" if language == "ko" else "en"
    measured = [number for lang, number in RATES if lang == own]
    nearest = min(measured, key=lambda number: (abs(number - suspects), -number))
    return RATES[own, nearest][length_place(words)]
