"""Which players have a screen open, as far as this process knows; all processes store it."""

import math
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import is_among
from app.db.batch import Batch
from app.db.engine import Database
from app.models import Game, GamePlayer
from app.parts.games.ending import tell_if_all_answered
from app.runtime.clock import monotonic, now_ms

RENEW_S: Final = 10.0
"""Seconds after which the same is stored again, since a process may die."""
TIMEOUT_S: Final = 5
"""Seconds for which somebody who comes waits to be stored; the run goes on after that."""
_ALL: Final = 0
"""The one item of the batch: a run stores all that has come and left."""


class Presence:
    """The players whose screens are open here."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._open: Counter[int] = Counter()
        """Streams, by player."""
        self._come: set[int] = set()
        self._left: set[int] = set()
        self._stored_s = -math.inf
        """When all were stored, by a clock that is never set."""
        self._batch: Batch[int, None] = Batch(
            self._run, max_size=1, max_waiting=1, timeout_s=TIMEOUT_S
        )

    async def close(self) -> None:
        await self._batch.close()

    def come(self, player_id: int) -> None:
        """Note that a stream was opened."""
        self._open[player_id] += 1
        self.see(player_id)

    def see(self, player_id: int) -> None:
        """Note that a page was shown, which looks again by itself."""
        self._come.add(player_id)
        self._left.discard(player_id)

    def leave(self, player_id: int) -> None:
        """Note that a stream was closed."""
        self._open[player_id] -= 1
        if self._open[player_id] <= 0:
            del self._open[player_id]
            self._left.add(player_id)
            self._come.discard(player_id)

    async def store(self) -> None:
        """Store who has come and left; now and then all who are there.

        Who asks for it during a run, or together, shares one transaction. Raises UnavailableError.
        """
        await self._batch(_ALL)

    async def _run(self, _items: Sequence[int]) -> list[None]:
        await self._store(now_ms())
        return [None]

    async def _store(self, time_ms: int) -> None:
        started_s = monotonic()
        is_all = started_s - self._stored_s >= RENEW_S and bool(self._open)
        come = self._come | set(self._open) if is_all else self._come
        left = self._left
        if not come and not left:
            return
        self._come, self._left = set(), set()
        try:
            async with self._db.write() as session:
                for players, seen_ms in ((come, time_ms), (left, None)):
                    is_one = is_among(session, GamePlayer.id, players)
                    values = update(GamePlayer).where(is_one).values(seen_ms=seen_ms)
                    await session.execute(values, execution_options={"synchronize_session": False})
                if left:
                    await _end_where_all_answered(session, left, time_ms)
        except BaseException:
            self._come |= come - self._left
            self._left |= left - self._come
            raise
        if is_all:
            self._stored_s = started_s


async def _end_where_all_answered(
    session: AsyncSession, players: Collection[int], time_ms: int
) -> None:
    """End questions whose last players left without an answer."""
    of_players = select(GamePlayer.game_id).where(is_among(session, GamePlayer.id, players))
    query = select(Game).where(Game.state == "asking", Game.id.in_(of_players))
    for game in await session.scalars(query):
        await tell_if_all_answered(session, game, time_ms)
