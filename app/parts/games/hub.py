"""The live streams of games: each client has the newest document, and misses only older ones.

A stream sends documents with a number, the version. Whoever comes late or again gets the newest at
once. One task reads the games that are followed: when the log tells of one, when a question is
due, and twice a second for what is only counted.
"""

import asyncio
import logging
import math
from collections.abc import Sequence
from functools import partial
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from app.db.batch import Batch
from app.db.engine import Database
from app.db.feed import GAME_CHANGED, Change
from app.errors import AppError
from app.parts.games.channel import Channel, GameStream
from app.parts.games.documents import host_view, shared_view
from app.parts.games.ending import tell_if_due
from app.parts.games.presence import Presence
from app.parts.games.standings import Standings, players_of
from app.parts.games.states import GameState, read_states, unknown_game
from app.runtime.clock import now_ms
from app.services.access.rights import Right
from app.services.live_streams.stream import ClientStream
from app.services.live_streams.streaming import Clients, StreamHub

COUNT_S: Final = 0.5
"""Seconds between looks at what is only counted."""
MOST_GAMES: Final = 100
"""Games that are read together; many more than may be open."""
TIMEOUT_S: Final = 30
RETRY_S: Final = 1.0
"""Seconds until games are looked at again that could not be."""

logger = logging.getLogger(__name__)


class GameHub(StreamHub[GameStream]):
    """The games that this process's clients follow."""

    def __init__(self, db: Database, clients: Clients, standings: Standings) -> None:
        super().__init__(db, clients)
        self._standings = standings
        self._channels: dict[int, Channel] = {}
        self.presence = Presence(db)
        self._counted_s = -math.inf
        """When counts were read last, by the clock of the event loop."""
        self._has_changed = False
        """Whether the log told of a game since the last look."""
        self._has_failed = False
        """Whether the last look could not read some game, or not end its question."""
        self._look: Batch[int, None] = Batch(
            self._read, max_size=MOST_GAMES, max_waiting=MOST_GAMES, timeout_s=TIMEOUT_S
        )

    async def close(self) -> None:
        await self._look.close()
        await self.presence.close()

    def publish(self, changes: Sequence[Change]) -> None:
        """Note events of the feed for the clients."""
        if any(change.kind == GAME_CHANGED for change in changes):
            self._has_changed = True
            self._work.set()

    def reset(self, _newest: int) -> None:
        """Look at all games: the log no longer holds what was read of it."""
        self._has_changed = True
        self._work.set()

    async def open(
        self,
        game_id: int,
        *,
        player_id: int | None = None,
        right: Right | None = None,
        holder: Right | None = None,
    ) -> GameStream:
        """Return the documents of a game, for a player or its host, from the newest on.

        The stream is counted until it is closed. Raises NotFoundError, and UnavailableError if
        there are too many.
        """
        channel = self._channels.get(game_id) or Channel(game_id)
        if player_id is not None:
            holder = Right("player", player_id)
        stream = GameStream(self, channel, player_id, right, holder)
        self.add(stream)
        self._channels[game_id] = channel
        channel.streams[stream] = None
        if player_id is not None:
            self.presence.come(player_id)
        try:
            await self._look(game_id)
            if channel.state is None:
                raise unknown_game()
            if channel.state.is_asking and player_id is not None:
                # Else the answers of the others end the question before the next look.
                await self._note_presence()
        except BaseException:
            stream.close()
            raise
        self._work.set()
        return stream

    def drop(self, stream: ClientStream) -> None:
        if isinstance(stream, GameStream) and stream in self._streams:
            channel = stream.channel
            channel.streams.pop(stream, None)
            if not channel.streams:
                self._channels.pop(channel.game_id, None)
            if stream.player_id is not None:
                self.presence.leave(stream.player_id)
        super().drop(stream)

    def _first(self, stream: GameStream) -> bytes:
        return stream.take()

    async def _next(self, stream: GameStream) -> bytes:
        while not (self.is_ending or stream.is_over):
            if data := stream.take():
                return data
            await stream.wait()
        return b""

    def _pause_s(self, until_look_s: float) -> float:
        if self._has_failed:
            return RETRY_S
        pauses = [until_look_s]
        since_count_s = asyncio.get_running_loop().time() - self._counted_s
        time_ms = now_ms()
        for channel in self._channels.values():
            if channel.is_counted:
                pauses.append(COUNT_S - since_count_s)
            if channel.state is not None and channel.state.ends_ms is not None:
                pauses.append((channel.state.ends_ms - time_ms) / 1_000)
        return min(pauses)

    async def _send_news(self, *, is_beat: bool) -> None:
        """Send to all that wait the newest documents; wake those that do not take them."""
        time_s = asyncio.get_running_loop().time()
        is_count = time_s - self._counted_s >= COUNT_S
        if is_count:
            self._counted_s = time_s
        if is_count or self._has_changed:  # Whoever came before a question is waited for.
            await self._note_presence()
        await self._look_at(is_count=is_count)
        for channel in list(self._channels.values()):
            documents = {is_host: channel.document(is_host=is_host) for is_host in (True, False)}
            push = partial(GameStream.push_document, documents=documents)
            await self._push(channel.streams, push, is_beat=is_beat)

    async def _note_presence(self) -> None:
        try:
            await self.presence.store()
        except AppError as error:  # The database is away.
            logger.warning("who is there could not be stored: %s", error.detail)
        except Exception:
            logger.exception("who is there could not be stored; the next look tries again")

    async def _look_at(self, *, is_count: bool) -> None:
        """Read the games that have changed, that are due, or of which something is counted."""
        is_all, self._has_changed, self._has_failed = self._has_changed, False, False
        time_ms = now_ms()
        ids = [
            channel.game_id
            for channel in self._channels.values()
            if is_all
            or (is_count and channel.is_counted)
            or (channel.state is not None and channel.state.is_due(time_ms))
        ]
        if not ids:
            return
        for result in await asyncio.gather(*map(self._look, ids), return_exceptions=True):
            if isinstance(result, BaseException):
                self._has_changed = self._has_failed = True
                logger.warning("a game could not be read; the next look tries again: %s", result)

    async def _read(self, game_ids: Sequence[int]) -> list[None]:
        """Renew the channels of these games, and end the questions that are due."""
        due = await self._renew_all(game_ids)
        if due:
            async with self._db.write() as session:
                for game_id in due:
                    await tell_if_due(session, game_id, now_ms())
            await self._renew_all(due)
        return [None] * len(game_ids)

    async def _renew_all(self, game_ids: Sequence[int]) -> list[int]:
        """Read these games; return those whose question is due to end."""
        async with self._db.read() as session:
            states = await read_states(session, game_ids)
            for game_id in game_ids:
                if channel := self._channels.get(game_id):
                    await self._renew(session, channel, states.get(game_id))
        return [game_id for game_id, state in states.items() if state.is_due(now_ms())]

    async def _renew(
        self, session: AsyncSession, channel: Channel, state: GameState | None
    ) -> None:
        before, channel.state = channel.state, state
        if state is None:
            return
        is_other = (
            before is None
            or before.game.version != state.game.version
            or before.players != state.players
        )
        if is_other:
            channel.players = await players_of(session, state, channel.players)
        if any(stream.player_id is None for stream in channel.streams):
            channel.renew_host(host_view(state, await self._standings.read(session, state)))
        channel.renew_shared(shared_view(state, now_ms()))
