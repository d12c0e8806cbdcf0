"""Tests of what sentences say, and of chance: counts, sums by cluster, shares, ranks, words, and
runs of days.

A day's posts belong to few conversations, so the standard error is that of the sums of clusters
(days, weeks, conversations; Liang and Zeger 1986).
"""

import math
import operator
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import NormalDist, fmean, median, pvariance
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

CLEAR: Final = 1.96
"""Standard errors from which a single difference is significant."""
CLEAR_OF_MANY: Final = 2.9
"""Standard errors from which the clearest of a dozen differences is significant: fewer than one of
twenty chats reaches it by chance.
"""
LOG_CLEAR: Final = math.log(math.erfc(CLEAR / math.sqrt(2)) / 2)
"""Log chance from which a single difference is significant, in one direction."""
FALSE_DISCOVERIES: Final = 0.05
"""Largest expected share of reported words due to chance (false discovery rate)."""
FEWEST_COMPARED: Final = 20
"""Smallest number of messages, of a person and of all others, for a comparison."""
FEWEST_CLUSTERS: Final = 7
"""Smallest number of days that can make a difference clear, however large it is."""
PRIOR_WORDS: Final = 500
"""Number of words in the prior, made of both sides and mixed into each."""


# --- Words of sentences ---

# “Every”, “always”, “any other”, “never”, “only” and “nobody” need no threshold: they are said of
# all, all others, none and one. “More often than” needs a clear lead over each who is named, and
# “busiest” a clear peak.
HARDLY_ANY: Final = 0.005
"""Shares below are rounded to 0 of a hundred: “hardly ever”."""
ALMOST_EVERY: Final = 0.95
"""Shares from here, below 1, are rounded to ten of ten: “almost every”, “almost always”."""
Counted = TypeVar("Counted", bound=Hashable)


def are_most(part: int, whole: int) -> bool:
    """Return whether it is more than half: “most”, “mostly”."""
    return 2 * part > whole


def most_frequent(counts: Mapping[Counted, int]) -> Counted | None:
    """Return what is counted “most often”; None in a tie, where nothing is, and of nothing."""
    most = max(counts.values(), default=0)
    first = [each for each, count in counts.items() if count == most]
    return first[0] if len(first) == 1 else None


def usual(counts: Sequence[int]) -> float:
    """Return what is “usual”: as many have more as have less (the median)."""
    return median(counts)


def is_far_ahead(counts: Sequence[int]) -> bool:
    """Return whether the first count is “far more” than all others: twice as much, and clearly."""
    return clear_peak(counts) == 0 and counts[0] >= 2 * max(counts[1:])


# --- Counts ---


def clear_peak(counts: Sequence[int], clear: float = CLEAR) -> int | None:
    """Return the index of the count that is clearly ahead of all others; None without one.

    Counts are independent events (Poisson), errors of differences the root of the sum. clear:
    smallest lead in standard errors.
    """
    if len(counts) < 2:
        return None
    *_, second, first = sorted(counts)
    is_clear = first > second and first - second >= clear * math.sqrt(first + second)
    return counts.index(first) if is_clear else None


def clear_of_people(people: int) -> float:
    """Return the errors from which the clearest of a dozen differences of so many people each is
    significant (Bonferroni).
    """
    normal = NormalDist()
    return -normal.inv_cdf(normal.cdf(-CLEAR_OF_MANY) / max(people, 1))


def is_plainly_ahead(count: float, beside: float) -> bool:
    """Return whether anyone would call a count larger than another, however it came about.

    It is a quarter larger, by more than independent events vary. It says nothing of habits: a
    single day may have made the difference.
    """
    return 4 * count >= 5 * beside and count - beside >= CLEAR_OF_MANY * math.sqrt(count + beside)


def plain_peak(counts: Sequence[int], known: Sequence[float] = ()) -> int | None:
    """Return the index of the count that is plainly ahead of all others; None without one.

    known: parts of the periods that lie between the first and the last day. A period that is cut
    off counts as if it had gone on alike, up to twice as much.
    """
    if len(counts) < 2:
        return None
    place = max(range(len(counts)), key=counts.__getitem__)
    parts = known or [1.0] * len(counts)
    others = [
        count / max(part, 0.5)
        for each, (count, part) in enumerate(zip(counts, parts, strict=True))
        if each != place
    ]
    return place if is_plainly_ahead(counts[place], max(others)) else None


DAYS_AROUND: Final = 3
"""Days of a trip around its fullest day, which do not make that day less remarkable."""


def fullest_day(counts: Sequence[int], near: int = 0) -> int | None:
    """Return the index of the day that is clearly ahead of all others; None without one.

    The error grows with the dispersion of the other days (quasi-likelihood: Wedderburn 1974), but
    for a day that has three times the posts of any other. near: days before and after it that may
    be as full, such as those of a trip.
    """
    place = max(range(len(counts)), key=counts.__getitem__, default=0)
    others = [count for day, count in enumerate(counts) if abs(day - place) > near]
    if not any(others):
        return None
    dispersion = pvariance(others) / fmean(others)
    is_plain = counts[place] >= 3 * max(others)
    clear = CLEAR_OF_MANY * (1.0 if is_plain else math.sqrt(max(dispersion, 1.0)))
    return None if clear_peak([*others, counts[place]], clear) is None else place


def days_of_trip(counts: Sequence[int], fullest: int) -> range:
    """Return the fullest day, and the days in a row around it with more than half of its posts."""
    begin, end = fullest, fullest + 1
    while begin and fullest - begin < DAYS_AROUND and 2 * counts[begin - 1] > counts[fullest]:
        begin -= 1
    while end < len(counts) and end - fullest <= DAYS_AROUND and 2 * counts[end] > counts[fullest]:
        end += 1
    return range(begin, end)


def dispersed_lead_errors(first: int, second: int, days: Sequence[tuple[int, int]]) -> float:
    """Return the lead of a count over another, in standard errors that grow with daily dispersion;
    days: both counts of each.
    """
    squares = sum((day[0] - day[1]) ** 2 for day in days)
    dispersion = max(squares / max(sum(map(sum, days)), 1), 1.0)
    return (first - second) / math.sqrt((first + second) * dispersion)


# --- Sums by cluster ---


def lead_errors(leads: Iterable[float]) -> float:
    """Return the sum of the clusters' leads in standard errors; 0 if all are 0."""
    values = list(leads)
    error = math.sqrt(sum(lead * lead for lead in values))
    return sum(values) / error if error else 0.0


Days = Sequence[int | None]
"""Counts of the days or weeks of a period; None for a day before all posts, or after them."""


def is_ahead(counts: Days, beside: Days, clear: float = CLEAR) -> bool:
    """Return whether the sum of counts, by day or week, is clearly larger than the other sum.

    The shorter list ends with zeros. Only days that both have are compared.
    """
    pairs = zip_longest(counts, beside, fillvalue=0)
    both = ((count, other) for count, other in pairs if count is not None and other is not None)
    errors = lead_errors(count - other for count, other in both)
    return errors > 0 and errors >= clear


def fullest(periods: Sequence[Days], clear: float = CLEAR) -> int | None:
    """Return the index of the period that is clearly ahead of the second; None without one.

    periods: counts of each period's days, the clusters.
    """
    if len(periods) < 2:
        return None
    totals = [sum(filter(None, days)) for days in periods]
    *_, second, first = sorted(range(len(periods)), key=totals.__getitem__)
    return first if is_ahead(periods[first], periods[second], clear) else None


def counts_in(clusters: ArrayLike, many: int) -> NDArray[np.float64]:
    """Return the number of values in each of `many` clusters: (many,)."""
    return np.bincount(np.asarray(clusters, np.intp), minlength=many).astype(np.float64)


def sums_in(clusters: ArrayLike, values: ArrayLike, many: int) -> NDArray[np.float64]:
    """Return the sum of the values in each of `many` clusters: (many,)."""
    return np.bincount(np.asarray(clusters, np.intp), values, many).astype(np.float64)


def mean_errors(
    values: ArrayLike, clusters: ArrayLike, values_beside: ArrayLike, clusters_beside: ArrayLike
) -> float:
    """Return the lead of a mean over another, in standard errors of clusters (of each value, from
    0); 0 if a side is empty.
    """
    own, beside = np.array(clusters, np.intp), np.array(clusters_beside, np.intp)
    if not (own.size and beside.size):
        return 0.0
    many = int(max(own.max(), beside.max())) + 1
    return errors_of_sums(
        sums_in(own, values, many),
        counts_in(own, many),
        sums_in(beside, values_beside, many),
        counts_in(beside, many),
    )


def errors_of_sums(
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
    sums_beside: NDArray[np.float64],
    counts_beside: NDArray[np.float64],
) -> float:
    """Return the lead of a mean over another, in standard errors of clusters.

    Sums and numbers of values are (n,), by cluster. The error is that of each cluster's part of the
    difference under a common mean; the result is at most the root of the number of clusters (Efron
    1969). An empty side gives 0. A few large clusters hide a difference that each cluster shows, so
    the ranks of the clusters' means count instead if they prove more.
    """
    count, count_beside = float(counts.sum()), float(counts_beside.sum())
    if not (count and count_beside):
        return 0.0
    mean = float(sums.sum() + sums_beside.sum()) / (count + count_beside)
    parts = (sums - mean * counts) / count - (sums_beside - mean * counts_beside) / count_beside
    error = math.sqrt(float(parts @ parts))
    errors = float(parts.sum()) / error if error else 0.0
    if abs(errors) >= CLEAR_OF_MANY:
        return errors
    # Of days, the lead by rank (Mann and Whitney 1947).
    values = sums[counts > 0] / counts[counts > 0]
    beside = sums_beside[counts_beside > 0] / counts_beside[counts_beside > 0]
    ranks = _ranks_of(np.concatenate([values, beside]))
    spread = math.sqrt(values.size * beside.size * (ranks.size + 1) / 12)
    by_day = float(ranks[: values.size].sum()) / spread if spread else 0.0
    return by_day if errors * by_day > 0 and abs(by_day) > abs(errors) else errors


def _ranks_of(values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the ranks of values (n,), of equal ones their mean, centred at 0."""
    ordered = np.sort(values)
    lower = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    ranks: NDArray[np.float64] = (lower - values.size) / 2
    return ranks


class Moments(NamedTuple):
    """Number, sum and sum of squares of integers, which can be added and taken away exactly."""

    size: int
    total: int
    squares: int

    @classmethod
    def of(cls, values: NDArray[np.int64]) -> "Moments":
        """Return those of values (n,)."""
        return cls(values.size, int(values.sum()), int(values @ values))

    def plus(self, other: "Moments") -> "Moments":
        return Moments(*map(operator.add, self, other))

    def minus(self, other: "Moments") -> "Moments":
        return Moments(*map(operator.sub, self, other))

    @property
    def mean(self) -> float:
        """The mean, 0 of no values."""
        return self.total / max(self.size, 1)

    @property
    def variance(self) -> float:
        """The variance of the population of which these values, at least 2, are a sample."""
        return (self.size * self.squares - self.total**2) / (self.size * (self.size - 1))


def welch_errors(values: Moments, beside: Moments) -> float:
    """Return the lead of a mean over another, in standard errors of values; 0 without variance.

    Source: Welch 1947.
    """
    variances = values.variance / values.size + beside.variance / beside.size
    return (values.mean - beside.mean) / math.sqrt(variances) if variances else 0.0


def surplus_errors(
    hits: Sequence[bool], clusters: Sequence[int], chance: float | Sequence[float]
) -> float:
    """Return the surplus of hits (n,) over their chance, in standard errors of clusters (n,), at
    least those of independent trials; chance: of all, or of each, (n,).
    """
    chances = [chance] * len(hits) if isinstance(chance, float) else chance
    surplus: dict[int, float] = {}
    for is_hit, cluster, of_one in zip(hits, clusters, chances, strict=True):
        surplus[cluster] = surplus.get(cluster, 0.0) + (is_hit - of_one)
    independent = sum(of_one * (1 - of_one) for of_one in chances)
    variance = max(sum(more**2 for more in surplus.values()), independent)
    return sum(surplus.values()) / math.sqrt(variance) if variance else 0.0


def design_effect(clusters: Iterable[int]) -> float:
    """Return the number of clustered values that prove as much as one independent value, >= 1.

    It divides numbers of values, or logarithms of chances. Source: Kish 1965.
    """
    counts = Counter(clusters).values()
    return sum(number * number for number in counts) / max(sum(counts), 1)


# --- Shares ---


def share_errors(count: int, total: int, count_beside: int, total_beside: int) -> float:
    """Return the lead of a share over another, in standard errors.

    A success and a failure are added to each side. Source: Agresti and Caffo 2000.
    """
    shares, variances = [], []
    for successes, trials in ((count, total), (count_beside, total_beside)):
        share = (successes + 1) / (trials + 2)
        shares.append(share)
        variances.append(share * (1 - share) / (trials + 2))
    return (shares[0] - shares[1]) / math.sqrt(sum(variances))


def lesser(errors: float, other_errors: float) -> float:
    """Return the errors that are nearer to 0; 0 for opposite directions."""
    is_torn = errors * other_errors < 0
    return 0.0 if is_torn else min(errors, other_errors, key=abs)


# --- Ranks ---


def rank_errors(
    groups: Sequence[Sequence[int]], clusters: Sequence[Sequence[int]], people: int = 0
) -> list[float]:
    """Return the lead of each group's ranks over all others' ranks, in standard errors.

    clusters: of each value. people: number of first groups of a single person. The error is that of
    values (Mann and Whitney 1947) or clusters, the larger. An empty side gives 0.
    """
    # A clear lead must remain without the person who adds most to it: compared with someone who
    # replies immediately, everyone else is slow.
    ranked = _Ranks.of(groups, clusters)
    errors = [ranked.errors_of(place) for place in range(len(groups))]
    for place, of_group in enumerate(errors):
        rivals = [rival for rival in range(people) if rival != place]
        if abs(of_group) < CLEAR_OF_MANY or len(groups) <= 2 or not rivals:
            continue
        side = 1 if of_group > 0 else -1
        farthest = max(rivals, key=lambda rival: side * ranked.lead(place, rival))
        places = [number for number in range(len(groups)) if number != farthest]
        if sum(len(groups[number]) for number in places if number != place) < FEWEST_COMPARED:
            continue
        fewer = _Ranks.of([groups[kept] for kept in places], [clusters[kept] for kept in places])
        errors[place] = lesser(of_group, fewer.errors_of(places.index(place)))
    return errors


@dataclass(frozen=True, slots=True)
class _Ranks:
    """Ranks among all values, centred at 0, and the values' clusters."""

    groups: list[tuple[NDArray[np.float64], NDArray[np.intp]]]  # ranks and clusters, (m,) each
    sums: NDArray[np.float64]  # (n,), of ranks by cluster
    counts: NDArray[np.float64]  # (n,), of values by cluster

    @classmethod
    def of(cls, groups: Sequence[Sequence[int]], clusters: Sequence[Sequence[int]]) -> "_Ranks":
        values = np.array([value for group in groups for value in group], np.int64)
        of_values = np.array([cluster for group in clusters for cluster in group], np.int64)
        distinct, numbers = np.unique(of_values, return_inverse=True)
        ranks = _ranks_of(values)
        ends = np.cumsum([len(group) for group in groups])[:-1]
        return cls(
            [*zip(np.split(ranks, ends), np.split(numbers, ends), strict=True)],
            sums_in(numbers, ranks, distinct.size),
            counts_in(numbers, distinct.size),
        )

    def errors_of(self, place: int) -> float:
        ranks, numbers = self.groups[place]
        total, many = float(self.counts.sum()), self.counts.size
        if not 0 < ranks.size < total:
            return 0.0
        spread = math.sqrt(ranks.size * (total - ranks.size) * (total + 1) / 12)
        sums, counts = sums_in(numbers, ranks, many), counts_in(numbers, many)
        clustered = errors_of_sums(sums, counts, self.sums - sums, self.counts - counts)
        return min(float(ranks.sum()) / spread, clustered, key=abs)

    def lead(self, place: int, rival: int) -> float:
        ranks, beside = self.groups[place][0], self.groups[rival][0]
        return float(ranks.mean()) * beside.size - float(beside.sum())


# --- Words among many ---


def log_chances(
    uses: NDArray[np.float64], uses_of_all: NDArray[np.float64], share: float
) -> NDArray[np.float64]:
    """Return an upper bound of the log chance of at least these uses of each word: (n,), <= 0.

    Each use is on this side with probability `share`. No normal approximation: most words are rare.
    Source: Hoeffding 1963, theorem 1.
    """
    own = uses / np.maximum(uses_of_all, 1)
    if not 0 < share < 1:
        return np.zeros_like(own)
    within = own * np.log(np.maximum(own, share) / share)
    without = (1 - own) * np.log(np.maximum(1 - own, 1e-300) / (1 - share))
    return np.where(own > share, -uses_of_all * (within + without), 0.0)


def log_chances_of_tests(
    uses: NDArray[np.float64],
    uses_of_all: NDArray[np.float64],
    share: float,
    tried: NDArray[np.int64],
) -> tuple[NDArray[np.float64], int]:
    """Return the log chances of some words (n,), and the number of tests among the words tried.

    tried: uses of each word on all sides, (m,). A word too rare to be clear is no test and has
    chance 1. Sources: Tarone 1990, Gilbert 2005.
    """
    if not 0 < share < 1 or not tried.size:
        return np.zeros_like(uses), 1
    numbers = np.arange(1, tried.size + 1)
    # For each number of tests: the uses that a word needs to be clear, and the number of words
    # with as many uses.
    needed = (math.log(FALSE_DISCOVERIES) - np.log(numbers)) / math.log(share)
    able = tried.size - np.sort(tried).searchsorted(needed)
    place = int((able <= numbers).argmax())
    chances = log_chances(uses, uses_of_all, share)
    chances[uses_of_all < needed[place]] = 0
    return chances, int(numbers[place])


def clear_log_chance(logs: NDArray[np.float64], tests: int) -> float:
    """Return the largest log chance that is clear among `tests` tests, -inf if none is.

    Source: Benjamini and Hochberg 1995.
    """
    ranked = np.sort(logs)[:tests]
    limits = np.log(FALSE_DISCOVERIES * np.arange(1, ranked.size + 1) / tests)
    (passed,) = (ranked <= limits).nonzero()
    return float(ranked[passed[-1]]) if passed.size else -math.inf


def log_odds_errors(
    uses: NDArray[np.float64], total: int, uses_beside: NDArray[np.float64], total_beside: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lead of each word in log-odds (n,), and in standard errors (n,).

    The Dirichlet prior is made of both sides. Source: Monroe, Colaresi and Quinn 2008, equations 16
    to 22.
    """
    prior = PRIOR_WORDS * np.maximum(uses + uses_beside, 1) / max(total + total_beside, 1)
    lead = _log_odds(uses, total, prior) - _log_odds(uses_beside, total_beside, prior)
    return lead, lead / np.sqrt(1 / (uses + prior) + 1 / (uses_beside + prior))


def _log_odds(
    uses: NDArray[np.float64], total: float, prior: NDArray[np.float64]
) -> NDArray[np.float64]:
    odds: NDArray[np.float64] = np.log(
        (uses + prior) / np.maximum(total + PRIOR_WORDS - uses - prior, 1e-9)
    )
    return odds


# --- Runs of days ---


def run_log_chance(length: int, alike: int, total: int) -> float:
    """Return an upper bound of the log chance of a run of `length` days among random days.

    `alike` of the `total` days have the property. Chances of a run from each day are added (Boole's
    inequality).
    """
    chance = sum(math.log((alike - step) / (total - step)) for step in range(length))
    return chance + math.log(1 + total - alike)
