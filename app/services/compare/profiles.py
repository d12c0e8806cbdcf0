"""Authors' profiles: stored up to an event of the log, read with the posts after it.

The posts after the stored profile are its tail, found by the index on user and event. Readers add
the tail, so they are never behind; `folding` stores longer ones.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Row, Table, and_, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.features import RECIPE
from app.compute.profiles import NO_POSTS, AuthorProfile, with_posts, without_posts
from app.db.backend import backend_of, chunks
from app.memo import LruStore
from app.models import MAX_ID, Profile, Tweet, User
from app.services.compare.contenders import Contender
from app.tasks import worked_on

RELOAD_TAIL: Final = 50
"""Posts that a profile in memory may lack without reading the stored one."""
DEFAULT_MEMORY: Final = 96 * 1024 * 1024
_PROFILE: Final = cast(Table, Profile.__table__)


class KnownProfile(NamedTuple):
    """A profile of the posts up to an event."""

    profile: AuthorProfile
    as_of_event: int


NOTHING_STORED: Final = KnownProfile(NO_POSTS, 0)


class ProfileStore:
    """Loads profiles with their tails, and keeps those used last within a total size."""

    def __init__(self, max_bytes: int = DEFAULT_MEMORY) -> None:
        self._known: LruStore[int, tuple[KnownProfile, int]] = LruStore(
            max_bytes, lambda entry: entry[0].profile.size_bytes
        )
        """Profiles, each with the number of posts of the author that had been deleted."""

    async def load(
        self, session: AsyncSession, users: Sequence[User | Contender], *, may_evict: bool = True
    ) -> list[AuthorProfile]:
        """Return the profiles of the users, with every post that the session sees.

        Without `may_evict` they are kept only while there is room, so that reading all authors
        in turn evicts no profile that is used more often.
        """
        found = {user.id: self._current(user) for user in users}
        far = [user.id for user in users if _is_far_behind(found[user.id], user)]
        for user_id, stored in (await stored_profiles(session, far)).items():
            # The profile in memory may be newer than the stored one.
            found[user_id] = max(found[user_id], stored, key=lambda known: known.profile.posts)
        whole = {user.id for user in users if found[user.id].profile.posts == user.tweet_count}
        found |= await with_tails(
            session, {user_id: known for user_id, known in found.items() if user_id not in whole}
        )
        for user in users:
            entry = found[user.id], user.deletion_count
            if may_evict or user.id in self._known or self._known.has_room_for(entry):
                self._known.put(user.id, entry)
        return [found[user.id].profile for user in users]

    def clear(self) -> None:
        """Forget all profiles."""
        self._known.clear()

    def _current(self, user: User | Contender) -> KnownProfile:
        known, deletions = self._known.peek(user.id) or (NOTHING_STORED, user.deletion_count)
        # A session that began earlier may see fewer posts than the profile in memory has.
        is_its = deletions == user.deletion_count and known.profile.posts <= user.tweet_count
        return known if is_its else NOTHING_STORED


def _is_far_behind(known: KnownProfile, user: User | Contender) -> bool:
    """Return whether reading the stored profile is cheaper than counting the posts since."""
    return known is NOTHING_STORED or user.tweet_count - known.profile.posts > RELOAD_TAIL


async def stored_profiles(
    session: AsyncSession, user_ids: Collection[int]
) -> dict[int, KnownProfile]:
    """Return the stored profiles of the users, an empty one for a user without any."""
    found = dict.fromkeys(user_ids, NOTHING_STORED)
    for some in chunks(list(found)):
        columns = (Profile.user_id, Profile.as_of_event, Profile.posts)
        query = select(*columns, Profile.counts, Profile.texts)
        query = query.where(Profile.user_id.in_(some), Profile.recipe == RECIPE)
        rows = (await session.execute(query)).all()
        found |= await asyncio.to_thread(_unpacked, rows)
    return found


def _unpacked(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, KnownProfile]:
    return {
        user_id: KnownProfile(AuthorProfile.from_bytes(counts, posts, texts), as_of_event)
        for user_id, as_of_event, posts, counts, texts in rows
    }


async def with_tails(
    session: AsyncSession, known: Mapping[int, KnownProfile], *, until: int = MAX_ID
) -> dict[int, KnownProfile]:
    """Return the profiles with the posts of later events, those before `until`."""
    tails: dict[int, list[tuple[int, str]]] = {user_id: [] for user_id in known}
    for some in chunks(list(known)):
        places = (
            and_(
                Tweet.user_id == each,
                Tweet.event_id.between(known[each].as_of_event + 1, until - 1),
            )
            for each in some
        )
        query = select(Tweet.user_id, Tweet.event_id, Tweet.text).where(or_(*places))
        for user_id, event_id, text in await session.execute(query):
            tails[user_id].append((event_id, text))

    def extended() -> dict[int, KnownProfile]:
        return {
            user_id: KnownProfile(
                with_posts(known[user_id].profile, [text for _, text in tail]), max(tail)[0]
            )
            for user_id, tail in tails.items()
            if tail
        }

    texts = [text for tail in tails.values() for _, text in tail]
    return {**known, **await worked_on(texts, extended)}


async def subtract_tweet(session: AsyncSession, tweet: Tweet) -> None:
    """Take a post that is about to be deleted out of its author's stored profile."""
    known = (await stored_profiles(session, [tweet.user_id]))[tweet.user_id]
    if known is not NOTHING_STORED and known.as_of_event < tweet.event_id:
        return
    try:
        profile = await without_texts(known.profile, [tweet.text])
    except ValueError:
        # Without a stored profile all posts are tail, so it is counted again.
        await session.execute(delete(Profile).where(Profile.user_id == tweet.user_id))
        return
    await store_profiles(session, {tweet.user_id: KnownProfile(profile, known.as_of_event)})


async def without_texts(profile: AuthorProfile, texts: Sequence[str]) -> AuthorProfile:
    """Return the profile without posts. Raises ValueError if it does not hold them."""
    return await worked_on(texts, lambda: without_posts(profile, texts))


async def store_profiles(session: AsyncSession, profiles: Mapping[int, KnownProfile]) -> None:
    """Store the profiles of these authors."""
    names = ("recipe", "as_of_event", "posts", "counts", "texts")
    statement = backend_of(session).insert(_PROFILE)
    statement = statement.on_conflict_do_update(
        index_elements=[Profile.user_id], set_={name: statement.excluded[name] for name in names}
    )
    for some in chunks(list(profiles.items())):  # Thousands at once would hold up the event loop.
        rows = [
            {
                "user_id": user_id,
                "recipe": RECIPE,
                "as_of_event": as_of_event,
                "posts": profile.posts,
                "counts": profile.counts.to_bytes(),
                "texts": profile.texts.to_bytes(),
            }
            for user_id, (profile, as_of_event) in some
        ]
        await session.execute(statement, rows)
