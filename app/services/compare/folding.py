"""Folding: tails of authors' posts are added to the stored profiles."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.counts import Counts
from app.compute.features import RECIPE
from app.compute.profiles import with_posts
from app.db.backend import Sessions, is_among
from app.models import Event, Profile, User
from app.services.compare.contenders import Contender, contenders_where
from app.services.compare.profiles import KnownProfile, store_profiles, stored_profiles, with_tails
from app.services.events import newest_event

LONGEST_TAIL: Final = 200
"""A longer tail is folded; reading one costs some 0.15 ms a post."""
FOLD_FROM: Final = 50
"""Posts of a tail, from which on a bulk writer folds it at once: each fold rewrites the profile."""
FOLDED_AT_ONCE: Final = 10_000
"""Posts in the profiles that one transaction rewrites: of many authors, or of one that has more."""
ASKED_AT_ONCE: Final = 2_000
"""Authors, or events, that one statement looks at: some 8 ms."""
MOST_COUNTED: Final = 40_000
"""Posts whose features are kept until they are folded: some 80 MB."""


class CountedPost(NamedTuple):
    """A post that was stored, and its features."""

    user_id: int
    deletion_count: int
    """The author's, when the post was stored."""
    event_id: int
    text: str
    counts: Counts


class CountedTails:
    """Tails of a bulk writer's posts, whose features need not be counted again to fold them."""

    def __init__(self) -> None:
        self._tails: dict[int, list[CountedPost]] = defaultdict(list)
        self._posts = 0

    def add(self, posts: Iterable[CountedPost]) -> None:
        """Keep posts that have been committed."""
        for post in posts:
            self._tails[post.user_id].append(post)
            self._posts += 1

    async def fold(self, db: Sessions, *, at_least: int) -> None:
        """Fold the tails of so many posts, or all if there are more than fit in memory."""
        if self._posts > MOST_COUNTED:
            at_least = 1
        due = [user_id for user_id, tail in self._tails.items() if len(tail) >= at_least]
        tails = {user_id: self._tails.pop(user_id) for user_id in due}
        self._posts -= sum(map(len, tails.values()))
        await fold_tails(db, due, tails)


async def fold_tails(
    db: Sessions,
    user_ids: Sequence[int],
    counted: Mapping[int, Sequence[CountedPost]] | None = None,
) -> list[int]:
    """Fold the tails of these authors into their stored profiles, some authors at a time.

    Tails that are not in `counted` are read and counted, outside the write lock. If meanwhile a
    post was deleted or another worker folded, that author is left, and returned for another run.
    """
    left: list[int] = []
    async with db.read() as session:
        parts = await _in_parts(session, user_ids) if user_ids else []
    for some in parts:
        async with db.read() as session:
            query = contenders_where(is_among(session, User.id, some))
            users = [Contender(*row) for row in await session.execute(query)]
            before = await stored_profiles(session, users)
            tails = {
                user.id: tail
                for user in users
                if (tail := (counted or {}).get(user.id)) and _is_whole(tail, user, before[user.id])
            }
            rest = {user_id: known for user_id, known in before.items() if user_id not in tails}
            after = await with_tails(session, rest)
        after |= await asyncio.to_thread(_with_counted, before, tails)
        moved = {
            user_id: known
            for user_id, known in after.items()
            if known.as_of_event != before[user_id].as_of_event
        }
        if not moved:
            continue
        async with db.write() as session:
            same = await _unchanged(session, {each: before[each] for each in moved})
            await store_profiles(
                session, [(each, moved[each].profile, moved[each].as_of_event) for each in same]
            )
        left += moved.keys() - same
    return left


async def _in_parts(session: AsyncSession, user_ids: Sequence[int]) -> list[list[int]]:
    """Return the authors in parts whose profiles fit into one transaction."""
    query = select(User.id, User.tweet_count).where(is_among(session, User.id, user_ids))
    rows = await session.execute(query.where(User.deleted_at.is_(None)))
    authors = [(user_id, posts) for user_id, posts in rows]
    return list(in_parts(authors, most_posts=FOLDED_AT_ONCE, most_authors=ASKED_AT_ONCE))


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


def _is_whole(tail: Sequence[CountedPost], user: Contender, known: KnownProfile) -> bool:
    """Return whether these are all the author's posts after the stored profile."""
    return (
        known.as_of_event < tail[0].event_id
        and user.deletion_count == tail[0].deletion_count
        and user.tweet_count == known.profile.posts + len(tail)
    )


def _with_counted(
    before: Mapping[int, KnownProfile], tails: Mapping[int, Sequence[CountedPost]]
) -> dict[int, KnownProfile]:
    return {
        user_id: KnownProfile(
            with_posts(
                before[user_id].profile,
                [post.text for post in tail],
                [post.counts for post in tail],
            ),
            tail[-1].event_id,
            before[user_id].deletion_count,
        )
        for user_id, tail in tails.items()
    }


async def _unchanged(session: AsyncSession, known: dict[int, KnownProfile]) -> list[int]:
    """Return the authors without deletions or folds since they were read."""
    query = (
        select(User.id, User.deletion_count, Profile.as_of_event)
        .outerjoin(Profile, and_(Profile.user_id == User.id, Profile.recipe == RECIPE))
        .where(is_among(session, User.id, known), User.deleted_at.is_(None))
    )
    return [
        user_id
        for user_id, deletions, as_of_event in await session.execute(query)
        if deletions == known[user_id].deletion_count
        and (as_of_event or 0) == known[user_id].as_of_event
    ]


async def users_with_tails(
    session: AsyncSession, *among: ColumnElement[bool], longer_than: int
) -> list[int]:
    """Return those authors with more posts outside their stored profile than `longer_than`."""
    folded = select(Profile.posts).where(Profile.user_id == User.id, Profile.recipe == RECIPE)
    tail = User.tweet_count - func.coalesce(folded.scalar_subquery(), 0)
    query = select(User.id).where(User.deleted_at.is_(None), tail > longer_than, *among)
    return list(await session.scalars(query))


class LongTails:
    """Finds tails that are long enough to slow down readers.

    All authors are looked at once, then those of new events; some of them at each call.
    """

    def __init__(self) -> None:
        self._last_user = 0
        self._last_event: int | None = None
        self._behind: list[int] = []

    async def are_there(self, session: AsyncSession) -> bool | None:
        """Return whether there are such tails; None if the next call looks at more authors."""
        newest = await newest_event(session)
        # The log may be that of another server, which lacks the last events of the one before.
        last_event = newest if self._last_event is None else min(self._last_event, newest)
        last_user = await session.scalar(select(func.max(User.id))) or 0
        if not self._behind and self._last_user < last_user:
            to = min(self._last_user + ASKED_AT_ONCE, last_user)
            some = User.id.between(self._last_user + 1, to)
            self._behind = await users_with_tails(session, some, longer_than=LONGEST_TAIL - 1)
            self._last_user = to
        if not self._behind and self._last_user >= last_user and last_event < newest:
            to = min(last_event + ASKED_AT_ONCE, newest)
            events = Event.id.between(last_event + 1, to)
            some = User.id.in_(select(Event.user_id).where(events))
            self._behind = await users_with_tails(session, some, longer_than=LONGEST_TAIL - 1)
            last_event = to
        self._last_event = last_event
        is_over = self._last_user >= last_user and last_event >= newest
        return bool(self._behind) if self._behind or is_over else None

    async def fold(self, db: Sessions) -> None:
        """Fold the tails that were found; those that changed meanwhile are due again."""
        self._behind = await fold_tails(db, self._behind)
