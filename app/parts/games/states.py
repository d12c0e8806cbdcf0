"""The state of a game, read from its rows; points and places, and the results next to saywho's."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, takewhile
from typing import Literal, NamedTuple, cast

from msgspec.json import decode
from sqlalchemy import Integer, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import is_among
from app.db.result_cache import LruStore
from app.errors import NotFoundError
from app.models import Tweet, User
from app.models.work import Game, GameAnswer, GamePlayer, GameQuestion
from app.services.compare.name_masking import Masker, read_chat_names
from app.services.compare.quiz_questions import writers_in
from saywho.people.names import HIDDEN, SHOWN_HIDDEN, ManyNames
from saywho.text import shown_piece

State = Literal["waiting", "asking", "told", "ended"]


@dataclass(frozen=True, slots=True)
class AnswerPeriod:
    """The time when a question takes answers, in milliseconds since 1970."""

    asked_ms: int
    ends_ms: int

    def takes(self, arrived_ms: int) -> bool:
        return self.asked_ms <= arrived_ms <= self.ends_ms


@dataclass(frozen=True, slots=True)
class GameState:
    game: Game
    present: GameQuestion | None
    """The open question, or the question with the newest shown answer."""
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
        """The number of questions with shown answers, or that were skipped."""
        return self.game.question - self.is_asking

    @property
    def text(self) -> str | None:
        return None if self.masked_text is None else self.masked_text.replace(HIDDEN, SHOWN_HIDDEN)

    @property
    def ends_ms(self) -> int | None:
        return self.period.ends_ms if self.is_asking else None

    @property
    def period(self) -> AnswerPeriod:
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


def asked_of(game: Game, question: GameQuestion | None) -> AnswerPeriod:
    """Return the time when a question took answers, empty if never asked."""
    if question is None or question.asked_ms is None:
        return AnswerPeriod(1, 0)
    ends_ms = question.asked_ms + game.seconds * 1_000
    return AnswerPeriod(question.asked_ms, min(ends_ms, question.over_ms or ends_ms))


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
    """Return games by id, without games about a deleted author; has_texts: whether texts are read
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
    players, answers = await count_players(session, ids), await _count_answers(session, ids)
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
            await masked(shown_piece(post.text, post.id), people, chats.get(post.room_id))
            if post
            else None,
            players[game.id],
            answers[game.id],
        )
    return states


async def masked(text: str, cast: Sequence[User], chat_names: ManyNames | None) -> str:
    """Return a post's text as a game shows it, with `HIDDEN` for names."""
    return (await Masker("clues", chat_names, cast).hide(text)).masked


async def count_players(session: AsyncSession, ids: Collection[int]) -> Counter[int]:
    query = (
        select(GamePlayer.game_id, func.count())
        .where(GamePlayer.game_id.in_(ids))
        .group_by(GamePlayer.game_id)
    )
    return Counter(dict((await session.execute(query)).all()))


async def find_players(
    session: AsyncSession, hashes: Collection[str]
) -> dict[tuple[int, str], tuple[int, str]]:
    """Return id and name of the players by game and hash of their secret."""
    query = select(GamePlayer.game_id, GamePlayer.sha256, GamePlayer.id, GamePlayer.name)
    rows = await session.execute(query.where(is_among(session, GamePlayer.sha256, hashes)))
    return {(game_id, sha256): (id_, name) for game_id, sha256, id_, name in rows}


async def _count_answers(session: AsyncSession, ids: Collection[int]) -> Counter[int]:
    query = (
        select(GameAnswer.game_id, func.count())
        .join(Game, (Game.id == GameAnswer.game_id) & (Game.question == GameAnswer.number))
        .where(Game.id.in_(ids))
        .group_by(GameAnswer.game_id)
    )
    return Counter(dict((await session.execute(query)).all()))


def places(totals: Mapping[int, int]) -> dict[int, int]:
    """Return each player's place, the most points first; equal points share a place."""
    by_points: dict[int, int] = {}
    for place, total in enumerate(sorted(totals.values(), reverse=True), start=1):
        by_points.setdefault(total, place)
    return {player: by_points[total] for player, total in totals.items()}


@dataclass(frozen=True, slots=True)
class Choice:
    user_id: int
    points: int


class Outcome(NamedTuple):
    right: int
    questions: int


@dataclass(frozen=True, slots=True)
class Standing:
    names: Mapping[int, str]
    """The players' names, in the order of joining."""
    totals: Mapping[int, int]
    places: Mapping[int, int]
    choices: Mapping[int, Choice]
    """The answers to the present question, once its answer was shown."""
    known: Mapping[int, int]
    """The questions that each player got right, as bits by number."""
    shown: Mapping[int, bool]
    """The numbers of questions with a shown answer, not skipped, and whether saywho was right."""
    offered: Collection[int]
    """The authors to choose from, by ID: those who write the language of the present post."""
    order: Sequence[int] = field(init=False, default=())

    def __post_init__(self) -> None:
        ranked = sorted(self.names, key=lambda player: (self.places[player], player))
        object.__setattr__(self, "order", tuple(ranked))

    def options(self, usernames: Mapping[int, str]) -> list[str]:
        return [username for user_id, username in usernames.items() if user_id in self.offered]

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
        answers = select(GameAnswer.player_id, GameAnswer.user_id, GameAnswer.points)
        answers = answers.where(GameAnswer.game_id == game.id, GameAnswer.number == game.question)
        choices = {player: Choice(*fields) for player, *fields in await session.execute(answers)}
    names = {player: name for player, name, *_ in rows}
    is_shown = GameQuestion.game_id == game.id, GameQuestion.over_ms.is_not(None)
    hits = select(GameQuestion.number, GameQuestion.model_user_id == GameQuestion.user_id)
    shown = dict((await session.execute(hits.where(*is_shown).order_by(GameQuestion.number))).all())
    offered = await _offered(session, state)
    return Standing(names, totals, places(totals), choices, known, shown, offered)


async def _offered(session: AsyncSession, state: GameState) -> Collection[int]:
    """Return who may have written the present post, and whom saywho named; all before the first."""
    cast, question = state.usernames.keys(), state.present
    if question is None:
        return cast
    written = select(Tweet.lang, Tweet.room_id).where(Tweet.id == question.tweet_id)
    post = (await session.execute(written)).first()
    if post is None:
        return cast
    able = await writers_in(session, post.lang, cast, room_id=post.room_id)
    return able | {question.user_id, question.model_user_id}


class Standings:
    """The newest standing of each game: thousands of players ask for it."""

    def __init__(self) -> None:
        self._kept: LruStore[int, tuple[int, Standing]] = LruStore(40, lambda _: 1)

    async def read(self, session: AsyncSession, state: GameState) -> Standing:
        """Return the standing that a session sees; answers change it together with the version."""
        game = state.game
        version, before = self._kept.peek(game.id) or (0, None)
        standing = None
        if before is not None and version == game.version:
            standing = await _with_newcomers(session, state, before)
        if standing is None:
            standing = await read_standing(session, state)
        if standing is not before:
            self._kept.put(game.id, (game.version, standing))
        return standing


async def _with_newcomers(
    session: AsyncSession, state: GameState, before: Standing
) -> Standing | None:
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


async def read_questions(session: AsyncSession, state: GameState) -> list[AskedQuestion]:
    """Return the questions with shown answers, in order."""
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
            masked_text=None
            if text is None
            else await masked(shown_piece(text, question.tweet_id), state.cast, chats.get(room_id)),
            username=usernames[question.user_id],
            is_model_right=question.model_user_id == question.user_id,
            answers=answers,
            right=right,
        )
        for question, text, room_id, answers, right in rows
    ]


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
