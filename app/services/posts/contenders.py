"""Contenders: authors as a comparison needs them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.models import User
from app.services.posts.users import rows_by_key, unknown_user

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
    rows = await rows_by_key(session, contenders_where(), keys)
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
