"""The page of the quiz, whose set of posts can be shared."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, NamedTuple

from msgspec import Meta, Struct
from quart import g, url_for
from quart.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import AppError, InvalidInputError, NotFoundError
from app.models import MAX_ID
from app.models.content import Tweet, User
from app.services.access.rights import are_speakers, is_same_chat
from app.services.compare import quiz_questions
from app.services.compare.name_masking import Masker, read_chat_names
from app.services.posts.users import find_authors
from app.services.rooms.chats import RoomFacts, get_room
from app.views.answers import see_other
from app.views.blueprints import PageBlueprint
from app.views.comparing.evidence import EvidenceView, read_evidence
from app.views.page import FormPage, render, render_form
from app.views.phone import origin_for_others
from app.views.policies import here
from app.views.requests import parse_args
from saywho.comparing.verdict import RankedAuthor
from saywho.people.names import HIDDEN
from saywho.text import has_words, shown_piece


class SolvedPost(NamedTuple):
    id: int
    text: str
    username: str


async def read_solved(
    session: AsyncSession, quiz: quiz_questions.QuizSet, *, room_id: int | None = None
) -> dict[int, SolvedPost]:
    query = (
        select(Tweet.id, Tweet.text, User.username)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.id.in_(quiz.tweet_ids), User.id.in_(quiz.user_ids))
        .where(User.deleted_at.is_(None))
    )
    if room_id is not None:
        query = query.where(Tweet.room_id == room_id)
    return {
        row.id: SolvedPost(row.id, shown_piece(row.text, row.id), row.username)
        for row in await session.execute(query)
    }


blueprint = PageBlueprint("quiz", policy="read")

SKIPPED: Final = "x"
_ID: Final = "[0-9]{1,15}"
SET: Final = (
    rf"{_ID}(\.{_ID}){{1,{quiz_questions.MOST_CHOICES - 1}}}"
    rf"-{_ID}(\.{_ID}){{0,{quiz_questions.SET_LENGTH - 1}}}"
)
"""The ids of the authors to choose from, and of the posts."""


class QuizArgs(Struct):
    set: Annotated[str, Meta(pattern=f"^({SET})?$")] = ""
    so: Annotated[str, Meta(pattern=f"^[0-3{SKIPPED}]*$", max_length=quiz_questions.SET_LENGTH)] = (
        ""
    )
    """The answers so far: 1 if the player was right, plus 2 if saywho was; `x` if deleted."""
    guess: str | None = None
    room: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None


@dataclass(frozen=True, slots=True)
class QuizGame:
    quiz: quiz_questions.QuizSet
    room: RoomFacts | None
    so: str = ""

    @property
    def room_id(self) -> int | None:
        return self.room.id if self.room else None

    @property
    def is_over(self) -> bool:
        return len(self.so) >= len(self.quiz.tweet_ids)

    def address(self, so: str | None = None) -> str:
        return url_for("quiz.show_quiz", set=self.quiz.written, room=self.room_id, so=so)

    @property
    def at(self) -> int:
        return len(self.so)

    @property
    def total(self) -> int:
        return len(self.quiz.tweet_ids)

    @property
    def you(self) -> list[int]:
        """1 for each right answer of the player, 0 for each wrong answer."""
        return [answer & 1 for answer in self._answers]

    @property
    def model(self) -> list[int]:
        return [answer >> 1 for answer in self._answers]

    @property
    def answers(self) -> list[tuple[int, bool, bool]]:
        """The id of each asked post, and whether player and saywho were right."""
        asked = zip(self.quiz.tweet_ids, self.so, strict=False)  # An address may say more.
        return [
            (tweet_id, bool(int(digit) & 1), bool(int(digit) >> 1))
            for tweet_id, digit in asked
            if digit != SKIPPED
        ]

    @property
    def _answers(self) -> list[int]:
        return [int(digit) for digit in self.so if digit != SKIPPED]


class SolvedQuestion(Struct, frozen=True):
    solution: quiz_questions.Solution
    guess: str
    evident: EvidenceView
    next_address: str

    @property
    def best(self) -> RankedAuthor:
        return self.solution.comparison.ranking[0]

    @property
    def is_right(self) -> bool:
        return self.guess == self.solution.username


class PlayedPost(NamedTuple):
    post: SolvedPost
    is_right: bool
    is_model_right: bool


class QuizPage(FormPage, frozen=True, kw_only=True):
    template = "quiz/quiz.html"

    room: RoomFacts | None
    game: QuizGame | None = None
    """The quiz is over without a question and an answer."""
    question: quiz_questions.QuizQuestion | None = None
    solved: SolvedQuestion | None = None
    address: str = ""
    players: Sequence[str] = ()
    played: Sequence[PlayedPost] = ()

    @property
    def at(self) -> int:
        """The number of questions before the question on the page."""
        return self.game.at - (self.solved is not None) if self.game else 0


async def is_of_chat(session: AsyncSession, room_id: int) -> bool:
    """Return whether the questions are about a chat, and only its people."""
    args = parse_args(QuizArgs, is_strict=False)
    if args.room is None or not await is_same_chat(session, room_id, args.room):
        return False
    return not args.set or await are_speakers(session, room_id, set_of(args.set).user_ids)


@blueprint.get("/quiz", of_chat=is_of_chat)
async def show_quiz(args: QuizArgs) -> ResponseReturnValue:
    async with here().db.read() as session:
        room, drawn = None if args.room is None else await get_room(session, args.room), None
        if room and not args.set:
            drawn = await quiz_questions.draw_room_quiz(
                session, room, count=quiz_questions.SET_LENGTH
            )
        elif not args.set:
            drawn = await quiz_questions.draw(session, g.locale, count=quiz_questions.SET_LENGTH)
    if drawn is not None:
        return see_other(QuizGame(drawn, room).address())
    if not args.set:
        return await render(QuizPage(room=room, in_chat=room is not None))
    game = QuizGame(set_of(args.set), room, args.so)
    failure = None
    if args.guess is not None and not game.is_over:
        try:
            return await _answer_page(game, args.guess)
        except InvalidInputError as error:
            failure = error
        except NotFoundError:
            pass
    return await _asked(game, failure)


def set_of(address: str) -> quiz_questions.QuizSet:
    return quiz_questions.QuizSet(*(tuple(map(int, ids.split("."))) for ids in address.split("-")))


def _page_of(game: QuizGame, people: Sequence[str], **shown: Any) -> QuizPage:
    """Return a page of a quiz about these people, of a chat about all of its people."""
    room = game.room
    about = room.usernames if room else people
    return QuizPage(room=room, game=game, about=about, in_chat=room is not None, **shown)


async def _asked(game: QuizGame, failure: AppError | None = None) -> ResponseReturnValue:
    while not game.is_over:
        try:
            async with here().db.read() as session:
                question = await quiz_questions.read_question(
                    session, game.quiz, len(game.so), room_id=game.room_id
                )
        except NotFoundError:
            game = replace(game, so=game.so + SKIPPED)
            continue
        page = _page_of(game, question.usernames, question=question, error=failure)
        return await render_form(page)
    if not game.you:
        gone = NotFoundError("The post of this question was deleted")
        in_chat = game.room is not None
        return await render_form(QuizPage(room=game.room, error=gone, in_chat=in_chat))
    address = origin_for_others() + game.address()
    async with here().db.read() as session:
        authors = await find_authors(session, game.quiz.user_ids)
        posts = await read_solved(session, game.quiz, room_id=game.room_id)
    players = [author.username for author in authors.values()]
    played = [
        PlayedPost(posts[tweet_id], *answers)
        for tweet_id, *answers in game.answers
        if tweet_id in posts
    ]
    return await render(_page_of(game, players, address=address, players=players, played=played))


async def _answer_page(game: QuizGame, guess: str) -> str:
    async with here().db.read() as session:
        solution = await quiz_questions.solve(
            session, here().models, game.quiz, len(game.so), room_id=game.room_id, reasons=True
        )
        if guess not in solution.usernames:
            raise InvalidInputError("Choose an author", loc="guess")
        evident = await read_evidence(session, solution.comparison)
    is_right = guess == solution.username
    answered = replace(game, so=game.so + str(is_right + 2 * solution.is_model_right))
    solved = SolvedQuestion(solution, guess, evident, answered.address(so=answered.so))
    return await render(_page_of(answered, solution.usernames, solved=solved))


class QuizCard(NamedTuple):
    quiz: quiz_questions.QuizSet
    question: quiz_questions.QuizQuestion


async def read_teaser(session: AsyncSession, room: RoomFacts) -> QuizCard | None:
    """Return a quiz about a chat, which changes only with the chat, with up to six people who write
    most.

    None if fewer than two have enough messages, or the newest have too few words.
    """
    cast, newest = await quiz_questions.read_cast(session, room)
    worded = [row for row in newest if has_words(row.text)]
    if len(cast) < 2 or not worded:
        return None
    chance = random.Random(newest[0].id)  # noqa: S311 - a game, which is the same to everybody
    mixed = [post for post in chance.sample(worded, len(worded)) if post.user_id in cast]
    chats = await read_chat_names(session, [room.id])
    posts = await quiz_questions.first_guessable(
        session, mixed, cast, quiz_questions.SET_LENGTH, chats
    )
    if not posts:
        return None
    # A short post is asked about first.
    posts.sort(key=lambda post: len(post.text.rstrip().replace(HIDDEN, "")) > 160)
    first, ids = posts[0], sorted(cast, key=lambda user_id: cast[user_id].username_key)
    lang = await session.scalar(select(Tweet.lang).where(Tweet.id == first.id))
    able = {first.user_id, *await quiz_questions.writers_in(session, lang, ids, room_id=room.id)}
    question = quiz_questions.QuizQuestion(
        tweet_id=first.id,
        username=cast[first.user_id].username,
        usernames=[cast[user_id].username for user_id in ids if user_id in able],
        hidden=await Masker("clues", chats.get(room.id), cast.values()).hide(first.text),
    )
    return QuizCard(quiz_questions.QuizSet(tuple(ids), tuple(post.id for post in posts)), question)
