"""What stands behind a comparison: the most similar real posts, and what sets the authors apart."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.background import Background
from app.compute.nearest import similarities
from app.compute.profiles import AuthorProfile
from app.compute.style import Distinctive, distinctive_words
from app.models import Tweet

RECENT_POSTS: Final = 200
"""Of each author the newest are looked through: 25 ms of a thread for two authors."""
NEAREST_POSTS: Final = 2
LEAST_SIMILARITY: Final = 0.05
DISTINCTIVE_WORDS: Final = 8

RecentPost = Row[int, datetime | None, str]


class NearPost(msgspec.Struct, frozen=True):
    """A post of a compared author that is worded like the text."""

    id: int
    username: str
    text: str
    created_at: datetime | None
    similarity: float


class TypicalWord(msgspec.Struct, frozen=True):
    """A word that an author uses more than the others who are compared."""

    text: str
    weight: float
    uses: int


class Typical(msgspec.Struct, frozen=True):
    """What sets one author apart from the others who are compared."""

    username: str
    words: list[TypicalWord]
    signs: list[TypicalWord]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An author about whom more is to be said."""

    user_id: int
    username: str
    profile: AuthorProfile


async def recent_posts(session: AsyncSession, user_id: int) -> Sequence[RecentPost]:
    """Return id, time and text of the author's newest posts."""
    newest = (
        select(Tweet.id, Tweet.created_at, Tweet.text)
        .where(Tweet.user_id == user_id)
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .limit(RECENT_POSTS)
    )
    return (await session.execute(newest)).all()


async def find_reasons(
    session: AsyncSession, text: str, candidates: Sequence[Candidate], background: Background
) -> tuple[list[NearPost], list[Typical]]:
    """Return the posts of each candidate nearest to the text, and what sets each apart.

    Only the newest posts of each are looked through.
    """
    posts = [await recent_posts(session, candidate.user_id) for candidate in candidates]
    return await asyncio.to_thread(_find, text, candidates, posts, background)


def _find(
    text: str,
    candidates: Sequence[Candidate],
    posts: Sequence[Sequence[RecentPost]],
    background: Background,
) -> tuple[list[NearPost], list[Typical]]:
    nearest = [
        post
        for candidate, own in zip(candidates, posts, strict=True)
        for post in _nearest(text, candidate.username, own, background)
    ]
    return nearest, typical_words(candidates, posts, background)


def _nearest(
    text: str, username: str, posts: Sequence[RecentPost], background: Background
) -> list[NearPost]:
    alike = similarities(text, [post.text for post in posts], background)
    return [
        NearPost(
            posts[i].id, username, posts[i].text, posts[i].created_at, round(float(alike[i]), 3)
        )
        for i in np.argsort(-alike, kind="stable")[:NEAREST_POSTS]
        if alike[i] >= LEAST_SIMILARITY
    ]


def typical_words(
    candidates: Sequence[Candidate],
    posts: Sequence[Sequence[RecentPost]],
    background: Background,
) -> list[Typical]:
    """Return what sets each candidate apart from the others, strongest first."""
    words = distinctive_words(
        [candidate.profile for candidate in candidates],
        [[post.text for post in own] for own in posts],
        background,
        most=DISTINCTIVE_WORDS,
    )
    return [
        Typical(
            candidate.username,
            [_as_typical(word) for word in own if not word.is_mark],
            [_as_typical(word) for word in own if word.is_mark],
        )
        for candidate, own in zip(candidates, words, strict=True)
    ]


def _as_typical(word: Distinctive) -> TypicalWord:
    return TypicalWord(word.text, round(word.weight, 3), word.uses)
