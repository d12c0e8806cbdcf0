"""Who wrote it? A post without its author, and the model's own guess."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.names import HiddenText
from app.errors import NotFoundError
from app.memo import EVERYTHING, depends_on
from app.models import RoomPerson, Tweet, User
from app.services.compare.answering import Comparison, add_reasons, answer
from app.services.compare.cases import MOST_GAPS, Models, gather
from app.services.compare.chat_names import ChatNames, read_chat_names
from app.services.compare.hiding import can_be_guessed, hide
from app.services.compare.question import Question
from app.services.posts.samples import ENOUGH_OF_OWN, is_sample
from app.tasks import worked_on

FEWEST_POSTS: Final = 20
"""Posts an author must have to be in a question; with fewer neither side has a fair chance."""
CHOICES: Final = 4
"""Authors to choose from in a set that is drawn."""
MOST_CHOICES: Final = 6
"""Authors that a set may name."""
SET_LENGTH: Final = 10
MOST_CHARACTERS: Final = 600
_DRAWN: Final = 1_000
"""Random authors among whom those of the language are preferred."""
MOST_PLAYERS: Final = 24
"""Of these, authors from whom the choices are taken."""
_CANDIDATES: Final = 20
"""Consecutive posts that are searched for one that can be guessed."""
TRIES: Final = 3
"""Draws of authors, and searches for each post of a set, before a game is given up."""
_PRIME: Final = 1_000_003
"""Ids are multiplied modulo this to put authors into an order that a seed decides."""


class QuizSet(NamedTuple):
    """Posts to guess, and the authors among whom to choose."""

    user_ids: tuple[int, ...]
    tweet_ids: tuple[int, ...]

    @property
    def written(self) -> str:
        """The set as it stands in addresses."""
        return "-".join(".".join(map(str, ids)) for ids in self)


class Candidate(NamedTuple):
    """A post that may be asked about, and the chat that it is from."""

    text: str
    room_id: int | None


@dataclass(frozen=True, slots=True)
class QuizQuestion:
    """A post to guess, and the possible authors, whose names are hidden in it."""

    tweet_id: int
    username: str
    usernames: list[str]
    hidden: HiddenText

    @property
    def text(self) -> str:
        """The text with `HIDDEN` in place of names."""
        return self.hidden.masked


@dataclass(frozen=True, slots=True)
class Solution(QuizQuestion):
    """The question with the model's comparison of a text it has never seen."""

    comparison: Comparison

    @property
    def is_model_right(self) -> bool:
        return self.comparison.ranking[0].username == self.username


async def is_playable(session: AsyncSession) -> bool:
    """Return whether two authors have enough posts."""
    depends_on(EVERYTHING)
    query = select(User.id).where(User.deleted_at.is_(None), User.tweet_count >= FEWEST_POSTS)
    return len((await session.scalars(query.limit(2))).all()) == 2


async def draw(
    session: AsyncSession,
    lang: str,
    *,
    count: int = 1,
    longest: int = MOST_CHARACTERS,
    seed: str | None = None,
) -> QuizSet | None:
    """Return up to `count` random posts of a few random authors, who write that language if any do.

    None while there are too few of either. With a seed, every process draws the same from the same
    posts; most new posts do not change that.
    """
    chance = random.Random(seed)  # noqa: S311 - a game
    order: ColumnElement[Any] = func.random()
    if seed is not None:
        order = User.id % _PRIME * chance.randrange(1, _PRIME) % _PRIME
    can_play = [User.deleted_at.is_(None), User.tweet_count >= FEWEST_POSTS]
    own = select(User.id).where(*can_play, ~is_sample()).limit(ENOUGH_OF_OWN)
    if len((await session.scalars(own)).all()) == ENOUGH_OF_OWN:
        can_play.append(~is_sample())
    drawn = select(User.id).where(*can_play).order_by(order, User.id).limit(_DRAWN).subquery()
    of_author = select(Tweet.lang).where(Tweet.user_id == User.id)
    newest = of_author.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(1)
    # Posts of no known language are in none of those that are told by their letters.
    fits = func.coalesce(newest.scalar_subquery(), "en") == lang
    query = select(User, fits).join(drawn, drawn.c.id == User.id)
    rows = (
        await session.execute(query.order_by(fits.desc(), order, User.id).limit(MOST_PLAYERS))
    ).all()
    players = [user for user, is_fit in rows if is_fit]
    if len(players) < 2:  # One alone would be the answer each time.
        players = [user for user, _ in rows]
    is_seeded = seed is not None
    if is_seeded:
        players = players[:CHOICES]  # A new author further down changes nothing.
    return await draw_cast(
        players,
        lambda cast: _posts_to_guess(session, cast, count, longest, chance, is_seeded),
        chance,
    )


async def draw_cast(
    players: Sequence[User],
    posts_to_guess: Callable[[Sequence[User]], Awaitable[list[int]]],
    chance: random.Random | None = None,
) -> QuizSet | None:
    """Return up to four random players, and posts of theirs to guess.

    None for fewer than two players, and where no cast of a few has such posts.
    """
    if len(players) < 2:
        return None
    chance = chance or random.Random()  # noqa: S311 - a game
    for _ in range(TRIES):
        cast = chance.sample(players, min(CHOICES, len(players)))
        if posts := await posts_to_guess(cast):
            cast.sort(key=lambda user: user.username_key)
            return QuizSet(tuple(user.id for user in cast), tuple(posts))
    return None


async def _posts_to_guess(
    session: AsyncSession,
    cast: Sequence[User],
    count: int,
    longest: int,
    chance: random.Random,
    is_seeded: bool,
) -> list[int]:
    """Return different posts of these authors, as many of each where they have them.

    With a seed the posts that arrived last are left out, so that another one changes nothing: until
    an author has twice as many, the search begins at the same place.
    """
    ids: set[int] = set()
    for _ in range(TRIES * count):
        for user in chance.sample(cast, len(cast)):
            if len(ids) == count:
                break
            total = user.tweet_count
            if is_seeded:
                total = 1 << (total.bit_length() - 1)
            start = int(chance.random() * max(1, total - _CANDIDATES))
            posts = select(Tweet.id, Tweet.text, Tweet.room_id).where(Tweet.user_id == user.id)
            posts = posts.order_by(Tweet.event_id, Tweet.id).offset(start).limit(_CANDIDATES)
            rows = (await session.execute(posts)).all()
            texts = {
                row.id: Candidate(row.text, row.room_id) for row in rows if len(row.text) <= longest
            }
            chats = await read_chat_names(session, {post.room_id for post in texts.values()})
            good = await worked_on(
                [post.text for post in texts.values()], partial(_guessable, texts, cast, chats)
            )
            ids |= set(chance.sample(good, min(1, len(good))))
    return chance.sample(sorted(ids), len(ids))


def _guessable(texts: Mapping[int, Candidate], cast: Sequence[User], chats: ChatNames) -> list[int]:
    return [
        post_id
        for post_id, (text, room_id) in texts.items()
        if can_be_guessed(text, *cast, chat_names=chats.of(room_id))
    ]


async def read_question(
    session: AsyncSession, quiz: QuizSet, at: int = 0, *, room_id: int | None = None
) -> QuizQuestion:
    """Return a question of a set.

    Raises NotFoundError if the post or an author is deleted, and where a room is named, if either
    is not of this room.
    """
    tweet = await session.get(Tweet, quiz.tweet_ids[at])
    query = select(User).where(User.id.in_(quiz.user_ids), User.deleted_at.is_(None))
    if room_id is not None:
        of_room = RoomPerson.room_id == room_id, RoomPerson.messages > 0
        query = query.where(User.id.in_(select(RoomPerson.user_id).where(*of_room)))
    users = {user.id: user for user in await session.scalars(query)}
    if tweet is None or len(users) < len(quiz.user_ids) or tweet.user_id not in users:
        raise NotFoundError("The post of that question is gone")
    if room_id is not None and tweet.room_id != room_id:
        raise NotFoundError("The post of that question is gone")
    author = users[tweet.user_id]
    names = [users[user_id].username for user_id in quiz.user_ids]
    chats = await read_chat_names(session, [tweet.room_id])
    hiding = await hide(tweet.text, *users.values(), chat_names=chats.of(tweet.room_id))
    return QuizQuestion(tweet.id, author.username, names, hiding)


class SolvedPost(NamedTuple):
    """A post of a set, and who wrote it."""

    id: int
    text: str
    username: str


async def read_solved(
    session: AsyncSession, quiz: QuizSet, *, room_id: int | None = None
) -> dict[int, SolvedPost]:
    """Return the posts of a set that are still there, by id."""
    query = (
        select(Tweet.id, Tweet.text, User.username)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.id.in_(quiz.tweet_ids), User.id.in_(quiz.user_ids))
        .where(User.deleted_at.is_(None))
    )
    if room_id is not None:
        query = query.where(Tweet.room_id == room_id)
    return {row.id: SolvedPost(*row) for row in await session.execute(query)}


async def solve(
    session: AsyncSession,
    models: Models,
    quiz: QuizSet,
    at: int = 0,
    *,
    room_id: int | None = None,
    reasons: bool = False,
) -> Solution:
    """Return the post's author, and the model's comparison of the same authors.

    The post is removed from its author's profile first, with the chain of own replies that it is
    in, and nothing that is hidden of it counts. (The background still counts it, one among all.)
    Raises NotFoundError as `read_question` does.
    """
    question = await read_question(session, quiz, at, room_id=room_id)
    asked = asked_of(question.hidden, question.usernames, question.tweet_id)
    case = await gather(session, models, asked)
    comparison = await answer(case)
    if reasons:
        comparison = await add_reasons(session, case, comparison)
    return Solution(
        question.tweet_id, question.username, question.usernames, question.hidden, comparison
    )


def asked_of(text: HiddenText, usernames: Sequence[str], tweet_id: int) -> Question:
    """Return the question to the model: who wrote a post that it must not know, nor its names."""
    return Question([text.text], usernames, without=text.gaps[:MOST_GAPS], hidden_post=tweet_id)
