"""The reasons behind a comparison: the most similar posts, and the words typical of each author."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.background import Background
from app.compute.profiles import AuthorProfile
from app.compute.style import DistinctiveWord, distinctive_words, is_mostly_korean
from app.compute.wording import similarities
from app.services.compare.calibration import OwnPost, newest_own
from app.services.compare.materials import Material, Models
from app.services.posts.users import get_user

RECENT_POSTS: Final = 200
"""Of each author, the newest; searching them takes a thread 25 ms for two authors."""
NEAREST_POSTS: Final = 2
LEAST_SIMILARITY: Final = 0.05
DISTINCTIVE_WORDS: Final = 8
MOST_WORDS: Final = 12
MOST_SIGNS: Final = 6
MOST_OTHERS: Final = 30
"""Authors with whom one author alone is compared."""


class NearPost(msgspec.Struct, frozen=True):
    """A post of a compared author that is worded like the text."""

    id: Annotated[int, Meta(description="The post's id.")]
    username: str
    text: str
    created_at: datetime | None
    similarity: Annotated[float, Meta(description="Of the wording, 0 to 1.")]


class TypicalWord(msgspec.Struct, frozen=True):
    """A word that an author uses more than the other authors compared."""

    text: str
    weight: Annotated[float, Meta(description="In log-odds against the other authors.")]
    uses: Annotated[int, Meta(description="How often the author uses it, in all posts.")]
    times: Annotated[float, Meta(description="How many times as often as the other authors.")]


class Typical(msgspec.Struct, frozen=True):
    """The words and signs that set one author apart from the others compared."""

    username: str
    words: list[TypicalWord]
    signs: Annotated[list[TypicalWord], Meta(description="Punctuation, emoji and other signs.")]


async def find_reasons(
    session: AsyncSession, material: Material
) -> tuple[list[NearPost], list[Typical]]:
    """Return each author's posts nearest to the text, and what sets each apart from the others.

    Only the newest posts of each are searched.
    """
    posts = [await newest_own(session, user.id, RECENT_POSTS) for user in material.users]
    return await asyncio.to_thread(_find, material, posts)


def _find(
    material: Material, posts: Sequence[Sequence[OwnPost]]
) -> tuple[list[NearPost], list[Typical]]:
    nearest = [
        post
        for user, own in zip(material.users, posts, strict=True)
        for post in _nearest(material.text, user.username, own, material.snapshot.background)
    ]
    return nearest, typical_words(material, posts)


def _nearest(
    text: str, username: str, posts: Sequence[OwnPost], background: Background
) -> list[NearPost]:
    alike = similarities(text, [post.text for post in posts], background)
    return [
        NearPost(
            posts[i].id, username, posts[i].text, posts[i].created_at, round(float(alike[i]), 3)
        )
        for i in np.argsort(-alike, kind="stable")[:NEAREST_POSTS]
        if alike[i] >= LEAST_SIMILARITY
    ]


def typical_words(material: Material, posts: Sequence[Sequence[OwnPost]]) -> list[Typical]:
    """Return what sets each author apart from the others, strongest first."""
    words = distinctive_words(
        material.profiles,
        [[post.text for post in own] for own in posts],
        material.snapshot.background,
        most=DISTINCTIVE_WORDS,
    )
    return [
        Typical(
            user.username,
            [_as_typical(word) for word in own if not word.is_mark],
            [_as_typical(word) for word in own if word.is_mark],
        )
        for user, own in zip(material.users, words, strict=True)
    ]


def _as_typical(word: DistinctiveWord) -> TypicalWord:
    return TypicalWord(word.text, round(word.weight, 3), word.uses, round(word.times, 1))


async def typical_of(session: AsyncSession, models: Models, username: str) -> list[DistinctiveWord]:
    """Return the author's typical words, then signs, the strongest first.

    The author is compared with those whose profiles the background's snapshot holds, of the same
    language if possible; the words are those of the newest posts. Raises NotFoundError.
    """
    user = await get_user(session, username)
    snapshot = await models.backgrounds.load(session)
    texts = [post.text for post in await newest_own(session, user.id, RECENT_POSTS)]
    others = snapshot.impostors_for(
        compared={user.id}, is_korean=is_mostly_korean(texts), most=MOST_OTHERS
    )
    if not others or not texts:
        return []
    (own,) = await models.profiles.load(session, [user])
    return await asyncio.to_thread(_find_typical, own, others, texts, snapshot.background)


def _find_typical(
    own: AuthorProfile,
    others: Sequence[AuthorProfile],
    texts: Sequence[str],
    background: Background,
) -> list[DistinctiveWord]:
    nothing: Sequence[str] = ()
    posts = [texts, *(nothing for _ in others)]
    found = distinctive_words([own, *others], posts, background, most=2 * MOST_WORDS)[0]
    # Numbers are about the subject of a post, not its style.
    words = [word for word in found if any(map(str.isalpha, word.text))]
    signs = [sign for sign in found if sign.is_mark]
    return words[:MOST_WORDS] + signs[:MOST_SIGNS]
