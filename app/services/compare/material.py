"""What a comparison rests on: texts by one hand, authors with their counts, one state of both."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import NO_SCORES, Ranking, rank, scores_of_each
from app.compute.counts import Counts
from app.compute.judgement import RATED, Case, Fitted, Habit, best_of, query_of_texts
from app.compute.profiles import AuthorProfile
from app.compute.usage import TypicalWord
from app.db.backend import is_among
from app.errors import InvalidInputError
from app.memo import LruStore
from app.models import Tweet
from app.services.compare.background import NOT_FITTED, BackgroundStore
from app.services.compare.contenders import Contender, comparable_texts, compared_users
from app.services.compare.habits import HabitStore, measure_habit
from app.services.compare.profiles import ProfileStore, without_texts
from app.services.event_log import newest_event
from app.services.posts.replies import own_chains
from app.tasks import worked_on

BETWEEN_TEXTS: Final = "\n\n"
MOST_TYPICAL: Final = 2_000
"""Authors whose typical words are kept, some 3 KB each."""
TypicalKey = tuple[int, int, int, int, int]
"""Version, authors of its population, author, posts and deletions: words hold while they do."""
SCREENED_AT_ONCE: Final = 100
"""Authors whose profiles are in memory together where all are compared."""


@dataclass(frozen=True, slots=True)
class Material:
    """Texts by one hand, and the authors to judge them by."""

    texts: tuple[str, ...]
    users: list[Contender]
    profiles: list[AuthorProfile]
    habits: list[Habit | None]
    """Those of the best authors, at least."""
    fitted: Fitted
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
        fitted = self.fitted
        return rank(query, self.profiles, fitted.background, fitted.temperature, self.rest)

    def case(self, query: Counts | None = None) -> Case:
        """Return the question as the model takes it."""
        return Case(
            texts=self.texts,
            ids=[user.id for user in self.users],
            names=[user.username_key for user in self.users],
            profiles=self.profiles,
            habits=self.habits,
            ranking=self.ranked(query),
            fitted=self.fitted,
            compared=len(self.users) + self.rest.size,
            is_named=self.is_named,
        )

    def among(self, users: Sequence[Contender]) -> "Material":
        """Return the material of these of its authors. Raises InvalidInputError without words."""
        places = {user.id: place for place, user in enumerate(self.users)}
        chosen = [places[user.id] for user in users]
        profiles = [self.profiles[place] for place in chosen]
        check_words(profiles)
        habits = [self.habits[place] for place in chosen]
        return replace(self, users=list(users), profiles=profiles, habits=habits)


@dataclass(slots=True)
class Models:
    """The counts that this process keeps in memory for comparisons."""

    profiles: ProfileStore = field(default_factory=ProfileStore)
    backgrounds: BackgroundStore = field(default_factory=BackgroundStore)
    habits: HabitStore = field(default_factory=HabitStore)
    typical: LruStore[TypicalKey, list[TypicalWord]] = field(
        default_factory=lambda: LruStore(MOST_TYPICAL, lambda _: 1)
    )

    def clear(self, _newest: int) -> None:
        """Forget all counts, since the database has lost some of their posts."""
        self.profiles.clear()
        self.habits.clear()
        self.typical.clear()
        self.backgrounds.newest = NOT_FITTED


async def gather(
    session: AsyncSession,
    models: Models,
    texts: Sequence[str],
    usernames: Sequence[str] = (),
    *,
    hidden_post: int | None = None,
) -> Material:
    """Read the material for texts by one hand: of the authors named, or of all with posts.

    Every post that the session sees counts, but `hidden_post`, which the model must not know.
    Raises NotFoundError and InvalidInputError.
    """
    own = await worked_on(texts, partial(comparable_texts, texts))
    (material,) = await gather_each(session, models, [own], usernames)
    return material if hidden_post is None else await _without(session, material, hidden_post)


async def gather_each(
    session: AsyncSession,
    models: Models,
    questions: Sequence[Sequence[str]],
    usernames: Sequence[str],
) -> list[Material]:
    """Read the material for texts by each of several hands, which may be judged.

    Of very many authors all are scored, some at a time, and only the best are kept, so that memory
    stays bounded. Raises NotFoundError and InvalidInputError.
    """
    users = await compared_users(session, usernames)
    if usernames or len(users) <= RATED:
        material = await load_authors(session, models, users, is_named=bool(usernames))
        check_words(material.profiles)
        return [await with_habits(session, models, material, texts) for texts in questions]
    fitted = await models.backgrounds.load(session)
    queries = await asyncio.to_thread(lambda: [query_of_texts(texts) for texts in questions])
    scores = np.full((len(queries), len(users)), -np.inf)
    for start in range(0, len(users) if queries else 0, SCREENED_AT_ONCE):
        some = users[start : start + SCREENED_AT_ONCE]
        profiles = await models.profiles.load(session, some, may_evict=False)
        filled = [place for place, each in enumerate(profiles) if each.counts.keys.size]
        scores[:, [start + place for place in filled]] = await asyncio.to_thread(
            scores_of_each, queries, [profiles[place] for place in filled], fitted.background
        )
    found = []
    for texts, row in zip(questions, scores, strict=True):
        # Equal scores are ordered by name, as the authors are.
        order = np.argsort(-row, kind="stable")[:RATED]
        best = sorted(order[np.isfinite(row[order])].tolist())
        kept = await load_authors(session, models, [users[i] for i in best], is_named=False)
        check_words(kept.profiles)
        kept = replace(kept, rest=np.delete(row, best))
        found.append(await with_habits(session, models, kept, texts))
    return found


async def load_authors(
    session: AsyncSession, models: Models, users: list[Contender], *, is_named: bool
) -> Material:
    """Read the material of these authors for texts that follow, without habits."""
    profiles = await models.profiles.load(session, users)
    fitted = await models.backgrounds.load(session)
    event = await newest_event(session)
    return Material((), users, profiles, [None] * len(users), fitted, event, is_named)


async def with_habits(
    session: AsyncSession, models: Models, material: Material, texts: Sequence[str] = ()
) -> Material:
    """Return the material for these texts; of many authors the habits of those that fit best."""
    users, profiles = material.users, material.profiles
    material = replace(material, texts=tuple(texts))
    best = list(range(len(users)))
    if texts and len(users) > RATED:
        material = replace(material, ranking=await asyncio.to_thread(material.ranked))
        best = best_of(material.ranked())
    loaded = await models.habits.load(
        session, [users[i] for i in best], [profiles[i] for i in best], material.fitted
    )
    known = dict(zip(best, loaded, strict=True))
    return replace(material, habits=[known.get(place) for place in range(len(users))])


def check_words(profiles: Sequence[AuthorProfile]) -> None:
    """Raise InvalidInputError if none of these authors has posted own words."""
    if not any(profile.counts.keys.size for profile in profiles):
        raise InvalidInputError(
            "These authors have posted nothing but other people's words", loc="usernames"
        )


async def _without(session: AsyncSession, material: Material, post_id: int) -> Material:
    """Return the material as if the post, and its whole chain of replies, had not been written.

    The background still counts it, one post among all.
    """
    post = await session.get(Tweet, post_id)
    places = {user.id: place for place, user in enumerate(material.users)}
    if post is None or post.user_id not in places:
        return material
    place = places[post.user_id]
    chains = await own_chains(session, post.user_id)
    first = chains.get(post.id)
    ids = [each for each, begin in chains.items() if begin == first] if first else [post.id]
    hidden = list(await session.scalars(select(Tweet.text).where(is_among(session, Tweet.id, ids))))
    profiles, habits = list(material.profiles), list(material.habits)
    try:
        profiles[place] = await without_texts(profiles[place], hidden)
    except ValueError:  # A post that came after the material was read.
        return material
    if (habit := habits[place]) is not None:
        habits[place] = await measure_habit(
            session, post.user_id, profiles[place], material.fitted, habit, hidden
        )
    return replace(material, profiles=profiles, habits=habits, ranking=None, hidden=ids)
