"""The posts of a model card: those it is made of, and those behind its figures."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Tweet
from app.services.compare.calibration import OwnPost, in_units, newest_own
from app.services.compare.card import CardPosts, HeldOutAnswer, MeasuredCard
from app.services.compare.materials import Material
from app.services.compare.reasons import RECENT_POSTS
from app.services.compare.strangers import read_strangers
from app.services.posts.tweets import Post, find_posts

MOST_HELD_OUT: Final = 100
"""Posts of an author; at most a quarter of all, and fewer among many authors."""
MOST_ASKED: Final = 2_000
DRAWN_FROM: Final = 1_000
"""The newest posts of an author from which the random split is drawn."""


async def read_posts(session: AsyncSession, material: Material) -> CardPosts:
    """Read the posts to hold out, and those from which words are recovered."""
    each = max(4, min(MOST_HELD_OUT, MOST_ASKED // len(material.users)))
    posts = CardPosts([], [], [], [])
    for user in material.users:
        count = min(each, user.tweet_count // 4)
        recent = await newest_own(session, user.id, RECENT_POSTS)
        posts.newest.append(await in_units(session, recent[:count]))
        posts.drawn.append(await _drawn_texts(session, user.id, count))
        posts.recent.append(recent)
    posts.strangers.extend(await read_strangers(session, material, is_korean=posts.is_korean))
    return posts


async def _drawn_texts(session: AsyncSession, user_id: int, count: int) -> list[list[str]]:
    """Return units drawn from the author's newest posts, the same each time."""
    newest = (
        select(Tweet.id, Tweet.created_at, Tweet.text, Tweet.thread_id)
        .where(Tweet.user_id == user_id, Tweet.text != "")
        .order_by(Tweet.id.desc())
        .limit(DRAWN_FROM)
    )
    own = sorted(OwnPost(*row) for row in await session.execute(newest))
    units = await in_units(session, own)
    random.Random(user_id).shuffle(units)  # noqa: S311 - no secret
    drawn: list[list[str]] = []
    for unit in units:
        if len(unit) <= count:
            count -= len(unit)
            drawn.append([post.text for post in unit])
    return drawn


@dataclass(frozen=True, slots=True)
class HeldOutPost:
    """A post that was held out, and the answer for it."""

    post: Post
    taken_for: str
    claimed: float
    is_right: bool


def select_answers(
    made: MeasuredCard, *, written_by: str = "", taken_for: str = "", tenth: int | None = None
) -> list[HeldOutAnswer]:
    """Return the answers of these authors and of this bin, those for the newest posts first."""
    names = [author.username.casefold() for author in made.card.authors]
    author, said = written_by.casefold(), taken_for.casefold()
    return [
        answer
        for answer in made.answers
        if (not author or names[answer.author] == author)
        and (not said or names[answer.taken_for] == said)
        and (tenth is None or answer.tenth == tenth)
    ]


async def read_held_out(
    session: AsyncSession, made: MeasuredCard, answers: Sequence[HeldOutAnswer]
) -> list[HeldOutPost]:
    """Return the posts of these answers, except those deleted since."""
    posts = await find_posts(session, [answer.tweet_id for answer in answers])
    return [
        HeldOutPost(
            posts[answer.tweet_id],
            made.card.authors[answer.taken_for].username,
            answer.claimed,
            answer.author == answer.taken_for,
        )
        for answer in answers
        if answer.tweet_id in posts
    ]
