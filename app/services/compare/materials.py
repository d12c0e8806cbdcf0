"""The authors of comparisons and their counts, all of one state of the database.

Compared authors stay in memory until an event concerns them; others are read once for all
comparisons that wait.
"""

import asyncio
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.attribution import rank
from app.compute.counts import Counts
from app.compute.judgement import RATED, Habit, best_of, query_of_texts, rank_texts
from app.compute.profiles import AuthorProfile
from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import AppError, InvalidInputError
from app.memo import Memo
from app.services.compare.background import Snapshot
from app.services.compare.contenders import (
    Contender,
    choose,
    comparable_texts,
    compared_users,
    contenders_by_key,
)
from app.services.compare.material import Material, Models
from app.services.event_log import newest_event
from app.tasks import worked_on

SCREENED_AT_ONCE: Final = 100
"""Authors whose profiles are in memory together where all are compared."""
MOST_READ: Final = 20
"""Comparisons whose authors are read in one session."""
MOST_NAMES: Final = 10
"""A comparison of more authors reads them in a session of its own."""
MOST_WAITING: Final = 1_000
MOST_KEPT: Final = 2_000
"""Authors in memory, beside their profiles."""
TIMEOUT_S: Final = 30


class Materials:
    """One process's materials for comparisons of authors by name.

    Every acknowledged post counts. On SQLite, where each commit is seen at once (`Feed.turn`), the
    next comparisons of an author need nothing of the database until an event concerns the author.
    On PostgreSQL each asks it whether what is in memory still holds.
    """

    def __init__(self, db: Database, feed: Feed, models: Models) -> None:
        self._db = db
        self._feed = feed
        self._models = models
        limits = {"max_waiting": MOST_WAITING, "timeout_s": TIMEOUT_S}
        self._authors: Batch[tuple[str, ...], Material] = Batch(
            self._read_authors, max_size=MOST_READ, **limits
        )
        self._snapshots: Batch[None, None] = Batch(self._read_snapshot, max_size=1, **limits)
        self._users: Memo[Contender] = Memo(feed, MOST_KEPT, lambda _: 1)
        self._turn: int | None = None
        """The feed's when the background was read last."""

    async def close(self) -> None:
        await self._authors.close()
        await self._snapshots.close()

    async def gather(self, texts: Sequence[str], usernames: Sequence[str]) -> Material:
        """Return the material for the authors named, or for all that have posts.

        Every acknowledged post counts. Raises NotFoundError and InvalidInputError.
        """
        own = await worked_on(texts, functools.partial(comparable_texts, texts))
        if not usernames or len(usernames) > MOST_NAMES:
            async with self._db.read() as session:
                return await gather_material(session, self._models, own, usernames)
        material = await self._find(usernames) or await self._authors(tuple(usernames))
        return replace(material, texts=own)

    async def _find(self, usernames: Sequence[str]) -> Material | None:
        """Return the material if all of it is in memory and as it is in the database."""
        if not await self._feed.catch_up() or self._feed.turn is None:
            return None
        found = self._in_memory(usernames)
        if found is not None and self._feed.turn != self._turn:
            await self._snapshots(None)
            found = self._in_memory(usernames)
        if found is not None:
            choose(usernames, {user.username_key: user for user in found.users})
            _check_words(found.profiles)
        return found

    def _in_memory(self, usernames: Sequence[str]) -> Material | None:
        snapshot, habits = self._models.backgrounds.newest, list[Habit | None]()
        users, profiles = [], []
        for name in usernames:
            user = self._users.find(username_key(name))
            profile = self._models.profiles.find_whole(user) if user else None
            habit = self._models.habits.find(user, snapshot) if user else None
            if user is None or profile is None or habit is None:
                return None
            users.append(user)
            profiles.append(profile)
            habits.append(habit)
        return Material((), users, profiles, habits, snapshot, self._feed.newest, is_named=True)

    async def _read_snapshot(self, _: Sequence[None]) -> list[None]:
        turn = self._feed.turn
        async with self._db.read() as session:
            await self._models.backgrounds.load(session)
        self._turn = turn
        return [None]

    async def _read_authors(
        self, requested: Sequence[tuple[str, ...]]
    ) -> list[Material | Exception]:
        turn = self._feed.turn
        with self._users.watch() as run:
            async with self._db.read() as session:
                keys = {username_key(name) for names in requested for name in names}
                found = await contenders_by_key(session, keys)
                users = list(found.values())
                profiles = await self._models.profiles.load(session, users)
                material = await _read(session, self._models, users, profiles, is_named=True)
            self._turn = turn
            for user in material.users:
                self._users.put(user.username_key, user, run, (user.id,))
        results: list[Material | Exception] = []
        for names in requested:
            try:
                results.append(_part_of(material, choose(names, found)))
            except AppError as error:
                results.append(error)
        return results


async def gather_material(
    session: AsyncSession, models: Models, texts: Sequence[str], usernames: Sequence[str] = ()
) -> Material:
    """Read the material for texts that may be judged: of the authors named, or of all with posts.

    Every post that the session sees counts. Raises NotFoundError and InvalidInputError.
    """
    users = await compared_users(session, usernames)
    if not usernames and len(users) > RATED:
        return (await screen(session, models, [texts], users))[0]
    return await load_authors(session, models, users, texts, is_named=bool(usernames))


async def load_authors(
    session: AsyncSession,
    models: Models,
    users: list[Contender],
    texts: Sequence[str] = (),
    *,
    is_named: bool,
) -> Material:
    """Read the material of these authors, for texts that may follow.

    Raises InvalidInputError if none of them wrote anything.
    """
    profiles = await models.profiles.load(session, users)
    _check_words(profiles)
    return await _read(session, models, users, profiles, texts, is_named=is_named)


async def _read(
    session: AsyncSession,
    models: Models,
    users: list[Contender],
    profiles: list[AuthorProfile],
    texts: Sequence[str] = (),
    *,
    is_named: bool,
) -> Material:
    """Read the rest of the material; of many authors, the habits of those that fit best."""
    snapshot = await models.backgrounds.load(session)
    as_of_event = await newest_event(session)
    ranking, best = None, list(range(len(users)))
    if texts and len(users) > RATED:
        ranking = await asyncio.to_thread(
            lambda: rank_texts(query_of_texts(texts), profiles, snapshot.fitted)
        )
        best = best_of(ranking)
    loaded = await models.habits.load(
        session, [users[i] for i in best], [profiles[i] for i in best], snapshot
    )
    known = dict(zip(best, loaded, strict=True))
    habits = [known.get(place) for place in range(len(users))]
    return Material(
        tuple(texts), users, profiles, habits, snapshot, as_of_event, is_named, ranking=ranking
    )


def _part_of(material: Material, users: list[Contender]) -> Material:
    """Return the material of these of its authors. Raises InvalidInputError without own words."""
    places = {user.id: place for place, user in enumerate(material.users)}
    profiles = [material.profiles[places[user.id]] for user in users]
    _check_words(profiles)
    habits = [material.habits[places[user.id]] for user in users]
    return replace(material, users=users, profiles=profiles, habits=habits)


def _check_words(profiles: Sequence[AuthorProfile]) -> None:
    if not any(profile.counts.keys.size for profile in profiles):
        raise _no_words()


def _no_words() -> InvalidInputError:
    return InvalidInputError(
        "These authors have posted nothing but other people's words", loc="usernames"
    )


async def screen(
    session: AsyncSession,
    models: Models,
    questions: Sequence[Sequence[str]],
    users: Sequence[Contender],
) -> list[Material]:
    """Return for texts by each hand the material of the authors that fit them best, out of many.

    All are scored, some at a time, and only the best are kept, so that memory stays bounded.
    """
    snapshot = await models.backgrounds.load(session)
    queries = await asyncio.to_thread(lambda: [query_of_texts(texts) for texts in questions])
    shortlists = [_Shortlist(query, np.full(len(users), -np.inf)) for query in queries]
    for start in range(0, len(users), SCREENED_AT_ONCE):
        some = users[start : start + SCREENED_AT_ONCE]
        profiles = await models.profiles.load(session, some, may_evict=False)
        filled = {start + i: each for i, each in enumerate(profiles) if each.counts.keys.size}
        for shortlist in shortlists:
            await asyncio.to_thread(shortlist.add, filled, snapshot)
    as_of_event = await newest_event(session)
    if not any(shortlist.best for shortlist in shortlists):
        raise _no_words()
    found = []
    for texts, shortlist in zip(questions, shortlists, strict=True):
        best = sorted(shortlist.best)
        kept, profiles = [users[i] for i in best], [shortlist.best[i] for i in best]
        habits: list[Habit | None] = [*await models.habits.load(session, kept, profiles, snapshot)]
        rest = np.delete(shortlist.scores, best)
        found.append(
            Material(tuple(texts), kept, profiles, habits, snapshot, as_of_event, False, rest=rest)
        )
    return found


@dataclass(slots=True)
class _Shortlist:
    """The scores of all authors for a text, and the profiles of the best."""

    query: Counts
    scores: NDArray[np.float64]
    best: dict[int, AuthorProfile] = field(default_factory=dict)
    """By place among all authors."""

    def add(self, profiles: dict[int, AuthorProfile], snapshot: Snapshot) -> None:
        background = snapshot.fitted.background
        if profiles:
            ranking = rank(self.query, list(profiles.values()), background)
            self.scores[list(profiles)] = ranking.scores
        both = self.best | profiles
        # Equal scores are ordered by name, as the authors are.
        best = sorted(both, key=lambda i: (-self.scores[i], i))[:RATED]
        self.best = {i: both[i] for i in best}
