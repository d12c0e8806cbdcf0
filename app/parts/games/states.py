"""The state of a game, read from its rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, cast

from msgspec.json import decode
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.people.names import HIDDEN, SHOWN_HIDDEN, ManyNames
from app.errors import NotFoundError
from app.models import Game, GameAnswer, GamePlayer, GameQuestion, Tweet, User
from app.services.compare.name_masking import hide, read_chat_names

State = Literal["waiting", "asking", "told", "ended"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The time in which a question takes answers, in milliseconds since 1970."""

    asked_ms: int
    ends_ms: int

    def takes(self, arrived_ms: int) -> bool:
        return self.asked_ms <= arrived_ms <= self.ends_ms


@dataclass(frozen=True, slots=True)
class GameState:
    game: Game
    present: GameQuestion | None
    """The question that is open, or whose answer was shown last."""
    cast: Sequence[User]
    masked_text: str | None
    """The present question's text with `HIDDEN` for names; None if deleted or unread."""
    players: int
    answers: int

    @property
    def state(self) -> State:
        return cast(State, self.game.state)

    @property
    def is_asking(self) -> bool:
        return self.game.state == "asking"

    @property
    def told(self) -> int:
        """The number of questions whose answer was shown, or that were skipped."""
        return self.game.question - self.is_asking

    @property
    def text(self) -> str | None:
        return None if self.masked_text is None else self.masked_text.replace(HIDDEN, SHOWN_HIDDEN)

    @property
    def ends_ms(self) -> int | None:
        return self.period.ends_ms if self.is_asking else None

    @property
    def period(self) -> Asked:
        return asked_of(self.game, self.present)

    @property
    def usernames(self) -> dict[int, str]:
        return {user.id: user.username for user in self.cast}

    def told_present(self) -> GameQuestion | None:
        """Return the present question if its author may be known."""
        return None if self.is_asking else self.present

    @property
    def truth(self) -> str | None:
        solved = self.told_present()
        return self.usernames[solved.user_id] if solved else None

    def is_due(self, time_ms: int) -> bool:
        return self.ends_ms is not None and self.ends_ms <= time_ms


def asked_of(game: Game, question: GameQuestion | None) -> Asked:
    """Return the time in which a question took answers, empty if never asked."""
    if question is None or question.asked_ms is None:
        return Asked(1, 0)
    ends_ms = question.asked_ms + game.seconds * 1_000
    return Asked(question.asked_ms, min(ends_ms, question.over_ms or ends_ms))


def unknown_game() -> NotFoundError:
    return NotFoundError("There is no such game")


async def get_state(session: AsyncSession, game_id: int) -> GameState:
    """Return the state of a game. Raises NotFoundError."""
    state = (await read_states(session, [game_id])).get(game_id)
    if state is None:
        raise unknown_game()
    return state


async def read_states(
    session: AsyncSession, ids: Collection[int], *, has_texts: bool = True
) -> dict[int, GameState]:
    """Return games by id, without those about a deleted author; has_texts: whether texts are read
    and masked, which judging needs not.
    """
    games = (await session.scalars(select(Game).where(Game.id.in_(ids)))).all()
    user_ids = {game.id: decode(game.user_ids, type=list[int]) for game in games}
    at_present = (
        select(GameQuestion)
        .join(Game, (Game.id == GameQuestion.game_id) & (Game.question == GameQuestion.number))
        .where(Game.id.in_(ids))
    )
    questions = {row.game_id: row for row in await session.scalars(at_present)}
    everybody = {*chain.from_iterable(user_ids.values())}
    query = select(User).where(User.id.in_(everybody), User.deleted_at.is_(None))
    users = {user.id: user for user in await session.scalars(query)}
    tweet_ids = {row.tweet_id for row in questions.values()} if has_texts else ()
    texts = select(Tweet.id, Tweet.text, Tweet.room_id).where(Tweet.id.in_(tweet_ids))
    posts = {row.id: row for row in await session.execute(texts)}
    chats = await read_chat_names(session, {post.room_id for post in posts.values()})
    players, answers = await _counts(session, ids)
    states: dict[int, GameState] = {}
    for game in games:
        if not users.keys() >= {*user_ids[game.id]}:
            continue
        present, people = questions.get(game.id), [users[id_] for id_ in user_ids[game.id]]
        post = posts.get(present.tweet_id) if present else None
        states[game.id] = GameState(
            game,
            present,
            people,
            await masked(post.text, people, chats.of(post.room_id)) if post else None,
            players.get(game.id, 0),
            answers.get(game.id, 0),
        )
    return states


async def masked(text: str, cast: Sequence[User], chat_names: ManyNames) -> str:
    """Return a post's text as a game shows it, with `HIDDEN` for names."""
    return (await hide(text, *cast, chat_names=chat_names)).masked


async def _counts(
    session: AsyncSession, ids: Collection[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return each game's players, and answers to its present question."""
    players = (
        select(GamePlayer.game_id, func.count())
        .where(GamePlayer.game_id.in_(ids))
        .group_by(GamePlayer.game_id)
    )
    answers = (
        select(GameAnswer.game_id, func.count())
        .join(Game, (Game.id == GameAnswer.game_id) & (Game.question == GameAnswer.number))
        .where(Game.id.in_(ids))
        .group_by(GameAnswer.game_id)
    )
    counted, answered = await session.execute(players), await session.execute(answers)
    return dict(counted.all()), dict(answered.all())
