"""Authors beside each other: their languages, how alike they are, and what each uses more."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.case import Fitted
from app.compute.languages import are_english
from app.compute.likeness import likeness
from app.compute.population import CountedAuthor, Population
from app.compute.profiles import AuthorProfile
from app.compute.typical_words import TypicalWord, typical_words
from app.result_cache import DERIVED, depends_on
from app.services.compare.cases import Models
from app.services.compare.habits import newest_own
from app.services.compare.verdict import RECENT_POSTS, typical_of
from app.services.posts.user_rows import UserRow


async def written_languages(
    session: AsyncSession, models: Models, users: Sequence[UserRow]
) -> list[str | None]:
    """Return the language of most posts of each author; None where it is unknown.

    Posts whose tags name no language are Korean or English by their words, or unknown.
    """
    tags = await models.languages.load(session, users)
    untagged = [user for user in users if tags[user.id] is None]
    if not untagged:
        return [tags[user.id] for user in users]
    depends_on(DERIVED)
    fitted = await models.backgrounds.load(session)
    profiles = await models.profiles.load(session, untagged, may_evict=False)
    english = await asyncio.to_thread(_english_of, untagged, profiles, fitted)
    return [tags.get(user.id) or ("en" if user.id in english else None) for user in users]


def _english_of(
    users: Sequence[UserRow], profiles: Sequence[AuthorProfile], fitted: Fitted
) -> set[int]:
    return {
        user.id
        for user, profile in zip(users, profiles, strict=True)
        if are_english(profile.counts, fitted.shipped)
    }


async def likeness_of(
    session: AsyncSession, models: Models, users: Sequence[UserRow]
) -> NDArray[np.float64]:
    """Return how alike the authors write: (n, n), from 0 to 1."""
    depends_on(DERIVED)
    profiles = await models.profiles.load(session, users)
    fitted = await models.backgrounds.load(session)
    return await asyncio.to_thread(likeness, profiles, fitted.background)


class AuthorWords(NamedTuple):
    """An author's typical words, then signs, the clearest first."""

    author: UserRow
    words: list[TypicalWord]


async def typical_beside(
    session: AsyncSession, models: Models, users: Sequence[UserRow]
) -> list[AuthorWords]:
    """Return what each of these authors uses more than the others of them.

    One author alone is compared with others who write the language, as on the author's page.
    """
    if len(users) == 1:
        typical_alone = await typical_of(session, models, users[0])
        return [AuthorWords(users[0], typical_alone.words)]
    for user in users:
        depends_on(user.id)
    profiles = await models.profiles.load(session, users, may_evict=False)
    texts = [
        [text for _, text in await newest_own(session, user.id, RECENT_POSTS)] for user in users
    ]
    words = await asyncio.to_thread(_beside, profiles, texts)
    return [AuthorWords(user, typical) for user, typical in zip(users, words, strict=True)]


def _beside(
    profiles: Sequence[AuthorProfile], texts: Sequence[Sequence[str]]
) -> list[list[TypicalWord]]:
    counted = [
        CountedAuthor(place, profile.posts, None, profile.counts)
        for place, profile in enumerate(profiles)
    ]
    typical = []
    for place, (profile, posts) in enumerate(zip(profiles, texts, strict=True)):
        population = Population.of([author for author in counted if author.id != place])
        members = np.ones(len(population), np.bool_)
        typical.append(typical_words(profile, posts, population, members))
    return typical
