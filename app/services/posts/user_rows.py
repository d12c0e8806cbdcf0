"""Users by their names, as rows: what comparisons and writers need of them, thousands at a time."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, TypeVarTuple

import msgspec
from sqlalchemy import ColumnElement, Row, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import chunks
from app.errors import NotFoundError
from app.models import User
from app.runtime.work_pool import worked_on

Fields = TypeVarTuple("Fields")


class UserRow(msgspec.Struct, frozen=True):
    """A user as comparisons need it; thousands load much faster than `User` objects."""

    id: int
    username: str
    username_key: str
    tweet_count: int
    version: int


def unknown_user(username: str) -> NotFoundError:
    return NotFoundError("User '{username}' doesn't exist", username=username)


HAS_KEY: Final = User.username_key.in_(bindparam("keys", expanding=True))
"""Condition on an author, for `rows_by_key`."""
_IDS: Final = select(User.username_key, User.id).where(User.deleted_at.is_(None), HAS_KEY)


async def ids_by_key(session: AsyncSession, keys: Collection[str]) -> dict[str, int]:
    """Return the ids of the authors with these case-folded names."""
    return {row.username_key: row.id for row in await rows_by_key(session, _IDS, keys)}


def select_rows(*conditions: ColumnElement[bool]) -> Select[int, str, str, int, int]:
    """Return the query of the users for whom these conditions hold, for `UserRow`."""
    return select(User.id, User.username, User.username_key, User.tweet_count, User.version).where(
        User.deleted_at.is_(None), *conditions
    )


async def find_rows(session: AsyncSession, usernames: Collection[str]) -> dict[str, UserRow]:
    """Return those of these users who are here, by case-folded name."""
    keys = await worked_on(usernames, lambda: {username_key(name) for name in usernames})
    rows = await rows_by_key(session, select_rows(HAS_KEY), keys)
    return {row.username_key: UserRow(*row) for row in rows}


async def rows_by_name(session: AsyncSession, usernames: Sequence[str]) -> list[UserRow]:
    """Return the users of these names, in that order. Raises NotFoundError."""
    rows = await find_rows(session, usernames)
    return [known_row(name, rows) for name in usernames]


def known_row(username: str, rows: Mapping[str, UserRow]) -> UserRow:
    """Return a user among those found. Raises NotFoundError."""
    row = rows.get(username_key(username))
    if row is None:
        raise unknown_user(username)
    return row


async def rows_by_key(
    session: AsyncSession, query: Select[*Fields], keys: Collection[str]
) -> list[Row[*Fields]]:
    """Return the rows of a query of authors with HAS_KEY for these case-folded names."""
    rows: list[Row[*Fields]] = []
    for chunk in chunks(list(keys)):
        rows += await session.execute(query, {"keys": chunk})
    return rows
