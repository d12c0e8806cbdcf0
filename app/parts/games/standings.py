"""The standing of a game: its players, their points and places; newcomers are read alone."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.models import Game, GameAnswer, GamePlayer, GameQuestion
from app.parts.games.rules import places
from app.parts.games.states import GameState


@dataclass(frozen=True, slots=True)
class Choice:
    """A player's answer to a question."""

    user_id: int
    ms: int
    points: int


class Outcome(NamedTuple):
    """Number of right answers of a player, and number of questions whose answer was shown."""

    right: int
    questions: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Who has how many points, of the questions that were told."""

    names: Mapping[int, str]
    """By player, in the order in which they came."""
    totals: Mapping[int, int]
    places: Mapping[int, int]
    choices: Mapping[int, Choice]
    """The answers to the present question, once it was told."""
    known: Mapping[int, int]
    """By player, the questions that they got right: bits, by the questions' numbers."""
    shown: Sequence[int]
    """The numbers of the questions whose answer was shown, without skipped ones."""
    order: Sequence[int] = field(init=False, default=())
    """The players, the best first."""

    def __post_init__(self) -> None:
        ranked = sorted(self.names, key=lambda player: (self.places[player], player))
        object.__setattr__(self, "order", tuple(ranked))

    def tally(self, usernames: Mapping[int, str]) -> dict[str, int]:
        """Return how many chose whom."""
        counts = dict.fromkeys(usernames.values(), 0)
        for choice in self.choices.values():
            counts[usernames[choice.user_id]] += 1
        return counts

    def hits(self, player: int) -> list[bool]:
        """Return for each question whose answer was shown whether a player got it right."""
        known = self.known.get(player, 0)
        return [bool(known >> number & 1) for number in self.shown]

    def streak(self, player: int) -> int:
        """Return how many of the newest questions in a row a player got right."""
        return len([*takewhile(bool, reversed(self.hits(player)))])

    def outcome(self, player: int) -> Outcome:
        return Outcome(sum(self.hits(player)), len(self.shown))


async def read_standing(session: AsyncSession, state: GameState) -> Standing:
    """Return the standing: sums over the answers, so that none counts twice."""
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
    """The newest standing of each game that a process knows: thousands of players ask for it."""

    MOST: Final = 40

    def __init__(self) -> None:
        self._kept: dict[int, tuple[int, Standing]] = {}
        """With the version of the game, by its id."""

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
            self._keep(game, standing)
        return standing

    def _keep(self, game: Game, standing: Standing) -> None:
        self._kept.pop(game.id, None)
        self._kept[game.id] = game.version, standing
        while len(self._kept) > self.MOST:
            del self._kept[next(iter(self._kept))]


async def _with_newcomers(
    session: AsyncSession, state: GameState, before: Standing
) -> Standing | None:
    """Return a standing with those who have joined since, who have no points; None where others
    are missing."""
    if len(before.names) == state.players:
        return before
    rows = await session.execute(_later(state, before.names.keys(), GamePlayer.id, GamePlayer.name))
    new = dict(rows.all())
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


async def players_of(session: AsyncSession, state: GameState, known_players: Set[int]) -> Set[int]:
    """Return the players of a game; those who were known are read again only if some have left.

    Ids grow, and none is given twice.
    """
    players = known_players | {*await session.scalars(_later(state, known_players, GamePlayer.id))}
    if len(players) == state.players:
        return players
    everybody = select(GamePlayer.id).where(GamePlayer.game_id == state.game.id)
    return frozenset(await session.scalars(everybody))


def _later(
    state: GameState, known_players: Set[int], *columns: InstrumentedAttribute[Any]
) -> Select[Any]:
    """Return the query for the players who have come after those that are known."""
    is_later = GamePlayer.id > max(known_players, default=0)
    of_game = select(*columns).where(GamePlayer.game_id == state.game.id, is_later)
    return of_game.order_by(GamePlayer.id)
