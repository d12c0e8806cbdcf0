"""Language, times and usual writing of an author's posts."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.case import WORDED_SAMPLE, Fitted, Habit, Suspect, worded_share
from app.compute.fitting import usual_posts
from app.compute.languages import ENGLISH_POSTS, is_english, language_of, main_language
from app.compute.profiles import AuthorProfile
from app.compute.ratios import usual_of
from app.compute.self_replies import ChainedPost, chained
from app.db.backend import chunks
from app.db.result_cache import LruStore
from app.models import PostCount, Tweet, User
from app.runtime.work_pool import worked_on
from app.services.posts.replies import own_chains
from app.services.posts.users import UserRow

OwnPost = tuple[int, str]
"""ID and text."""


class HabitStore:
    """Authors' habits, kept as long as their profiles."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[AuthorProfile, tuple[int, Habit]] = WeakKeyDictionary()
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
    facts: Habit,
    hidden: Collection[str] = (),
) -> Habit:
    """Return the habit with what is usual, without the hidden texts.

    profile: already without them.
    """
    count = usual_posts(profile.posts)
    newest = await newest_own(session, user_id, max(count, WORDED_SAMPLE) + len(hidden))
    shown = [text for _, text in newest if text not in hidden]
    texts = shown[:count]
    is_in_background = user_id not in fitted.samples
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
        is_english=facts.language is None and await _is_english(session, user_id, fitted),
    )


async def _is_english(session: AsyncSession, user_id: int, fitted: Fitted) -> bool:
    newest = await newest_own(session, user_id, ENGLISH_POSTS)
    texts = [text for _, text in newest]
    return await worked_on(texts, partial(is_english, texts, fitted.shipped))


async def _facts(session: AsyncSession, user_ids: Sequence[int]) -> dict[int, Habit]:
    languages = await main_languages(session, user_ids)
    habits: dict[int, Habit] = {}
    for chunk in chunks(user_ids):
        # As two subqueries, each is one step in an index; together they would read all posts.
        first, newest = (
            select(end(Tweet.created_at)).where(Tweet.user_id == User.id).scalar_subquery()
            for end in (func.min, func.max)
        )
        query = select(User.id, User.platform, first, newest).where(User.id.in_(chunk))
        for user_id, platform, first_at, newest_at in await session.execute(query):
            habits[user_id] = Habit(None, languages.get(user_id), platform, first_at, newest_at)
    return habits


async def main_languages(
    session: AsyncSession, user_ids: Collection[int] | None = None
) -> dict[int, str | None]:
    """Return the most frequent language of these or all authors; None if unknown."""
    query = (
        select(PostCount.user_id, PostCount.lang, func.sum(PostCount.posts))
        .group_by(PostCount.user_id, PostCount.lang)
        .order_by(PostCount.user_id, PostCount.lang)
    )
    posts: defaultdict[int, Counter[str | None]] = defaultdict(Counter)
    for chunk in [None] if user_ids is None else chunks(list(user_ids)):
        narrowed = query if chunk is None else query.where(PostCount.user_id.in_(chunk))
        for user_id, tag, number in await session.execute(narrowed):
            posts[user_id][language_of(tag)] += number
    return {user_id: main_language(by_tag) for user_id, by_tag in posts.items()}


async def newest_own(session: AsyncSession, user_id: int, count: int) -> list[OwnPost]:
    """Return newest posts first; undated ones count as oldest."""
    newest = (
        select(Tweet.id, Tweet.text)
        .where(Tweet.user_id == user_id, Tweet.text != "")
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .limit(count)
    )
    return [(post_id, text) for post_id, text in await session.execute(newest)]


async def newest_chained(session: AsyncSession, user_id: int, count: int) -> list[ChainedPost]:
    chains = await own_chains(session, user_id)
    return chained(await newest_own(session, user_id, count), chains)
