"""Authors' habits: what a judgement needs of them beside their counts, kept in memory."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.fitting import usual_posts
from app.compute.judgement import Habit
from app.compute.profiles import AuthorProfile
from app.compute.ratios import usual_of
from app.db.backend import chunks
from app.memo import LruStore
from app.models import Tweet, User
from app.services.compare.background import Snapshot
from app.services.compare.calibration import main_languages, newest_own
from app.services.compare.contenders import Contender

MOST_KEPT: Final = 2_000
HabitKey = tuple[int, int, int, int]
"""Version, author, posts and deletions: the habit holds while these are the same."""


class HabitStore:
    """Loads authors' habits, and keeps those used last."""

    def __init__(self) -> None:
        self._known: LruStore[HabitKey, Habit] = LruStore(MOST_KEPT, lambda _: 1)

    def find(self, user: Contender, snapshot: Snapshot) -> Habit | None:
        """Return an author's habit if it is in memory for the posts that the author has."""
        return self._known.get(_key(user, snapshot))

    def clear(self) -> None:
        self._known.clear()

    async def load(
        self,
        session: AsyncSession,
        users: Sequence[Contender],
        profiles: Sequence[AuthorProfile],
        snapshot: Snapshot,
    ) -> list[Habit]:
        """Return the authors' habits, with every post that the session sees."""
        found = {user.id: habit for user in users if (habit := self.find(user, snapshot))}
        if new := [user.id for user in users if user.id not in found]:
            facts = await _facts(session, new)
            for user, profile in zip(users, profiles, strict=True):
                if user.id not in found:
                    habit = await measure_habit(session, user.id, profile, snapshot, facts[user.id])
                    self._known.put(_key(user, snapshot), habit)
                    found[user.id] = habit
        return [found[user.id] for user in users]


def _key(user: Contender, snapshot: Snapshot) -> HabitKey:
    return snapshot.version, user.id, user.tweet_count, user.deletion_count


async def measure_habit(
    session: AsyncSession,
    user_id: int,
    profile: AuthorProfile,
    snapshot: Snapshot,
    facts: Habit,
    hidden: Collection[str] = (),
) -> Habit:
    """Return the facts about an author with what is usual, as if the hidden texts were not there.

    The profile does not hold the hidden texts.
    """
    count = usual_posts(profile.posts)
    newest = await newest_own(session, user_id, count + len(hidden))
    texts = [post.text for post in newest if post.text not in hidden][:count]
    if not texts or not profile.counts.keys.size:
        return facts
    usual = await asyncio.to_thread(usual_of, profile, texts, snapshot.fitted.background)
    return Habit(usual, facts.language, facts.platform, facts.first_at, facts.newest_at)


async def _facts(session: AsyncSession, user_ids: Sequence[int]) -> dict[int, Habit]:
    """Return the authors' languages, platforms and times."""
    languages = await main_languages(session, user_ids)
    found: dict[int, Habit] = {}
    for some in chunks(user_ids):
        # One after the other, each is one step in an index; together they read all posts.
        first, newest = (
            select(end(Tweet.created_at)).where(Tweet.user_id == User.id).scalar_subquery()
            for end in (func.min, func.max)
        )
        query = select(User.id, User.platform, first, newest).where(User.id.in_(some))
        for user_id, platform, *times in await session.execute(query):
            found[user_id] = Habit(None, languages.get(user_id), platform, *times)
    return found
