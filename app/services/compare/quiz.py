"""Who wrote it? A post without its author, and the model's own guess."""

import random
import re
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import HIDDEN, has_words, mask_names
from app.errors import GoneError
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.compare.comparing import without_post
from app.services.compare.contenders import comparable_texts
from app.services.compare.judging import Comparison, judge
from app.services.compare.material import Models
from app.services.compare.materials import gather_material

FEWEST_POSTS: Final = 20
"""Posts an author must have to be in a question; with fewer neither side has a fair chance."""
CHOICES: Final = 4
MOST_CHARACTERS: Final = 600
_DRAWN: Final = 24
"""Random authors from which the choices are taken."""
_CANDIDATES: Final = 20
"""Consecutive posts that are searched for one that can be guessed."""
_TRIES: Final = 3
_LINK_OR_TAG: Final = re.compile(r"(?:https?://|www\.|pic\.twitter\.com/)\S+|#\w+")
_SIGNATURE: Final = re.compile(r"[ \t\n][-–—~^*] ?\w{1,20}\Z")
"""A name or initials after a dash, at the end."""


class QuestionKey(msgspec.Struct, frozen=True, array_like=True):
    """The post and the authors of a question, hidden from the player."""

    tweet_id: int
    user_ids: list[int]


@dataclass(frozen=True, slots=True)
class Question:
    """A post to guess, and the possible authors; `HIDDEN` replaces the author's name in it."""

    key: QuestionKey
    text: str
    usernames: list[str]


@dataclass(frozen=True, slots=True)
class Solution:
    """The post's author, and the model's comparison of a text it has never seen."""

    tweet_id: int
    username: str
    usernames: list[str]
    text: str
    comparison: Comparison


async def is_playable(session: AsyncSession) -> bool:
    """Return whether two authors have enough posts."""
    depends_on(EVERYTHING)
    query = select(User.id).where(User.deleted_at.is_(None), User.tweet_count >= FEWEST_POSTS)
    return len((await session.scalars(query.limit(2))).all()) == 2


async def ask(session: AsyncSession) -> Question | None:
    """Return a random post of a random author; None while there are too few of either."""
    of_author = select(Tweet.lang).where(Tweet.user_id == User.id)
    newest = of_author.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(1)
    query = select(User, newest.scalar_subquery()).where(
        User.deleted_at.is_(None), User.tweet_count >= FEWEST_POSTS
    )
    rows = await session.execute(query.order_by(func.random()).limit(_DRAWN))
    players = [(user, lang) for user, lang in rows]
    if len(players) < 2:
        return None
    for author, lang in players:
        if found := await _post_to_guess(session, author):
            return _question(found, author, lang, players)
    return None


def _question(
    found: tuple[int, str], author: User, lang: str | None, players: list[tuple[User, str | None]]
) -> Question:
    others = [player for player in players if player[0].id != author.id]
    others.sort(key=lambda player: player[1] != lang)
    choices = [author, *(user for user, _ in others[: CHOICES - 1])]
    choices.sort(key=lambda user: user.username_key)
    tweet_id, text = found
    key = QuestionKey(tweet_id, [choice.id for choice in choices])
    return Question(key, text, [choice.username for choice in choices])


async def _post_to_guess(session: AsyncSession, user: User) -> tuple[int, str] | None:
    posts = select(Tweet.id, Tweet.text).where(Tweet.user_id == user.id)
    for _ in range(_TRIES):
        start = random.randrange(max(1, user.tweet_count - _CANDIDATES))  # noqa: S311 - a game.
        some = posts.order_by(Tweet.created_at, Tweet.id).offset(start).limit(_CANDIDATES)
        rows = [(row.id, _guessable(row.text, user)) for row in await session.execute(some)]
        good = [(tweet_id, text) for tweet_id, text in rows if text is not None]
        if good:
            return random.choice(good)  # noqa: S311 - a game.
    return None


def _guessable(text: str, user: User) -> str | None:
    """Return the text without what names the author, or None if it is too long or too short."""
    if len(text) > MOST_CHARACTERS:
        return None  # Masking names in a long text is slow.
    hidden = _masked(text, user)
    return hidden if has_words(hidden) else None


def _masked(text: str, user: User) -> str:
    """Return the text without the author's names, signature, links and tags."""
    named = mask_names(text.rstrip(), filter(None, (user.username, user.display_name)))
    return _LINK_OR_TAG.sub(HIDDEN, _SIGNATURE.sub(HIDDEN, named))


async def solve(session: AsyncSession, models: Models, key: QuestionKey) -> Solution:
    """Return the post's author, and the model's comparison of the same authors.

    The post is removed from its author's profile first, with the chain of own replies that it is
    in, and the model reads the masked text. (The background still counts it, one post among all.)
    Raises GoneError if the post or an author has been deleted.
    """
    tweet = await session.get(Tweet, key.tweet_id)
    query = select(User).where(User.id.in_(key.user_ids), User.deleted_at.is_(None))
    users = {user.id: user for user in await session.scalars(query)}
    if tweet is None or len(users) < len(key.user_ids) or tweet.user_id not in users:
        raise GoneError("The post of that question is gone")
    author = users[tweet.user_id]
    names = [users[user_id].username for user_id in key.user_ids]
    text = _masked(tweet.text, author)
    own = comparable_texts([text.replace(HIDDEN, "")])
    material = await gather_material(session, models, own, names)
    comparison = await judge(await without_post(session, material, tweet.id))
    return Solution(tweet.id, author.username, names, text, comparison)
