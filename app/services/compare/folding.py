"""Folding: tails of authors' posts are added to the stored profiles."""

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.counts import Counts
from app.compute.features import RECIPE, features_of
from app.compute.profiles import with_posts
from app.db.backend import Sessions, is_among
from app.models import Profile, User
from app.services.compare.profiles import KnownProfile, store_profiles, stored_profiles, with_tails

LONGEST_TAIL: Final = 200
"""Posts of a tail, from which on it is folded; reading one costs some 0.15 ms a post."""
FOLD_FROM: Final = 50
"""Posts of one author in a batch, from which on it is folded at once: that rewrites the profile."""
FOLDED_AT_ONCE: Final = 10_000
"""Posts in the profiles that one transaction rewrites: of many authors, or of one that has more."""
ASKED_AT_ONCE: Final = 2_000
"""Authors that one statement looks at: some 8 ms."""


class CountedPost(NamedTuple):
    """A post that was stored in bulk, and its features, where they were counted beforehand."""

    event_id: int
    text: str
    counts: Counts | None


async def fold_batch(session: AsyncSession, posts: Mapping[int, Sequence[CountedPost]]) -> None:
    """Fold posts that the session has just stored, by author, and what was not folded before them.

    A few posts of an author are left: they are the tail, as single posts are.
    """
    due = {user_id: some for user_id, some in posts.items() if len(some) >= FOLD_FROM}
    if due:
        first = min(some[0].event_id for some in due.values())
        stored = await stored_profiles(session, due)
        before = await with_tails(session, stored, until=first)
        await store_profiles(session, await asyncio.to_thread(_with_counted, before, due))


def _with_counted(
    before: Mapping[int, KnownProfile], new: Mapping[int, Sequence[CountedPost]]
) -> dict[int, KnownProfile]:
    folded = {}
    for user_id, posts in new.items():
        counts = [post.counts or features_of([post.text])[0] for post in posts]
        profile = with_posts(before[user_id].profile, [post.text for post in posts], counts)
        folded[user_id] = KnownProfile(profile, posts[-1].event_id)
    return folded


async def fold_tails(db: Sessions, user_ids: Collection[int]) -> None:
    """Fold the tails of these authors into their stored profiles, some authors at a time.

    They are counted outside the write lock. An author of whom meanwhile a post was deleted or
    folded is left for another time.
    """
    async with db.read() as session:
        query = select(User.id, User.tweet_count).where(is_among(session, User.id, user_ids))
        rows = await session.execute(query.where(User.deleted_at.is_(None)))
        authors = [(user_id, posts) for user_id, posts in rows]
    for some in in_parts(authors, most_posts=FOLDED_AT_ONCE, most_authors=ASKED_AT_ONCE):
        async with db.read() as session:
            states = await _states(session, some)
            before = await stored_profiles(session, states)
            after = await with_tails(session, before)
        async with db.write() as session:
            now = await _states(session, some)
            moved = {
                user_id: after[user_id]
                for user_id, state in now.items()
                if states.get(user_id) == state and after[user_id] is not before[user_id]
            }
            await store_profiles(session, moved)


async def _states(session: AsyncSession, user_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return how many posts of each author were ever deleted, and how far the profile reaches."""
    query = (
        select(User.id, User.deletion_count, func.coalesce(Profile.as_of_event, 0))
        .outerjoin(Profile, and_(Profile.user_id == User.id, Profile.recipe == RECIPE))
        .where(is_among(session, User.id, user_ids), User.deleted_at.is_(None))
    )
    return {user_id: (gone, event) for user_id, gone, event in await session.execute(query)}


def in_parts(
    authors: Iterable[tuple[int, int]], *, most_posts: int, most_authors: int
) -> Iterator[list[int]]:
    """Yield authors, given with their numbers of posts, in parts; each has at least one."""
    part: list[int] = []
    room = most_posts
    for user_id, posts in authors:
        if part and (room < posts or len(part) == most_authors):
            yield part
            part, room = [], most_posts
        part.append(user_id)
        room -= posts
    if part:
        yield part


async def users_with_tails(session: AsyncSession, *, longer_than: int) -> list[int]:
    """Return those authors with more posts outside their stored profile than `longer_than`."""
    folded = select(Profile.posts).where(Profile.user_id == User.id, Profile.recipe == RECIPE)
    tail = User.tweet_count - func.coalesce(folded.scalar_subquery(), 0)
    # Most authors have fewer posts, and need no look at their profile.
    may_have = (User.deleted_at.is_(None), User.tweet_count > longer_than)
    return list(await session.scalars(select(User.id).where(*may_have, tail > longer_than)))


async def has_long_tails(session: AsyncSession) -> bool:
    """Return whether there are tails that slow down readers."""
    return bool(await users_with_tails(session, longer_than=LONGEST_TAIL - 1))


async def fold_long_tails(db: Sessions) -> None:
    """Fold the tails that slow down readers; those that change meanwhile are found again."""
    async with db.read() as session:
        behind = await users_with_tails(session, longer_than=LONGEST_TAIL - 1)
    await fold_tails(db, behind)
