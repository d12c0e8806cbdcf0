"""Authors' profiles: stored up to an event of the log, read with the posts after it.

A stored profile is a checkpoint; the author's newer posts are its tail, found by the index on user
and event. Readers add the tail, so they are never behind; `folding` advances the checkpoint.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Row, Select, Table, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.features import RECIPE
from app.compute.profiles import NO_POSTS, AuthorProfile, with_posts, without_posts
from app.db.backend import backend_of, chunks
from app.memo import LruStore
from app.models import Profile, Tweet, User
from app.services.compare.contenders import Contender
from app.tasks import INLINE_CHARACTERS, worked_on

RELOAD_TAIL: Final = 50
INLINE_PROFILES: Final = 10
DEFAULT_MEMORY: Final = 96 * 1024 * 1024
_PROFILE: Final = cast(Table, Profile.__table__)


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """A profile in memory, and the state of the author that it holds for."""

    profile: AuthorProfile
    as_of_event: int
    deletion_count: int


class ProfileStore:
    """Loads profiles with their tails, and keeps those used last within a total size."""

    def __init__(self, max_bytes: int = DEFAULT_MEMORY) -> None:
        self._known: LruStore[int, KnownProfile] = LruStore(max_bytes, _size)

    async def load(
        self, session: AsyncSession, users: Sequence[User | Contender], *, may_evict: bool = True
    ) -> list[AuthorProfile]:
        """Return the profiles of the users, with every post that the session sees.

        Without `may_evict` they are kept only while there is room, so that reading all authors
        in turn evicts no profile that is used more often.
        """
        found = {user.id: known for user in users if (known := self._current(user))}
        stored = await stored_profiles(
            session, [user for user in users if _is_far_behind(found.get(user.id), user)]
        )
        for user_id, known in stored.items():
            # The profile in memory may be newer than the stored one.
            if user_id not in found or known.profile.posts > found[user_id].profile.posts:
                found[user_id] = known
        behind = {
            user.id: found[user.id]
            for user in users
            if found[user.id].profile.posts != user.tweet_count
        }
        if behind:
            found |= await with_tails(session, behind)
        for user in users:
            known = found[user.id]
            if may_evict or user.id in self._known or self._known.has_room_for(known):
                self._known.put(user.id, known)
        return [found[user.id].profile for user in users]

    def find_whole(self, user: User | Contender) -> AuthorProfile | None:
        """Return the profile of an author if it is in memory with every post."""
        known = self._current(user)
        if known is None or known.profile.posts != user.tweet_count:
            return None
        self._known.get(user.id)  # Counts as a use.
        return known.profile

    def clear(self) -> None:
        """Forget all profiles."""
        self._known.clear()

    def _current(self, user: User | Contender) -> KnownProfile | None:
        known = self._known.peek(user.id)
        if known is None or known.deletion_count != user.deletion_count:
            return None
        # A session that began earlier may see fewer posts than the profile in memory has.
        return known if known.profile.posts <= user.tweet_count else None


def _is_far_behind(known: KnownProfile | None, user: User | Contender) -> bool:
    """Return whether reading the stored profile is cheaper than counting the posts since."""
    return known is None or user.tweet_count - known.profile.posts > RELOAD_TAIL


def _size(known: KnownProfile) -> int:
    counts, texts = known.profile.counts, known.profile.texts
    arrays = (counts.keys, counts.counts, texts.keys, texts.counts)
    return sum(int(array.nbytes) for array in arrays) + 500


async def stored_profiles(
    session: AsyncSession, users: Sequence[User | Contender]
) -> dict[int, KnownProfile]:
    """Return the stored profiles of the users, an empty one for a user without any."""
    found = {user.id: KnownProfile(NO_POSTS, 0, user.deletion_count) for user in users}
    for some in chunks(list(found)):
        columns = (Profile.user_id, Profile.as_of_event, Profile.posts)
        query = select(*columns, Profile.counts, Profile.texts).where(
            Profile.user_id.in_(some), Profile.recipe == RECIPE
        )
        rows = (await session.execute(query)).all()
        is_quick = len(rows) <= INLINE_PROFILES
        profiles = _unpacked(rows) if is_quick else await asyncio.to_thread(_unpacked, rows)
        for row, profile in zip(rows, profiles, strict=True):
            deletions = found[row.user_id].deletion_count
            found[row.user_id] = KnownProfile(profile, row.as_of_event, deletions)
    return found


def _unpacked(rows: Sequence[Row[*tuple[Any, ...]]]) -> list[AuthorProfile]:
    return [AuthorProfile.from_bytes(row.counts, row.posts, row.texts) for row in rows]


async def with_tails(
    session: AsyncSession, behind: dict[int, KnownProfile]
) -> dict[int, KnownProfile]:
    tails: dict[int, list[str]] = {user_id: [] for user_id in behind}
    newest = {user_id: known.as_of_event for user_id, known in behind.items()}
    for some in chunks(list(behind)):
        query = select_tail({user_id: behind[user_id].as_of_event for user_id in some})
        for user_id, event_id, text in await session.execute(query):
            tails[user_id].append(text)
            newest[user_id] = max(newest[user_id], event_id)

    def extended() -> dict[int, AuthorProfile]:
        return {
            user_id: with_posts(known.profile, tails[user_id]) for user_id, known in behind.items()
        }

    characters = sum(len(text) for texts in tails.values() for text in texts)
    is_quick = characters <= INLINE_CHARACTERS and len(behind) <= INLINE_PROFILES
    profiles = extended() if is_quick else await asyncio.to_thread(extended)
    return {
        user_id: KnownProfile(profile, newest[user_id], behind[user_id].deletion_count)
        for user_id, profile in profiles.items()
    }


def select_tail(as_of_events: dict[int, int]) -> Select[int, int, str]:
    """Return a query for user, event and text of the posts after each user's event."""
    return select(Tweet.user_id, Tweet.event_id, Tweet.text).where(
        or_(
            *(
                and_(Tweet.user_id == user_id, Tweet.event_id > event_id)
                for user_id, event_id in as_of_events.items()
            )
        )
    )


async def subtract_tweet(session: AsyncSession, tweet: Tweet) -> None:
    """Take a post that is about to be deleted out of its author's stored profile."""
    query = select(Profile.as_of_event, Profile.recipe, Profile.posts).where(
        Profile.user_id == tweet.user_id
    )
    row = (await session.execute(query)).first()
    if row is None or row.as_of_event < tweet.event_id:
        return
    try:
        if row.recipe != RECIPE:
            raise ValueError("counted by another recipe")
        user = await session.get_one(User, tweet.user_id)
        before = (await stored_profiles(session, [user]))[user.id].profile
        profile = await without_texts(before, [tweet.text])
    except ValueError:
        # Without a checkpoint all posts are tail, so the profile is counted again.
        await session.execute(delete(Profile).where(Profile.user_id == tweet.user_id))
        return
    await store_profiles(session, [(tweet.user_id, profile, row.as_of_event)])


async def without_texts(profile: AuthorProfile, texts: Sequence[str]) -> AuthorProfile:
    """Return the profile without posts. Raises ValueError if it does not hold them."""
    return await worked_on(texts, lambda: without_posts(profile, texts))


async def store_profiles(
    session: AsyncSession, profiles: Sequence[tuple[int, AuthorProfile, int]]
) -> None:
    """Store profiles, given as author, profile and the event that it reaches to."""
    names = ("recipe", "as_of_event", "posts", "counts", "texts")
    statement = backend_of(session).insert(_PROFILE)
    statement = statement.on_conflict_do_update(
        index_elements=[Profile.user_id], set_={name: statement.excluded[name] for name in names}
    )
    for some in chunks(profiles):  # Thousands at once would hold up the event loop.
        rows = [
            {
                "user_id": user_id,
                "recipe": RECIPE,
                "as_of_event": as_of_event,
                "posts": profile.posts,
                "counts": profile.counts.to_bytes(),
                "texts": profile.texts.to_bytes(),
            }
            for user_id, profile, as_of_event in some
        ]
        await session.execute(statement, rows)
