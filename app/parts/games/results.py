"""The results of a game: questions, players compared with saywho, answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Integer, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import GameAnswer, GameQuestion, Tweet
from app.parts.games.players import Standing
from app.parts.games.states import GameState, masked
from app.services.compare.guessing import read_chat_names


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    number: int
    masked_text: str | None
    """None if the post was deleted."""
    username: str
    is_model_right: bool
    answers: int
    right: int

    @property
    def share(self) -> float:
        return self.right / self.answers if self.answers else 0.0


class RightShares(NamedTuple):
    players: float
    model: float
    chance: float


async def read_questions(session: AsyncSession, state: GameState) -> list[AskedQuestion]:
    """Return the questions whose answer was shown, in order."""
    game, usernames = state.game, state.usernames
    is_right = GameAnswer.user_id == GameQuestion.user_id
    counted = (
        select(GameQuestion, Tweet.text, Tweet.room_id, func.count(GameAnswer.player_id))
        .add_columns(func.coalesce(func.sum(case((is_right, 1), else_=0)), 0).cast(Integer))
        .outerjoin(Tweet, Tweet.id == GameQuestion.tweet_id)
        .outerjoin(
            GameAnswer,
            (GameAnswer.game_id == GameQuestion.game_id)
            & (GameAnswer.number == GameQuestion.number),
        )
        .where(GameQuestion.game_id == game.id, GameQuestion.over_ms.is_not(None))
        .group_by(GameQuestion.game_id, GameQuestion.number, Tweet.id)
        .order_by(GameQuestion.number)
    )
    rows = (await session.execute(counted)).all()
    chats = await read_chat_names(session, {row.room_id for row in rows})
    return [
        AskedQuestion(
            number=question.number,
            masked_text=None if text is None else await masked(text, state.cast, chats.of(room_id)),
            username=usernames[question.user_id],
            is_model_right=question.model_user_id == question.user_id,
            answers=answers,
            right=right,
        )
        for question, text, room_id, answers, right in rows
    ]


async def read_model_hits(session: AsyncSession, state: GameState) -> list[bool]:
    is_shown = GameQuestion.game_id == state.game.id, GameQuestion.over_ms.is_not(None)
    query = select(GameQuestion.model_user_id == GameQuestion.user_id).where(*is_shown)
    return [bool(hit) for hit in await session.scalars(query.order_by(GameQuestion.number))]


def compared(state: GameState, questions: Sequence[AskedQuestion]) -> RightShares | None:
    """Return the shares of right answers; None without answers."""
    answers = sum(question.answers for question in questions)
    if not answers:
        return None
    right = sum(question.right for question in questions)
    model = sum(question.is_model_right for question in questions)
    return RightShares(right / answers, model / len(questions), 1 / len(state.cast))


def that_fooled_most(questions: Sequence[AskedQuestion]) -> list[AskedQuestion]:
    """Return the three questions that fewest players got right."""
    fooling = [question for question in questions if question.right < question.answers]
    return sorted(fooling, key=lambda question: (question.share, question.number))[:3]


async def result_rows(
    session: AsyncSession, state: GameState, standing: Standing
) -> list[list[str | int]]:
    """Return a table with a header and a row for each player, the best first.

    A question has three columns: the chosen author, whether right (1 or 0), and milliseconds.
    """
    questions = await read_questions(session, state)
    answers = select(GameAnswer).where(GameAnswer.game_id == state.game.id)
    answered = {
        (answer.player_id, answer.number): answer for answer in await session.scalars(answers)
    }
    header: list[str | int] = ["place", "name", "points"]
    for question in questions:
        name = f"question_{question.number}"
        header += [name, f"{name}_right", f"{name}_ms"]
    rows = [header]
    for player in standing.order:
        row: list[str | int] = [
            standing.places[player],
            standing.names[player],
            standing.totals[player],
        ]
        for question in questions:
            if answer := answered.get((player, question.number)):
                chosen = state.usernames[answer.user_id]
                row += [chosen, int(chosen == question.username), answer.ms]
            else:
                row += ["", "", ""]
        rows.append(row)
    return rows
