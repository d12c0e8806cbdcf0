"""How authors write: what is usual for them, their languages and typical words."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import chunks, is_among
from app.db.result_cache import DERIVED, LruStore, depends_on
from app.models import Tweet, User
from app.services.compare.background import BackgroundStore
from app.services.compare.profiles import ProfileStore, main_languages, newest_texts
from app.services.posts.users import UserRow
from saywho.engine.case import WORDED_SAMPLE, AuthorHabit, Fitted, Suspect, usual_of, worded_share
from saywho.engine.fitting import usual_posts
from saywho.engine.languages import LANGUAGE_POSTS, written_by
from saywho.engine.population import NOBODY, Population, are_english
from saywho.engine.profiles import AuthorProfile
from saywho.people.typical_words import TypicalWord, typical_words

# --- Habits ---


class HabitStore:
    """Authors' habits, kept as long as their profiles."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[AuthorProfile, tuple[int, AuthorHabit]] = WeakKeyDictionary()
        """Habits with the background's version."""

    async def load(
        self, session: AsyncSession, suspects: Sequence[Suspect], fitted: Fitted
    ) -> list[Suspect]:
        habits = {
            suspect.id: known[1]
            for suspect in suspects
            if (known := self._known.get(suspect.profile)) and known[0] == fitted.version
        }
        new = [suspect for suspect in suspects if suspect.id not in habits]
        facts = await _facts(session, [suspect.id for suspect in new])
        for person in new:
            habit = await measure_habit(
                session, person.id, person.profile, fitted, facts[person.id]
            )
            self._known[person.profile] = fitted.version, habit
            habits[person.id] = habit
        return [replace(suspect, habit=habits[suspect.id]) for suspect in suspects]


class LanguageStore:
    """Authors' main languages, kept since counting 20,000 posts takes 12 ms."""

    def __init__(self) -> None:
        self._known: LruStore[int, tuple[int, int, str | None]] = LruStore(10_000, lambda _: 1)
        """Each author's version, number of posts, and language."""

    async def load(self, session: AsyncSession, users: Sequence[UserRow]) -> dict[int, str | None]:
        known = {user.id: self._known.get(user.id) for user in users}
        languages = {
            user.id: stored[2]
            for user in users
            if (stored := known[user.id]) and stored[:2] == (user.version, user.tweet_count)
        }
        new = [user for user in users if user.id not in languages]
        counted = await main_languages(session, [user.id for user in new]) if new else {}
        for user in new:
            languages[user.id] = counted.get(user.id)
            self._known.put(user.id, (user.version, user.tweet_count, languages[user.id]))
        return languages

    def clear(self) -> None:
        self._known.clear()


async def measure_habit(
    session: AsyncSession,
    user_id: int,
    profile: AuthorProfile,
    fitted: Fitted,
    facts: AuthorHabit,
    hidden: Collection[str] = (),
) -> AuthorHabit:
    """Return the habit with what is usual, without the hidden texts.

    profile: already without them.
    """
    count = usual_posts(profile.posts)
    most = max(count, WORDED_SAMPLE, LANGUAGE_POSTS)
    newest = await newest_texts(session, user_id, most + len(hidden))
    shown = [text for text in newest if text not in hidden]
    texts = shown[:count]
    is_in_background = user_id not in fitted.samples
    known = fitted.population.written_by(user_id, profile)
    written = await asyncio.to_thread(_written, shown, fitted.shipped, known)
    if written is None:  # Counting the posts by language takes longer than reading the newest.
        tag = (await main_languages(session, [user_id])).get(user_id)
        written = frozenset({tag}) if tag else None
    return replace(
        facts,
        usual=await asyncio.to_thread(
            usual_of,
            profile,
            texts,
            fitted.background,
            is_in_background=is_in_background,
            population=fitted.population,
        ),
        worded_share=await asyncio.to_thread(worded_share, shown),
        written=written,
    )


def _written(
    newest: Sequence[str], shipped: Mapping[str, Population], known: Collection[str] | None
) -> frozenset[str] | None:
    written = frozenset(known) if known else written_by(newest, None, shipped)
    # To read the shipped authors takes long: questions about the author need not wait for it.
    for language in written or ():
        shipped.get(language)
    return written


async def _facts(session: AsyncSession, user_ids: Sequence[int]) -> dict[int, AuthorHabit]:
    habits: dict[int, AuthorHabit] = {}
    for chunk in chunks(user_ids):
        # As two subqueries, each is one step in an index; together they would read all posts.
        first, newest = (
            select(end(Tweet.created_at)).where(Tweet.user_id == User.id).scalar_subquery()
            for end in (func.min, func.max)
        )
        query = select(User.id, User.platform, first, newest).where(User.id.in_(chunk))
        for user_id, platform, first_at, newest_at in await session.execute(query):
            habits[user_id] = AuthorHabit(None, platform, first_at, newest_at)
    return habits


@dataclass(slots=True)
class Models:
    """A process's store of authors' habits."""

    profiles: ProfileStore = field(default_factory=ProfileStore)
    backgrounds: BackgroundStore = field(default_factory=BackgroundStore)
    habits: HabitStore = field(default_factory=HabitStore)
    languages: LanguageStore = field(default_factory=LanguageStore)

    def clear(self, _newest: int) -> None:
        """Forget all counts, since the database lost posts."""
        self.profiles.clear()
        self.backgrounds.clear()
        self.languages.clear()


# --- Typical words and written languages ---


class TypicalWords(NamedTuple):
    """Typical words, then signs, clearest first."""

    words: list[TypicalWord]
    shipped: int = 0
    """Compared shipped authors; 0 if others are here."""


async def typical_of(
    session: AsyncSession,
    models: Models,
    user: User | UserRow,
    find: Callable[..., list[TypicalWord]] = typical_words,
) -> TypicalWords:
    """Return an author's typical words, compared with the population, in one language if possible,
    or the shipped authors. People of chats are no measure for authors of posts.

    find: `typical_phrases`, to join words that keep together.
    """
    depends_on(DERIVED)
    fitted = await models.backgrounds.load(session)
    texts = await newest_texts(session, user.id, 100)
    # Some 20 posts, over the whole time, tell whom to compare with.
    some = texts[:: max(len(texts) // 20, 1)]
    (profile,) = await models.profiles.load(session, [user], may_evict=False)
    known = fitted.population.written_by(user.id, profile)
    written = known or await asyncio.to_thread(written_by, some, None, fitted.shipped)
    samples = () if user.id in fitted.samples else fitted.samples
    population = fitted.population
    chatting = await _of_chats(session, [user.id, *(row[0] for row in population.members)])
    unlike = () if user.id in chatting else chatting
    members = population.without([user.id, *samples, *unlike], written)
    shipped = 0
    if not members.any():
        known = [language for language in sorted(written or ()) if language in fitted.shipped]
        if known:
            population = await asyncio.to_thread(fitted.shipped.__getitem__, known[0])
        else:
            population = NOBODY
        members, shipped = np.ones(len(population), np.bool_), len(population)
    if not members.any() or not texts:
        return TypicalWords([], shipped)
    return TypicalWords(await asyncio.to_thread(find, profile, texts, population, members), shipped)


async def _of_chats(session: AsyncSession, user_ids: Collection[int]) -> set[int]:
    query = select(User.id).where(User.is_of_chat, is_among(session, User.id, user_ids))
    return {*await session.scalars(query)}


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
