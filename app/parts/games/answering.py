"""Answers of players: the first answer of each to a question counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import insert_rows, is_among
from app.errors import ConflictError, FieldError, InvalidInputError, UnauthorizedError
from app.models import GameAnswer, GamePlayer, GameQuestion
from app.parts.games.hosting import note_change, tell_if_all_answered
from app.parts.games.rules import points_for
from app.parts.games.states import GameState, asked_of, read_states, unknown_game
from app.runtime.clock import now_ms
from app.services.access.rights import INVALID


@dataclass(frozen=True, slots=True, eq=False)
class AnswerRequest:
    game_id: int
    sha256: str
    question: int
    username: str
    arrived_ms: int


@dataclass(frozen=True, slots=True)
class TakenAnswer:
    """The player's answer that counts; its status says whether it is new."""

    status: int
    question: int
    username: str
    ms: int


async def answer_all(
    session: AsyncSession, requests: Sequence[AnswerRequest]
) -> list[TakenAnswer | Exception]:
    return await _Round(session).take(requests)


class _Round:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._states: dict[int, GameState] = {}
        self._questions: dict[tuple[int, int], GameQuestion] = {}
        self._players: dict[str, tuple[int, int]] = {}
        self._first: dict[tuple[int, int], TakenAnswer] = {}
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
        self._states = await read_states(
            session, {request.game_id for request in requests}, has_texts=False
        )
        hashes = {request.sha256 for request in requests}
        query = select(GamePlayer.sha256, GamePlayer.id, GamePlayer.game_id)
        query = query.where(is_among(session, GamePlayer.sha256, hashes))
        self._players = {sha256: (id_, game) for sha256, id_, game in await session.execute(query)}
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
                receipt = TakenAnswer(200, answer.number, username, answer.ms)
                self._first[answer.player_id, answer.number] = receipt

    def _outcome(self, request: AnswerRequest) -> TakenAnswer | Exception:
        player_id, game_id = self._players.get(request.sha256, (0, 0))
        if game_id != request.game_id:
            return unknown_player()
        state = self._states.get(game_id)
        if state is None:
            return unknown_game()
        options = {username_key(name): user_id for user_id, name in state.usernames.items()}
        user_id = options.get(username_key(request.username))
        if user_id is None:
            return InvalidInputError("Choose an author", loc="username")
        username = state.usernames[user_id]
        if first := self._first.get((player_id, request.question)):
            return first if first.username == username else _chosen_already(first)
        question = self._questions.get((game_id, request.question))
        period = asked_of(state.game, question)
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
        self._first[player_id, request.question] = TakenAnswer(200, request.question, username, ms)
        return TakenAnswer(201, request.question, username, ms)

    async def _follow(self, state: GameState) -> None:
        """End the question if all have answered; note the change if its answer was already shown:
        an answer that arrived in time counts.
        """
        rows = (row for row in self._new if row["game_id"] == state.game.id)
        if any(row["number"] <= state.told for row in rows):
            await note_change(self._session, state.game)
        await tell_if_all_answered(self._session, state.game, now_ms())


def unknown_player() -> UnauthorizedError:
    return UnauthorizedError("You are not in this game; join it with its code", headers=INVALID)


def _chosen_already(first: TakenAnswer) -> ConflictError:
    return ConflictError(
        "You have chosen {username}",
        username=first.username,
        errors=[FieldError("username", first.username)],
    )


def _not_now(state: GameState, request: AnswerRequest) -> ConflictError:
    game = state.game
    if request.question == game.question and game.state != "waiting":
        return ConflictError("Too late: this question is over", loc="question")
    if game.state == "waiting":
        return ConflictError("The game has not begun", loc="question")
    if game.state == "ended":
        return ConflictError("The game has ended", loc="question")
    return ConflictError(
        "Question {question} is not the current question ({present})",
        question=request.question,
        present=game.question,
        loc="question",
    )
