"""The question to the model: texts by one hand, and the authors who may have written them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import EMPTY_BACKGROUND, NO_SCORES, Background, Ranking, rank
from app.compute.counts import Counts, add
from app.compute.features import CHARACTERS, features_of, named_words, occurrences
from app.compute.gaps import BETWEEN, Gap, gaps_of_each, rest_of, whole_words
from app.compute.languages import are_english, are_foreign, guess_language
from app.compute.population import NOBODY, Population
from app.compute.profiles import AuthorProfile, text_keys
from app.compute.ratios import (
    KOREAN_SHIPPED_WEIGHT,
    LONGER_FROM,
    LONGER_POWER,
    MOST_SHIPPED,
    SHIPPED_WEIGHT,
    Usual,
)
from app.compute.text import own_words, word_count

NO_CHANGE: Final = 1.0
"""The temperature where none was fitted: above 1 if the probabilities are too high."""
WORDED_SAMPLE: Final = 50
"""Newest posts of an author among which those with words are counted."""
RATED: Final = 30
"""Authors whose ratios are computed: those that fit the text best. The others follow them by their
probabilities."""


@dataclass(frozen=True, slots=True, eq=False)
class Habit:
    """What is known of an author beside the counts."""

    usual: Usual | None
    """None with too few posts."""
    language: str | None
    platform: str
    first_at: datetime | None = None
    newest_at: datetime | None = None
    is_english: bool = False
    """Whether the newest posts are English, where the tags name no language."""
    worded_share: float = 1.0
    """Share of the newest posts that have words of their own, not only emoji, links or numbers."""


def worded_share(newest: Sequence[str]) -> float:
    """Return the share of an author's newest texts that have a word of their own."""
    texts = newest[:WORDED_SAMPLE]
    return sum(word_count(text) > 0 for text in texts) / len(texts) if texts else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What all answers of one version rest on beside the compared authors."""

    background: Background = EMPTY_BACKGROUND
    temperature: float = NO_CHANGE
    population: Population = NOBODY
    """Authors who are kept here."""
    version: int = 0
    shipped: Mapping[str, Population] = field(default_factory=dict)
    """Authors who come with the program, by language."""
    samples: Collection[int] = frozenset()
    """Members of the population who are somebody else only for each other."""
    is_outgrown: bool = False
    """Whether posts have outgrown it, so that another one is about to be made."""


@dataclass(frozen=True, slots=True, eq=False)
class Suspect:
    """An author who may have written the texts."""

    id: int
    username: str
    profile: AuthorProfile
    habit: Habit | None = None
    """None for those who fit the texts far less than others."""

    @property
    def worded_posts(self) -> int:
        """How many of the posts have words, by the share of the newest that do."""
        share = 1.0 if self.habit is None else self.habit.worded_share
        return round(self.profile.worded_posts * share)


@dataclass(frozen=True, eq=False)
class Case:
    """Texts by one hand, and the authors who may have written them."""

    texts: Sequence[str]
    suspects: Sequence[Suspect]
    fitted: Fitted
    is_named: bool = True
    """Whether the suspects were named; otherwise they are the best of all authors with posts."""
    further: NDArray[np.float64] = field(default_factory=lambda: NO_SCORES)
    """The scores of other compared authors, who fit the texts far less."""
    known_ranking: Ranking | None = None
    """The ranking, where it was made before the case."""
    absent: int | None = None
    """An author of the population who does not count."""
    gaps: Sequence[Gap] = ()
    """Pieces of `text` that are struck out, in their order, without overlap."""
    hidden: Collection[int] = ()
    """Posts that the suspects' profiles do not hold."""
    as_of_event: int = 0
    """The last event of the log that was taken into account."""

    @property
    def text(self) -> str:
        """The texts as one."""
        return BETWEEN.join(self.texts)

    @cached_property
    def parts(self) -> list[tuple[str, tuple[Gap, ...]]]:
        """The texts with their gaps, without texts that are struck out as a whole."""
        parts = zip(self.texts, gaps_of_each(self.texts, self.gaps), strict=True)
        return [(text, gaps) for text, gaps in parts if gaps != ((0, len(text)),)]

    @cached_property
    def words(self) -> int:
        """Number of the texts' own words, without those that a gap touches."""
        return sum(whole_words(text, gaps) for text, gaps in self.parts)

    @property
    def compared(self) -> int:
        """Number of compared authors, of whom only the suspects are ranked."""
        return len(self.suspects) + self.further.size

    @cached_property
    def _digests(self) -> NDArray[np.uint64]:
        """(2, n), of the texts as they are, and without spaces around."""
        return text_keys([*self.texts, *map(str.strip, self.texts)]).reshape(2, -1)

    def is_read_of(self, suspect: Suspect) -> bool:
        """Return whether each text is among an author's posts, to the letter."""
        written = suspect.profile.texts.count(self._digests) > 0
        return not self.gaps and bool(written.any(axis=0).all())

    @cached_property
    def is_korean(self) -> bool:
        """Whether the texts are; no other language is told from the rest."""
        unstruck = "\n".join(own_words(rest_of(text, gaps)) for text, gaps in self.parts)
        # Where nothing is left, the language is still that of the texts.
        if not any(map(str.isalpha, unstruck)):
            unstruck = "\n".join(map(own_words, self.texts))
        return guess_language(unstruck) == "ko"

    @cached_property
    def is_foreign(self) -> bool:
        """Whether the texts seem to be neither Korean nor English."""
        if self.is_korean or self.is_english:
            return False
        return are_foreign("\n".join(map(own_words, self.texts)), self.fitted.shipped)

    def share_of_words(self, suspect: Suspect) -> float:
        """Return the share of the texts' different words that an author uses; 1 without words."""
        words = named_words("\n".join(map(own_words, self.texts)))
        keys = [key for key, word in words.items() if word.isalpha()]
        return float(np.isin(keys, suspect.profile.counts.keys).mean()) if keys else 1.0

    @cached_property
    def ranking(self) -> Ranking:
        """The suspects' scores and closed probabilities."""
        return self.known_ranking or self.rank(query_of_texts(self.texts, self.gaps))

    def rank(self, query: Counts) -> Ranking:
        """Return the ranking for the features of the texts."""
        profiles = [suspect.profile for suspect in self.suspects]
        return rank(query, profiles, self.fitted.background, self.fitted.temperature, self.further)

    def best(self) -> list[int]:
        """Return the suspects whose habits a judgement needs, in their order."""
        return sorted(np.argsort(-self.ranking.scores, kind="stable")[:RATED].tolist())

    def others_of(self, suspect: Suspect) -> NDArray[np.bool_]:
        """Return which of the population are other authors of the language: (n,)."""
        habit, samples = suspect.habit, self.fitted.samples
        language = habit.language if habit and habit.language != "ko" else None
        left_out = {suspect.id, self.absent, *(() if suspect.id in samples else samples)}
        return self.fitted.population.without(left_out, "ko" if self.is_korean else language)

    @cached_property
    def elsewhere(self) -> Population:
        """The shipped authors of the texts' language, of whom not every suspect may write it."""
        return self.fitted.shipped.get("ko" if self.is_korean else "en", NOBODY)

    @cached_property
    def is_english(self) -> bool:
        """Whether the texts are, by their words: no language is told from another by a few."""
        return are_english(self.ranking.query.counts, self.fitted.shipped)

    def shipped_weight(self, suspect: Suspect, others: int) -> float:
        """Return for how many authors those from elsewhere count beside this one and others here.

        Beside who writes neither Korean nor English they count for Korean texts alone: any other
        text may be in the author's own language, of which nobody is shipped.
        """
        habit = suspect.habit
        if not len(self.elsewhere) or habit is None:
            return 0.0
        if self.is_korean and others:
            return KOREAN_SHIPPED_WEIGHT
        if self.is_korean:
            return SHIPPED_WEIGHT
        if habit.is_english or habit.language == "en":
            return self._english_weight
        return self._english_weight if habit.language == "ko" and self.is_english else 0.0

    @cached_property
    def _english_weight(self) -> float:
        longer = max(float(self.ranking.query.widths[CHARACTERS]) / LONGER_FROM, 1.0)
        weight: float = SHIPPED_WEIGHT * longer**LONGER_POWER
        return min(MOST_SHIPPED, weight)

    def weighed_against(self, suspect: Suspect) -> tuple[Population, NDArray[np.bool_]]:
        """Return everybody else of an author alone: those here, and without any the shipped."""
        if (selection := self.others_of(suspect)).any() or not self.shipped_weight(suspect, 0):
            return self.fitted.population, selection
        return self.elsewhere, np.ones(len(self.elsewhere), np.bool_)


def best_of(scores: NDArray[np.float64]) -> list[int]:
    """Return the places of the authors whose ratios are computed, of the scores of all: (n,).

    Of authors with equal scores the first count; those without posts have -inf, and are left out.
    """
    order = np.argsort(-scores, kind="stable")[:RATED]
    return sorted(order[np.isfinite(scores[order])].tolist())


def query_of_texts(texts: Sequence[str], gaps: Sequence[Gap] = ()) -> Counts:
    """Return the features of texts by one hand, added up, without quotations.

    gaps: pieces of the joined texts that are struck out, in their order, without overlap.
    """
    parts = list(zip(texts, gaps_of_each(texts, gaps), strict=True))
    whole = features_of([own_words(text) for text, struck in parts if not struck])
    return add([*whole, *(occurrences(text, struck).counts for text, struck in parts if struck)])
