"""The players of a game: their points, places and open screens."""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import NamedTuple

from sqlalchemy import case, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import is_among
from app.db.batch import Batch
from app.db.engine import Database
from app.models import Game, GameAnswer, GamePlayer, GameQuestion
from app.parts.games.hosting import tell_if_all_answered
from app.parts.games.rules import places
from app.parts.games.states import GameState
from app.runtime.clock import monotonic, now_ms


@dataclass(frozen=True, slots=True)
class Choice:
    user_id: int
    ms: int
    points: int


class Outcome(NamedTuple):
    right: int
    questions: int


@dataclass(frozen=True, slots=True)
class Standing:
    names: Mapping[int, str]
    """The players' names, in the order in which they joined."""
    totals: Mapping[int, int]
    places: Mapping[int, int]
    choices: Mapping[int, Choice]
    """The answers to the present question, once its answer was shown."""
    known: Mapping[int, int]
    """The questions that each player got right, as bits by number."""
    shown: Sequence[int]
    """The numbers of questions whose answer was shown, not skipped."""
    order: Sequence[int] = field(init=False, default=())

    def __post_init__(self) -> None:
        ranked = sorted(self.names, key=lambda player: (self.places[player], player))
        object.__setattr__(self, "order", tuple(ranked))

    def tally(self, usernames: Mapping[int, str]) -> dict[str, int]:
        counts = dict.fromkeys(usernames.values(), 0)
        for choice in self.choices.values():
            counts[usernames[choice.user_id]] += 1
        return counts

    def hits(self, player: int) -> list[bool]:
        known = self.known.get(player, 0)
        return [bool(known >> number & 1) for number in self.shown]

    def streak(self, player: int) -> int:
        """Return the number of newest questions in a row that are right."""
        return len([*takewhile(bool, reversed(self.hits(player)))])

    def outcome(self, player: int) -> Outcome:
        return Outcome(sum(self.hits(player)), len(self.shown))


async def read_standing(session: AsyncSession, state: GameState) -> Standing:
    """Return the standing, sums over answers, so that none counts twice."""
    game = state.game
    bit = case((GameAnswer.points > 0, literal(1).bitwise_lshift(GameAnswer.number)), else_=0)
    query = (
        select(GamePlayer.id, GamePlayer.name, func.coalesce(func.sum(GameAnswer.points), 0))
        .add_columns(func.coalesce(func.sum(bit), 0))
        .outerjoin(
            GameAnswer, (GameAnswer.player_id == GamePlayer.id) & (GameAnswer.number <= state.told)
        )
        .where(GamePlayer.game_id == game.id)
        .group_by(GamePlayer.id)
        .order_by(GamePlayer.id)
    )
    rows = (await session.execute(query)).all()
    totals = {player: int(total) for player, _, total, _ in rows}
    known = {player: int(bits) for player, *_, bits in rows}
    choices: dict[int, Choice] = {}
    if state.told_present():
        answers = select(GameAnswer.player_id, GameAnswer.user_id, GameAnswer.ms, GameAnswer.points)
        answers = answers.where(GameAnswer.game_id == game.id, GameAnswer.number == game.question)
        choices = {player: Choice(*fields) for player, *fields in await session.execute(answers)}
    names = {player: name for player, name, *_ in rows}
    is_shown = GameQuestion.game_id == game.id, GameQuestion.over_ms.is_not(None)
    numbers = select(GameQuestion.number).where(*is_shown).order_by(GameQuestion.number)
    shown = tuple(await session.scalars(numbers))
    return Standing(names, totals, places(totals), choices, known, shown)


class Standings:
    """The newest standing of each game: thousands of players ask for it."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[int, Standing]] = {}

    async def read(self, session: AsyncSession, state: GameState) -> Standing:
        """Return the standing that a session sees; answers change it together with the version."""
        game = state.game
        version, before = self._kept.get(game.id, (0, None))
        standing = None
        if before is not None and version == game.version:
            standing = await _with_newcomers(session, state, before)
        if standing is None:
            standing = await read_standing(session, state)
        if standing is not before:
            self._kept.pop(game.id, None)
            self._kept[game.id] = game.version, standing
            if len(self._kept) > 40:
                del self._kept[next(iter(self._kept))]
        return standing


async def _with_newcomers(
    session: AsyncSession, state: GameState, before: Standing
) -> Standing | None:
    """Return a standing with new players; None if others have left."""
    if len(before.names) == state.players:
        return before
    # Ids grow, and no id is given twice.
    is_new = GamePlayer.game_id == state.game.id, GamePlayer.id > max(before.names, default=0)
    query = select(GamePlayer.id, GamePlayer.name).where(*is_new).order_by(GamePlayer.id)
    new = dict((await session.execute(query)).all())
    if len(before.names) + len(new) != state.players:
        return None
    totals = {**before.totals, **dict.fromkeys(new, 0)}
    return replace(
        before,
        names={**before.names, **new},
        totals=totals,
        places=places(totals),
        known={**before.known, **dict.fromkeys(new, 0)},
    )


class Presence:
    """The players with open screens in this process; each process stores its own."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._open: Counter[int] = Counter()
        self._come: set[int] = set()
        self._left: set[int] = set()
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

    def leave(self, player_id: int) -> None:
        self._open[player_id] -= 1
        if self._open[player_id] <= 0:
            del self._open[player_id]
            self._left.add(player_id)
            self._come.discard(player_id)

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
        if not come and not left:
            return [None]
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
        return [None]


async def _end_where_all_answered(
    session: AsyncSession, players: Collection[int], time_ms: int
) -> None:
    of_players = select(GamePlayer.game_id).where(is_among(session, GamePlayer.id, players))
    query = select(Game).where(Game.state == "asking", Game.id.in_(of_players))
    for game in await session.scalars(query):
        await tell_if_all_answered(session, game, time_ms)
