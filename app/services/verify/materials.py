"""What a verification rests on: the author, the reference population, the usual rates."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.counts import add, subtract
from app.compute.features import features_of
from app.compute.profiles import AuthorProfile, text_keys, without_posts
from app.compute.verification import (
    FEWEST_IMPOSTORS,
    FEWEST_POSTS,
    HELD_OUT_SHARE,
    MOST_IMPOSTORS,
    usual_rates,
)
from app.db.backend import chunks
from app.errors import InvalidInputError
from app.memo import LruStore
from app.models import PostCount, User
from app.services.compare.background import Snapshot
from app.services.compare.calibration import newest_own
from app.services.compare.contenders import Contender, contenders_by_name, drawn_contenders
from app.services.compare.materials import Models
from app.services.events import newest_event
from app.tasks import worked_on

MOST_HELD_OUT: Final = 100
"""Posts that tell the usual score, at most; counting them takes some 10 ms."""
DRAWN_AT_ONCE: Final = 200
MOST_LANGUAGES: Final = 100_000
MOST_RATES: Final = 2_000
"""Authors whose language, and whose usual rates, stay in memory."""
_UNKNOWN: Final = frozenset({"", "und", "zxx", "art"})
"""Tags that name no language, as do X's own, which begin with q."""

Rates = NDArray[np.float64]
AuthorState = tuple[int, int, int]
"""Id, posts and deletions: what was counted of an author holds while these are the same."""


@dataclass(frozen=True, slots=True)
class Population:
    """The other authors of the language: all, or some that are drawn the same way each time."""

    users: list[Contender]
    profiles: list[AuthorProfile]
    other_platforms: int
    """How many of them write on another platform than the author."""


@dataclass(frozen=True, slots=True)
class VerifyMaterial:
    """What the texts of a verification are weighed against, all of one state of the database."""

    user: Contender
    language: str | None
    profile: AuthorProfile
    """Without the texts in question."""
    removed: int
    """How many of these are posts of the author."""
    rates: Rates
    population: Population
    snapshot: Snapshot
    as_of_event: int


class VerifyMaterials:
    """One process's materials for verifications.

    Languages and usual rates stay in memory while their author has the same posts.
    """

    def __init__(self, models: Models) -> None:
        self._models = models
        self._languages: LruStore[AuthorState, tuple[str | None]] = LruStore(
            MOST_LANGUAGES, lambda _: 1
        )
        self._rates: LruStore[tuple[AuthorState, int], Rates] = LruStore(MOST_RATES, lambda _: 1)

    async def gather(
        self, session: AsyncSession, texts: Sequence[str], username: str
    ) -> VerifyMaterial:
        """Return the material for these texts, with every post that the session sees.

        Raises NotFoundError, and InvalidInputError where any answer would be a guess.
        """
        (user,) = await contenders_by_name(session, [username])
        snapshot = await self._models.backgrounds.load(session)
        (whole,) = await self._models.profiles.load(session, [user])
        profile, removed = await worked_on(texts, partial(_without_texts, whole, texts))
        if profile.texts.keys.size < FEWEST_POSTS:
            raise InvalidInputError(
                "'{username}' has {count} different posts here beside the text in question; "
                "{fewest} are needed. Import more posts of this author.",
                loc="username",
                username=user.username,
                count=profile.texts.keys.size,
                fewest=FEWEST_POSTS,
            )
        (language,) = await self._languages_of(session, [user])
        population = await self._population(session, user, language)
        rates = None if removed else self._rates.get((_state(user), snapshot.version))
        if rates is None:
            rates = await self._measure_rates(session, user, profile, texts, snapshot)
        if not removed:
            self._rates.put((_state(user), snapshot.version), rates)
        as_of_event = await newest_event(session)
        return VerifyMaterial(
            user, language, profile, removed, rates, population, snapshot, as_of_event
        )

    async def _population(
        self, session: AsyncSession, user: Contender, language: str | None
    ) -> Population:
        users: list[Contender] = []
        for start in count(0, DRAWN_AT_ONCE):
            drawn = await drawn_contenders(session, offset=start, limit=DRAWN_AT_ONCE)
            languages = await self._languages_of(session, drawn)
            users += [
                other
                for other, own in zip(drawn, languages, strict=True)
                if other.id != user.id and may_be_equal(own, language)
            ]
            if len(drawn) < DRAWN_AT_ONCE or len(users) >= MOST_IMPOSTORS:
                break
        profiles = await self._models.profiles.load(session, users[:MOST_IMPOSTORS])
        found = [each for each in zip(users, profiles, strict=False) if each[1].counts.keys.size]
        if len(found) < FEWEST_IMPOSTORS:
            raise InvalidInputError(
                "Too few other authors write in the language of '{username}' here ({count}; at "
                "least {fewest} are needed). Import posts of others.",
                loc="username",
                username=user.username,
                count=len(found),
                fewest=FEWEST_IMPOSTORS,
            )
        others = [other for other, _ in found]
        query = select(User.id, User.platform).where(
            User.id.in_([user.id, *(other.id for other in others)])
        )
        platforms = {row.id: row.platform for row in await session.execute(query)}
        elsewhere = sum(platforms[other.id] != platforms[user.id] for other in others)
        return Population(others, [profile for _, profile in found], elsewhere)

    async def _languages_of(
        self, session: AsyncSession, users: Sequence[Contender]
    ) -> list[str | None]:
        new = [user for user in users if _state(user) not in self._languages]
        found = await main_languages(session, [user.id for user in new])
        languages = {user.id: found.get(user.id) for user in new}
        for user in users:
            known = self._languages.get(_state(user))
            languages.setdefault(user.id, known[0] if known else None)
            self._languages.put(_state(user), (languages[user.id],))
        return [languages[user.id] for user in users]

    async def _measure_rates(
        self,
        session: AsyncSession,
        user: Contender,
        profile: AuthorProfile,
        texts: Sequence[str],
        snapshot: Snapshot,
    ) -> Rates:
        most = max(1, min(MOST_HELD_OUT, int(profile.posts * HELD_OUT_SHARE)))
        newest = await newest_own(session, user.id, most + len(texts))
        own = [post.text for post in newest if post.text not in texts][:most]
        return await asyncio.to_thread(_rates_of, profile, own, snapshot)


def _state(user: Contender) -> AuthorState:
    return user.id, user.tweet_count, user.deletion_count


def may_be_equal(language: str | None, other: str | None) -> bool:
    """Return whether two authors may write the same language; None is not known, but not Korean."""
    return language == other or (None in (language, other) and "ko" not in (language, other))


async def main_languages(session: AsyncSession, user_ids: Sequence[int]) -> dict[int, str | None]:
    """Return the language of most posts of each author that has posts, None where it is unknown."""
    posts: dict[int, dict[str | None, int]] = {}
    for some in chunks(user_ids):
        query = (
            select(PostCount.user_id, PostCount.lang, func.sum(PostCount.posts))
            .where(PostCount.user_id.in_(some))
            .group_by(PostCount.user_id, PostCount.lang)
            .order_by(PostCount.user_id, PostCount.lang)
        )
        for user_id, tag, number in await session.execute(query):
            own = posts.setdefault(user_id, {})
            own[_language(tag)] = own.get(_language(tag), 0) + number
    return {user_id: max(own, key=lambda tag: own[tag]) for user_id, own in posts.items()}


def _language(tag: str) -> str | None:
    primary = tag.partition("-")[0].lower()
    return None if primary in _UNKNOWN or primary.startswith("q") else primary


def _without_texts(profile: AuthorProfile, texts: Sequence[str]) -> tuple[AuthorProfile, int]:
    """Return the profile without those texts that are posts of it, and how many these are."""
    times = profile.texts.count(text_keys(texts)).tolist()
    gone = [text for text, number in zip(texts, times, strict=True) for _ in range(number)]
    return (without_posts(profile, gone) if gone else profile), sum(map(bool, times))


def _rates_of(profile: AuthorProfile, texts: Sequence[str], snapshot: Snapshot) -> Rates:
    """Return the usual rates of an author, by the newest posts; a repeated one counts once."""
    held_out = add(features_of(list(dict.fromkeys(texts))))
    rest = AuthorProfile(subtract(profile.counts, held_out), profile.posts - len(texts))
    return usual_rates(rest, held_out, len(texts), snapshot.background)
