"""Comparisons as requests ask for them: gathered, judged, and with reasons where wanted.

Compared authors stay in memory until an event concerns them; others are read once for all
comparisons that wait.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from app.compute.judgement import SURE
from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import AppError
from app.memo import Memo
from app.services.compare.answering import Comparison, answer
from app.services.compare.contenders import Contender, choose, comparable_texts, contenders_by_key
from app.services.compare.material import Material, Models, gather, load_authors, with_habits
from app.services.compare.reasons import add_reasons
from app.tasks import worked_on

MOST_READ: Final = 20
"""Comparisons whose authors are read in one session."""
MOST_NAMES: Final = 10
"""A comparison of more authors reads them in a session of its own."""
MOST_WAITING: Final = 1_000
MOST_KEPT: Final = 2_000
"""Authors in memory, beside their profiles."""
TIMEOUT_S: Final = 30


class Comparer:
    """One process's comparisons of authors.

    Every acknowledged post counts. On SQLite, where each commit is seen at once (`Feed.turn`), the
    next comparisons of authors by name need nothing of the database until something is committed:
    1.0 ms of processor time instead of 4.8 alone, and 0.9 instead of 1.3 where 16 come together.
    On PostgreSQL each asks it whether what is in memory still holds.
    """

    def __init__(self, db: Database, feed: Feed, models: Models) -> None:
        self._db = db
        self._feed = feed
        self._models = models
        self._reading: Batch[tuple[str, ...], Material] = Batch(
            self._read, max_size=MOST_READ, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )
        self._users: Memo[Contender] = Memo(feed, MOST_KEPT, lambda _: 1)
        self._turn: int | None = None
        """The feed's when the database was read last."""

    async def close(self) -> None:
        await self._reading.close()

    async def compare(
        self,
        texts: Sequence[str],
        usernames: Sequence[str],
        *,
        sure: float = SURE,
        explain: bool = True,
        reasons: bool = False,
    ) -> Comparison:
        """Return whether one of the authors named, or of all with posts, wrote the texts.

        The texts are by one hand. With `reasons` the evidence says how often it is used, and
        where. Raises NotFoundError and InvalidInputError.
        """
        material = await self.gather(texts, usernames)
        return await self.answer(material, sure=sure, explain=explain, reasons=reasons)

    async def gather(
        self, texts: Sequence[str], usernames: Sequence[str], *, hidden_post: int | None = None
    ) -> Material:
        """Return what a comparison rests on, for pages that show more of it.

        `hidden_post` is a post that the model must not know. Raises as `compare` does.
        """
        if hidden_post is not None or not 0 < len(usernames) <= MOST_NAMES:
            async with self._db.read() as session:
                return await gather(
                    session, self._models, texts, usernames, hidden_post=hidden_post
                )
        own = await worked_on(texts, partial(comparable_texts, texts))
        material = await self._find(usernames) or await self._reading(tuple(usernames))
        return replace(material, texts=own)

    async def answer(
        self, material: Material, *, sure: float = SURE, explain: bool = True, reasons: bool = False
    ) -> Comparison:
        """Return the answer to a question that was gathered."""
        comparison = await answer(material, sure=sure, explain=explain)
        if not reasons or not comparison.evidence:
            return comparison
        async with self._db.read() as session:
            return await add_reasons(session, material, comparison)

    async def _find(self, usernames: Sequence[str]) -> Material | None:
        """Return the material if all of it is in memory and as it is in the database."""
        if not await self._feed.catch_up() or self._feed.turn is None:
            return None
        if self._feed.turn != self._turn:  # There may be a new background.
            return None
        fitted, found = self._models.backgrounds.newest, list[Contender]()
        profiles, habits = [], []
        for name in usernames:
            user = self._users.find(username_key(name))
            profile = self._models.profiles.find_whole(user) if user else None
            habit = self._models.habits.find(user, fitted) if user else None
            if user is None or profile is None or habit is None:
                return None
            found.append(user)
            profiles.append(profile)
            habits.append(habit)
        material = Material((), found, profiles, [*habits], fitted, self._feed.newest, True)
        return material.among(choose(usernames, {user.username_key: user for user in found}))

    async def _read(self, requested: Sequence[tuple[str, ...]]) -> list[Material | Exception]:
        turn, began = self._feed.turn, self._users.time
        async with self._db.read() as session:
            keys = {username_key(name) for names in requested for name in names}
            found = await contenders_by_key(session, keys)
            users = list(found.values())
            material = await load_authors(session, self._models, users, is_named=True)
            material = await with_habits(session, self._models, material)
        self._turn = turn
        for user in users:
            self._users.put(user.username_key, user, (user.id,), began=began)
        results: list[Material | Exception] = []
        for names in requested:
            try:
                results.append(material.among(choose(names, found)))
            except AppError as error:
                results.append(error)
        return results
