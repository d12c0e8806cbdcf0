"""Finding, listing and adding authors; the site's own archive, and the invented sample authors."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVarTuple
from zoneinfo import ZoneInfo

import msgspec
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.db import backend
from app.db.result_cache import EVERYTHING, depends_on
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.models import IS_GONE, KEPT_USER_ID, SITE_ID, RoomPerson, Site, Tweet, User
from app.runtime.clock import days_between
from app.runtime.work_pool import worked_on
from app.services.event_log import NewEvent, append_events
from saywho.clock import now
from saywho.formats.post import Platform
from saywho.text import (
    clean_title,
    clean_username,
    composed,
    possible_name,
    username_key,
    without_at,
)

Fields = TypeVarTuple("Fields")


class UserRow(msgspec.Struct, frozen=True):
    """A user for comparisons; thousands load much faster than `User` objects."""

    id: int
    username: str
    username_key: str
    tweet_count: int
    version: int


def unknown_user(username: str) -> NotFoundError:
    return NotFoundError("User '{username}' doesn't exist", username=username)


CHANGE_USER: Final = backend.update_by_id(User).values(version=backend.table_of(User).c.version + 1)
"""UPDATE of authors by id that outdates their computed values."""
HAS_KEY: Final = User.username_key.in_(sa.bindparam("keys", expanding=True))


class NameOwner(NamedTuple):
    """Whose the posts under a name are."""

    user_id: int
    username: str
    name_id: int | None = None
    """The author of the name itself, if it joined another."""


async def ids_by_key(session: AsyncSession, keys: Collection[str]) -> dict[str, int]:
    return {key: owner.user_id for key, owner in (await names_by_key(session, keys)).items()}


async def names_by_key(session: AsyncSession, keys: Collection[str]) -> dict[str, NameOwner]:
    """Return ID and name of each author who is here; a joined name means its author."""
    return {row[0]: NameOwner(*row[1:]) for row in await rows_by_key(session, _names(), keys)}


@cache
def _names() -> sa.Select[str, int, str, int | None]:
    user, author = backend.table_of(User), backend.table_of(User).alias()
    into, has_key = (
        user.c.joined_to_id,
        user.c.username_key.in_(sa.bindparam("keys", expanding=True)),
    )
    named = sa.select(user.c.username_key, author.c.id, author.c.username)
    query = named.add_columns(sa.case((into.is_not(None), user.c.id))).select_from(
        user.join(author, author.c.id == sa.func.coalesce(into, user.c.id))
    )
    return query.where(author.c.deleted_at.is_(None), has_key)


async def _by_name(
    session: AsyncSession, query: sa.Select[*Fields], keys: Collection[str]
) -> dict[str, sa.Row[*Fields]]:
    """Return rows with a `username_key` by name; a joined name means its author."""
    found = {row.username_key: row for row in await rows_by_key(session, query, keys)}
    missing = {*keys} - found.keys()
    if missing and (joined := await names_by_key(session, missing)):
        names = {key: username_key(owner.username) for key, owner in joined.items()}
        authors = await _by_name(session, query, {*names.values()})
        # On PostgreSQL an author may be deleted between the two.
        found |= {key: authors[name] for key, name in names.items() if name in authors}
    return found


def select_rows(*conditions: sa.ColumnElement[bool]) -> sa.Select[int, str, str, int, int]:
    return sa.select(
        User.id, User.username, User.username_key, User.tweet_count, User.version
    ).where(User.deleted_at.is_(None), *conditions)


async def read_rows(
    session: AsyncSession, query: sa.Select[int, str, str, int, int]
) -> list[UserRow]:
    return [UserRow(*row) for row in await session.execute(query)]


def is_called(keys: Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition on authors of these names, joined ones among them."""
    named = aliased(User)
    author_id = sa.func.coalesce(named.joined_to_id, named.id)
    return User.id.in_(sa.select(author_id).where(named.username_key.in_(keys)))


async def find_rows(session: AsyncSession, usernames: Collection[str]) -> dict[str, UserRow]:
    keys = await worked_on(usernames, lambda: {username_key(name) for name in usernames})
    rows = await _by_name(session, select_rows(HAS_KEY), keys)
    return {key: UserRow(*row) for key, row in rows.items()}


async def rows_by_name(session: AsyncSession, usernames: Sequence[str]) -> list[UserRow]:
    """Raises NotFoundError."""
    rows = await find_rows(session, usernames)
    return [get_row(name, rows) for name in usernames]


def get_row(username: str, rows: Mapping[str, UserRow]) -> UserRow:
    row = rows.get(username_key(username))
    if row is None:
        raise unknown_user(username)
    return row


async def rows_by_key(
    session: AsyncSession, query: sa.Select[*Fields], keys: Collection[str]
) -> list[sa.Row[*Fields]]:
    rows: list[sa.Row[*Fields]] = []
    for chunk in backend.chunks(list(keys)):
        rows += (await session.execute(query, {"keys": chunk})).all()
    return rows


MOST_FOUND: Final = 200


class Author(msgspec.Struct, frozen=True):
    """An author as answers show it."""

    id: int
    username: str
    display_name: str | None
    platform: Platform
    tweets: int
    first_tweet_at: datetime | None
    newest_tweet_at: datetime | None
    created_at: datetime
    """When the author was added, UTC."""

    def days(self, zone: ZoneInfo) -> tuple[date, date] | None:
        """Return the days of the first and the newest post; None without any time."""
        return days_between(self.first_tweet_at, self.newest_tweet_at, zone)


async def find_user(session: AsyncSession, username: str) -> User | None:
    """Return the author of that name; a joined name means its author."""
    user = await find_exact(session, username)
    if user is None or user.deleted_at is None:
        return user
    return await session.get(User, user.joined_to_id)


async def find_exact(session: AsyncSession, username: str) -> User | None:
    """Return the author of that very name, also of a joined one."""
    query = sa.select(User).where(User.username_key == username_key(username))
    return await session.scalar(query.where(sa.not_(IS_GONE)))


async def get_exact(session: AsyncSession, username: str) -> User:
    """Return the author of that very name, who may be deleted or renamed.

    Raises NotFoundError, and ConflictError for a joined name.
    """
    user = await find_exact(session, username)
    if user is None:
        raise unknown_user(username)
    if user.joined_to_id is not None:
        author = await session.get_one(User, user.joined_to_id)
        raise ConflictError(
            "'{username}' is joined to '{into}'; part them first",
            username=user.username,
            into=author.username,
        )
    return user


async def find_by_handle(session: AsyncSession, username: str) -> User | None:
    """Return the author that a name brings: of this name, else without its leading @."""
    return await find_user(session, username) or await find_user(session, without_at(username))


async def get_user(session: AsyncSession, username: str) -> User:
    """Raises NotFoundError."""
    user = await find_user(session, username)
    if user is None:
        raise unknown_user(username)
    depends_on(user.id)
    return user


async def get_author(session: AsyncSession, username: str) -> Author:
    """Raises NotFoundError."""
    key = username_key(username)
    author = (await authors_by_key(session, [key])).get(key)
    if author is None:
        raise unknown_user(username)
    depends_on(author.id)
    return author


async def find_authors(session: AsyncSession, ids: Collection[int]) -> dict[int, Author]:
    rows = await session.execute(_authors().where(User.id.in_(ids)))
    return {row.id: Author(*row[:-1]) for row in rows}


async def list_authors(
    session: AsyncSession,
    *,
    part: str = "",
    after: str | None = None,
    limit: int,
    without: Collection[str] = (),
) -> tuple[list[Author], str | None]:
    """Return up to `limit` authors by name, but those without, and the next page's key `after`.

    `part` selects usernames and shown names in any case: the first 200, matching beginnings of
    usernames first.
    """
    depends_on(EVERYTHING)
    query = _authors().where(User.username.not_in(without)).order_by(User.username_key)
    if key := username_key(part):
        begins = User.username_key.startswith(key, autoescape=True)
        # SQLite fails for patterns of 50,000 bytes.
        shown = composed(possible_name(part)).replace("\0", "\x01")
        has_part = sa.or_(
            User.username_key.contains(key, autoescape=True),
            # Not by the key, since SQLite lowers only ASCII.
            User.display_name.icontains(shown, autoescape=True),
        )
        contains = query.where(has_part, sa.not_(begins))
        rows = list(await session.execute(query.where(begins).limit(MOST_FOUND)))
        rows += await session.execute(contains.limit(MOST_FOUND - len(rows)))
        # By key, since the author at `after` may have been deleted meanwhile.
        last = None if after is None else _sort_key(after, key)
        rows = [row for row in rows if last is None or _sort_key(row.username_key, key) > last]
    else:
        page = query if after is None else query.where(User.username_key > after)
        rows = list(await session.execute(page.limit(limit + 1)))
    authors = [Author(*row[:-1]) for row in rows[:limit]]
    return authors, rows[limit - 1].username_key if len(rows) > limit else None


def _sort_key(key: str, part: str) -> tuple[bool, str]:
    return not key.startswith(part), key


async def count_users(session: AsyncSession) -> int:
    depends_on(EVERYTHING)
    query = sa.select(sa.func.count()).where(User.deleted_at.is_(None))
    return await session.scalar(query) or 0


async def add_user(
    session: AsyncSession,
    username: str,
    *,
    display_name: str | None = None,
    platform: str = "local",
) -> User:
    """Add an author. Raises ConflictError, InvalidInputError."""
    try:
        username = clean_username(username)
    except ValueError as error:
        raise InvalidInputError(str(error), loc="username") from None
    if existing := await find_by_handle(session, username):
        raise ConflictError("User '{username}' already exists", username=existing.username)
    username = without_at(username)
    (user_id,) = await backend.allocate_ids(session, User, 1)
    user = User(
        id=user_id,
        username=username,
        username_key=username_key(username),
        display_name=clean_title(display_name),
        platform=platform,
        created_at=now(),
    )
    session.add(user)
    await session.flush()
    await append_events(session, [NewEvent("user.created", user.id)])
    await claim_site(session, [user.id])
    return user


async def rename_user(session: AsyncSession, username: str, display_name: str | None) -> None:
    """Set the shown name of an author, which imports do not replace; if empty, there is none.

    Raises NotFoundError.
    """
    user = await get_exact(session, username)
    user.display_name = clean_title(display_name)
    await append_events(session, [NewEvent("user.updated", user.id)])


def check_platform(
    username: str, platform_here: str, platform: str | None, *, is_of_chat: bool = False
) -> None:
    """Raise ConflictError for another platform; any replaces `local`, except for chat people."""
    if platform in {None, "local", platform_here}:
        return
    if is_of_chat:
        raise ConflictError(
            "'{username}' is already the name of a person in a chat, who may be someone"
            " else; choose another name",
            username=username,
        )
    if platform_here == "local":
        return
    raise ConflictError(
        "'{username}' is already an author from {known}, not from {platform}; choose another name",
        username=username,
        known=platform_here,
        platform=platform,
    )


async def authors_by_key(session: AsyncSession, keys: Collection[str]) -> dict[str, Author]:
    rows = await _by_name(session, _authors_by_key(), keys)
    return {key: Author(*row[:-1]) for key, row in rows.items()}


@cache
def _authors_by_key() -> sa.Select[*tuple[Any, ...]]:
    return _authors().where(HAS_KEY)


@cache
def _authors() -> sa.Select[*tuple[Any, ...]]:
    is_theirs = Tweet.user_id == User.id, Tweet.created_at.is_not(None)
    times = sa.select(Tweet.created_at).where(*is_theirs).limit(1)
    first = times.order_by(Tweet.created_at, Tweet.id).scalar_subquery()
    newest = times.order_by(Tweet.created_at.desc(), Tweet.id.desc()).scalar_subquery()
    fields = (User.id, User.username, User.display_name, User.platform, User.tweet_count)
    query = sa.select(*fields, first, newest, User.created_at, User.username_key)
    return query.where(User.deleted_at.is_(None))


class NamedUser(NamedTuple):
    id: int
    username: str
    display_name: str | None
    is_of_chat: bool
    posts: int


def _named_users() -> sa.Select[*tuple[Any, ...]]:
    names = (User.id, User.username, User.display_name, User.is_of_chat, User.tweet_count)
    return sa.select(User.username_key, *names).where(User.deleted_at.is_(None))


async def named_users(session: AsyncSession, usernames: Iterable[str]) -> dict[str, NamedUser]:
    keys = {username_key(username) for username in usernames}
    rows = await rows_by_key(session, _named_users().where(HAS_KEY), keys) if keys else []
    for row in rows:
        depends_on(row.id)
    return {row.username_key: NamedUser(*row[1:]) for row in rows}


async def list_outside_chats(
    session: AsyncSession, *, after: tuple[int, int], limit: int
) -> list[NamedUser]:
    """Return authors with posts who write in no chat, the most posts first.

    after: posts and id of the last author who was listed.
    """
    posts, user_id = after
    speaks = sa.select(RoomPerson.user_id).where(
        RoomPerson.user_id == User.id, RoomPerson.messages > 0
    )
    is_after = sa.or_(
        User.tweet_count < posts, sa.and_(User.tweet_count == posts, User.id > user_id)
    )
    query = _named_users().where(User.tweet_count > 0, ~speaks.exists(), is_after)
    rows = await session.execute(query.order_by(User.tweet_count.desc(), User.id).limit(limit))
    return [NamedUser(*row[1:]) for row in rows]


async def users_by_shown_name(session: AsyncSession, names: Collection[str]) -> dict[str, str]:
    """Return usernames of authors with posts by names: their own, else a shown name.

    A name that several people are shown by is left out.
    """
    depends_on(EVERYTHING)
    keys = {name: username_key(name) for name in islice(names, 100)}
    if not keys:
        return {}
    query = sa.select(User.username, User.username_key, User.display_name).where(
        User.deleted_at.is_(None),
        User.tweet_count > 0,
        sa.or_(
            User.username_key.in_([*keys.values()]),
            sa.func.lower(User.display_name).in_([*keys.values()]),
            User.display_name.in_([*keys]),  # SQLite lowers only ASCII.
        ),
    )
    rows = (await session.execute(query)).all()
    own = {row.username_key: row.username for row in rows}
    shown = Counter(username_key(row.display_name or "") for row in rows)
    own |= {
        key: row.username
        for row in rows
        if (key := username_key(row.display_name or "")) not in own and shown[key] == 1
    }
    return {name: own[key] for name, key in keys.items() if key in own}


async def all_speak_in_chats(session: AsyncSession, platform: str = "") -> bool:
    """Return whether everyone with posts (of a platform) speaks in chats; False without posts."""
    depends_on(EVERYTHING)
    writers = sa.select(User.id).where(User.deleted_at.is_(None), User.tweet_count > 0)
    if platform:
        writers = writers.where(User.platform == platform)
    others = writers.where(User.is_of_chat.is_(False))
    return bool(await session.scalar(sa.select(sa.and_(writers.exists(), ~others.exists()))))


async def has_rooms(session: AsyncSession) -> bool:
    """Return whether there is any chat; its rows' later removal must not change this."""
    speakers = sa.select(RoomPerson.room_id).join(User, User.id == RoomPerson.user_id)
    query = speakers.where(RoomPerson.messages > 0, User.deleted_at.is_(None)).limit(1)
    return await session.scalar(query) is not None


async def find_site_author(session: AsyncSession) -> str | None:
    depends_on(EVERYTHING)
    own = sa.select(User.username).join(Site, Site.own_user_id == User.id)
    return await session.scalar(own.where(User.deleted_at.is_(None)))


async def is_own_chosen(session: AsyncSession) -> bool:
    """Return whether someone chose an author, or no author, for the site."""
    site = await session.get(Site, SITE_ID)
    return site is not None and site.is_own_chosen


async def claim_site(session: AsyncSession, user_ids: Collection[int]) -> None:
    """Make the first suitable new author the site's own, without an earlier choice or own archive.

    Samples and people of a chat are skipped.
    """
    if not user_ids:
        return
    first = sa.select(sa.func.min(User.id)).where(
        backend.is_among(session, User.id, user_ids), User.is_of_chat.is_(False), ~is_sample()
    )
    # The event of the new author tells of it.
    claim = sa.update(Site).where(Site.own_user_id.is_(None), Site.is_own_chosen.is_(False))
    await session.execute(
        claim.values(own_user_id=first.scalar_subquery()), execution_options=backend.UNTRACKED
    )


async def disclaim_site(session: AsyncSession, user_ids: Collection[int]) -> None:
    """Take back what `claim_site` did for one of these authors, unless an operator chose."""
    if not user_ids:
        return
    is_theirs = backend.is_among(session, Site.own_user_id, user_ids)
    claim = sa.update(Site).where(is_theirs, Site.is_own_chosen.is_(False))
    await session.execute(claim.values(own_user_id=None), execution_options=backend.UNTRACKED)


async def set_site_author(session: AsyncSession, user_id: int | None) -> None:
    await session.execute(sa.update(Site).values(own_user_id=user_id, is_own_chosen=True))
    await append_events(session, [NewEvent("site.archive", EVERYTHING, posts=0)])


FEWEST_PLAYED: Final = 20
"""Posts of an author in a quiz: with fewer, neither side has a fair chance."""
FEWEST_WRITTEN: Final = 2_500
"""Characters in fewer posts, such as ten pieces of essays, that are as much."""
FEWEST_OF_OWN: Final = 10
"""Posts of an author with which answers and games are possible."""
ENOUGH_OF_OWN: Final = 4
"""Number of other authors with so many posts, or as much text, from which samples are left out."""


@cache
def can_play(posts: int = FEWEST_PLAYED) -> sa.ColumnElement[bool]:
    """Return whether an author has so many posts, or as much text."""
    few = aliased(User)
    # The texts of at most 200 authors are measured.
    some = sa.select(few.id).where(few.deleted_at.is_(None), few.tweet_count < posts)
    some = some.order_by(few.tweet_count.desc(), few.id).limit(200)
    written = sa.select(sa.func.sum(sa.func.length(Tweet.text))).where(Tweet.user_id == User.id)
    is_long = written.scalar_subquery() >= FEWEST_WRITTEN
    has_enough = sa.or_(User.tweet_count >= posts, sa.and_(User.id.in_(some), is_long))
    return sa.and_(User.deleted_at.is_(None), has_enough)


@cache
def sample_files() -> tuple[Path, ...]:
    return tuple(sorted((Path(__file__).parents[2] / "sample").glob("*.jsonl")))


@cache
def is_sample() -> sa.ColumnElement[bool]:
    posts = [msgspec.json.decode(path.read_bytes().splitlines()[0]) for path in sample_files()]
    ids = [post["source_id"] for post in posts]
    return sa.and_(
        User.username_key.in_([username_key(post["username"]) for post in posts]),
        User.deleted_at.is_(None),
        sa.exists().where(Tweet.user_id == User.id, Tweet.source_id.in_(ids)),
    )


async def list_samples(session: AsyncSession) -> list[str]:
    depends_on(EVERYTHING)
    names = sa.select(User.username).where(is_sample()).order_by(User.username_key)
    return list(await session.scalars(names))


async def samples_in(session: AsyncSession, language: str) -> list[str]:
    """Return the sample authors with posts in that language."""
    depends_on(EVERYTHING)
    is_written = Tweet.user_id == User.id, Tweet.lang == language
    query = sa.select(User.username).where(is_sample(), sa.exists().where(*is_written))
    return list(await session.scalars(query))


async def has_enough_own(session: AsyncSession, posts: int = FEWEST_OF_OWN) -> bool:
    """Return whether samples are left out: beside two people of chats, or four other authors."""
    query = sa.select(User.is_of_chat).where(can_play(posts), ~is_sample())
    query = query.order_by(User.is_of_chat.desc()).limit(ENOUGH_OF_OWN)
    are_of_chat = (await session.scalars(query)).all()
    return len(are_of_chat) == ENOUGH_OF_OWN or sum(are_of_chat) > 1


async def outgrown_samples(session: AsyncSession) -> list[str]:
    samples = await list_samples(session)
    return samples if await has_enough_own(session) else []


async def sample_ids(session: AsyncSession) -> list[int]:
    return list(await session.scalars(sa.select(User.id).where(is_sample()).order_by(User.id)))


# --- Authors of many posts ---

_FILLED: Final = ("platform", "display_name", "is_of_chat")


@dataclass(slots=True)
class BulkAuthor:
    """An author; thousands of mapped objects would hold up the event loop."""

    id: int
    username: str
    platform: str
    display_name: str | None = None
    is_of_chat: bool = False
    is_changed: bool = False
    names: dict[str, int] = field(default_factory=dict)
    """Ids of joined authors, by the keys of their names."""

    def complete(
        self,
        *,
        platform: str | None,
        display_name: str | None,
        is_of_chat: bool = False,
        may_fill: bool = True,
    ) -> None:
        """Fill an empty display name, and replace the platform `local`, if it `may_fill` authors
        who are here.

        Raises ConflictError for another platform, or for a person in a chat with an author's name.
        """
        if is_of_chat and self.platform != "local":
            raise ConflictError(
                "'{username}' is already an author from {known} and may be a different person;"
                " rename the person in the chat before the import starts (--rename"
                " {username}=NAME)",
                username=self.username,
                known=self.platform,
            )
        check_platform(self.username, self.platform, platform, is_of_chat=self.is_of_chat)
        if self.id and not may_fill:
            return
        if is_of_chat and not self.is_of_chat:
            self.is_of_chat = self.is_changed = True
        if platform and platform != "local" and self.platform == "local":
            self.platform, self.is_changed = platform, True
        is_named = self.display_name or display_name is None
        if not is_named and (cleaned := clean_title(display_name)):
            self.display_name, self.is_changed = cleaned, True

    @property
    def filled(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FILLED}


async def find_by_keys(session: AsyncSession, keys: Collection[str]) -> dict[str, BulkAuthor]:
    """Return the authors here by the keys that mean them, with a leading @ or without it."""
    bare = {key: username_key(without_at(key)) for key in keys}
    user, name_id = aliased(User), sa.case((User.joined_to_id.is_not(None), User.id))
    columns = (user.id, user.username, *(getattr(user, name) for name in _FILLED))
    named = sa.select(*columns, User.username_key, name_id).join(user, user.id == KEPT_USER_ID)
    asked = backend.is_among(session, User.username_key, {*keys, *bare.values()})
    here, authors = dict[int, BulkAuthor](), dict[str, BulkAuthor]()
    for *row, key, joined in await session.execute(named.where(user.deleted_at.is_(None), asked)):
        authors[key] = author = here.setdefault(row[0], BulkAuthor(*row))
        author.names |= {key: joined} if joined else {}
    found = {key: authors.get(key) or authors.get(bare[key]) for key in keys}
    return {key: author for key, author in found.items() if author}


async def store_authors(session: AsyncSession, authors: Iterable[BulkAuthor]) -> list[NewEvent]:
    """Store new and changed authors, set new ids, and return the events."""
    changed = [author for author in authors if author.id and author.is_changed]
    new = [author for author in authors if not author.id]
    ids = await backend.allocate_ids(session, User, len(new)) if new else ()
    shared, rows = {"created_at": now(), "tweet_count": 0, "version": 0}, []
    for author, user_id in zip(new, ids, strict=True):
        author.id = user_id
        names = {"username": author.username, "username_key": username_key(author.username)}
        rows.append({"id": user_id} | names | author.filled | shared)
    await backend.insert_rows(session, User, rows)
    if changed:
        values = [{"changed": author.id} | author.filled for author in changed]
        await session.execute(CHANGE_USER, values)
    events = [NewEvent("user.created", author.id) for author in new]
    return events + [NewEvent("user.updated", author.id) for author in changed]
