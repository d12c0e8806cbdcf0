"""What a background's version is fitted to: posts of the installation's own, held out."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.background import Background
from app.compute.features import RECIPE
from app.compute.fitting import ASKED_AUTHORS, Sample, asked_posts, hold_out, temperature_of
from app.compute.profiles import AuthorProfile
from app.db.backend import chunks
from app.models import PostCount, Profile, Tweet
from app.services.posts.replies import own_chains

_UNKNOWN = frozenset({"", "und", "zxx", "art"})
"""Tags that name no language, as do X's own, which begin with q."""


class OwnPost(NamedTuple):
    """A post of an author, with text."""

    id: int
    created_at: datetime | None
    text: str


async def measure_temperature(
    session: AsyncSession, background: Background, user_ids: Sequence[int], seed: int
) -> float:
    """Return the temperature that fits the newest posts of some authors, whose tails are folded."""
    samples = []
    for user_id in user_ids[:ASKED_AUTHORS]:
        query = select(Profile.counts, Profile.posts, Profile.texts).where(
            Profile.user_id == user_id, Profile.recipe == RECIPE
        )
        row = (await session.execute(query)).first()
        if row is None:
            continue
        most = min(asked_posts(len(user_ids)), row.posts // 4)
        units = await in_units(session, user_id, await newest_own(session, user_id, most))
        texts = [[post.text for post in unit] for unit in units]
        try:
            whole = await asyncio.to_thread(AuthorProfile.from_bytes, *row)
            held_out = await asyncio.to_thread(hold_out, whole, texts)
        except ValueError:  # A post that came after the fold is not in the profile.
            continue
        if held_out.profile.counts.keys.size:
            samples.append(Sample(whole, held_out))
    return await asyncio.to_thread(temperature_of, samples, background, seed)


async def newest_own(session: AsyncSession, user_id: int, count: int) -> list[OwnPost]:
    """Return the author's newest posts, the newest first; those without a time count as oldest."""
    newest = (
        select(Tweet.id, Tweet.created_at, Tweet.text)
        .where(Tweet.user_id == user_id, Tweet.text != "")
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .limit(count)
    )
    return [OwnPost(*row) for row in await session.execute(newest)]


async def in_units(
    session: AsyncSession, user_id: int, posts: Sequence[OwnPost]
) -> list[list[OwnPost]]:
    """Return an author's posts in units to be held out.

    A chain of own replies is one, so that no part tells of another. Chains of which some posts are
    not given are left out.
    """
    chains = await own_chains(session, user_id)
    lengths = Counter(chains.values())
    units: dict[int, list[OwnPost]] = defaultdict(list)
    for post in posts:
        units[chains.get(post.id, post.id)].append(post)
    return [unit for first, unit in units.items() if len(unit) >= lengths[first]]


async def main_languages(
    session: AsyncSession, user_ids: Collection[int] | None = None
) -> dict[int, str | None]:
    """Return the language of most posts of each author, or of these; None where it is unknown."""
    query = (
        select(PostCount.user_id, PostCount.lang, func.sum(PostCount.posts))
        .group_by(PostCount.user_id, PostCount.lang)
        .order_by(PostCount.user_id, PostCount.lang)
    )
    posts: dict[int, dict[str | None, int]] = {}
    for some in [None] if user_ids is None else chunks(list(user_ids)):
        narrowed = query if some is None else query.where(PostCount.user_id.in_(some))
        for user_id, tag, number in await session.execute(narrowed):
            own = posts.setdefault(user_id, {})
            own[language_of(tag)] = own.get(language_of(tag), 0) + number
    return {user_id: max(own, key=lambda tag: own[tag]) for user_id, own in posts.items()}


def language_of(tag: str) -> str | None:
    """Return the language of a tag without its region; None where it names none."""
    primary = tag.partition("-")[0].lower()
    return None if primary in _UNKNOWN or primary.startswith("q") else primary
