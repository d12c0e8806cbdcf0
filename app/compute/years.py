"""Which year of an author does a text sound like? The years as a closed ranking.

The years of one author differ far less than authors do. How much a lead of one year means is
therefore fitted on the author's own posts: some runs of each year are held out, and ranked by
profiles of what is left. Where the years do not differ, all probabilities are near each other.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import NO_SCORES, Ranking, rank, scores_of_each
from app.compute.case import Case, Fitted, Suspect
from app.compute.evidence import marks_of
from app.compute.features import features_of
from app.compute.occurrences import occurrences
from app.compute.profiles import NO_POSTS, AuthorProfile
from app.compute.text import FEWEST_WORDS, own_words
from app.compute.year_sample import FEWEST_POSTS, YearSample, with_many

LEAST_ODDS: Final = 2.0
"""The first year is named if it is so many times likelier than the second."""
MARKED: Final = 4
"""Years between which the evidence is divided: the likeliest."""
PRIOR_WIDTH: Final = 1.0
"""Width of the normal prior of each year's offset."""
STEPS: Final = 25
TOLERANCE: Final = 1e-9

YearVerdict = Literal["year", "same", "few"]


@dataclass(frozen=True, slots=True, eq=False)
class AuthorYears:
    """What the ranking of one author's years rests on."""

    years: tuple[int, ...] = ()
    """Those with enough posts, in their order."""
    profiles: tuple[AuthorProfile, ...] = ()
    sharpness: float = 0.0
    """By how much a lead in scores counts: 0 where the years do not differ."""
    offsets: NDArray[np.float64] = field(default_factory=lambda: NO_SCORES)
    """(n,) what each year's scores lack, since a year with more posts fits any text better."""
    posts: Mapping[int, int] = field(default_factory=dict)
    """Posts with words of each year, also of those with too few; a text that is posted again
    counts once."""

    @property
    def size_bytes(self) -> int:
        """The memory that it takes."""
        return 1_000 + sum(profile.size_bytes for profile in self.profiles)


@dataclass(frozen=True, slots=True, eq=False)
class YearRanking:
    """The years of an author for one text, the likeliest first."""

    verdict: YearVerdict
    shares: Sequence[tuple[int, float]]
    """Years and their probabilities, which sum to 1."""
    marks: Sequence[tuple[int, int, int, float]]
    """Pieces of the text: start, end, the year that each speaks for, and log-odds."""


def years_in(sample: YearSample, fitted: Fitted, loose_years: Sequence[int] = ()) -> AuthorYears:
    """Return what the ranking of the years of a time zone rests on.

    `loose_years` are those of the loose posts there; 0 is none that is ranked.
    """
    counts = Counter({year: part.count for year, part in sample.parts.items()})
    staying: defaultdict[int, list[str]] = defaultdict(list)
    held_out = defaultdict(list, {year: [*part.held_out] for year, part in sample.parts.items()})
    for post, year in zip(sample.loose, loose_years, strict=True):
        counts[year] += 1
        (held_out if post.is_held else staying)[year].append(post.text)
    years = sorted(year for year, count in counts.items() if year and count >= FEWEST_POSTS)
    if len(years) < 2:
        return AuthorYears()
    fixed = [sample.parts[year].profile if year in sample.parts else NO_POSTS for year in years]
    profiles = [with_many(part, staying[year]) for part, year in zip(fixed, years, strict=True)]
    sharpness, offsets = _fit([held_out[year] for year in years], profiles, fitted)
    whole = [with_many(part, held_out[year]) for part, year in zip(profiles, years, strict=True)]
    return AuthorYears(tuple(years), tuple(whole), sharpness, offsets)


def _fit(
    held: Sequence[Sequence[str]], profiles: Sequence[AuthorProfile], fitted: Fitted
) -> tuple[float, NDArray[np.float64]]:
    """Return the sharpness and offsets (n,) under which the posts held out are likeliest."""
    count = len(profiles)
    flat = 0.0, np.zeros(count)
    if not all(profile.counts.keys.size for profile in profiles):
        return flat
    queries = features_of([own_words(text) for of_year in held for text in of_year])
    years = np.repeat(np.arange(count), [len(of_year) for of_year in held])
    filled = [place for place, query in enumerate(queries) if query.keys.size]
    if not filled:
        return flat
    scores = scores_of_each([queries[i] for i in filled], profiles, fitted.background)
    sharpness, offsets = fit_choice(scores - scores.mean(axis=1, keepdims=True), years[filled])
    # Never surer of a year than of an author.
    share = min(1.0, 1 / fitted.temperature / sharpness) if sharpness > 0 else 0.0
    return sharpness * share, offsets * share


def fit_choice(
    scores: NDArray[np.float64], right: NDArray[np.intp]
) -> tuple[float, NDArray[np.float64]]:
    """Return sharpness and offsets (n,) of the softmax of scores (m, n) for the right columns.

    By Newton's method; each column counts equally, however often it is right. The sharpness is less
    by its standard error, so that chance alone separates nothing, and 0 or above; offsets, which
    make up for the scores, shrink with it.
    """
    total, count = scores.shape
    features = np.concatenate(
        (scores[:, :, np.newaxis], np.broadcast_to(np.eye(count), (total, count, count))), axis=2
    )
    values, prior = np.zeros(count + 1), np.full(count + 1, PRIOR_WIDTH**-2)
    times = np.bincount(right, minlength=count)
    weights = (total / count / np.maximum(times, 1))[right]
    picked = weights @ features[np.arange(total), right]
    for _ in range(STEPS):
        shares = softmax(features @ values)
        means = np.einsum("mn,mnk->mk", shares, features)
        slope = picked - weights @ means - prior * values
        weighted = shares * weights[:, np.newaxis]
        bend = np.einsum("mn,mnk,mnl->kl", weighted, features, features, optimize=True)
        bend += np.diag(prior) - (means * weights[:, np.newaxis]).T @ means
        step = np.linalg.solve(bend, slope)
        values += step
        if np.abs(step).max() < TOLERANCE:
            break
    error = float(np.sqrt(np.linalg.inv(bend)[0, 0]))
    trusted = max(0.0, 1 - error / float(values[0])) if values[0] > 0 else 0.0
    return float(values[0]) * trusted, (values[1:] - values[1:].mean()) * trusted


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return probabilities (…, n) that sum to 1."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=-1, keepdims=True)
    return shares


def rank_years(case: Case, known: AuthorYears, *, explain: bool = True) -> YearRanking:
    """Return the author's years for the texts of a case, whose suspects do not count."""
    if len(known.years) < 2:
        return YearRanking("few", [], [])
    query = case.ranking.query.counts
    ranking = rank(query, known.profiles, case.fitted.background)
    scores = np.where(np.isfinite(ranking.scores), ranking.scores, ranking.scores.min())
    shares = softmax(known.sharpness * np.nan_to_num(scores, neginf=0.0) + known.offsets)
    order = sorted(range(len(known.years)), key=lambda place: (-shares[place], known.years[place]))
    is_clear = shares[order[0]] >= LEAST_ODDS * shares[order[1]]
    is_year = is_clear and case.words >= FEWEST_WORDS
    marks = _marks(case, known, ranking, order[:MARKED]) if explain and known.sharpness > 0 else []
    ranked = [(known.years[place], float(shares[place])) for place in order]
    return YearRanking("year" if is_year else "same", ranked, marks)


def _marks(
    case: Case, known: AuthorYears, ranking: Ranking, places: Sequence[int]
) -> list[tuple[int, int, int, float]]:
    suspects = [Suspect(year, str(year), known.profiles[i]) for i, year in enumerate(known.years)]
    of_years = replace(case, suspects=suspects, known_ranking=ranking, further=NO_SCORES)
    best = [suspects[place] for place in places]
    marks = marks_of(of_years, best, occurrences(case.text, case.gaps))
    return [
        (start, end, int(year), float(weight * known.sharpness))
        for start, end, year, weight in marks
    ]
