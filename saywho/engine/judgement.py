"""The answer to a ranking of texts by one person: one of the named authors, or someone else?

The likelihood ratio LR of each named author against a stranger decides whether it was someone else;
the ranking's probabilities p decide which of them it was:

    none = (1 - sure) / (1 - sure + sure * mean(LR)),    P(i) = (1 - none) * p_i

The reported ratio of an author is LR itself, the same whoever else is named. The first author may
have a smaller one than another, since the ranking weighs how much is known of each.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from saywho.engine.attribution import NO_SCORES, limited_to
from saywho.engine.case import (
    KNOWN_FEATURES,
    LEAD_GROUPS,
    USUAL_FEATURES,
    AuthorHabit,
    Case,
    Suspect,
    Usual,
    bounded,
    lead_weights,
    leads_of,
    log_ratios,
)
from saywho.engine.features import CHARACTERS, PAIRS, SHAPE, WORDS
from saywho.engine.ground import NothingLike, ground_of, nothing_like
from saywho.engine.measured_rates import More, gap_of, is_measured, more_text, rate
from saywho.engine.population import FEWEST_POSTS, Population
from saywho.text import FEWEST_WORDS, gaps_of_each

Verdict = Literal["likely", "close", "unfamiliar", "short"]
Limit = Literal[
    "few_posts",
    "few_authors",
    "elsewhere",
    "unknown_language",
    "lone_author",
    "other_language",
    "other_platform",
    "other_period",
    "topic",
]

MODEL: Final = 6
"""Version of the rules; `more_text.json` was measured with version 3, whose verdicts on whole posts
are nearly the same.
"""

Bound = Literal["upper", "lower"]
MOST_LOG10: Final = 3.0
"""Largest logarithm of a reported ratio, to base 10."""

HeldBack = Literal["language", "words", "rival", "layout", "texts"]

SURE: Final = 0.5
"""Prior probability that a named author wrote the texts, if the user gives none."""
LIKELY: Final = 0.81
"""Smallest probability of a likely author, given that it may be someone else.

After a change, run `benchmarks.open_question --write`: `rates.json` was measured with it.
"""
KOREAN_LIKELY: Final = 0.88
LONE_KOREAN_LIKELY: Final = 0.92
"""Thresholds for Korean texts with fewer than eight others of the language here, or with none.

The second lets at most 12 in 100 strangers of the same kind pass, on average over five kinds, each
left out of the shipped ones.
"""
UNMEASURED_LIKELY: Final = 0.9
"""Threshold for texts in other languages than Korean, English and the further shipped ones, for an
author whose usual text the nearest other person here explains as well.

Of people who differ more, fewer strangers pass: the odds fall to those of `LIKELY` at `APART`, and
rise as fast for whoever's usual text another explains better (docs/measurements.md).
"""
APART: Final = 3.0
"""Nats to the nearest other here, for a usual text, from which `LIKELY` is enough."""
FURTHER_LIKELY: Final[Mapping[str, tuple[float, float]]] = {
    "fr": (0.865, 0.79),
    "pt": (0.935, 0.865),
}
"""Thresholds for one text in further shipped languages, with none and some others of it here.

From each on, at most 3 % of strangers are likely in every kind of writing, by the upper bound of
people drawn again (`python -m benchmarks.shipped_languages`).
"""
FURTHER_WORDS: Final = 30
"""Words of all texts from which somebody is likely in such a language: below, so high a threshold
is needed that hardly anybody is found.
"""
BY_NUMBER: Final = 0.4
"""Power of the number of texts in the odds that a further shipped language needs: what people of
one circle share adds up.
"""
MOST_TYPICAL: Final = 0.0
"""The most that typicality counts in languages whose rates were not measured.

Too little of the language is known: a text of common words is above what is usual for anybody who
writes it. It made strangers likely whom others explained as well.
"""
FULL_TEXT: Final = 150.0
"""Character features of a text, some 30 words, below which a lead counts less in a language of
which nobody comes with the program.
"""
GRANTED_LIKELY: Final[Mapping[str, float]] = {"en": 0.92, "ko": 0.98}
"""Thresholds if it is granted that one of the named wrote the texts. From each on, the first was
right in 95 of 100 texts of `GRANTED_WORDS`, also where 25 to 100 posts of each were known
(docs/measurements.md). In no other language is anybody likely.
"""
GRANTED_WORDS: Final = 8
"""Fewest words of a likely author's texts then."""
UNFAMILIAR: Final = 0.65
"""Smallest probability of someone else for a text that is unlike all named authors."""
FEWEST_JUDGED: Final = 10
"""Smallest number of posts with words, or pieces of long ones, of an author whom a verdict names.

Between two authors of 10 posts, 85% of texts are right; of 5 posts 81%, of 25 posts 89%.
"""
NAMED_PROBABILITY: Final = 0.01
"""Probability below which a named author makes the answer weak only by having few posts."""

FEWEST_ALONE: Final = 8
"""Smallest number of words of a text, of several, that is also judged alone."""
AGAINST: Final = 0.8
"""Part of the level of `least_fit` from which a text is said to speak against the author: about 1
in 200 sets of one person's own texts has one (`python -m benchmarks.unlike_texts`).
"""
FEWEST_OTHERS: Final = 1.5
"""Effective number of others of the language for a ratio, in a language that was measured."""
FEW_AUTHORS: Final = 8
"""Number of others of the language below which the answer is weak; in a language of which nobody
comes with the program there is none.

With two others, 8 in 100 sentences of the text of which three people have parts were likely.
"""
LONE: Final = 5.0
"""Nats to the nearest other here, for a usual text, from which an author is alone of their kind:
someone of the same circle would pass.
"""


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a judgement that an answer of the API repeats."""

    verdict: Verdict
    none: float | None
    """Probability that someone else wrote it."""
    limits: list[Limit]
    """Reasons that make the answer weaker."""
    weak: dict[Limit, list[str]]
    """The authors that each limit concerns, for limits about single authors."""
    needed: float
    """Minimum probability for the verdict `likely`."""
    strangers: float | None
    """Share of such texts by strangers that get the verdict `likely`, as measured in Korean and
    English; null in other languages.
    """
    more: More | None
    """If the answer is close: how much more text by the same person decides 8 in 10 such cases,
    rightly or wrongly. Null if even 20 times the text would not, and in other languages than Korean
    and English, where it was not measured.
    """
    held_back: HeldBack | None = None
    """Why the first author is not `likely`, though probable enough: `language`, the text seems to
    be in none that the author writes; `rival`, another of the authors has the higher ratio against
    everyone else; `layout`, only layout, links, numbers and signs fit; `texts`, some of several
    texts do not fit.
    """
    lang: str | None = None
    """BCP 47 tag of the language in which the text was judged; null if it is not known."""
    unlike: list[int] | msgspec.UnsetType = msgspec.UNSET
    """Places of texts, of several, that do not read like the others, if any. If `held_back` is not
    `texts`, it is one, against an author whom the others speak for.
    """
    rival: str | None = None
    """The author with the highest ratio, if `held_back` is `rival`."""
    nothing_like: NothingLike | None = None
    """If the first author has written nothing like the text: `letters` or `language` that the
    author never uses, or its `kind`, such as code, numbers and links.
    """


class Judgement(Conclusion, frozen=True, kw_only=True, eq=False):
    log10: list[float | None]
    """Reported ratio of each suspect, as a logarithm to base 10 from -3 to 3."""
    bounds: list[Bound | None]
    """Whether a ratio stands at its bound: it may be larger, or smaller."""
    order: list[int]
    ground: int | None = None
    """Key of a piece that a likely author uses more than the others do."""
    can_name: bool = True
    """Whether such texts can have a likely author: enough of them, in a language of enough people.
    """


def judge(case: Case, sure: float = SURE) -> Judgement:
    weighed = _weighed(case)
    compared = weighed.compared
    shares, suspects, order = case.ranking.probabilities, case.suspects, case.order
    # Less likely authors do not make the answer weak.
    least = NAMED_PROBABILITY if case.is_named else 0.05
    rivals = [i for i in order if i == order[0] or shares[i] >= least]
    known = [i for i in order if suspects[i].pieces >= FEWEST_JUDGED]
    # Of all authors some have few posts, and are not named; who was named must be.
    is_short = case.words < FEWEST_WORDS or not known or (case.is_named and len(known) < len(order))
    is_granted = sure == 1
    is_short = is_short or (is_granted and case.compared == 1)
    # Of four essays little more is known than of four posts: where pieces counted, 12 of 100 essays
    # by classmates who were not asked about were likely (docs/measurements.md).
    shown = [i for i in weighed.authors if suspects[i].worded_posts >= FEWEST_POSTS]
    first = suspects[order[0]]
    language, is_foreign = case.language_for(first), case.is_foreign_to(first)
    if order[0] in compared.unknown or is_short:
        shown = []  # How usual this is in the language is not known, or too little is known.
    none = _probability_of_none(case, weighed, sure) if shown else None
    if is_granted:
        none = None if is_short else 0.0
    log10, bounds = _reported_of(weighed, shown, len(order))
    apart = {
        i: compared.best[i].nearest
        for i in rivals
        if i in compared.best and not case.is_foreign_to(suspects[i])
    }
    texts, nearest = max(len(case.parts), 1), apart.get(order[0], 0.0)
    needed = likely_from(language, compared.fewest_others, texts, nearest)
    if is_granted:
        needed = GRANTED_LIKELY.get(language or "en", 1.0)
    has_rates = is_measured(language) and not is_foreign
    lone = [i for i, nats in apart.items() if nats > LONE]
    weak = _weak(case, rivals, order if case.is_named else rivals, lone, compared.unknown)
    share = float(shares[known[:1]].sum())
    verdict = _verdict(none, share, needed, is_short=is_short, is_alone=case.compared == 1)
    # Of unfamiliar texts it would triple the cost of most questions about several texts.
    is_decided = none is None or verdict not in {"likely", "close"}
    fits = {} if is_decided else _fits_of_each(case, first)
    held, unlike = _NOT_HELD, text_against(fits)
    if verdict == "likely":
        held = _held(case, weighed, order[0], fits, is_granted=is_granted)
        unlike = held.unlike or unlike
        verdict = "close" if held.why else verdict
    # An author with too few posts is not called likely, however much text there is.
    is_open = verdict == "close" and order[0] in known
    return Judgement(
        verdict=verdict,
        none=none,
        log10=log10,
        bounds=bounds,
        order=order,
        limits=[
            limit
            for limit in _limits(case, rivals, weighed, weak)
            if not (is_granted and limit in {"few_authors", "elsewhere", "unknown_language"})
        ],
        weak=weak,
        needed=needed,
        strangers=None
        if none is None or is_granted or not has_rates
        else rate(language, case.compared, compared.fewest_others, sure, case.words),
        lang=case.language_read_for(first),
        more=_more(case, language, compared.fewest_others + 1, needed, none, share)
        if none is not None and is_open and has_rates and not is_granted
        else None,
        held_back=held.why,
        rival=None if held.rival is None else suspects[held.rival].username,
        ground=held.ground,
        nothing_like=nothing_like(case, first)
        if none is not None and verdict != "likely"
        else None,
        unlike=unlike or msgspec.UNSET,
        can_name=verdict != "short"
        and none is not None
        and not _needs_words(case, first, is_granted=is_granted),
    )


def log10_ratios(case: Case) -> dict[int, float]:
    """Return the reported ratio of each of the best suspects who has one, by place."""
    weighed = _weighed(case)
    pairs = zip(weighed.ratios.tolist(), weighed.unbounded.tolist(), strict=True)
    return dict(zip(weighed.authors, (reported(*pair)[0] for pair in pairs), strict=True))


def _probability_of_none(case: Case, weighed: "_Weighed", sure: float) -> float:
    # Those without a ratio count by their probabilities, since ratios follow these.
    rated = max(case.ranking.probabilities[weighed.authors].sum(), 0.5)
    mean = float(np.exp(weighed.ratios).sum() / rated / case.compared)
    return (1 - sure) / (1 - sure + sure * mean)


def _reported_of(
    weighed: "_Weighed", shown: Collection[int], authors: int
) -> tuple[list[float | None], list[Bound | None]]:
    log10 = list[float | None]([None] * authors)
    bounds = list[Bound | None]([None] * authors)
    ratios = zip(weighed.authors, weighed.ratios.tolist(), weighed.unbounded.tolist(), strict=True)
    for i, ratio, unbounded in ratios:
        if i in shown:
            log10[i], bounds[i] = reported(ratio, unbounded)
    return log10, bounds


class _Held(NamedTuple):
    """Why a name is held back, though the author is probable enough."""

    why: HeldBack | None = None
    rival: int | None = None
    unlike: list[int] | None = None
    ground: int | None = None


_NOT_HELD: Final = _Held()


def _held(
    case: Case, weighed: "_Weighed", author: int, fits: "dict[int, Fit]", *, is_granted: bool
) -> _Held:
    # The ranking prefers short histories, and would name one of them for a text that another of
    # the authors explains better.
    suspect = case.suspects[author]
    if case.is_foreign_to(suspect):
        return _Held("language")
    if _needs_words(case, suspect, is_granted=is_granted):
        return _Held("words")
    if author not in weighed.best and not is_granted:
        return _Held("rival", rival=weighed.best[0])
    if (ground := ground_of(case, author)) is None:
        return _Held("layout")
    refused = [place for place, fit in fits.items() if fit.is_unlike()]
    return _Held("texts" if refused else None, unlike=refused, ground=ground)


def _needs_words(case: Case, suspect: Suspect, *, is_granted: bool) -> bool:
    if is_granted:
        return case.words < GRANTED_WORDS
    return case.words < FURTHER_WORDS and case.language_for(suspect) in FURTHER_LIKELY


def reported(ratio: float, unbounded: float) -> tuple[float, Bound | None]:
    """Return a ratio as it is reported, and the bound at which it stands."""
    log10 = min(max(ratio / log(10), -MOST_LOG10), MOST_LOG10)
    exceeds = unbounded / log(10) - log10
    if abs(exceeds) < 1e-9:
        return log10, None
    return log10, "upper" if exceeds > 0 else "lower"


class Fit(NamedTuple):
    """How one of several texts fits an author, judged alone."""

    fit: float
    least: float

    def is_unlike(self, part: float = 1.0) -> bool:
        """Return whether the author would hardly have written it; part: of the level."""
        return self.fit < part * self.least


def _fits_of_each(case: Case, suspect: Suspect) -> dict[int, Fit]:
    """Return how each text of enough words, of several, fits an author, by its index.

    Of n such texts by one person, the least fitting one fits the worse the larger n is. The level
    was chosen so that about 1 in 200 sets of one person's own texts is refused, by whole posts and
    by posts cut to 12 words (`python -m benchmarks.unlike_texts`). Among more than 12 such texts,
    someone always has one that hardly fits.
    """
    most = 12
    if len(case.texts) < 2:
        return {}
    alone = [
        replace(
            case, texts=[text], gaps=gaps, suspects=[suspect], further=NO_SCORES, known_ranking=None
        )
        for text, gaps in zip(case.texts, gaps_of_each(case.texts, case.gaps), strict=True)
    ]
    long = [place for place, each in enumerate(alone) if each.words >= FEWEST_ALONE]
    if len(long) > most:
        return {}
    return {
        place: Fit(fit_alone(alone[place]), least_fit(alone[place], len(long))) for place in long
    }


def text_against(fits: dict[int, Fit]) -> list[int]:
    """Return the index of the only text against an author whom the others speak for."""
    unlike = [place for place, fit in fits.items() if fit.is_unlike(AGAINST)]
    others = [each.fit for place, each in fits.items() if place not in unlike]
    return unlike if len(unlike) == 1 and sum(others) > 0 else []


def fit_alone(case: Case) -> float:
    """Return the natural logarithm of the ratio of a text's only author, without bounds.

    It is infinite without a ratio, and below all numbers in a language of which the author has
    written nothing: what neither the author nor others use says little.
    """
    if nothing_like(case, case.suspects[0]) in {"letters", "language"}:
        return -np.inf
    return float(_weighed(case).unbounded.min(initial=np.inf))


def least_fit(case: Case, texts: int) -> float:
    """Return the least `fit_alone` of a text of its author, of so many that are judged alone."""
    features = float(case.ranking.query.widths[CHARACTERS])
    level: float = -(4.5 + 0.2 * texts) * min(1.0, features / USUAL_FEATURES) ** 0.5
    return level


def _more(
    case: Case, language: str | None, here: int, needed: float, none: float, share: float
) -> More | None:
    return more_text(
        language or "",
        float(case.ranking.query.widths[CHARACTERS]),
        case.compared,
        here,
        gap_of((1 - none) * share, needed, none, UNFAMILIAR),
        len(case.parts),
    )


class _Compared(NamedTuple):
    """Whom the best authors are compared with."""

    fewest_others: int  # others here of the best author with the fewest
    unknown: frozenset[int]  # best authors of a language that too few others write
    elsewhere: frozenset[int]  # best authors compared only with shipped authors
    best: "Mapping[int, _Candidate]"  # by their place in the ranking


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Weighed:
    """The best authors with a ratio against others of the language."""

    authors: list[int]  # (m,), indices into the ranking
    ratios: NDArray[np.float64]  # (m,), natural logarithms, within their bounds
    unbounded: NDArray[np.float64]  # (m,)
    topic_share: float  # of words and pairs in the first lead; 0 if the texts speak against it
    compared: _Compared

    @property
    def best(self) -> list[int]:
        """Indices of the authors with the highest ratio, which several have at its bound."""
        highest = self.ratios.max(initial=-np.inf)
        pairs = zip(self.authors, self.ratios, strict=True)
        return [author for author, ratio in pairs if ratio >= highest - 1e-9]


class _Candidate(NamedTuple):
    """One of the best authors, and the others compared."""

    place: int
    usual: Usual | None
    others: NDArray[np.bool_]  # (n,), whether each member of the population counts
    here: int  # number of these members
    shipped: float  # number of authors that all shipped authors count as
    chatters: float  # the same of the shipped people of chats
    language: str | None  # in which the texts are for the author

    @property
    def is_known(self) -> bool:
        """Whether enough others of the language are known."""
        fewest = FEWEST_OTHERS if self.is_told else FEW_AUTHORS
        return self.here + self.shipped >= fewest

    @property
    def is_told(self) -> bool:
        """Whether people of the language come with the program."""
        return bool(self.shipped) or is_measured(self.language)

    @property
    def is_rated(self) -> bool:
        return self.usual is not None and self.is_known

    @property
    def nearest(self) -> float:
        """Nats by which a usual text of theirs favours them over the nearest other here; 0 if it is
        not known.
        """
        gaps = NO_SCORES if self.usual is None else self.usual.gaps
        # After a renewal the population may not be that of the habit any more.
        is_known = self.here and gaps.size == self.others.size
        return float(gaps[self.others].min()) if is_known else 0.0


def _candidates(case: Case) -> list[_Candidate]:
    best: list[_Candidate] = []
    for i in case.best():
        suspect = case.suspects[i]
        if suspect.habit is not None:
            others = case.others_of(suspect)
            here = int(np.count_nonzero(others))
            weight = case.shipped_weight(suspect, here)
            chatters = case.chatters_weight(suspect)
            language, usual = case.language_for(suspect), suspect.habit.usual
            best.append(_Candidate(i, usual, others, here, weight, chatters, language))
    return best


def _compared(case: Case, best: Sequence[_Candidate]) -> _Compared:
    known = [candidate for candidate in best if candidate.is_known]
    return _Compared(
        fewest_others=min(
            (each.here for each in known or best), default=len(case.fitted.population)
        ),
        unknown=frozenset(
            candidate.place
            for candidate in best
            if not candidate.is_known and not is_measured(candidate.language)
        ),
        elsewhere=frozenset(
            candidate.place for candidate in best if candidate.shipped and not candidate.here
        ),
        best={candidate.place: candidate for candidate in best},
    )


def _weighed(case: Case) -> _Weighed:
    best = _candidates(case)
    compared = _compared(case, best)
    rated = [candidate for candidate in best if candidate.is_rated]
    if not rated:
        nothing = NO_SCORES
        return _Weighed(
            authors=[], ratios=nothing, unbounded=nothing, topic_share=0.0, compared=compared
        )
    populations, weights = _others(case, rated)
    ranking = case.ranking
    authors = [candidate.place for candidate in rated]
    totals = np.array([case.suspects[author].profile.totals for author in authors])
    texts, uses = max(len(case.parts), 1), ranking.uses[authors]
    # To say a word a hundred times is one habit.
    query, groups = limited_to(ranking.query, 3 * texts, ranking.groups[authors], totals, uses)
    readings = [case.read(population, query) for population in populations]
    leads = leads_of(
        query, groups, totals, uses, readings, lead_shares(case.fullness, is_korean=case.is_korean)
    )
    counts = weights.sum(axis=1)
    features = float(query.widths[CHARACTERS])
    of_leads, most_typical = _weights_of(rated, features, texts, counts)
    unbounded = log_ratios(
        query,
        texts,
        of_leads * leads.over(weights),
        groups,
        [candidate.usual for candidate in rated if candidate.usual],
        most_typical,
    )
    ratios = bounded(unbounded, features, counts)
    first = int(ranking.probabilities[authors].argmax())
    lead = leads.mean_groups(first, weights[first])
    return _Weighed(
        authors=authors,
        ratios=ratios,
        unbounded=unbounded,
        topic_share=_topic_share(lead) if ratios[first] > 0 else 0.0,
        compared=compared,
    )


def _weights_of(
    rated: "Sequence[_Candidate]", features: float, texts: int, counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | float]:
    """Return what a nat of the lead adds, and the most that typicality counts: (m,) each."""
    weights = lead_weights(features, texts, counts)
    told = [candidate.is_told for candidate in rated]
    if not all(told):
        # With few others, what is usual in the language looks like a habit, most in a short text.
        weights *= np.where(told, 1.0, min(features / (FULL_TEXT * texts), 1) ** 0.3)
    measured = [is_measured(candidate.language) for candidate in rated]
    return weights, np.inf if all(measured) else np.where(measured, np.inf, MOST_TYPICAL)


def _topic_share(lead: NDArray[np.float64]) -> float:
    """Return the part of words and pairs in a lead by group (5,); 0 of none."""
    whole = lead.sum()
    return float(lead[[WORDS, PAIRS]].sum() / whole) if whole > 0 else 0.0


def lead_shares(fullness: float, *, is_korean: bool) -> NDArray[np.float64]:
    """Return the share of each group in the lead, by the `Case.fullness` of the texts: (5,)."""
    # Korean posts are short in any case: to count less of their style lost right answers.
    if is_korean:
        return LEAD_GROUPS
    # Being short is a style: the shipped authors wrote whole posts, so against them every short
    # message speaks for an author of short messages. Below 70 features, layout and style count
    # less. Fitted to one half of the shipped authors at a time, with the other half shipped.
    shares: NDArray[np.float64] = LEAD_GROUPS.copy()
    shares[SHAPE:] *= fullness**8
    return shares


def _others(
    case: Case, rated: Sequence[_Candidate]
) -> tuple[list[Population], NDArray[np.float64]]:
    """Return the populations that m candidates are compared with, and how many authors each of
    their n members counts as for each candidate: (m, n).
    """
    populations = [case.fitted.population]
    weights = [np.array([candidate.others for candidate in rated], np.float64)]
    shipped = [
        (population, [each.shipped * (each.language == language) for each in rated])
        for language in dict.fromkeys(each.language for each in rated)
        if language and (population := case.fitted.shipped.get(language))
    ]
    chatters = case.fitted.chatters, [candidate.chatters for candidate in rated]
    for population, counts in (*shipped, chatters):
        if any(counts):
            populations.append(population)
            of_each = np.array(counts)[:, np.newaxis] / len(population)
            weights.append(of_each.repeat(len(population), axis=1))
    return [population for population in populations if population], np.hstack(weights)


def likely_from(language: str | None, others: int, texts: int = 1, nearest: float = 0.0) -> float:
    """Return the smallest probability of a likely author of so many texts, given the number of
    others here, and the nats by which a usual text favours the author over the nearest of them.
    """
    if levels := FURTHER_LIKELY.get(language or ""):
        odds = _odds(levels[others > 0]) * texts**BY_NUMBER
        return float(odds / (1 + odds))
    if not is_measured(language):
        share = min(nearest / APART, 1.0)
        odds = _odds(UNMEASURED_LIKELY)
        odds *= (_odds(LIKELY) / odds) ** share
        return float(odds / (1 + odds))
    if language != "ko" or others >= FEW_AUTHORS:
        return LIKELY
    return KOREAN_LIKELY if others else LONE_KOREAN_LIKELY


def _odds(probability: float) -> float:
    return probability / (1 - probability)


def _verdict(
    none: float | None, share: float, needed: float, *, is_short: bool, is_alone: bool
) -> Verdict:
    if is_short or (none is None and is_alone):
        return "short"
    if none is None:
        return "close"
    if none >= UNFAMILIAR:
        return "unfamiliar"
    return "likely" if needed < 1 and (1 - none) * share >= needed else "close"


def _limits(
    case: Case, places: Sequence[int], weighed: _Weighed, weak: Collection[Limit]
) -> list[Limit]:
    suspects = [case.suspects[place] for place in places]
    habits = [suspect.habit for suspect in suspects if suspect.habit is not None]
    is_elsewhere = not weighed.compared.elsewhere.isdisjoint(places)
    limits: dict[Limit, bool] = {
        "few_posts": "few_posts" in weak,
        "few_authors": weighed.compared.fewest_others < FEW_AUTHORS
        and not is_elsewhere
        and "unknown_language" not in weak,
        "elsewhere": is_elsewhere,
        "unknown_language": "unknown_language" in weak,
        "lone_author": "lone_author" in weak,
        "other_language": "other_language" in weak,
        "other_platform": len({habit.platform for habit in habits}) > 1,
        "other_period": _has_other_period(habits),
        "topic": weighed.topic_share > 0.6,
    }
    return [limit for limit, holds in limits.items() if holds]


def _weak(
    case: Case,
    rivals: Sequence[int],
    asked: Sequence[int],
    lone: list[int],
    unknown: Collection[int],
) -> dict[Limit, list[str]]:
    """Return the names of the suspects whom each limit of single suspects concerns.

    asked: all named suspects: a short history makes an author unlikely, too. lone: rivals alone of
    their kind.
    """
    few = [i for i in asked if case.suspects[i].profile.totals[CHARACTERS] < KNOWN_FEATURES]
    foreign = [i for i in rivals if case.is_foreign_to(case.suspects[i])]
    if len(foreign) == len(rivals):  # Then the less likely ones may write none of it either.
        unlikely = [i for i in asked if i not in rivals]
        foreign += [i for i in unlikely if case.is_foreign_to(case.suspects[i])]
    weak: dict[Limit, list[int]] = {
        "few_posts": few,
        "unknown_language": [i for i in rivals if i in unknown],
        "lone_author": lone,
        "other_language": foreign,
    }
    names = [suspect.username for suspect in case.suspects]
    return {limit: [names[i] for i in places] for limit, places in weak.items() if places}


def _has_other_period(habits: Sequence[AuthorHabit]) -> bool:
    spans = [(each.first_at, each.newest_at) for each in habits if each.first_at]
    if not spans or spans[0][0] is not habits[0].first_at:
        return False
    first, newest = spans[0]
    return any(
        start and end and first and newest and (start > newest or end < first)
        for start, end in spans[1:]
    )
