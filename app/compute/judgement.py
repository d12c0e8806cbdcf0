"""One of the named authors, or somebody else? The answer to a ranking of texts by one hand.

Whether it was anybody else follows from one number for each named author, the likelihood ratio
against a stranger; which of them it was, from the closed probabilities p of the ranking:

    none = (1 - sure) / (1 - sure + sure * mean(LR)),    P(i) = (1 - none) * p_i

The ratio to report of each of m authors is m * p_i * mean(LR), so that all of it agrees.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import NO_SCORES, Ranking, rank
from app.compute.background import EMPTY_BACKGROUND, Background
from app.compute.counts import Counts, add
from app.compute.features import PAIRS, WORDS, features_of
from app.compute.profiles import AuthorProfile
from app.compute.ratios import (
    FEWEST_OTHERS,
    FEWEST_POSTS,
    LEAD_GROUPS,
    NOBODY,
    Population,
    Usual,
    lead_scores,
    log_ratios,
)
from app.compute.text import FEWEST_WORDS, guess_language, own_words, username_key, word_count

Verdict = Literal["likely", "close", "unfamiliar", "short"]
Limit = Literal[
    "few_posts", "few_authors", "other_language", "other_platform", "other_period", "topic"
]

SURE: Final = 0.5
"""How sure the asker is beforehand that it was one of the named authors, where nothing is said."""
NO_CHANGE: Final = 1.0
"""The temperature where none was fitted: above 1 if the probabilities are too high."""
LIKELY: Final = 0.81
"""Least probability of a likely author, after that of somebody else."""
UNFAMILIAR: Final = 0.65
"""Least probability of somebody else for a text that reads like none of the named authors."""
FEWEST_JUDGED: Final = 10
"""With fewer posts with words no verdict names an author. Between two authors with 10 posts each,
85% of texts are attributed correctly; with 5 posts 81%, with 25 posts 89%."""
RIVAL_PROBABILITY: Final = 0.05
"""Among all authors, a less likely one does not make the answer weak."""
RATED: Final = 30
"""Authors whose ratios are computed: those that fit the text best. The others follow them by their
probabilities."""
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
class Habit:
    """What is known of an author beside the counts."""

    usual: Usual | None
    """None with too few posts."""
    language: str | None
    platform: str
    first_at: datetime | None = None
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What all answers of one version rest on beside the compared authors."""

    background: Background = EMPTY_BACKGROUND
    temperature: float = NO_CHANGE
    population: Population = NOBODY
    version: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Suspect:
    """An author who may have written the texts."""

    id: int
    username: str
    profile: AuthorProfile
    habit: Habit | None = None
    """None for those who fit the texts far less than others."""


@dataclass(frozen=True, eq=False)
class Case:
    """Texts by one hand, and the authors who may have written them."""

    texts: Sequence[str]
    suspects: Sequence[Suspect]
    fitted: Fitted
    is_named: bool = True
    """Whether the suspects were named; otherwise they are the best of all authors with posts."""
    rest: NDArray[np.float64] = field(default_factory=lambda: NO_SCORES)
    """The scores of other compared authors, who fit the texts far less."""
    known_ranking: Ranking | None = None
    """The ranking, where it was made before the case."""
    absent: int | None = None
    """An author of the population who does not count."""
    hidden: Collection[int] = ()
    """Posts that the suspects' profiles do not hold."""
    as_of_event: int = 0
    """The last event of the log that was taken into account."""

    @property
    def text(self) -> str:
        """The texts as one."""
        return "\n\n".join(self.texts)

    @property
    def compared(self) -> int:
        """Number of compared authors, of whom only the suspects are ranked."""
        return len(self.suspects) + self.rest.size

    @cached_property
    def is_korean(self) -> bool:
        """Whether the texts are; no other language is told from the rest."""
        return guess_language("\n".join(map(own_words, self.texts))) == "ko"

    @cached_property
    def ranking(self) -> Ranking:
        """The suspects' scores and closed probabilities."""
        return self.known_ranking or self.rank(query_of_texts(self.texts))

    def rank(self, query: Counts) -> Ranking:
        """Return the ranking for the features of the texts."""
        profiles = [suspect.profile for suspect in self.suspects]
        return rank(query, profiles, self.fitted.background, self.fitted.temperature, self.rest)

    def best(self) -> list[int]:
        """Return the suspects whose habits a judgement needs, in their order."""
        return sorted(np.argsort(-self.ranking.scores, kind="stable")[:RATED].tolist())

    def others_of(self, suspect: Suspect) -> NDArray[np.bool_]:
        """Return which of the population are other authors of the language: (n,)."""
        habit = suspect.habit
        language = habit.language if habit and habit.language != "ko" else None
        others = {suspect.id, self.absent}
        return self.fitted.population.without(others, "ko" if self.is_korean else language)


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


def query_of_texts(texts: Sequence[str]) -> Counts:
    """Return the features of texts by one hand, added up, without quotations."""
    return add(features_of([own_words(text) for text in texts]))


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
        mean = _mean_ratio(case, weighed)
        none = (1 - sure) / (1 - sure + sure * mean)
        log10 = _reported(case, shown, mean)
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
    share = _topic_share(ranking.groups[authors[first]], groups, others_scores[first])
    return _Weighed(authors, ratios, fewest, share)


def _topic_share(
    own: NDArray[np.float64], groups: NDArray[np.float64], scores: NDArray[np.float64]
) -> float:
    """Return the share of words and pairs in the lead of an author (5,) over others (n, 5)."""
    odds = np.exp(scores - scores.max())
    lead = (own - odds / odds.sum() @ groups) * LEAD_GROUPS
    return float(lead[[WORDS, PAIRS]].sum() / lead.sum()) if lead.sum() > 0 else 0.0


def _mean_ratio(case: Case, weighed: _Weighed) -> float:
    """Return the mean ratio of all compared authors.

    Those without one of their own count by their probabilities, since ratios follow these.
    """
    share = case.ranking.probabilities[weighed.authors].sum()
    return float(np.exp(weighed.ratios).sum() / max(share, LEAST_RATED) / case.compared)


def _reported(case: Case, shown: Sequence[int], mean: float) -> list[float | None]:
    shares = np.maximum(case.ranking.probabilities, 1e-300)
    log10 = np.clip(np.log10(case.compared * shares * mean), -REPORTED, REPORTED)
    return [float(ratio) if i in shown else None for i, ratio in enumerate(log10)]


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
