"""Contenders: the authors of a comparison, by name or drawn, and its text; all checked."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import clean_text, letter_count, username_key
from app.errors import InvalidInputError
from app.models import User
from app.services.posts.users import HAS_KEY, rows_by_key, unknown_user
from app.tasks import worked_on


class Contender(msgspec.Struct, frozen=True):
    """An author in a comparison; thousands load much faster than `User` objects."""

    id: int
    username: str
    username_key: str
    tweet_count: int
    deletion_count: int


MOST_NAMED: Final = 1_000
"""All authors named are ranked, so all of their profiles are in memory at once."""
MOST_COMPARED: Final = 10_000
"""Authors with posts, of which all are compared where none is named."""
MOST_TEXTS: Final = 50


def contenders_where(*conditions: ColumnElement[bool]) -> Select[int, str, str, int, int]:
    """Return the query of the authors for whom these conditions hold."""
    return select(
        User.id, User.username, User.username_key, User.tweet_count, User.deletion_count
    ).where(User.deleted_at.is_(None), *conditions)


async def find_contenders(
    session: AsyncSession, usernames: Collection[str]
) -> dict[str, Contender]:
    """Return those of these authors who are here, by case-folded name."""
    keys = await worked_on(usernames, lambda: {username_key(name) for name in usernames})
    rows = await rows_by_key(session, contenders_where(HAS_KEY), keys)
    return {row.username_key: Contender(*row) for row in rows}


async def contenders_by_name(session: AsyncSession, usernames: Sequence[str]) -> list[Contender]:
    """Return the authors of these names, in that order. Raises NotFoundError."""
    found = await find_contenders(session, usernames)
    return [_known(name, found) for name in usernames]


def _known(name: str, found: Mapping[str, Contender]) -> Contender:
    user = found.get(username_key(name))
    if user is None:
        raise unknown_user(name)
    return user


def choose(usernames: Sequence[str], found: Mapping[str, Contender]) -> list[Contender]:
    """Return the authors to compare among those found, by their names.

    Raises NotFoundError, and InvalidInputError where they cannot be compared.
    """
    users: dict[int, Contender] = {}
    for name in usernames:
        user = _known(name, found)
        if user.id in users:
            raise InvalidInputError(
                "'{username}' is named twice; choose different authors",
                loc="usernames",
                username=name,
            )
        users[user.id] = user
    for user in users.values():
        if not user.tweet_count:
            raise InvalidInputError(
                "'{username}' has no posts to compare with", loc="usernames", username=user.username
            )
    return list(users.values())


async def compared_users(session: AsyncSession, usernames: Sequence[str]) -> list[Contender]:
    """Return the authors named, or all that have posts. Raises NotFoundError, InvalidInputError."""
    if not usernames:
        query = contenders_where(User.tweet_count > 0).order_by(User.username_key)
        rows = await session.execute(query.limit(MOST_COMPARED + 1))
        users = [Contender(*row) for row in rows]
        if len(users) > MOST_COMPARED:
            raise InvalidInputError(
                "A comparison takes at most {count} authors; name those to choose from",
                loc="usernames",
                count=MOST_COMPARED,
            )
        if not users:
            raise InvalidInputError("There are no authors with posts yet", loc="usernames")
        return users
    if len(usernames) > MOST_NAMED:
        raise InvalidInputError(
            "A comparison takes at most {count} authors by name", loc="usernames", count=MOST_NAMED
        )
    return choose(usernames, await find_contenders(session, usernames))


def comparable_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """Return texts by one hand as they are judged, each once. Raises InvalidInputError."""
    loc = "text" if len(texts) == 1 else "texts"
    if not texts or len(texts) > MOST_TEXTS:
        raise InvalidInputError("Give 1 to {count} texts", loc=loc, count=MOST_TEXTS)
    try:
        cleaned = tuple(dict.fromkeys(map(clean_text, texts)))
    except ValueError as error:
        raise InvalidInputError(str(error), loc=loc) from None
    if not any(map(letter_count, cleaned)):
        raise InvalidInputError("The text has no letters to judge by", loc=loc)
    return cleaned
