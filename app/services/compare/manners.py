"""Languages, likeness and typical words of authors."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.languages import are_english, guess_main_language, is_english
from app.compute.likeness import likeness
from app.compute.population import NOBODY, CountedAuthor, Population
from app.compute.profiles import AuthorProfile
from app.compute.typical_words import TypicalWord, typical_words
from app.db.result_cache import DERIVED, depends_on
from app.models import User
from app.runtime.work_pool import worked_on
from app.services.compare.cases import Models
from app.services.compare.habits import newest_own
from app.services.posts.users import UserRow

RECENT_POSTS: Final = 100


class TypicalOf(NamedTuple):
    """Typical words, then signs, clearest first."""

    words: list[TypicalWord]
    shipped: int = 0
    """Compared shipped authors; 0 if others are here."""


async def typical_of(
    session: AsyncSession,
    models: Models,
    user: User | UserRow,
    find: Callable[..., list[TypicalWord]] = typical_words,
) -> TypicalOf:
    """Return an author's typical words, compared with the population, in one language if possible,
    or the shipped authors.

    find: `typical_phrases`, to join words that keep together.
    """
    depends_on(DERIVED)
    fitted = await models.backgrounds.load(session)
    texts = [text for _, text in await newest_own(session, user.id, RECENT_POSTS)]
    language = guess_main_language(texts)
    samples = () if user.id in fitted.samples else fitted.samples
    population = fitted.population
    members = population.without([user.id, *samples], language)
    shipped = 0
    if not members.any():
        if language is None and await worked_on(texts, partial(is_english, texts, fitted.shipped)):
            language = "en"
        population = fitted.shipped.get(language or "", NOBODY)
        members, shipped = np.ones(len(population), np.bool_), len(population)
    if not members.any() or not texts:
        return TypicalOf([], shipped)
    (profile,) = await models.profiles.load(session, [user], may_evict=False)
    return TypicalOf(await asyncio.to_thread(find, profile, texts, population, members), shipped)


async def written_languages(
    session: AsyncSession, models: Models, users: Sequence[UserRow]
) -> list[str | None]:
    """Return authors' main languages; None if unknown.

    Untagged posts are Korean or English by their words, or unknown.
    """
    tags = await models.languages.load(session, users)
    untagged = [user for user in users if tags[user.id] is None]
    if not untagged:
        return [tags[user.id] for user in users]
    depends_on(DERIVED)
    fitted = await models.backgrounds.load(session)
    profiles = await models.profiles.load(session, untagged, may_evict=False)
    write_english = await asyncio.to_thread(
        lambda: [are_english(profile.counts, fitted.shipped) for profile in profiles]
    )
    for user, writes_english in zip(untagged, write_english, strict=True):
        tags[user.id] = "en" if writes_english else None
    return [tags[user.id] for user in users]


async def likeness_of(
    session: AsyncSession, models: Models, users: Sequence[UserRow]
) -> NDArray[np.float64]:
    """Return the writing's likeness: (n, n), 0 to 1."""
    depends_on(DERIVED)
    profiles = await models.profiles.load(session, users)
    fitted = await models.backgrounds.load(session)
    return await asyncio.to_thread(likeness, profiles, fitted.background)


class AuthorWords(NamedTuple):
    author: UserRow
    words: list[TypicalWord]


async def typical_beside(
    session: AsyncSession, models: Models, users: Sequence[UserRow]
) -> list[AuthorWords]:
    """Return each author's words in excess of the others; a single author's as on their page."""
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
