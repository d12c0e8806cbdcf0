"""The games of a process: players join, answer and look, and clients are sent the newest document,
and misses only older documents.

Requests that arrive together share a transaction; each read begins after its request. One task
reads the followed games: when the log names one, when a question is due, and twice a second for
counts.
"""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence, Set
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple, cast

from msgspec import structs
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import UNTRACKED, is_among
from app.db.batch import Batch, Item, Result
from app.db.engine import Database
from app.db.feed import Change
from app.errors import AppError
from app.lifespan import Resources, resources, running
from app.models.work import Game, GameAnswer, GamePlayer
from app.parts.games import documents, players, states
from app.parts.games.hosting import THERE_MS, tell_if_all_answered, tell_if_due
from app.runtime.encoding import encoded
from app.services.access.rights import Right
from app.services.event_log import GAME_CHANGED
from app.services.live_streams.streaming import HEARTBEAT, Clients, ClientStream, StreamHub
from saywho.clock import monotonic, now_ms

COUNT_S: Final = 0.5
GONE: Final = b"event: gone\ndata: {}\n\n"


logger = logging.getLogger(__name__)


class Presence:
    """The players with open screens in this process; each process stores its own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._open: Counter[int] = Counter()
        self._come: set[int] = set()
        self._left: set[int] = set()
        """Players whose last screen has closed since the last run."""
        self._awaited: dict[int, int] = {}
        """When each player without a screen is no longer awaited, in ms since 1970."""
        self._stored_s = -math.inf
        # Each run stores all players who have come and left, so it has one item.
        self._batch: Batch[int, None] = Batch(self._store, max_size=1, max_waiting=1, timeout_s=5)

    async def close(self) -> None:
        await self._batch.close()

    def come(self, player_id: int) -> None:
        self._open[player_id] += 1
        self.see(player_id)

    def see(self, player_id: int) -> None:
        self._come.add(player_id)
        self._left.discard(player_id)
        self._awaited.pop(player_id, None)

    def leave(self, player_id: int) -> None:
        self._open[player_id] -= 1
        if self._open[player_id] <= 0:
            del self._open[player_id]
            self._left.add(player_id)
            self._come.discard(player_id)

    @property
    def is_awaiting(self) -> bool:
        """Whether players may come back to a screen that has closed."""
        return bool(self._left or self._awaited)

    async def store(self) -> None:
        """Store who has come and left; every 10 s all who are there.

        Calls during a run share the next transaction. Raises UnavailableError after 5 s; the run
        continues.
        """
        await self._batch(0)

    async def _store(self, _items: Sequence[int]) -> list[None]:
        time_ms, started_s = now_ms(), monotonic()
        # All are stored again now and then, since a process may die without a word.
        is_all = started_s - self._stored_s >= 10 and bool(self._open)
        come = self._come | set(self._open) if is_all else self._come
        left = self._left
        gone = {player for player, end_ms in self._awaited.items() if end_ms <= time_ms}
        if not come and not left and not gone:
            return [None]
        self._come, self._left = set(), set()
        try:
            async with self._db.write() as session:
                if seen := come | left:
                    is_one = is_among(session, GamePlayer.id, seen)
                    values = update(GamePlayer).where(is_one).values(seen_ms=time_ms)
                    await session.execute(values, execution_options=UNTRACKED)
                if gone:
                    await _end_where_all_answered(session, gone, time_ms)
        except BaseException:
            self._come |= come - self._left
            self._left |= left - self._come
            raise
        for player in gone:
            self._awaited.pop(player, None)
        # A reload, a locked phone and a lost connection close a screen for a while.
        self._awaited |= dict.fromkeys(left - self._open.keys(), time_ms + THERE_MS)
        if is_all:
            self._stored_s = started_s
        return [None]


async def _end_where_all_answered(
    session: AsyncSession, ids: Collection[int], time_ms: int
) -> None:
    of_players = select(GamePlayer.game_id).where(is_among(session, GamePlayer.id, ids))
    query = select(Game).where(Game.state == "asking", Game.id.in_(of_players))
    for game in await session.scalars(query):
        await tell_if_all_answered(session, game, time_ms)


class GameEvent(NamedTuple):
    """A document as sent, with its number among documents of its kind."""

    number: int
    data: bytes


@dataclass(slots=True, eq=False)
class Document:
    view: documents.GameView | documents.SharedView | None = None
    number: int = 0

    def renew(self, view: documents.GameView | documents.SharedView) -> None:
        if view != self.view:
            self.view, self.number = view, self.number + 1

    def event(self) -> GameEvent:
        """Return the document with the present time; no bytes before the first document."""
        view = self.view
        if view is None:
            return GameEvent(0, b"")
        if isinstance(view, documents.SharedView):
            view = structs.replace(view, now=documents.moment(now_ms()))
        data = b"id: %d\nevent: game\ndata: %s\n\n" % (view.version, encoded(view))
        return GameEvent(self.number, data)


@dataclass(slots=True)
class Channel:
    game_id: int
    state: states.GameState | None = None
    """None before the first reading, and after deletion."""
    host: Document = field(default_factory=Document)
    shared: Document = field(default_factory=Document)
    players: Set[int] = frozenset()
    streams: dict["GameStream", None] = field(default_factory=dict)

    @property
    def is_counted(self) -> bool:
        return self.state is not None and self.state.state in {"waiting", "asking"}


class GameStream(ClientStream):
    __slots__ = ("channel", "document", "player_id", "sent")

    def __init__(
        self,
        hub: "GameHub",
        channel: Channel,
        player_id: int | None,
        right: Right | None,
        holder: Right | None,
    ) -> None:
        super().__init__(hub, right, holder)
        self.channel = channel
        self.player_id = player_id
        self.document = channel.host if player_id is None else channel.shared
        self.sent = 0

    @property
    def is_out(self) -> bool:
        player, channel = self.player_id, self.channel
        return channel.state is None or not (player is None or player in channel.players)

    def take(self) -> bytes:
        if self.is_out:
            self.end()
            return GONE
        if self.sent < self.document.number:
            self.sent, data = self.document.event()
            self.is_due = False
            return data
        if self.is_due:
            self.is_due = False
            return HEARTBEAT
        return b""

    def push_document(self, events: Mapping[Document, GameEvent]) -> None:
        """Send the newest document if that needs no wait, otherwise wake the stream."""
        number, data = events[self.document]
        is_new = self.sent < number
        if is_new and not self.is_out and self.push(data):
            self.sent, self.is_due = number, False
        elif is_new or self.is_out or self.is_due:
            self.wake()


class GameHub(StreamHub[GameStream]):
    def __init__(self, db: Database, clients: Clients, standings: states.Standings) -> None:
        super().__init__(db, clients)
        self._standings = standings
        self._channels: dict[int, Channel] = {}
        self.presence = Presence(db)
        self._counted_s = -math.inf
        self._has_changed = False
        self._has_failed = False
        """Whether the last look failed to read a game or end its question."""
        # Many more games than may be open are read together.
        self._look: Batch[int, None] = Batch(
            self._read, max_size=100, max_waiting=100, timeout_s=30
        )

    async def close(self) -> None:
        await self._look.close()
        await self.presence.close()

    def publish(self, changes: Sequence[Change]) -> None:
        if any(change.kind == GAME_CHANGED for change in changes):
            self._has_changed = True
            self._work.set()

    def reset(self, _newest: int) -> None:
        """Look at all games: the log lacks the events since the last look."""
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
        """Return a stream for a player or host from the newest document on, counted until it is
        closed.

        Raises NotFoundError, and UnavailableError for too many streams.
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
                raise states.unknown_game()
            if player_id is not None:
                await self.note_presence()
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
            return 1.0
        pauses = [until_look_s]
        since_count_s = asyncio.get_running_loop().time() - self._counted_s
        if self.presence.is_awaiting:
            pauses.append(COUNT_S - since_count_s)
        time_ms = now_ms()
        for channel in self._channels.values():
            if channel.is_counted:
                pauses.append(COUNT_S - since_count_s)
            if channel.state is not None and channel.state.ends_ms is not None:
                pauses.append((channel.state.ends_ms - time_ms) / 1_000)
        return min(pauses)

    async def _send_news(self, *, is_beat: bool) -> None:
        time_s = asyncio.get_running_loop().time()
        is_count = time_s - self._counted_s >= COUNT_S
        if is_count:
            self._counted_s = time_s
            await self.note_presence()
        await self._look_at(is_count=is_count)
        for channel in list(self._channels.values()):
            # An event keeps its number: a stream that opens may renew the document meanwhile.
            events = {document: document.event() for document in (channel.host, channel.shared)}
            push = partial(GameStream.push_document, events=events)
            await self._push(channel.streams, push, is_beat=is_beat)

    async def note_presence(self) -> None:
        """Store who is there, if the database can.

        Before a screen is shown: a question may begin, and the other players answer it, in any
        process and before this one looks again.
        """
        try:
            await self.presence.store()
        except AppError as error:  # The database is away.
            logger.warning("who is there could not be stored: %s", error.detail)
        except Exception:
            logger.exception("who is there could not be stored; the next look tries again")

    async def _look_at(self, *, is_count: bool) -> None:
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
        due = await self._renew_all(game_ids)
        if due:
            async with self._db.write() as session:
                for game_id in due:
                    await tell_if_due(session, game_id, now_ms())
            await self._renew_all(due)
        return [None] * len(game_ids)

    async def _renew_all(self, game_ids: Sequence[int]) -> list[int]:
        async with self._db.read() as session:
            found = await states.read_states(session, game_ids)
            for game_id in game_ids:
                if channel := self._channels.get(game_id):
                    await self._renew(session, channel, found.get(game_id))
        return [game_id for game_id, state in found.items() if state.is_due(now_ms())]

    async def _renew(
        self, session: AsyncSession, channel: Channel, state: states.GameState | None
    ) -> None:
        channel.state = state
        if state is not None:
            standing = await self._standings.read(session, state)
            channel.players = standing.names.keys()
            channel.host.renew(documents.host_view(state, standing))
            channel.shared.renew(documents.shared_view(state, standing, 0))


GAMES: Final = "/games"
PLAY: Final = "/play"
"""Paths of the pages of hosts and players, and of operations below `API`."""


class PlayerKey(NamedTuple):
    game_id: int
    sha256: str


class Screen(NamedTuple):
    player_id: int
    name: str
    view: documents.PlayerView
    state: states.GameState
    standing: states.Standing


class Games:
    def __init__(self, db: Database, clients: Clients) -> None:
        self._db = db
        self._standings = states.Standings()
        self.hub = GameHub(db, clients, self._standings)
        self.join: Batch[players.JoinRequest, players.JoinedPlayer] = _batch(
            db.write, players.join_all
        )
        """Add a player. Raises NotFoundError, ConflictError, TooManyError, UnavailableError."""
        self.answer: Batch[players.AnswerRequest, players.TakenAnswer] = _batch(
            db.write, players.answer_all
        )
        """Store an answer. Raises UnauthorizedError, NotFoundError, ConflictError,
        InvalidInputError."""
        self.find_player: Batch[PlayerKey, int] = _batch(db.read, _find_players)
        """Return a player's id. Raises UnauthorizedError."""
        self._screen: Batch[PlayerKey, Screen] = _batch(db.read, self._read_screens)

    async def close(self) -> None:
        for batched in (self.join, self.answer, self.find_player, self._screen, self.hub):
            await batched.close()

    async def read(self, game_id: int) -> tuple[states.GameState, states.Standing]:
        """Return a game as it is now. Raises NotFoundError."""
        state, standing = await self._read(game_id)
        if state.is_due(now_ms()):
            await self._end_question(game_id)
            state, standing = await self._read(game_id)
        return state, standing

    async def _read(self, game_id: int) -> tuple[states.GameState, states.Standing]:
        async with self._db.read() as session:
            state = await states.get_state(session, game_id)
            return state, await self._standings.read(session, state)

    async def _end_question(self, game_id: int) -> None:
        """End a question whose time is over, even if no client follows the game."""
        async with self._db.write() as session:
            await tell_if_due(session, game_id, now_ms())

    async def screen(self, key: PlayerKey) -> Screen:
        """Return a player's screen. Raises UnauthorizedError, NotFoundError."""
        screen = await self._screen(key)
        if screen.state.is_due(now_ms()):
            await self._end_question(key.game_id)
            screen = await self._screen(key)
        return screen

    async def _read_screens(
        self, session: AsyncSession, keys: Sequence[PlayerKey]
    ) -> list[Screen | Exception]:
        known = await states.find_players(session, {key.sha256 for key in keys})
        found = await states.read_states(session, {key.game_id for key in keys})
        chosen = await _chosen(session, [player_id for player_id, _ in known.values()])
        standings = {
            game_id: await self._standings.read(session, state) for game_id, state in found.items()
        }
        screens: list[Screen | Exception] = []
        for key in keys:
            player, state = known.get(key), found.get(key.game_id)
            if player is None:
                screens.append(players.unknown_player())
            elif state is None:
                screens.append(states.unknown_game())
            else:
                standing, choice = standings[key.game_id], chosen.get(player[0])
                view = documents.player_view(state, standing, player[0], choice, now_ms())
                screens.append(Screen(*player, view, state, standing))
        return screens


def _batch(
    opened: Callable[[], AbstractAsyncContextManager[AsyncSession]],
    run: Callable[[AsyncSession, Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
) -> Batch[Item, Result]:
    async def run_all(items: Sequence[Item]) -> Sequence[Result | Exception]:
        async with opened() as session:
            return await run(session, items)

    return Batch(run_all, max_size=500, max_waiting=10_000, timeout_s=30)


async def _find_players(session: AsyncSession, keys: Sequence[PlayerKey]) -> list[int | Exception]:
    known = await states.find_players(session, {key.sha256 for key in keys})
    return [known[key][0] if key in known else players.unknown_player() for key in keys]


async def _chosen(session: AsyncSession, player_ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(GameAnswer.player_id, GameAnswer.user_id)
        .join(Game, (Game.id == GameAnswer.game_id) & (Game.question == GameAnswer.number))
        .where(is_among(session, GameAnswer.player_id, player_ids), Game.state == "asking")
    )
    return dict((await session.execute(query)).all())


async def list_games(session: AsyncSession) -> list[states.GameState]:
    ids = (await session.scalars(select(Game.id).order_by(Game.id.desc()))).all()
    found = await states.read_states(session, ids, has_texts=False)
    return [found[game_id] for game_id in ids if game_id in found]


@asynccontextmanager
async def open_games(here: Resources) -> AsyncIterator[Games]:
    """Open the games of a process, which follow the log until closed."""
    games = Games(here.db, here.clients)
    here.feed.subscribe(games.hub.publish)
    here.feed.on_reset(games.hub.reset)
    here.ends.append(games.hub.end)
    try:
        async with running(games.hub.run()):
            yield games
    finally:
        games.hub.end()
        await games.close()


def games() -> Games:
    return cast(Games, resources().of_parts["games"])
