"""How often a text by somebody else is noticed: a trial with authors who are left out."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import guess_language
from app.services.compare.calibration import newest_own
from app.services.compare.contenders import drawn_contenders
from app.services.compare.judging import rank_material, verdict_of
from app.services.compare.materials import Material

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
