"""The question to the model: texts by one person, and possible authors."""

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
from app.compute.ratios import Usual
from app.compute.text import own_words, word_count

NO_CHANGE: Final = 1.0
WORDED_SAMPLE: Final = 50
"""Newest posts of an author among which posts with words are counted."""
RATED: Final = 30
"""Number of authors with computed ratios; other ratios follow the probabilities."""

# The number of authors that all shipped authors of a language count as.
SHIPPED_WEIGHT: Final = 1.5
"""Fitted: a higher weight calls more texts likely, of authors and of strangers."""
MOST_SHIPPED: Final = 2.0
"""For long English texts; without a limit, sets of twenty posts are called too boldly."""
KOREAN_SHIPPED_WEIGHT: Final = 0.5
"""For Korean texts if others of the language are here, since authors of a kind not shipped stand
out.

Fitted to the shipped Korean authors, one kind at a time with the others shipped.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Habit:
    usual: Usual | None
    """None for too few posts."""
    language: str | None
    platform: str
    first_at: datetime | None = None
    newest_at: datetime | None = None
    is_english: bool = False
    worded_share: float = 1.0


def worded_share(newest: Sequence[str]) -> float:
    texts = newest[:WORDED_SAMPLE]
    return sum(word_count(text) > 0 for text in texts) / len(texts) if texts else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    background: Background = EMPTY_BACKGROUND
    temperature: float = NO_CHANGE
    population: Population = NOBODY
    version: int = 0
    shipped: Mapping[str, Population] = field(default_factory=dict)
    samples: Collection[int] = frozenset()
    """Ids of sample authors, who count as other people only for each other."""
    is_outgrown: bool = False
    """Whether a newer version is due because of many new posts."""


@dataclass(frozen=True, slots=True, eq=False)
class Suspect:
    id: int
    username: str
    profile: AuthorProfile
    habit: Habit | None = None
    """None for an author who fits the texts far worse."""

    @property
    def worded_posts(self) -> int:
        """Number of posts with words, estimated from the newest posts."""
        share = 1.0 if self.habit is None else self.habit.worded_share
        return round(self.profile.worded_posts * share)


@dataclass(frozen=True, eq=False)
class Case:
    texts: Sequence[str]
    suspects: Sequence[Suspect]
    fitted: Fitted
    is_named: bool = True
    """Whether the suspects were named; otherwise they are the best of all authors."""
    further: NDArray[np.float64] = field(default_factory=lambda: NO_SCORES)
    """(m,), scores of other compared authors, who fit far worse."""
    known_ranking: Ranking | None = None
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
        return text_keys([*self.texts, *map(str.strip, self.texts)]).reshape(2, -1)

    def is_read_of(self, suspect: Suspect) -> bool:
        """Return whether each text is, unchanged, among an author's posts."""
        written = suspect.profile.texts.count(self._digests) > 0
        return not self.gaps and bool(written.any(axis=0).all())

    @cached_property
    def is_korean(self) -> bool:
        """Whether the texts are Korean; no other language is recognised."""
        unstruck = "\n".join(own_words(rest_of(text, gaps)) for text, gaps in self.parts)
        # Where nothing is left, the language is still that of the texts.
        if not any(map(str.isalpha, unstruck)):
            unstruck = "\n".join(map(own_words, self.texts))
        return guess_language(unstruck) == "ko"

    @cached_property
    def is_foreign(self) -> bool:
        if self.is_korean or self.is_english:
            return False
        return are_foreign("\n".join(map(own_words, self.texts)), self.fitted.shipped)

    def share_of_words(self, suspect: Suspect) -> float:
        """Return the share of the texts' distinct words that an author uses; 1 without words."""
        words = named_words("\n".join(map(own_words, self.texts)))
        keys = [key for key, word in words.items() if word.isalpha()]
        return float(np.isin(keys, suspect.profile.counts.keys).mean()) if keys else 1.0

    @cached_property
    def ranking(self) -> Ranking:
        return self.known_ranking or self.rank(query_of_texts(self.texts, self.gaps))

    def rank(self, query: Counts) -> Ranking:
        profiles = [suspect.profile for suspect in self.suspects]
        return rank(query, profiles, self.fitted.background, self.fitted.temperature, self.further)

    def best(self) -> list[int]:
        """Return the indices of the suspects whose ratios are computed, ascending."""
        return sorted(np.argsort(-self.ranking.scores, kind="stable")[:RATED].tolist())

    def others_of(self, suspect: Suspect) -> NDArray[np.bool_]:
        """Return whether each member of the population is another author of the language: (n,)."""
        habit, samples = suspect.habit, self.fitted.samples
        language = habit.language if habit and habit.language != "ko" else None
        left_out = {suspect.id, self.absent, *(() if suspect.id in samples else samples)}
        return self.fitted.population.without(left_out, "ko" if self.is_korean else language)

    @cached_property
    def elsewhere(self) -> Population:
        """The shipped authors of the texts' language, which not every suspect writes."""
        return self.fitted.shipped.get("ko" if self.is_korean else "en", NOBODY)

    @cached_property
    def is_english(self) -> bool:
        return are_english(self.ranking.query.counts, self.fitted.shipped)

    def shipped_weight(self, suspect: Suspect, others: int) -> float:
        """Return how many authors the shipped authors count as.

        For other languages than Korean and English they count only for Korean texts, since no one
        of the author's language is shipped.
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
        # The shorter a text, the nearer a stranger is by coincidence: from 200 features on, the
        # weight grows. Fitted with the ratios to texts of 1 to 20 posts.
        longer = max(float(self.ranking.query.widths[CHARACTERS]) / 200.0, 1.0)
        weight: float = SHIPPED_WEIGHT * longer**0.4
        return min(MOST_SHIPPED, weight)

    def weighed_against(self, suspect: Suspect) -> tuple[Population, NDArray[np.bool_]]:
        if (selection := self.others_of(suspect)).any() or not self.shipped_weight(suspect, 0):
            return self.fitted.population, selection
        return self.elsewhere, np.ones(len(self.elsewhere), np.bool_)


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
