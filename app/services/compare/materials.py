"""What comparisons rest on: read at once for those that come together, and kept while it holds."""

import functools
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.compute.profiles import AuthorProfile
from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import Change, Feed
from app.errors import AppError
from app.services.compare.compare import (
    Material,
    Models,
    choose,
    comparable_text,
    gather_material,
    part_of,
    read_authors,
)
from app.services.compare.profiles import INLINE_CHARACTERS
from app.services.off_loop import worked_on
from app.services.posts.users import Contender, contenders_by_key

MOST_READ: Final = 20
"""Comparisons whose authors are read in one session."""
MOST_NAMES: Final = 10
"""A comparison of more authors reads them in a session of its own."""
MOST_WAITING: Final = 1_000
MOST_KEPT: Final = 2_000
TIMEOUT_S: Final = 30


class Materials:
    """One process's materials for comparisons of authors by name.

    An author who was compared is kept until the log tells of a change, so that the next
    comparison needs nothing of the database, and yet counts every post that was acknowledged.
    """

    def __init__(self, db: Database, feed: Feed, models: Models) -> None:
        self._db = db
        self._feed = feed
        self._models = models
        limits = {"max_waiting": MOST_WAITING, "timeout_s": TIMEOUT_S}
        self._authors: Batch[tuple[str, ...], Material] = Batch(
            self._read_authors, max_size=MOST_READ, **limits
        )
        self._snapshots: Batch[None, None] = Batch(self._look_for_snapshot, max_size=1, **limits)
        self._users: OrderedDict[str, Contender] = OrderedDict()
        """By name: those who are as the log has told, of whom the newest used come last."""
        self._names: dict[int, str] = {}
        self._changed: set[int] = set()
        """Authors of whom the log has told since the last reading began."""
        self._turn: int | None = None
        """The feed's, when the background in memory was looked up."""

    async def close(self) -> None:
        await self._authors.close()
        await self._snapshots.close()

    def hear(self, changes: Sequence[Change]) -> None:
        """Forget the authors whom the events changed."""
        for change in changes:
            self._changed.add(change.user_id)
            if (name := self._names.pop(change.user_id, None)) is not None:
                # A name given to another author was forgotten with the one before, or will be.
                self._users.pop(name, None)

    async def gather(self, text: str, usernames: Sequence[str]) -> Material:
        """Return what a comparison needs, for the authors named or for all that have posts.

        Every acknowledged post counts. Raises NotFoundError and InvalidInputError.
        """
        text = await worked_on(
            [text], functools.partial(comparable_text, text), inline_characters=INLINE_CHARACTERS
        )
        if not usernames or len(usernames) > MOST_NAMES:
            async with self._db.read() as session:
                return await gather_material(session, self._models, text=text, usernames=usernames)
        material = await self._kept(usernames) or await self._authors(tuple(usernames))
        return replace(material, text=text)

    async def _kept(self, usernames: Sequence[str]) -> Material | None:
        """Return the material if all of it is in memory and as it is in the database."""
        if not await self._feed.catch_up() or self._feed.turn is None:
            return None
        found = self._find_users(usernames)
        if found is not None and self._feed.turn != self._turn:
            await self._snapshots(None)
            found = self._find_users(usernames)
        if found is None:
            return None
        users, profiles = found
        for user in users:
            self._users.move_to_end(user.username_key)
        choose(usernames, self._users)
        snapshot = self._models.backgrounds.newest
        material = Material("", users, profiles, snapshot, self._feed.newest, is_named=True)
        return part_of(material, users)

    def _find_users(
        self, usernames: Sequence[str]
    ) -> tuple[list[Contender], list[AuthorProfile]] | None:
        """Return the authors and their profiles if all are in memory."""
        users = [user for name in usernames if (user := self._users.get(username_key(name)))]
        profiles = [whole for user in users if (whole := self._models.profiles.find_whole(user))]
        return (users, profiles) if len(profiles) == len(usernames) else None

    async def _look_for_snapshot(self, _: Sequence[None]) -> list[None]:
        turn = self._feed.turn
        async with self._db.read() as session:
            await self._models.backgrounds.load(session)
        self._turn = turn
        return [None]

    async def _read_authors(self, asked: Sequence[tuple[str, ...]]) -> list[Material | Exception]:
        turn, self._changed = self._feed.turn, set()
        async with self._db.read() as session:
            keys = {username_key(name) for names in asked for name in names}
            found = await contenders_by_key(session, keys)
            chosen = [_chosen(names, found) for names in asked]
            users = {user.id: user for some in chosen if isinstance(some, list) for user in some}
            material = await read_authors(
                session, self._models, list(users.values()), is_named=True
            )
        self._turn = turn
        for user in material.users:
            if user.id not in self._changed:
                self._keep(user)
        return [_part(material, users) for users in chosen]

    def _keep(self, user: Contender) -> None:
        self._users[user.username_key] = user
        self._names[user.id] = user.username_key
        if len(self._users) > MOST_KEPT:
            _, oldest = self._users.popitem(last=False)
            self._names.pop(oldest.id, None)


def _chosen(usernames: Sequence[str], found: dict[str, Contender]) -> list[Contender] | AppError:
    try:
        return choose(usernames, found)
    except AppError as error:
        return error


def _part(material: Material, users: list[Contender] | AppError) -> Material | Exception:
    if isinstance(users, AppError):
        return users
    try:
        return part_of(material, users)
    except AppError as error:
        return error
