"""Contenders: the authors of a comparison, by name or drawn, and its text; all checked."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import clean_text, letter_count, username_key
from app.errors import InvalidInputError
from app.models import User
from app.services.posts.users import HAS_KEY, rows_by_key, unknown_user
from app.tasks import worked_on

_SPREAD: Final = 0x9E3779B1
"""Multiplies ids, so that those next to each other are far apart."""


class Contender(msgspec.Struct, frozen=True):
    """An author in a comparison; thousands load much faster than `User` objects."""

    id: int
    username: str
    username_key: str
    tweet_count: int
    deletion_count: int


async def contenders_by_name(session: AsyncSession, usernames: Sequence[str]) -> list[Contender]:
    """Return the authors of these names, in that order. Raises NotFoundError."""
    found = await contenders_by_key(session, {username_key(name) for name in usernames})
    return in_order(usernames, found)


def in_order(usernames: Sequence[str], found: Mapping[str, Contender]) -> list[Contender]:
    """Return the authors of these names from a dict by key. Raises NotFoundError."""
    for name in usernames:
        if username_key(name) not in found:
            raise unknown_user(name)
    return [found[username_key(name)] for name in usernames]


async def contenders_by_key(session: AsyncSession, keys: Collection[str]) -> dict[str, Contender]:
    """Return the authors with these case-folded names."""
    rows = await rows_by_key(session, contenders_where(HAS_KEY), keys)
    return {row.username_key: Contender(*row) for row in rows}


async def all_contenders(session: AsyncSession, *, at_most: int) -> list[Contender]:
    """Return the first authors with posts, in the order of their names."""
    query = contenders_where(User.tweet_count > 0).order_by(User.username_key).limit(at_most)
    return [Contender(*row) for row in await session.execute(query)]


async def drawn_contenders(session: AsyncSession, *, offset: int, limit: int) -> list[Contender]:
    """Return some authors with posts, in an order that is mixed, but the same each time."""
    mixed = (User.id * _SPREAD) % 2**32
    query = contenders_where(User.tweet_count > 0).order_by(mixed, User.id)
    return [Contender(*row) for row in await session.execute(query.offset(offset).limit(limit))]


def contenders_where(*conditions: ColumnElement[bool]) -> Select[int, str, str, int, int]:
    """Return the query of the authors for whom these conditions hold."""
    return select(
        User.id, User.username, User.username_key, User.tweet_count, User.deletion_count
    ).where(User.deleted_at.is_(None), *conditions)


MOST_NAMED: Final = 1_000
"""All authors named are ranked, so all of their profiles are in memory at once."""
MOST_COMPARED: Final = 10_000
"""Authors with posts, of which all are compared where none is named."""


async def compared_users(session: AsyncSession, usernames: Sequence[str]) -> list[Contender]:
    """Return the authors named, or all that have posts. Raises NotFoundError, InvalidInputError."""
    if usernames:
        return await _named(session, usernames)
    users = await all_contenders(session, at_most=MOST_COMPARED + 1)
    _check_number(len(users))
    return users


async def state_of_all(session: AsyncSession) -> tuple[int, int, int, int]:
    """Return the number of authors with posts, of posts, of deletions, and the newest author.

    Raises InvalidInputError.
    """
    query = select(
        func.count(),
        func.coalesce(func.sum(User.tweet_count), 0),
        func.coalesce(func.sum(User.deletion_count), 0),
        func.coalesce(func.max(User.id), 0),
    ).where(User.deleted_at.is_(None), User.tweet_count > 0)
    count, tweets, deletions, newest = (await session.execute(query)).one()
    _check_number(count)
    return count, int(tweets), int(deletions), newest


def _check_number(count: int) -> None:
    if count > MOST_COMPARED:
        raise InvalidInputError(
            "A comparison takes at most {count} authors; name those to choose from",
            loc="usernames",
            count=MOST_COMPARED,
        )
    if count < 2:
        raise InvalidInputError(
            "A comparison needs two authors with posts; there are {count}",
            loc="usernames",
            count=count,
        )


def comparable_text(text: str) -> str:
    """Return the text as it is judged. Raises InvalidInputError if it cannot be judged."""
    try:
        text = clean_text(text)
    except ValueError as error:
        raise InvalidInputError(str(error), loc="text") from None
    if not letter_count(text):
        raise InvalidInputError("The text has no letters to judge by", loc="text")
    return text


async def _named(session: AsyncSession, usernames: Sequence[str]) -> list[Contender]:
    keys = await worked_on(usernames, lambda: {username_key(name) for name in usernames})
    found = await contenders_by_key(session, keys)
    users = await worked_on(usernames, lambda: choose(usernames, found))
    if len(users) > MOST_NAMED:
        raise InvalidInputError(
            "A comparison takes at most {count} authors by name", loc="usernames", count=MOST_NAMED
        )
    return users


def choose(usernames: Sequence[str], found: Mapping[str, Contender]) -> list[Contender]:
    """Return the authors to compare among those found, by their names.

    Raises NotFoundError, and InvalidInputError where they cannot be compared.
    """
    seen: set[str] = set()
    for name in usernames:
        if username_key(name) in seen:
            raise InvalidInputError(
                "'{username}' is named twice; choose different authors",
                loc="usernames",
                username=name,
            )
        seen.add(username_key(name))
    users = in_order(usernames, found)
    if len(users) == 1:
        raise InvalidInputError(
            "'{username}' alone cannot be compared; choose a second author",
            loc="usernames",
            username=users[0].username,
        )
    for user in users:
        if not user.tweet_count:
            raise InvalidInputError(
                "'{username}' has no posts to compare with", loc="usernames", username=user.username
            )
    return users
