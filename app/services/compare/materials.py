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

from app.compute.attribution import NO_SCORES, scores_of
from app.compute.background import Background
from app.compute.counts import Counts
from app.compute.features import features
from app.compute.profiles import AuthorProfile
from app.compute.quotations import own_words
from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import AppError, InvalidInputError
from app.memo import Memo
from app.services.compare.background import NO_SNAPSHOT, BackgroundStore, Snapshot
from app.services.compare.contenders import (
    Contender,
    choose,
    comparable_text,
    compared_users,
    contenders_by_key,
)
from app.services.compare.profiles import ProfileStore
from app.services.events import newest_event
from app.tasks import worked_on

SCREENED: Final = 300
"""Of more authors only the best are kept in full; a profile takes some 100 KB."""
SCREENED_AT_ONCE: Final = 100
SCREENED_KEPT: Final = 30
"""More than are ever shown."""
MOST_READ: Final = 20
"""Comparisons whose authors are read in one session."""
MOST_NAMES: Final = 10
"""A comparison of more authors reads them in a session of its own."""
MOST_WAITING: Final = 1_000
MOST_KEPT: Final = 2_000
"""Authors in memory, beside their profiles."""
TIMEOUT_S: Final = 30


@dataclass(frozen=True, slots=True)
class Material:
    """A text, and the authors to judge it by."""

    text: str
    users: list[Contender]
    profiles: list[AuthorProfile]
    snapshot: Snapshot
    as_of_event: int
    is_named: bool
    """Whether the authors were named; otherwise they are all that have posts."""
    rest: NDArray[np.float64] = field(default_factory=lambda: NO_SCORES)
    """The scores of other compared authors, who fit the text far less."""


@dataclass(slots=True)
class Models:
    """The counts that this process keeps in memory for comparisons."""

    profiles: ProfileStore = field(default_factory=ProfileStore)
    backgrounds: BackgroundStore = field(default_factory=BackgroundStore)

    def clear(self, _newest: int) -> None:
        """Forget all counts, since the database has lost some of their posts."""
        self.profiles.clear()
        self.backgrounds.newest = NO_SNAPSHOT


class Materials:
    """One process's materials for comparisons of authors by name.

    After the first comparison of an author, the next ones need nothing of the database until an
    event concerns the author, and yet every acknowledged post counts.
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

    async def gather(self, text: str, usernames: Sequence[str]) -> Material:
        """Return the material for the authors named, or for all that have posts.

        Every acknowledged post counts. Raises NotFoundError and InvalidInputError.
        """
        text = await worked_on([text], functools.partial(comparable_text, text))
        if not usernames or len(usernames) > MOST_NAMES:
            async with self._db.read() as session:
                return await gather_material(session, self._models, text=text, usernames=usernames)
        if (material := await self._find(text, usernames)) is not None:
            return material
        return replace(await self._authors(tuple(usernames)), text=text)

    async def _find(self, text: str, usernames: Sequence[str]) -> Material | None:
        """Return the material if all of it is in memory and as it is in the database."""
        if not await self._feed.catch_up() or self._feed.turn is None:
            return None
        found = self._find_authors(usernames)
        if found is not None and self._feed.turn != self._turn:
            await self._snapshots(None)
            found = self._find_authors(usernames)
        if found is None:
            return None
        users, profiles = found
        choose(usernames, {user.username_key: user for user in users})
        _check_words(profiles)
        snapshot = self._models.backgrounds.newest
        return Material(text, users, profiles, snapshot, self._feed.newest, is_named=True)

    def _find_authors(
        self, usernames: Sequence[str]
    ) -> tuple[list[Contender], list[AuthorProfile]] | None:
        users = [user for name in usernames if (user := self._users.find(username_key(name)))]
        profiles = [whole for user in users if (whole := self._models.profiles.find_whole(user))]
        return (users, profiles) if len(profiles) == len(usernames) else None

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
                material = await _read(session, self._models, list(found.values()), is_named=True)
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
    session: AsyncSession, models: Models, *, text: str, usernames: Sequence[str] = ()
) -> Material:
    """Read the material for the authors named, or for all that have posts.

    Every post that the session sees counts. Raises NotFoundError and InvalidInputError.
    """
    text = comparable_text(text)
    users = await compared_users(session, usernames)
    if not usernames and len(users) > SCREENED:
        return (await screen(session, models, [text], users))[0]
    material = await load_authors(session, models, users, is_named=bool(usernames))
    return replace(material, text=text)


async def load_authors(
    session: AsyncSession, models: Models, users: list[Contender], *, is_named: bool
) -> Material:
    """Read the material of these authors, for texts that follow.

    Raises InvalidInputError if none of them wrote anything.
    """
    return _part_of(await _read(session, models, users, is_named=is_named), users)


async def _read(
    session: AsyncSession, models: Models, users: list[Contender], *, is_named: bool
) -> Material:
    profiles = await models.profiles.load(session, users)
    snapshot = await models.backgrounds.load(session)
    return Material("", users, profiles, snapshot, await newest_event(session), is_named)


def _part_of(material: Material, users: list[Contender]) -> Material:
    """Return the material of these of its authors. Raises InvalidInputError without own words."""
    places = {user.id: place for place, user in enumerate(material.users)}
    profiles = [material.profiles[places[user.id]] for user in users]
    _check_words(profiles)
    return replace(material, users=users, profiles=profiles)


def _check_words(profiles: Sequence[AuthorProfile]) -> None:
    if not any(profile.counts.keys.size for profile in profiles):
        raise _no_words()


def _no_words() -> InvalidInputError:
    return InvalidInputError(
        "These authors have posted nothing but other people's words", loc="usernames"
    )


async def screen(
    session: AsyncSession, models: Models, texts: Sequence[str], users: Sequence[Contender]
) -> list[Material]:
    """Return for each text the material of the authors that fit it best, out of very many.

    All are scored, some at a time, and only the best are kept, so that memory stays bounded.
    """
    snapshot = await models.backgrounds.load(session)
    queries = await asyncio.to_thread(lambda: [features(own_words(text)) for text in texts])
    shortlists = [_Shortlist(query, np.full(len(users), -np.inf)) for query in queries]
    for start in range(0, len(users), SCREENED_AT_ONCE):
        some = users[start : start + SCREENED_AT_ONCE]
        profiles = await models.profiles.load(session, some, may_evict=False)
        filled = {start + i: each for i, each in enumerate(profiles) if each.counts.keys.size}
        for shortlist in shortlists:
            await asyncio.to_thread(shortlist.add, filled, snapshot.background)
    as_of_event = await newest_event(session)
    if not any(shortlist.best for shortlist in shortlists):
        raise _no_words()
    return [
        Material(
            text=text,
            users=[users[i] for i in sorted(shortlist.best)],
            profiles=[shortlist.best[i] for i in sorted(shortlist.best)],
            snapshot=snapshot,
            as_of_event=as_of_event,
            is_named=False,
            rest=np.delete(shortlist.scores, sorted(shortlist.best)),
        )
        for text, shortlist in zip(texts, shortlists, strict=True)
    ]


@dataclass(slots=True)
class _Shortlist:
    """The scores of all authors for a text, and the profiles of the best."""

    query: Counts
    scores: NDArray[np.float64]
    best: dict[int, AuthorProfile] = field(default_factory=dict)
    """By place among all authors."""

    def add(self, profiles: dict[int, AuthorProfile], background: Background) -> None:
        self.scores[list(profiles)] = scores_of(self.query, list(profiles.values()), background)
        both = self.best | profiles
        # Equal scores are ordered by name, as the authors are.
        best = sorted(both, key=lambda i: (-self.scores[i], i))[:SCREENED_KEPT]
        self.best = {i: both[i] for i in best}
