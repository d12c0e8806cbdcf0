"""The question to the model: texts by one person, and possible authors with what is usual for them.

The likelihood ratio is of one author against someone else of the language. Its logarithm depends on
how much better the author explains the texts than everyone else, and how much they score as the
author's newest posts. Its three constants were fitted to other people's posts, in both languages,
to 1 to 20 texts, single and joined.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saywho.engine import attribution
from saywho.engine.features import (
    CHARACTERS,
    GROUPS,
    SHAPE,
    Counts,
    add,
    features_of,
    group_sums,
    lookup,
    occurrences,
    struck_before,
    subtract,
    sum_of_features,
)
from saywho.engine.languages import is_loaded, is_none_of, likeliest, scores_of, tag_of
from saywho.engine.population import NOBODY, Population, Reading, are_english
from saywho.engine.profiles import AuthorProfile, text_keys
from saywho.text import (
    ADDRESS,
    BETWEEN,
    LETTERS,
    QUOTED,
    Gap,
    bare,
    gaps_of_each,
    guess_language,
    has_no_blanks,
    own_words,
    rest_of,
    username_key,
    word_count,
)

# --- Likelihood ratios ---

LEAD_GROUPS: Final = np.array([1, 1, 1, 0.5, 0.25])
"""Share of each group's weight in the lead, (5,): many people share a layout."""
USUAL_FEATURES: Final = 100.0
KNOWN_FEATURES: Final = 1500.0
"""Character features of an author, some 300 words, below which little is known of them."""
SHORT_MESSAGE: Final = 30.0
"""Character features of a message, some six words, below which it counts less."""


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    rates: NDArray[np.float64]
    """Mean log-odds of a feature in each group, (5,)."""
    length: float
    """Mean number of character features in a post."""
    gaps: NDArray[np.float64] = field(default_factory=lambda: attribution.NO_SCORES)
    """Nats by which a usual text favours the author over each member, (n,)."""


def usual_of(
    profile: AuthorProfile,
    newest: Sequence[str],
    background: attribution.Background,
    *,
    is_in_background: bool = True,
    population: Population = NOBODY,
) -> Usual | None:
    """Return what is usual for an author; newest: the newest posts of the profile.

    The posts are removed from profile and background, and scored by the rest. None without posts or
    own words. Raises ValueError if the profile lacks them.
    """
    if not newest or not profile.counts.keys.size:
        return None
    held_out = sum_of_features(list(dict.fromkeys(newest)))
    earlier = AuthorProfile(subtract(profile.counts, held_out), profile.posts - len(newest))
    sums = group_sums(held_out)
    if is_in_background:
        background = background.without(held_out, len(newest))
    query = attribution.query_of(held_out, background)
    scores = attribution.group_scores(query, [earlier])[0]
    rates = scores / attribution.group_factors(sums) / np.maximum(sums, 1)
    length = float(profile.totals[CHARACTERS] / max(profile.worded_posts, 1))
    if not population:
        return Usual(rates, length)
    usual: NDArray[np.float64] = sums.astype(np.float64)
    usual *= USUAL_FEATURES / max(float(sums[CHARACTERS]), 1.0)
    known = np.append(population.totals[:, CHARACTERS], earlier.totals[CHARACTERS])
    per_feature = (
        population.read(query).groups / attribution.group_factors(sums) / np.maximum(sums, 1)
    )
    groups: NDArray[np.float64] = (
        np.vstack((per_feature, rates)) * attribution.group_factors(usual) * usual
    )
    scores = groups @ LEAD_GROUPS - attribution.penalties_of(int(USUAL_FEATURES), known)
    *others, own = scores.tolist()
    return Usual(rates, length, own - np.array(others))


def unfamiliarity(
    own: NDArray[np.int64], others: NDArray[np.int64], features: float
) -> NDArray[np.float64]:
    """Return the share of the features that neither of two people uses which says nothing: (m, n).

    own: (m,), others: (n,), character features known of each; features: of the text. The share is
    1 if little is known of either of the two, 1/2 at `enough` features of the less known, and 0
    from ten times as many, so that nothing changes between well-known people.
    """
    # Of a feature that nobody uses, the smaller profile gives the higher probability: a text in
    # another language, code or numbers would speak for the least known, by 2 to 3 nats a feature.
    # Both constants were chosen on chats, and on posts cut as short as messages.
    enough = KNOWN_FEATURES * (max(features, USUAL_FEATURES) / USUAL_FEATURES) ** 0.25
    less = np.minimum(own[:, np.newaxis], others).astype(np.float64)
    share: NDArray[np.float64] = 1 / (1 + (less / enough) ** 2)
    share[share < 0.01] = 0.0
    return share


class Leads(NamedTuple):
    """How much better m authors explain a text than n others do, in nats."""

    groups: NDArray[np.float64]
    """By group, without the penalties of short histories: (m, n, 5)."""
    sums: NDArray[np.float64]
    """(m, n)"""

    def over(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the lead over the mean likelihood of the others, weighted by (m, n): (m,)."""
        # The logarithm of a mean. Those who do not count may explain the text better.
        least = np.where(weights > 0, self.sums, np.inf).min(axis=1)
        odds = np.exp(np.minimum(least[:, np.newaxis] - self.sums, 0))
        means = (weights * odds).sum(axis=1) / weights.sum(axis=1)
        leads: NDArray[np.float64] = least - np.log(means)
        return leads

    def mean_groups(self, author: int, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the groups' parts of an author's lead over others, weighted by (n,): (5,)."""
        sums = self.sums[author]
        odds = weights * np.exp(np.minimum(sums[weights > 0].min() - sums, 0))
        parts: NDArray[np.float64] = odds / odds.sum() @ self.groups[author]
        return parts


def leads_of(
    query: attribution.Query,
    groups: NDArray[np.float64],
    totals: NDArray[np.int64],
    uses: NDArray[np.uint32],
    readings: Sequence[Reading],
    shares: NDArray[np.float64],
) -> Leads:
    """Return the leads of m authors over all members of some populations.

    groups: (m, 5), the authors' weighted log-odds. totals: (m, 5), features known of each. uses:
    (m, k), of each feature of the query. shares: (5,), of the groups in the lead.
    """
    others = np.concatenate([reading.totals for reading in readings])
    scores = np.concatenate([reading.groups for reading in readings])
    silent = unfamiliarity(
        totals[:, CHARACTERS], others[:, CHARACTERS], float(query.widths[CHARACTERS])
    )
    unused = _unused_by_both(query, uses == 0, readings) if silent.any() else None
    known = np.concatenate([reading.shares for reading in readings])
    return leads_between(query, (groups, totals), (scores, others, known), silent, unused, shares)


def leads_between(
    query: attribution.Query,
    own: tuple[NDArray[np.float64], NDArray[np.int64]],
    others: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]],
    silent: NDArray[np.float64],
    unused: NDArray[np.float64] | None,
    shares: NDArray[np.float64],
) -> Leads:
    """Return the leads of m authors over n others, by their weighted log-odds and known features.

    own: (m, 5) each. others: (n, 5) each, with `shares_of` their features. silent: their
    `unfamiliarity`, (m, n). unused: features that neither of two people uses, by group, (m, n, 5);
    None if no pair is silent.
    """
    (groups, totals), (scores, known, known_shares) = own, others
    features = int(query.widths[CHARACTERS])
    parts = groups[:, np.newaxis] - scores
    if unused is not None:
        # What neither of two people has ever used says nothing about which of them wrote it.
        gains = attribution.shares_of(totals)[:, np.newaxis] - known_shares
        gains *= query.factors
        gains *= unused
        gains *= silent[:, :, np.newaxis]
        parts -= gains
    parts *= shares
    penalties = attribution.penalties_of(
        features, totals[:, [CHARACTERS]]
    ) - attribution.penalties_of(features, known[:, CHARACTERS])
    return Leads(parts, parts.sum(axis=2) - (1 - silent) * penalties)


def _unused_by_both(
    query: attribution.Query, unused: NDArray[np.bool_], readings: Sequence[Reading]
) -> NDArray[np.float64]:
    """Return the features of a text that neither an author nor a member uses, with repetitions, by
    group: (m, n, 5).

    unused: (m, k), by each author.
    """
    size = query.counts.keys.size
    # Sums below 2^24 are exact in float32, whose products take half of the time.
    own = (unused * query.counts.counts).astype(np.float32)
    members = sum(len(reading.totals) for reading in readings)
    theirs = np.ones((size, members), np.float32)
    first = 0
    for reading in readings:
        uses = reading.uses
        theirs[uses.features, uses.owners + first] = 0
        theirs[uses.common, first : first + len(reading.totals)] = uses.table == 0
        first += len(reading.totals)
    sums = np.empty((len(own), members, len(GROUPS)))
    for group, (i, j) in enumerate(pairwise(query.edges.tolist())):
        sums[:, :, group] = own[:, i:j] @ theirs[i:j]
    return sums


def log_ratios(
    query: attribution.Query,
    texts: int,
    leads: NDArray[np.float64],
    groups: NDArray[np.float64],
    usual: Sequence[Usual],
    most_typical: NDArray[np.float64] | float = np.inf,
) -> NDArray[np.float64]:
    """Return the natural logarithm of each author's ratio, without bounds: (m,).

    query: summed features of `texts` texts. leads: (m,), over the others, times `lead_weights`.
    groups: (m, 5), the authors' weighted log-odds. most_typical: the most that typicality counts,
    (m,).
    """
    features = float(query.widths[CHARACTERS])
    size = max(features, 30.0) / USUAL_FEATURES  # At least 30 features are assumed.
    intercept, per_typical = 0.25, 0.41  # Fitted once, as the module says.
    typical = size**-0.2 * _typical(query, texts, groups, usual)
    least = -5.5 * size**0.3  # The least that typicality counts grows with the length.
    counted = np.minimum(np.maximum(typical, least), most_typical)
    ratios: NDArray[np.float64] = per_typical * _weight_of_short(features, texts) * counted
    ratios += leads
    ratios += intercept
    return ratios


def lead_weights(features: float, texts: int, counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a nat of the lead adds to a ratio's logarithm: (m,).

    features: of `texts` texts. counts: (m,), number of the others.
    """
    # With four others the lead counts half: one of n strangers is the nearest by coincidence.
    scale = (max(features, 30.0) / USUAL_FEATURES) ** -0.2
    weights: NDArray[np.float64] = 1.28 * scale * counts / (counts + 4.0)  # Fitted once.
    weights *= _weight_of_short(features, texts)
    return weights


def _weight_of_short(features: float, texts: int) -> float:
    # Short messages repeat themselves: a word, its ends and its letters are one event.
    weight: float = min(1.0, max(features, 1.0) / (texts * SHORT_MESSAGE)) ** 0.6
    return weight


def bounded(
    ratios: NDArray[np.float64], features: float, counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return logarithms of ratios within their bounds: (m,).

    features: of the texts. counts: (m,), number of the others.
    """
    # Bounds for a usual text: 1/32, and 12 times the authors of the language. The bounds, not the
    # fit, protect from strangers who share the author's topic. A long text can say more, and a
    # short one less: the powers of its length were chosen on the shipped English authors, with
    # others shipped.
    size = max(features, 30.0) / USUAL_FEATURES
    highest = np.log(12.0 * (counts + 1) * size ** (0.5 if size > 1 else 0.25))
    lowest = float(-np.log(10**1.5)) * max(size, 1.0) ** 0.3
    within: NDArray[np.float64] = np.minimum(np.maximum(ratios, lowest), highest)
    return within


def _typical(
    query: attribution.Query, texts: int, groups: NDArray[np.float64], usual: Sequence[Usual]
) -> NDArray[np.float64]:
    """Return how far each author's scores exceed those of their newest posts: (m,)."""
    rates = np.array([habit.rates for habit in usual]).reshape(-1, len(GROUPS))
    lengths = np.array([habit.length for habit in usual])
    above = groups - query.factors * query.widths * rates
    # Beyond twice the author's usual length, layout and style count less and less.
    features = max(float(query.widths[CHARACTERS]), 1)
    alike = np.minimum(1, (2.0 * lengths * texts / features) ** 2)
    typical: NDArray[np.float64] = above[:, :SHAPE].sum(axis=1)
    typical += alike * above[:, SHAPE:].sum(axis=1)
    return typical


# --- Case ---

NO_CHANGE: Final = 1.0
WORDED_SAMPLE: Final = 50
"""Newest posts of an author among which posts with words are counted."""
RATED: Final = 30
"""Number of authors with computed ratios; other ratios follow the probabilities."""

FOREIGN_SHARE: Final = 0.5
"""Share of a text's distinct words used by the shipped English authors, below which it may be in
another language than English.

Measured below it: 5 in 1,000 of 8,600 English posts; sentences in German 90%, French 81%, Spanish
83%, Italian 77%, Dutch 91%.
"""

SURELY_ENGLISH: Final = 0.8
"""The same share of all words and signs, from which it is above `FOREIGN_SHARE`."""

CHATTERS_WEIGHT: Final = 1.5
"""Number of authors that all shipped people of chats count as, for messages of a few words.

Chosen on short messages of English authors and chats that are not shipped.
"""
SHORT_TEXT: Final = 70.0
"""Character features of an English text, some 14 words, below which being short is a style."""

# The number of authors that all shipped authors of a language count as.
SHIPPED_WEIGHT: Final = 1.5
"""Fitted: a higher weight calls more texts likely, of authors and of strangers."""
MOST_SHIPPED: Final = 2.0
"""For long English texts; without a limit, sets of twenty posts are called too boldly."""
FURTHER_WEIGHT: Final = 2.5
"""For texts in further shipped languages: with 1.5, and a threshold with as many strangers, fewer
right authors are likely (`python -m benchmarks.shipped_languages`).
"""
KOREAN_SHIPPED_WEIGHT: Final = 0.5
"""For Korean texts if others of the language are here, since authors of a kind not shipped stand
out.

Fitted to the shipped Korean authors, one kind at a time with the others shipped.
"""


def whole_words(text: str, gaps: Sequence[Gap]) -> int:
    """Return the number of the text's own words that no gap touches."""
    unquoted = own_words(text)
    if not gaps:
        return word_count(unquoted)
    # What is no word of the author's own becomes as many spaces, so that places stay.
    quoted = [] if unquoted == text else [quote.span() for quote in QUOTED.finditer(text)]
    spaced = rest_of(text, quoted)
    spaced = ADDRESS.sub(lambda address: " " * len(address[0]), spaced)
    if has_no_blanks(text):
        return word_count(rest_of(spaced, gaps))
    struck = struck_before(gaps, len(text))
    words = LETTERS.finditer(spaced)
    return sum(bool(struck[word.start()] == struck[word.end()]) for word in words)


@dataclass(frozen=True, slots=True, eq=False)
class AuthorHabit:
    usual: Usual | None
    """None for too few posts."""
    platform: str
    first_at: datetime | None = None
    newest_at: datetime | None = None
    written: frozenset[str] | None = None
    """Languages that the author writes, by the newest posts; None if unknown, but not Korean."""
    worded_share: float = 1.0


def worded_share(newest: Sequence[str]) -> float:
    texts = newest[:WORDED_SAMPLE]
    return sum(word_count(text) > 0 for text in texts) / len(texts) if texts else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    background: attribution.Background = attribution.EMPTY_BACKGROUND
    temperature: float = NO_CHANGE
    population: Population = NOBODY
    version: int = 0
    shipped: Mapping[str, Population] = field(default_factory=dict)
    samples: Collection[int] = frozenset()
    """Ids of sample authors, who count as other people only for each other."""
    is_outgrown: bool = False
    """Whether a newer version is due because of many new posts."""
    chatters: Population = NOBODY
    """Shipped English people of chats, who count where messages are short."""


@dataclass(frozen=True, slots=True, eq=False)
class Suspect:
    id: int
    username: str
    profile: AuthorProfile
    habit: AuthorHabit | None = None
    """None for an author who fits the texts far worse."""

    @property
    def written(self) -> frozenset[str] | None:
        """The languages that the author writes; None if unknown, but not Korean."""
        return None if self.habit is None else self.habit.written

    @property
    def worded_posts(self) -> int:
        """Number of posts with words, estimated from the newest posts."""
        return self._with_words(self.profile.worded_posts)

    @property
    def pieces(self) -> int:
        """As `worded_posts`, but a long post counts as so many of some 50 words."""
        return max(self.worded_posts, self._with_words(self.profile.pieces))

    def _with_words(self, posts: int) -> int:
        return round(posts * (1.0 if self.habit is None else self.habit.worded_share))


@dataclass(frozen=True, eq=False)
class Case:
    texts: Sequence[str]
    suspects: Sequence[Suspect]
    fitted: Fitted
    is_named: bool = True
    """Whether the suspects were named; otherwise they are the best of all authors."""
    further: NDArray[np.float64] = field(default_factory=lambda: attribution.NO_SCORES)
    """(m,), scores of other compared authors, who fit far worse."""
    known_ranking: attribution.Ranking | None = None
    absent: int | None = None
    """Id of an author of the population who does not count."""
    gaps: Sequence[Gap] = ()
    """Pieces of `text` that are left out, in order, without overlap."""
    hidden: Collection[int] = ()
    """Ids of posts that are not in the suspects' profiles."""
    as_of_event: int = 0
    """Last event of the log that was taken into account."""

    @property
    def text(self) -> str:
        return BETWEEN.join(self.texts)

    @cached_property
    def parts(self) -> list[tuple[str, tuple[Gap, ...]]]:
        """The texts with their gaps, without texts left out as a whole."""
        parts = zip(self.texts, gaps_of_each(self.texts, self.gaps), strict=True)
        return [(text, gaps) for text, gaps in parts if gaps != ((0, len(text)),)]

    @cached_property
    def words(self) -> int:
        return sum(whole_words(text, gaps) for text, gaps in self.parts)

    @property
    def compared(self) -> int:
        """Number of compared authors, the suspects among them."""
        return len(self.suspects) + self.further.size

    @cached_property
    def _digests(self) -> NDArray[np.uint64]:
        texts = [*map(bare, self.texts)]
        return text_keys([*texts, *map(str.strip, texts)]).reshape(2, -1)

    def is_read_of(self, suspect: Suspect) -> bool:
        """Return whether each text is, unchanged, among an author's posts."""
        if self.gaps:
            return False
        unchanged, stripped = suspect.profile.texts.have(self._digests)
        return bool((unchanged | stripped).all())

    @cached_property
    def is_korean(self) -> bool:
        """Whether the texts are Korean; no other language is recognised."""
        unstruck = self.own_text
        # Where nothing is left, the language is still that of the texts.
        if not any(map(str.isalpha, unstruck)):
            unstruck = "\n".join(map(own_words, self.texts))
        return guess_language(unstruck) == "ko"

    @cached_property
    def own_text(self) -> str:
        """The texts without their gaps and quoted parts."""
        return "\n".join(own_words(rest_of(text, gaps)) for text, gaps in self.parts)

    @cached_property
    def _is_plain_english(self) -> bool:
        """Whether the shipped English authors use at least half of the distinct words."""
        english = self.fitted.shipped.get("en")
        if english is None:
            return False
        # Signs count too in the features, which are looked up in a third of the time.
        if english.share_in(self.ranking.query.counts) >= SURELY_ENGLISH:
            return True
        words, share = english.share_of_words(self.own_text)
        return bool(words) and share >= FOREIGN_SHARE

    @cached_property
    def _scores(self) -> dict[str, float]:
        return scores_of(self.own_text)

    def language_for(self, suspect: Suspect) -> str | None:
        """Return in which of a suspect's languages the texts are; None if it is unknown.

        Korean texts are Korean whoever is asked about, and so are English ones of Korean authors
        alone. Whoever writes one other language is asked about in this language.
        """
        written = suspect.written
        if written not in self._languages:
            self._languages[written] = self._language_for(written)
        return self._languages[written]

    def _language_for(self, written: frozenset[str] | None) -> str | None:
        if self.is_korean:
            return "ko"
        if written is None or (len(written) == 1 and "ko" not in written):
            return next(iter(written or ()), None)
        others = written - {"ko"}
        if len(others) > 1:
            return likeliest(self._scores, others)
        if "ko" in written and not others:
            return "en" if self.is_english else None
        return next(iter(others), None)

    def is_foreign_to(self, suspect: Suspect) -> bool:
        """Return whether the texts seem to be in no language that a suspect writes."""
        written = suspect.written
        if written is None:
            return suspect.habit is not None and self.is_korean
        if written not in self._foreign:
            self._foreign[written] = self._is_none_of(written)
        return self._foreign[written]

    def _is_none_of(self, written: frozenset[str]) -> bool:
        if self.is_korean or written == {"ko"}:
            return ("ko" in written) != self.is_korean
        if not any(map(str.isalpha, self.own_text)):
            return False
        if "en" in written and self._is_plain_english:
            return False
        return is_none_of(self._scores, written)

    @cached_property
    def _languages(self) -> dict[frozenset[str] | None, str | None]:
        """The texts' language for authors who write these; most authors write the same."""
        return {}

    @cached_property
    def _foreign(self) -> dict[frozenset[str], bool]:
        return {}

    def language_read_for(self, suspect: Suspect) -> str | None:
        """Return the BCP 47 tag of the texts' language, as far as judging a suspect told it."""
        language = self.language_for(suspect)
        if self.is_foreign_to(suspect) and not self.is_korean:
            language = "en" if self.is_english else None
        return tag_of(language) if language else None

    def needs_reading(self) -> bool:
        """Return whether an answer may read the model of languages, which takes 0.5 s."""
        if is_loaded() or self.is_korean:
            return False
        return any(
            written not in (None, {"ko"}) and not (written == {"en"} and self._is_plain_english)
            for written in (suspect.written for suspect in self.suspects)
        )

    @cached_property
    def ranking(self) -> attribution.Ranking:
        return self.known_ranking or self.rank(query_of_texts(self.texts, self.gaps))

    @property
    def order(self) -> list[int]:
        """Indices of the suspects, likeliest first."""
        shares, names = self.ranking.probabilities, [one.username for one in self.suspects]
        return sorted(range(len(names)), key=lambda i: (-shares[i], username_key(names[i])))

    def rank(self, query: Counts) -> attribution.Ranking:
        profiles = [suspect.profile for suspect in self.suspects]
        return attribution.rank(
            query, profiles, self.fitted.background, self.fitted.temperature, self.further
        )

    def own_uses(self, suspect: Suspect, keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return how often a suspect uses each key, (k,)."""
        if keys is self.ranking.query.counts.keys:
            known: NDArray[np.uint32] = self.ranking.uses[self.suspects.index(suspect)]
            return known
        return lookup(suspect.profile.counts, keys)

    def read(self, population: Population, query: attribution.Query) -> Reading:
        """Read the population's uses of this query's features, which `uses_by` then knows."""
        reading = self._readings[population] = population.read(query)
        return reading

    def uses_by(
        self, population: Population, members: NDArray[np.bool_], keys: NDArray[np.uint32]
    ) -> NDArray[np.int64]:
        """Return the uses of each sorted key (k,) by members (n,) of a population: (k,)."""
        reading = self._readings.get(population)
        if reading is not None and reading.keys is keys:
            return reading.uses.by(members)
        return population.uses(keys).by(members)

    @cached_property
    def _readings(self) -> dict[Population, Reading]:
        return {}

    def best(self) -> list[int]:
        """Return the indices of the suspects whose ratios are computed, ascending."""
        return sorted(np.argsort(-self.ranking.scores, kind="stable")[:RATED].tolist())

    def others_of(self, suspect: Suspect) -> NDArray[np.bool_]:
        """Return whether each member of the population is another author of the language: (n,)."""
        samples, language = self.fitted.samples, self.language_for(suspect)
        left_out = {suspect.id, self.absent, *(() if suspect.id in samples else samples)}
        languages = {language} if language else None if suspect.written is None else ()
        return self.fitted.population.without(left_out, languages)

    @cached_property
    def is_english(self) -> bool:
        return are_english(self.ranking.query.counts, self.fitted.shipped)

    def shipped_weight(self, suspect: Suspect, others: int) -> float:
        """Return how many authors the shipped authors of the language count as."""
        language = self.language_for(suspect)
        if language not in self.fitted.shipped or suspect.habit is None:
            return 0.0
        if language == "ko":
            return KOREAN_SHIPPED_WEIGHT if others else SHIPPED_WEIGHT
        return self._english_weight if language == "en" else FURTHER_WEIGHT

    @cached_property
    def _english_weight(self) -> float:
        # The shorter a text, the nearer a stranger is by coincidence: from 200 features on, the
        # weight grows. Fitted with the ratios to texts of 1 to 20 posts.
        longer = max(float(self.ranking.query.widths[CHARACTERS]) / 200.0, 1.0)
        weight: float = SHIPPED_WEIGHT * longer**0.4
        return min(MOST_SHIPPED, weight)

    @cached_property
    def fullness(self) -> float:
        """The mean length of the texts as a share of `SHORT_TEXT`, at most 1."""
        features = float(self.ranking.query.widths[CHARACTERS])
        return min(features / (max(len(self.parts), 1) * SHORT_TEXT), 1.0)

    def chatters_weight(self, suspect: Suspect) -> float:
        """Return how many authors the shipped people of chats count as.

        What everybody says in a chat, such as "ok" and "yep", is rare in the posts of the others.
        """
        if self.is_korean or not len(self.fitted.chatters):
            return 0.0
        if "en" not in (suspect.written or ()) or self.language_for(suspect) != "en":
            return 0.0
        return CHATTERS_WEIGHT * (1 - self.fullness**2)

    def weighed_against(self, suspect: Suspect) -> tuple[Population, NDArray[np.bool_]]:
        if (selection := self.others_of(suspect)).any() or not self.shipped_weight(suspect, 0):
            return self.fitted.population, selection
        elsewhere = self.fitted.shipped[self.language_for(suspect) or ""]
        return elsewhere, np.ones(len(elsewhere), np.bool_)


def best_of(scores: NDArray[np.float64]) -> list[int]:
    """Return the indices of the authors whose ratios are computed; scores: (n,), -inf without
    posts.
    """
    order = np.argsort(-scores, kind="stable")[:RATED]
    return sorted(order[np.isfinite(scores[order])].tolist())


def query_of_texts(texts: Sequence[str], gaps: Sequence[Gap] = ()) -> Counts:
    """Return the summed features of texts by one person; gaps: in the joined texts."""
    parts = list(zip(texts, gaps_of_each(texts, gaps), strict=True))
    whole = features_of([own_words(text) for text, struck in parts if not struck])
    return add([*whole, *(occurrences(text, struck).counts for text, struck in parts if struck)])
