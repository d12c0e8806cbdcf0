"""Comparisons as requests ask for them: gathered, judged, and with reasons where wanted."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.judgement import SURE
from app.db.backend import is_among
from app.db.engine import Database
from app.models import Tweet
from app.services.compare.contenders import comparable_texts
from app.services.compare.habits import measure_habit
from app.services.compare.judging import Comparison, judge
from app.services.compare.material import Material, Models
from app.services.compare.materials import Materials, gather_material
from app.services.compare.profiles import without_texts
from app.services.compare.reasons import add_reasons
from app.services.posts.replies import own_chains
from app.tasks import worked_on


class Comparer:
    """Compares authors, with what this process keeps in memory for that."""

    def __init__(self, db: Database, materials: Materials, models: Models) -> None:
        self._db = db
        self._materials = materials
        self._models = models

    async def compare(
        self,
        texts: Sequence[str],
        usernames: Sequence[str],
        *,
        sure: float = SURE,
        explain: bool = True,
        reasons: bool = False,
    ) -> Comparison:
        """Return whether one of the authors named, or of all with posts, wrote the texts.

        The texts are by one hand. With `reasons` the evidence says how often it is used, and
        where. Raises NotFoundError and InvalidInputError.
        """
        material = await self._materials.gather(texts, usernames)
        return await self.judge(material, sure=sure, explain=explain, reasons=reasons)

    async def gather(
        self, texts: Sequence[str], usernames: Sequence[str], *, hidden_post: int | None = None
    ) -> Material:
        """Return what a comparison rests on, for pages that show more of it.

        `hidden_post` is a post that the model must not know.
        """
        if hidden_post is None:
            return await self._materials.gather(texts, usernames)
        async with self._db.read() as session:
            return await gather_without_post(session, self._models, texts, usernames, hidden_post)

    async def judge(
        self, material: Material, *, sure: float = SURE, explain: bool = True, reasons: bool = False
    ) -> Comparison:
        comparison = await judge(material, sure=sure, explain=explain)
        if not reasons or not comparison.evidence:
            return comparison
        async with self._db.read() as session:
            return await add_reasons(session, material, comparison)


async def gather_without_post(
    session: AsyncSession,
    models: Models,
    texts: Sequence[str],
    usernames: Sequence[str],
    post_id: int,
) -> Material:
    """Read the material for texts by one hand, for a model that must not know the post.

    Raises NotFoundError and InvalidInputError.
    """
    own = await worked_on(texts, partial(comparable_texts, texts))
    material = await gather_material(session, models, own, usernames)
    return await _without_post(session, material, post_id)


async def _without_post(session: AsyncSession, material: Material, post_id: int) -> Material:
    """Return the material as if the post, and its whole chain of replies, had not been written.

    The background still counts it, one post among all.
    """
    post = await session.get(Tweet, post_id)
    places = {user.id: place for place, user in enumerate(material.users)}
    if post is None or post.user_id not in places:
        return material
    place = places[post.user_id]
    ids = await _chain_of(session, post)
    hidden = list(await session.scalars(select(Tweet.text).where(is_among(session, Tweet.id, ids))))
    profiles, habits = list(material.profiles), list(material.habits)
    try:
        profiles[place] = await without_texts(profiles[place], hidden)
    except ValueError:  # A post that came after the material was read.
        return material
    if (habit := habits[place]) is not None:
        habits[place] = await measure_habit(
            session, post.user_id, profiles[place], material.snapshot, habit, hidden
        )
    return replace(material, profiles=profiles, habits=habits, ranking=None, hidden=ids)


async def _chain_of(session: AsyncSession, post: Tweet) -> list[int]:
    """Return the ids of the post and of its author's chain of replies that it is in."""
    chains = await own_chains(session, post.user_id)
    first = chains.get(post.id)
    return [each for each, begin in chains.items() if begin == first] if first else [post.id]
