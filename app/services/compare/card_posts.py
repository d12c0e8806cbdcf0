"""The posts that a model card is made of, and a trial: is a text by somebody else noticed?"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import guess_language
from app.models import Tweet
from app.services.compare.calibration import OwnPost, in_units, newest_own
from app.services.compare.contenders import drawn_contenders
from app.services.compare.judging import rank_material, verdict_of
from app.services.compare.materials import Material
from app.services.compare.reasons import RECENT_POSTS

MOST_STRANGERS: Final = 30
POSTS_EACH: Final = 10
FEWEST_ASKED: Final = 10
"""A share of fewer posts says nothing."""


class Strangers(msgspec.Struct, frozen=True):
    """Posts by other authors, put to the model as if one of those compared had written them."""

    asked: Annotated[int, Meta(description="How many posts were long enough for an answer.")]
    missed: Annotated[int, Meta(description="How many of them were not called unfamiliar.")]
    authors: Annotated[int, Meta(description="How many authors wrote them.")]


class StrangerPosts(NamedTuple):
    """The newest posts of an author, who is left out of the comparison."""

    user_id: int
    texts: list[str]


async def read_strangers(
    session: AsyncSession, material: Material, *, is_korean: bool
) -> list[StrangerPosts]:
    """Return posts of that language by others, and where there are few, by those compared."""
    compared = {user.id for user in material.users}
    others = await drawn_contenders(session, offset=0, limit=len(compared) + MOST_STRANGERS)
    outside = [user for user in others if user.id not in compared and material.is_named]
    found: list[StrangerPosts] = []
    for user in [*outside, *material.users]:
        if len(found) == MOST_STRANGERS or (user.id in compared and len(compared) == 2):
            break
        newest = await newest_own(session, user.id, POSTS_EACH)
        texts = [post.text for post in newest if (guess_language(post.text) == "ko") == is_korean]
        if texts:
            found.append(StrangerPosts(user.id, texts))
    return found


async def try_strangers(material: Material, posts: Sequence[StrangerPosts]) -> Strangers | None:
    """Return how many of these posts the comparison takes for one of its authors'.

    None if fewer than 10 of them are long enough.
    """
    verdicts = [await asyncio.to_thread(_verdicts, material, stranger) for stranger in posts]
    asked = sum(map(len, verdicts))
    missed = sum(verdict != "unfamiliar" for some in verdicts for verdict in some)
    return Strangers(asked, missed, sum(map(bool, verdicts))) if asked >= FEWEST_ASKED else None


def _verdicts(material: Material, stranger: StrangerPosts) -> list[str]:
    places = [i for i, user in enumerate(material.users) if user.id != stranger.user_id]
    others = replace(
        material,
        users=[material.users[i] for i in places],
        profiles=[material.profiles[i] for i in places],
    )
    verdicts = []
    for text in stranger.texts:
        asked = replace(others, text=text)
        ranking = rank_material(asked, unasked={stranger.user_id})
        verdicts.append(verdict_of(asked, ranking, int(ranking.probabilities.argmax())))
    return [verdict for verdict in verdicts if verdict != "short"]


MOST_HELD_OUT: Final = 100
"""Posts of an author; at most a quarter of all, and fewer among many authors."""
MOST_ASKED: Final = 2_000
DRAWN_FROM: Final = 1_000
"""The newest posts of an author from which the random split is drawn."""


@dataclass(frozen=True, slots=True)
class CardPosts:
    """The posts that a card is made of; one entry for each author."""

    newest: list[list[list[OwnPost]]]
    """In units that are asked about as one: a post, or a chain of replies."""
    drawn: list[list[list[str]]]
    recent: list[list[OwnPost]]
    strangers: list[StrangerPosts]

    @property
    def is_korean(self) -> bool:
        """Whether most of the newest posts are in Korean."""
        texts = [post.text for own in self.newest for unit in own for post in unit]
        return 2 * sum(guess_language(text) == "ko" for text in texts) > len(texts)


async def read_posts(session: AsyncSession, material: Material) -> CardPosts:
    """Read the posts to hold out, and those from which words are recovered."""
    each = max(4, min(MOST_HELD_OUT, MOST_ASKED // len(material.users)))
    posts = CardPosts([], [], [], [])
    for user in material.users:
        count = min(each, user.tweet_count // 4)
        recent = await newest_own(session, user.id, RECENT_POSTS)
        posts.newest.append(await in_units(session, user.id, recent[:count]))
        posts.drawn.append(await _drawn_texts(session, user.id, count))
        posts.recent.append(recent)
    posts.strangers.extend(await read_strangers(session, material, is_korean=posts.is_korean))
    return posts


async def _drawn_texts(session: AsyncSession, user_id: int, count: int) -> list[list[str]]:
    """Return units drawn from the author's newest posts, the same each time."""
    newest = (
        select(Tweet.id, Tweet.created_at, Tweet.text)
        .where(Tweet.user_id == user_id, Tweet.text != "")
        .order_by(Tweet.id.desc())
        .limit(DRAWN_FROM)
    )
    own = sorted(OwnPost(*row) for row in await session.execute(newest))
    units = await in_units(session, user_id, own)
    random.Random(user_id).shuffle(units)  # noqa: S311 - no secret
    drawn: list[list[str]] = []
    for unit in units:
        if len(unit) <= count:
            count -= len(unit)
            drawn.append([post.text for post in unit])
    return drawn
