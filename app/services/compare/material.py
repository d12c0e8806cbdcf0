"""What a comparison rests on: texts by one hand, authors with their counts, one state of both."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from app.compute.attribution import NO_SCORES, Ranking
from app.compute.counts import Counts
from app.compute.judgement import Case, Habit, query_of_texts, rank_texts
from app.compute.profiles import AuthorProfile
from app.services.compare.background import NO_SNAPSHOT, BackgroundStore, Snapshot
from app.services.compare.contenders import Contender
from app.services.compare.habits import HabitStore
from app.services.compare.profiles import ProfileStore


@dataclass(frozen=True, slots=True)
class Material:
    """Texts by one hand, and the authors to judge them by."""

    texts: tuple[str, ...]
    users: list[Contender]
    profiles: list[AuthorProfile]
    habits: list[Habit | None]
    """Those of the best authors, at least."""
    snapshot: Snapshot
    as_of_event: int
    is_named: bool
    """Whether the authors were named; otherwise they are all that have posts."""
    rest: NDArray[np.float64] = field(default_factory=lambda: NO_SCORES)
    """The scores of other compared authors, who fit the text far less."""
    ranking: Ranking | None = None
    hidden: Collection[int] = ()
    """Posts that the model must not know."""

    @property
    def text(self) -> str:
        """The texts as one."""
        return BETWEEN_TEXTS.join(self.texts)

    def ranked(self, query: Counts | None = None) -> Ranking:
        """Return the ranking of the authors; `query` are the features of the texts, if known."""
        if self.ranking is not None:
            return self.ranking
        query = query or query_of_texts(self.texts)
        return rank_texts(query, self.profiles, self.snapshot.fitted, self.rest)

    def case(self, query: Counts | None = None) -> Case:
        """Return the question as the model takes it."""
        return Case(
            texts=self.texts,
            ids=[user.id for user in self.users],
            names=[user.username_key for user in self.users],
            profiles=self.profiles,
            habits=self.habits,
            ranking=self.ranked(query),
            fitted=self.snapshot.fitted,
            compared=len(self.users) + self.rest.size,
            is_named=self.is_named,
        )


BETWEEN_TEXTS: Final = "\n\n"


@dataclass(slots=True)
class Models:
    """The counts that this process keeps in memory for comparisons."""

    profiles: ProfileStore = field(default_factory=ProfileStore)
    backgrounds: BackgroundStore = field(default_factory=BackgroundStore)
    habits: HabitStore = field(default_factory=HabitStore)

    def clear(self, _newest: int) -> None:
        """Forget all counts, since the database has lost some of their posts."""
        self.profiles.clear()
        self.habits.clear()
        self.backgrounds.newest = NO_SNAPSHOT
