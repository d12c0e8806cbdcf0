"""Comparisons as requests ask for them: gathered, judged, and with reasons where wanted.

Compared authors stay in memory until an event concerns them; others are read once for all
comparisons that wait.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from app.compute.case import Case, Suspect
from app.compute.judgement import SURE
from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import Feed
from app.errors import AppError
from app.memo import DERIVED, Memo
from app.services.compare.answering import Comparison, add_reasons, answer
from app.services.compare.cases import Models, check_words, gather, load_suspects, with_habits
from app.services.compare.contenders import choose, comparable_texts, find_contenders
from app.tasks import worked_on

MOST_READ: Final = 20
"""Comparisons whose authors are read in one session."""
MOST_NAMES: Final = 10
"""A comparison of more authors reads them in a session of its own."""
MOST_WAITING: Final = 1_000
KEPT_BYTES: Final = 48 * 1024 * 1024
"""Of authors' counts, most of which the store of profiles keeps too."""
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
        self._reading: Batch[tuple[str, ...], Case] = Batch(
            self._read, max_size=MOST_READ, max_waiting=MOST_WAITING, timeout_s=TIMEOUT_S
        )
        self._suspects: Memo[Suspect] = Memo(feed, KEPT_BYTES, lambda each: each.profile.size_bytes)
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
        hidden_post: int | None = None,
    ) -> Comparison:
        """Return whether one of the authors named, or of all with posts, wrote the texts.

        The texts are by one hand. With `reasons` the evidence says how often it is used, and
        where. `hidden_post` is a post that the model must not know. Raises NotFoundError and
        InvalidInputError.
        """
        case = await self.gather(texts, usernames, hidden_post=hidden_post)
        comparison = await answer(case, sure=sure, explain=explain)
        if not reasons or not comparison.evidence:
            return comparison
        async with self._db.read() as session:
            return await add_reasons(session, case, comparison)

    async def gather(
        self, texts: Sequence[str], usernames: Sequence[str], *, hidden_post: int | None = None
    ) -> Case:
        """Return what a comparison rests on. Raises as it does."""
        if hidden_post is not None or not 0 < len(usernames) <= MOST_NAMES:
            async with self._db.read() as session:
                return await gather(
                    session, self._models, texts, usernames, hidden_post=hidden_post
                )
        own = await worked_on(texts, partial(comparable_texts, texts))
        case = await self._find(usernames) or await self._reading(tuple(usernames))
        return replace(case, texts=own)

    async def _find(self, usernames: Sequence[str]) -> Case | None:
        """Return the case if all of it is in memory and as it is in the database."""
        if not await self._feed.catch_up() or self._feed.turn is None:
            return None
        if self._feed.turn != self._turn:  # There may be a new background.
            return None
        found = [self._suspects.find(username_key(name)) for name in usernames]
        suspects = [suspect for suspect in found if suspect is not None]
        if len({suspect.id for suspect in suspects}) < len(usernames):
            return None
        check_words(suspects)
        fitted = self._models.backgrounds.newest
        return Case((), suspects, fitted, as_of_event=self._feed.newest)

    async def _read(self, requested: Sequence[tuple[str, ...]]) -> list[Case | Exception]:
        turn, began = self._feed.turn, self._suspects.time
        async with self._db.read() as session:
            users = await find_contenders(session, [name for some in requested for name in some])
            case = await load_suspects(session, self._models, list(users.values()), is_named=True)
            case = await with_habits(session, self._models, case)
        self._turn = turn
        suspects = {suspect.id: suspect for suspect in case.suspects}
        for key, user in users.items():
            if user.tweet_count and turn is not None:
                self._suspects.put(key, suspects[user.id], (user.id, DERIVED), began=began)
        results: list[Case | Exception] = []
        for names in requested:
            try:
                chosen = [suspects[user.id] for user in choose(names, users)]
                check_words(chosen)
                results.append(replace(case, suspects=chosen))
            except AppError as error:
                results.append(error)
        return results
