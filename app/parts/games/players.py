"""Requests of players: they join a game by its code, and answer its questions.

The first answer of each player to a question counts.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Final, NamedTuple

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import errors
from app.db.backend import allocate_ids, insert_rows, is_among
from app.lifespan import resources
from app.models.work import Game, GameAnswer, GamePlayer, GameQuestion, WrongCode
from app.parts.games import states
from app.parts.games.hosting import SECRET_PREFIX, next_secret, note_change, tell_if_all_answered
from app.security import digest, new_secret
from app.services.access.logins import network_of
from app.services.access.rights import INVALID
from saywho.clock import now, now_ms
from saywho.text import clean_title, username_key

MOST_POINTS: Final = 1_000
LEAST_POINTS: Final = 500
"""Points for a right answer at the end of the time."""
MOST_PLAYERS: Final = 5_000
LONGEST_NAME: Final = 40
LONGEST_SENT: Final = 1_000
MOST_WRONG: Final = 100
"""Wrong codes within `WINDOW`, after which a network has to wait."""
MOST_OF_NETWORK: Final = 1_000
"""Players of a game from one network, such as a school's."""
FREE_OF_NETWORK: Final = 300
"""Players of these who may join at the same time."""
MOST_A_MINUTE: Final = 60
"""Further players from a network within `WINDOW`."""
WINDOW: Final = timedelta(minutes=1)
_RETRY: Final = {"Retry-After": str(int(WINDOW.total_seconds()))}


class PlayerNames:
    """The names of a game's players, different in more than case."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._numbers: dict[str, Iterator[int]] = {}
        """Untried numbers by the key of the name before them."""

    def add(self, key: str) -> None:
        self._keys.add(key)

    def take(self, name: str) -> str:
        """Return the name, with the first free number if another player has it."""
        free, numbers = name, self._numbers.setdefault(username_key(name), count(2))
        while username_key(free) in self._keys:
            free = f"{name} {next(numbers)}"
        self._keys.add(username_key(free))
        return free


@dataclass(frozen=True, slots=True, eq=False)
class JoinRequest:
    code: str
    name: str
    address: str


class JoinedPlayer(NamedTuple):
    game: int
    secret: str
    """Secret that identifies the player; known to nobody else."""


def player_name(name: str) -> str:
    """Return a typed name as it is shown. Raises InvalidInputError."""
    clean = clean_title(name)
    if clean is None:
        raise errors.InvalidInputError("A name needs visible letters", loc="name")
    return clean[:LONGEST_NAME].rstrip()


async def join_all(
    session: AsyncSession, requests: Sequence[JoinRequest]
) -> list[JoinedPlayer | Exception]:
    codes = {request.code for request in requests}
    rows = await session.scalars(select(Game).where(is_among(session, Game.code, codes)))
    games = {game.code: game for game in rows}
    networks = {request.address: digest(network_of(request.address)) for request in requests}
    wrong = await _wrong_codes(session, networks.values())
    names = await _names(session, games.values(), requests)
    counts = await states.count_players(session, [game.id for game in games.values()])
    came, lately = await _players_by_network(session, games.values(), networks.values())
    outcomes: list[JoinedPlayer | Exception] = []
    players: list[dict[str, object]] = []
    ids = iter(await allocate_ids(session, GamePlayer, len(requests)))
    for request in requests:
        network, game = networks[request.address], games.get(request.code)
        if wrong[network] >= MOST_WRONG:
            outcomes.append(
                errors.TooManyError(
                    "Too many wrong codes came from your network; try again in a minute",
                    headers=_RETRY,
                )
            )
        elif game is None:
            wrong[network] += 1
            session.add(WrongCode(network=network, sent_at=now()))
            outcomes.append(errors.NotFoundError("No game has this code"))
        elif refusal := _refusal(
            game, counts[game.id], came[game.id, network], lately[game.id, network]
        ):
            outcomes.append(refusal)
        else:
            counts[game.id] += 1
            came[game.id, network] += 1
            lately[game.id, network] += 1
            joined, row = _new_player(game, request.name, next(ids), names[game.id])
            players.append(row | {"network": network.hex(), "joined_ms": now_ms()})
            outcomes.append(joined)
    await session.flush()
    await insert_rows(session, GamePlayer, players)
    return outcomes


def _refusal(
    game: Game, players: int, came: int, lately: int
) -> errors.ConflictError | errors.TooManyError | errors.UnavailableError | None:
    if game.state == "ended":
        return errors.ConflictError("This game has ended")
    if game.is_closed:
        return errors.ConflictError("The host has closed this game to new players")
    if players >= MOST_PLAYERS:
        return errors.UnavailableError("This game is full", retry_after_s=60)
    if came >= MOST_OF_NETWORK:
        return errors.TooManyError(
            "{most} players from your network are already in this game; no more can join",
            most=MOST_OF_NETWORK,
            headers=_RETRY,
        )
    if min(lately, came - FREE_OF_NETWORK) >= MOST_A_MINUTE:
        return errors.TooManyError(
            "Too many players have joined from your network; try again in a minute", headers=_RETRY
        )
    return None


def _new_player(
    game: Game, name: str, player_id: int, names: PlayerNames
) -> tuple[JoinedPlayer, dict[str, object]]:
    name = names.take(name)
    secret = new_secret(SECRET_PREFIX)
    row = {
        "id": player_id,
        "game_id": game.id,
        "name": name,
        "name_key": username_key(name),
        "sha256": digest(secret).hex(),
    }
    return JoinedPlayer(game.id, secret), row


async def _wrong_codes(session: AsyncSession, networks: Iterable[bytes]) -> Counter[bytes]:
    query = (
        select(WrongCode.network, func.count())
        .where(WrongCode.network.in_(set(networks)), WrongCode.sent_at > now() - WINDOW)
        .group_by(WrongCode.network)
    )
    return Counter(dict((await session.execute(query)).all()))


async def _players_by_network(
    session: AsyncSession, games: Collection[Game], networks: Iterable[bytes]
) -> tuple[Counter[tuple[int, bytes]], Counter[tuple[int, bytes]]]:
    time_ms = now_ms()
    is_late = GamePlayer.joined_ms.between(time_ms - WINDOW // timedelta(milliseconds=1), time_ms)
    query = (
        select(GamePlayer.game_id, GamePlayer.network, func.count())
        .add_columns(func.count().filter(is_late))
        .where(GamePlayer.game_id.in_([game.id for game in games]))
        .where(is_among(session, GamePlayer.network, {network.hex() for network in networks}))
        .group_by(GamePlayer.game_id, GamePlayer.network)
    )
    came, lately = Counter[tuple[int, bytes]](), Counter[tuple[int, bytes]]()
    for game_id, network, players, late_players in await session.execute(query):
        key = game_id, bytes.fromhex(network)
        came[key], lately[key] = players, late_players
    return came, lately


async def _names(
    session: AsyncSession, games: Collection[Game], requests: Sequence[JoinRequest]
) -> dict[int, PlayerNames]:
    names = {game.id: PlayerNames() for game in games}
    name_keys = {username_key(request.name) for request in requests}
    is_here = GamePlayer.game_id.in_(list(names))
    one = select(GamePlayer.id).where(is_here, is_among(session, GamePlayer.name_key, name_keys))
    if len(name_keys) == len(requests) and await session.scalar(one.limit(1)) is None:
        return names
    rows = await session.execute(select(GamePlayer.game_id, GamePlayer.name_key).where(is_here))
    for game_id, key in rows:
        names[game_id].add(key)
    return names


async def find_next_place(sha256: str) -> JoinedPlayer | None:
    """Return a player's place in the next game; None without one, or after its end."""
    secret = next_secret(resources().secret_keys[0], sha256)
    query = (
        select(GamePlayer.game_id)
        .join(Game, Game.id == GamePlayer.game_id)
        .where(GamePlayer.sha256 == digest(secret).hex(), Game.state != "ended")
    )
    async with resources().db.read() as session:
        game_id = await session.scalar(query)
    return None if game_id is None else JoinedPlayer(game_id, secret)


@dataclass(frozen=True, slots=True, eq=False)
class AnswerRequest:
    game_id: int
    sha256: str
    question: int
    username: str
    arrived_ms: int


class AnswerReceipt(Struct, frozen=True):
    question: int
    username: str
    ms: int
    """Milliseconds between the question and the answer's arrival."""


TakenAnswer = tuple[int, AnswerReceipt]
"""The status, which says whether the answer is new, and the player's answer that counts."""


async def answer_all(
    session: AsyncSession, requests: Sequence[AnswerRequest]
) -> list[TakenAnswer | Exception]:
    return await _Round(session).take(requests)


class _Round:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._states: dict[int, states.GameState] = {}
        self._questions: dict[tuple[int, int], GameQuestion] = {}
        self._players: dict[tuple[int, str], tuple[int, str]] = {}
        self._first: dict[tuple[int, int], AnswerReceipt] = {}
        self._new: list[dict[str, int]] = []

    async def take(self, requests: Sequence[AnswerRequest]) -> list[TakenAnswer | Exception]:
        await self._read(requests)
        outcomes = [self._outcome(request) for request in requests]
        await insert_rows(self._session, GameAnswer, self._new)
        for game_id in {row["game_id"] for row in self._new}:
            await self._follow(self._states[game_id])
        return outcomes

    async def _read(self, requests: Sequence[AnswerRequest]) -> None:
        session = self._session
        self._states = await states.read_states(
            session, {request.game_id for request in requests}, has_texts=False
        )
        self._players = await states.find_players(session, {request.sha256 for request in requests})
        numbers = {request.question for request in requests}
        question_query = select(GameQuestion).where(
            GameQuestion.game_id.in_(list(self._states)), GameQuestion.number.in_(numbers)
        )
        rows = await session.scalars(question_query)
        self._questions = {(question.game_id, question.number): question for question in rows}
        ids = [player_id for player_id, _ in self._players.values()]
        answers = select(GameAnswer).where(
            is_among(session, GameAnswer.player_id, ids), GameAnswer.number.in_(numbers)
        )
        for answer in await session.scalars(answers):
            if state := self._states.get(answer.game_id):
                username = state.usernames[answer.user_id]
                receipt = AnswerReceipt(answer.number, username, answer.ms)
                self._first[answer.player_id, answer.number] = receipt

    def _outcome(self, request: AnswerRequest) -> TakenAnswer | Exception:
        game_id = request.game_id
        player_id, _ = self._players.get((game_id, request.sha256), (0, ""))
        if not player_id:
            return unknown_player()
        state = self._states.get(game_id)
        if state is None:
            return states.unknown_game()
        options = {username_key(name): user_id for user_id, name in state.usernames.items()}
        user_id = options.get(username_key(request.username))
        if user_id is None:
            return errors.InvalidInputError("Choose an author", loc="username")
        username = state.usernames[user_id]
        if first := self._first.get((player_id, request.question)):
            return (200, first) if first.username == username else _chosen_already(first)
        question = self._questions.get((game_id, request.question))
        period = states.asked_of(state.game, question)
        if question is None or not period.takes(request.arrived_ms):
            return _not_now(state, request)
        ms = request.arrived_ms - period.asked_ms
        is_right = user_id == question.user_id
        self._new.append(
            {
                "player_id": player_id,
                "number": request.question,
                "game_id": game_id,
                "user_id": user_id,
                "ms": ms,
                "points": points_for(ms, state.game.seconds) if is_right else 0,
            }
        )
        receipt = AnswerReceipt(request.question, username, ms)
        self._first[player_id, request.question] = receipt
        return 201, receipt

    async def _follow(self, state: states.GameState) -> None:
        """End the question if all have answered; note the change if its answer was already shown:
        an answer that arrived in time counts.
        """
        rows = (row for row in self._new if row["game_id"] == state.game.id)
        if any(row["number"] <= state.told for row in rows):
            await note_change(self._session, state.game)
        await tell_if_all_answered(self._session, state.game, now_ms())


def points_for(ms: int, seconds: int) -> int:
    """Return the points for a right answer after `ms`, within the time of its question."""
    left_ms = seconds * 1_000 - ms
    return LEAST_POINTS + (MOST_POINTS - LEAST_POINTS) * left_ms // (seconds * 1_000)


def unknown_player() -> errors.UnauthorizedError:
    return errors.UnauthorizedError(
        "You are not in this game; join it with its code", headers=INVALID
    )


def _chosen_already(first: AnswerReceipt) -> errors.ConflictError:
    return errors.ConflictError(
        "You chose {username}",
        username=first.username,
        errors=[errors.FieldError("username", first.username)],
    )


def _not_now(state: states.GameState, request: AnswerRequest) -> errors.ConflictError:
    game = state.game
    if request.question == game.question and game.state != "waiting":
        return errors.ConflictError("Too late: this question is over", loc="question")
    if game.state == "waiting":
        return errors.ConflictError("The game has not begun", loc="question")
    if game.state == "ended":
        return errors.ConflictError("The game has ended", loc="question")
    return errors.ConflictError(
        "Question {question} is not the current question ({present})",
        question=request.question,
        present=game.question,
        loc="question",
    )
