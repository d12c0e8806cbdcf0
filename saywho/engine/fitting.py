"""Fitting of the model to a corpus: background, population, temperature and rates.

It scores held-out posts; an author's chain of replies to themselves is held out as a unit.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saywho.engine import population
from saywho.engine.attribution import EMPTY_BACKGROUND, Background, build_background, scores_of_each
from saywho.engine.case import NO_CHANGE, AuthorHabit, Case, Fitted, Suspect, usual_of, worded_share
from saywho.engine.features import Counts, add, features_of, sum_of_features
from saywho.engine.languages import written_by
from saywho.engine.profiles import AuthorProfile, text_keys, without_posts
from saywho.text import has_words, own_words, pieces_of, username_key

# --- Chains of replies to oneself ---


class ChainedPost(NamedTuple):
    text: str
    chain: int
    """Number of the chain; a post outside chains has its own number."""
    length: int = 1


def chains_of(links: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return the lowest number in the chain of each chained post; links: post and answered post."""
    pairs = [link for link in links if link[0] != link[1]]
    lower: dict[int, int] = {}
    """For each post, a lower post of the same chain."""

    def lowest(post: int) -> int:
        while (below := lower.get(post, post)) != post:
            lower[post] = post = lower.get(below, below)
        return post

    for link in pairs:
        low, high = sorted(map(lowest, link))
        lower[high] = low
    return {post: lowest(post) for link in pairs for post in link}


def chained(posts: Iterable[tuple[int, str]], chains: Mapping[int, int]) -> list[ChainedPost]:
    lengths = Counter(chains.values())
    places = ((text, chains.get(number, number)) for number, text in posts)
    return [ChainedPost(text, chain, lengths.get(chain, 1)) for text, chain in places]


def units_of(posts: Iterable[ChainedPost]) -> list[list[str]]:
    """Return complete chains as units of texts, since their posts reveal each other."""
    units: defaultdict[int, list[ChainedPost]] = defaultdict(list)
    for post in posts:
        units[post.chain].append(post)
    whole = (unit for unit in units.values() if len(unit) >= unit[0].length)
    return [[post.text for post in unit] for unit in whole]


# --- Fitting ---

ASKED_IN_ALL: Final = 400
"""Number of scored posts up to which few authors give more than 40 posts each."""
RIVALS: Final = 4
DRAWS: Final = 20
"""Number of draws of each post's rivals: with one, the temperature of 32 authors varied by .04
(standard deviation), probabilities by .08.
"""
FEWEST_FITTED: Final = 20
"""Posts of an installation from which it has a background and a population of its own."""
FEWEST_ASKED: Final = 200
"""Smallest number of posts to which the temperature is fitted."""
COOLEST: Final = 0.5
HOTTEST: Final = 2.0


@dataclass(frozen=True, slots=True)
class HeldOut:
    whole: AuthorProfile
    profile: AuthorProfile
    queries: list[Counts]
    asked: list[Sequence[str]]
    """Texts of each query, in units."""


def hold_out(
    whole: AuthorProfile, units: Sequence[Sequence[str]], *, in_pieces: bool = False
) -> HeldOut:
    """Return the sample of units with enough words, without repeated texts.

    in_pieces: whether each piece of a long unit is a query. Raises ValueError if the profile lacks
    the posts.
    """
    times = [whole.texts.count(text_keys(texts)).tolist() for texts in units]
    if not all(map(all, times)):
        raise ValueError("the profile does not hold the posts")
    once = [texts for texts, counts in zip(units, times, strict=True) if set(counts) == {1}]
    whole_units = [(texts, own_words("\n\n".join(texts))) for texts in once]
    cut = pieces_of if in_pieces else lambda unit: [unit]
    samples = [(texts, piece) for texts, unit in whole_units for piece in cut(unit)]
    asked = [(texts, sample) for texts, sample in samples if has_words(sample)]
    queries = features_of([sample for _, sample in asked])
    # Posts that are asked about as they are were counted just now.
    is_counted = len(asked) == len(once) and all([*texts] == [sample] for texts, sample in asked)
    count = (lambda _: add(queries)) if is_counted else sum_of_features
    remainder = without_posts(whole, [text for texts in once for text in texts], count)
    return HeldOut(whole, remainder, queries, [texts for texts, _ in asked])


def asked_authors(drawn: Iterable[str]) -> list[str]:
    """Return the 50 authors, by the keys of their names, to whom the temperature is fitted."""
    return sorted(drawn)[:50]


def asked_posts(authors: int, posts: int) -> int:
    """Return how many of an author's newest posts are scored: 40 or more, at most a quarter.

    authors: number scored.
    """
    return min(max(40, ASKED_IN_ALL // max(1, authors)), posts // 4)


class ScoredSample(NamedTuple):
    """Held-out posts of an author; without their second profile, which takes megabytes."""

    whole: AuthorProfile
    queries: list[Counts]
    own: NDArray[np.float64]  # (m, 1), scores for the author's other posts


def sample_of(
    whole: AuthorProfile, newest: Sequence[ChainedPost], authors: int, background: Background
) -> ScoredSample | None:
    """Return an author's sample; None if the profile lacks any of the posts, or has no other posts.

    newest: at least the scored.
    """
    try:
        held = hold_out(whole, units_of(newest[: asked_posts(authors, whole.posts)]))
    except ValueError:
        return None
    if not held.profile.counts.keys.size:
        return None
    own = np.empty((0, 1))
    if held.queries:
        own = scores_of_each(held.queries, [held.profile], background)
    return ScoredSample(whole, held.queries, own)


def usual_posts(posts: int) -> int:
    return max(1, min(100, int(posts * 0.25)))


def temperature_of(samples: Mapping[str, ScoredSample], background: Background, seed: int) -> float:
    """Return the temperature that fits the held-out posts, scored for their author and four rivals.

    samples: by key of the name, in any order: rivals are drawn in key order.
    """
    if len(samples) <= RIVALS:
        return NO_CHANGE
    chance = random.Random(seed)  # noqa: S311 - no secret
    ordered = [samples[key] for key in sorted(samples)]
    queries = [query for sample in ordered for query in sample.queries]
    if not queries:
        return NO_CHANGE
    # All at once: to look up each post's features in each profile takes longest.
    table = iter(scores_of_each(queries, [sample.whole for sample in ordered], background))
    scores: list[NDArray[np.float64]] = []
    for author, sample in enumerate(ordered):
        for own, row in zip(sample.own, islice(table, len(sample.queries)), strict=True):
            rivals = np.delete(row, author)
            drawn = [chance.sample(range(rivals.size), RIVALS) for _ in range(DRAWS)]
            scores.append(np.column_stack((own.repeat(DRAWS), rivals[drawn])))
    return fit_temperature(np.array(scores).reshape(-1, DRAWS, 1 + RIVALS))


def fit_temperature(scores: NDArray[np.float64]) -> float:
    """Return the temperature, from 0.5 to 2, under which the first of n scores is likeliest.

    scores: (k, …, n) of k posts. Golden-section search works: the log-loss has one minimum.
    """
    if len(scores) < FEWEST_ASKED:
        return NO_CHANGE
    low, high = 1 / HOTTEST, 1 / COOLEST
    golden, precision = (5**0.5 - 1) / 2, 1e-3
    while high - low > precision:
        left, right = high - golden * (high - low), low + golden * (high - low)
        if _log_loss(scores * left) < _log_loss(scores * right):
            high = right
        else:
            low = left
    return round(2 / (low + high), 3)


def _log_loss(scores: NDArray[np.float64]) -> float:
    highest = scores.max(axis=-1, keepdims=True)
    sums = np.log(np.exp(scores - highest).sum(axis=-1)) + highest[..., 0]
    return float(np.mean(sums - scores[..., 0]))


@dataclass(frozen=True, slots=True, eq=False)
class CorpusAuthor:
    profile: AuthorProfile
    newest: Sequence[ChainedPost]
    """At least the newest quarter of the posts with text, at most 400, newest first."""
    language: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    fitted: Fitted
    suspects: dict[str, Suspect]
    """Authors by name; all ids differ."""

    def case(self, texts: Sequence[str], names: Sequence[str]) -> Case:
        return Case(texts, [self.suspects[name] for name in names], self.fitted)


def fit_corpus(
    named: Mapping[str, CorpusAuthor],
    shipped: population.Shipped = population.NOTHING_SHIPPED,
    *,
    fewest: int = 0,
) -> Corpus:
    """Return the model of an installation that stores only these authors' posts, by name.

    fewest: posts from which their counts are its background and population.
    """
    authors = {username_key(name): author for name, author in named.items()}
    ids = {key: number for number, key in enumerate(sorted(authors), 1)}
    posts = sum(author.profile.posts for author in authors.values())
    fitting = authors if posts >= fewest else {}
    here = build_background([author.profile.counts for author in fitting.values()], posts)
    background = shipped.background(here if fitting else EMPTY_BACKGROUND)
    drawn = population.drawn_authors(
        [(key, author.profile.posts, author.language) for key, author in fitting.items()], posts
    )
    written = {
        key: written_by((post.text for post in author.newest), author.language, shipped.populations)
        for key, author in authors.items()
    }
    # A model of Spark holds them, so those of a language that nobody writes are left out.
    languages = set(shipped.populations).union(*(some or () for some in written.values()))
    members = [
        population.CountedAuthor(
            ids[key], author.profile.posts, author.language, author.profile.counts, written[key]
        )
        for key, author in sorted(authors.items())
        if key in drawn
    ]
    asked = asked_authors(drawn)
    samples = {
        key: sample
        for key in asked
        if (sample := sample_of(authors[key].profile, authors[key].newest, len(asked), background))
    }
    fitted = Fitted(
        background,
        temperature_of(samples, background, seed=posts),
        population.Population.of(members),
        shipped={
            language: shipped.everybody[language]
            for language in sorted(languages & shipped.everybody.keys())
        },
        chatters=shipped.chatters,
    )
    suspects = {
        name: Suspect(
            ids[username_key(name)],
            name,
            author.profile,
            habit_of(author, fitted, written[username_key(name)]),
        )
        for name, author in named.items()
    }
    return Corpus(fitted, suspects)


def habit_of(author: CorpusAuthor, fitted: Fitted, written: frozenset[str] | None) -> AuthorHabit:
    """Return what is usual for an author whose posts are in the model; written: languages."""
    texts = [post.text for post in author.newest]
    newest = texts[: usual_posts(author.profile.posts)]
    usual = usual_of(author.profile, newest, fitted.background, population=fitted.population)
    return AuthorHabit(usual, "local", written=written, worded_share=worded_share(texts))
