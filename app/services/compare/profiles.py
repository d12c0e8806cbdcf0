"""Authors' profiles: stored up to an event of the log, and read with later posts, the tail.

Readers add the tail, so are never behind; long tails are folded into stored profiles.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Row, Table, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, backend_of, chunks, is_among
from app.db.one_chat import check_chat
from app.db.result_cache import LruStore
from app.models import PostCount, Profile, Tweet, User
from app.runtime.work_pool import worked_on
from app.services.posts.replies import own_chains
from app.services.posts.selection import Selection, field_conditions
from app.services.posts.users import UserRow
from saywho.engine.features import RECIPE, sum_of_features
from saywho.engine.fitting import ChainedPost, chained
from saywho.engine.languages import LANGUAGE_POSTS, release_memory, written_by
from saywho.engine.population import Population
from saywho.engine.profiles import NO_POSTS, AuthorProfile, Count, with_posts, without_posts
from saywho.sizes import MIB
from saywho.text import language_of, main_language

LONGEST_TAIL: Final = 200
"""Posts from which a tail is folded; each takes 0.15 ms to read."""
_PROFILE: Final = cast(Table, Profile.__table__)


class Checkpoint(NamedTuple):
    profile: AuthorProfile
    as_of_event: int


NOTHING_STORED: Final = Checkpoint(NO_POSTS, 0)


class ProfileStore:
    """Profiles with tails, the last used within a size."""

    def __init__(self, max_bytes: int = 96 * MIB, *, chat: int | None = None) -> None:
        """chat: the only chat of its sessions; None for the whole site."""
        self._chat = chat
        self._known: LruStore[int, tuple[Checkpoint, int]] = LruStore(
            max_bytes, lambda entry: entry[0].profile.size_bytes
        )
        """Profiles with their authors' `version`."""

    async def load(
        self, session: AsyncSession, users: Sequence[User | UserRow], *, may_evict: bool = True
    ) -> list[AuthorProfile]:
        """Return users' profiles with every visible post; without `may_evict`, evicting no profile
        in frequent use.
        """
        check_chat(session, self._chat)
        profiles = {user.id: self._current(user) for user in users}
        far = [  # Up to 50 posts are counted faster than the stored profile is read.
            user.id
            for user in users
            if (profile := profiles[user.id]) is NOTHING_STORED
            or user.tweet_count - profile.profile.posts > 50
        ]
        for user_id, stored in (await stored_profiles(session, far)).items():
            # The profile in memory may be newer than the stored one.
            profiles[user_id] = max(
                profiles[user_id], stored, key=lambda profile: profile.profile.posts
            )
        whole = {user.id for user in users if profiles[user.id].profile.posts == user.tweet_count}
        profiles |= await with_tails(
            session,
            {user_id: profile for user_id, profile in profiles.items() if user_id not in whole},
        )
        for user in users:
            self._known.put(user.id, (profiles[user.id], user.version), may_evict=may_evict)
        return [profiles[user.id].profile for user in users]

    @property
    def size_bytes(self) -> int:
        return self._known.size

    def clear(self) -> None:
        self._known.clear()

    def _current(self, user: User | UserRow) -> Checkpoint:
        profile, version = self._known.peek(user.id) or (NOTHING_STORED, user.version)
        # A session that began earlier may see fewer posts than the profile in memory has.
        is_its = version == user.version and profile.profile.posts <= user.tweet_count
        return profile if is_its else NOTHING_STORED


async def stored_profiles(
    session: AsyncSession, user_ids: Collection[int]
) -> dict[int, Checkpoint]:
    profiles = dict.fromkeys(user_ids, NOTHING_STORED)
    for chunk in chunks(list(profiles)):
        columns = (Profile.user_id, Profile.as_of_event, Profile.posts)
        query = select(*columns, Profile.counts, Profile.texts)
        query = query.where(Profile.user_id.in_(chunk), Profile.recipe == RECIPE)
        rows = (await session.execute(query)).all()
        profiles |= await asyncio.to_thread(_unpacked, rows)
    return profiles


def _unpacked(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[int, Checkpoint]:
    return {
        user_id: Checkpoint(AuthorProfile.from_bytes(counts, posts, texts), as_of_event)
        for user_id, as_of_event, posts, counts, texts in rows
    }


async def with_tails(
    session: AsyncSession, checkpoints: Mapping[int, Checkpoint], count: Count = sum_of_features
) -> dict[int, Checkpoint]:
    """Return the profiles with posts of later events."""
    tails: dict[int, list[tuple[int, str]]] = {user_id: [] for user_id in checkpoints}
    for chunk in chunks(list(checkpoints)):
        places = (
            and_(Tweet.user_id == user_id, Tweet.event_id > checkpoints[user_id].as_of_event)
            for user_id in chunk
        )
        query = select(Tweet.user_id, Tweet.event_id, Tweet.counted).where(or_(*places))
        # Row by row, SQLAlchemy would take several times as long.
        for user_id, event_id, text in (await session.execute(query)).all():
            tails[user_id].append((event_id, text))

    def extended() -> dict[int, Checkpoint]:
        return {
            user_id: Checkpoint(
                with_posts(checkpoints[user_id].profile, [text for _, text in tail], count),
                max(tail)[0],
            )
            for user_id, tail in tails.items()
            if tail
        }

    texts = [text for tail in tails.values() for _, text in tail]
    return {**checkpoints, **await worked_on(texts, extended)}


async def subtract_posts(session: AsyncSession, posts: Iterable[Row[*tuple[Any, ...]]]) -> None:
    """Take posts, as rows with `user_id`, `event_id` and `counted`, out of stored profiles."""
    of_each: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for post in posts:
        of_each[post.user_id].append(post)
    stored = await stored_profiles(session, of_each)
    folded = {
        user_id: [post.counted for post in of_each[user_id] if post.event_id <= known.as_of_event]
        for user_id, known in stored.items()
    }

    def remaining() -> dict[int, Checkpoint | None]:
        return {
            user_id: _without_texts(stored[user_id], texts)
            for user_id, texts in folded.items()
            if texts
        }

    left = await worked_on(chain.from_iterable(folded.values()), remaining)
    await store_profiles(
        session, {user_id: profile for user_id, profile in left.items() if profile}
    )
    if broken := [user_id for user_id, profile in left.items() if profile is None]:
        # Without a stored profile all posts are tail, so it is counted again.
        await session.execute(delete(Profile).where(Profile.user_id.in_(broken)))


def _without_texts(known: Checkpoint, texts: Sequence[str]) -> Checkpoint | None:
    try:
        return known._replace(profile=without_posts(known.profile, texts))
    except ValueError:
        return None


async def store_profiles(session: AsyncSession, profiles: Mapping[int, Checkpoint]) -> None:
    names = ("recipe", "as_of_event", "posts", "counts", "texts")
    statement = backend_of(session).insert(_PROFILE)
    statement = statement.on_conflict_do_update(
        index_elements=[Profile.user_id], set_={name: statement.excluded[name] for name in names}
    )
    for chunk in chunks(list(profiles.items())):  # Thousands at once would hold up the event loop.
        rows = [
            {
                "user_id": user_id,
                "recipe": RECIPE,
                "as_of_event": as_of_event,
                "posts": profile.posts,
                "counts": profile.counts.to_bytes(),
                "texts": profile.texts.to_bytes(),
            }
            for user_id, (profile, as_of_event) in chunk
        ]
        await session.execute(statement, rows)


async def fold_tails(
    db: Sessions, *, only_long: bool = False, count: Count = sum_of_features
) -> None:
    """Fold all or long tails into stored profiles, counted outside the write lock.

    Authors who change meanwhile are left for later.
    """
    async with db.read() as session:
        authors = await users_with_tails(session, only_long=only_long)
    for part in author_batches(authors):
        async with db.read() as session:
            states = await _states(session, part)
            before = await stored_profiles(session, states)
            after = await with_tails(session, before, count)
        async with db.write() as session:
            now = await _states(session, part)
            moved = {
                user_id: after[user_id]
                for user_id, state in now.items()
                if states.get(user_id) == state and after[user_id] is not before[user_id]
            }
            await store_profiles(session, moved)


async def _states(session: AsyncSession, user_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    query = (
        select(User.id, User.version, func.coalesce(Profile.as_of_event, 0))
        .outerjoin(Profile, and_(Profile.user_id == User.id, Profile.recipe == RECIPE))
        .where(is_among(session, User.id, user_ids), User.deleted_at.is_(None))
    )
    return {user_id: (gone, event) for user_id, gone, event in await session.execute(query)}


def author_batches(authors: Iterable[tuple[int, int]]) -> Iterator[list[int]]:
    """Yield authors, given with posts, in parts."""
    part: list[int] = []
    most_posts = 10_000  # In the profiles that a transaction handles; one author may have more.
    room = most_posts
    for user_id, posts in authors:
        # A statement on 2,000 authors takes some 8 ms.
        if part and (room < posts or len(part) == 2_000):
            yield part
            part, room = [], most_posts
        part.append(user_id)
        room -= posts
    if part:
        yield part


async def users_with_tails(
    session: AsyncSession, *, only_long: bool = False
) -> Sequence[tuple[int, int]]:
    """Return ID and number of posts of authors with unfolded posts.

    only_long: at least `LONGEST_TAIL`, and long compared with the profile.
    """
    folded = func.coalesce(
        select(Profile.posts)
        .where(Profile.user_id == User.id, Profile.recipe == RECIPE)
        .scalar_subquery(),
        0,
    )
    tail, fewest = User.tweet_count - folded, LONGEST_TAIL if only_long else 1
    # The profiles of the many authors with fewer posts are not read.
    may_have = (User.deleted_at.is_(None), User.tweet_count >= fewest)
    query = select(User.id, User.tweet_count).where(*may_have, tail >= fewest)
    if only_long:
        # Folding rewrites the profile.
        query = query.where(tail * 32 >= folded)
    return (await session.execute(query)).all()


async def fold_long_tails(db: Sessions, count: Count = sum_of_features) -> None:
    await fold_tails(db, only_long=True, count=count)


# --- Newest posts, and languages ---

OwnPost = tuple[int, str]
"""ID and text."""


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


async def newest_posts(
    session: AsyncSession, user_id: int, count: int, room_id: int | None = None
) -> list[OwnPost]:
    """Return newest posts first, of one chat or of all; undated ones count as oldest."""
    own = Selection(room_id=room_id)
    newest = (
        select(Tweet.id, Tweet.counted)
        .where(Tweet.user_id == user_id, Tweet.text != "", *field_conditions(own))
        .order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
        .limit(count)
    )
    return [(post_id, text) for post_id, text in await session.execute(newest)]


async def newest_texts(session: AsyncSession, user_id: int, count: int) -> list[str]:
    return [text for _, text in await newest_posts(session, user_id, count)]


async def languages_written(
    session: AsyncSession,
    tags: Mapping[int, str | None],
    user_ids: Iterable[int],
    shipped: Mapping[str, Population],
) -> dict[int, frozenset[str] | None]:
    """Return the languages that authors write by their newest posts; tags: `main_languages`."""
    written = dict[int, frozenset[str] | None]()
    for user_id in user_ids:
        texts = await newest_texts(session, user_id, LANGUAGE_POSTS)
        written[user_id] = await asyncio.to_thread(written_by, texts, tags.get(user_id), shipped)
    release_memory()  # Up to 70 MB, before the background takes as much.
    return written


async def newest_chained(session: AsyncSession, user_id: int, count: int) -> list[ChainedPost]:
    chains = await own_chains(session, user_id)
    return chained(await newest_posts(session, user_id, count), chains)
