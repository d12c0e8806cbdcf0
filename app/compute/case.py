"""The question to the model: texts by one hand, and the authors who may have written them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import NO_SCORES, Ranking, rank
from app.compute.background import EMPTY_BACKGROUND, Background
from app.compute.counts import Counts, add
from app.compute.features import features_of
from app.compute.profiles import AuthorProfile
from app.compute.ratios import NOBODY, Population, Usual
from app.compute.text import guess_language, own_words

NO_CHANGE: Final = 1.0
"""The temperature where none was fitted: above 1 if the probabilities are too high."""
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


def query_of_texts(texts: Sequence[str]) -> Counts:
    """Return the features of texts by one hand, added up, without quotations."""
    return add(features_of([own_words(text) for text in texts]))
