"""The stored posts that posts which arrive may be linked to, read by one statement."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ScalarSelect, Select, and_, func, literal, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.compute.text import username_key
from app.db.backend import backend_of
from app.models import Tweet, User

_CHILD: Final = aliased(Tweet)


class StoredNeighbour(NamedTuple):
    """A stored post that new ones may be linked to, or the author of new ones."""

    part: str
    """`author`, `parent` or `child`."""
    id: int
    user_id: int
    reply_to_id: int | None
    thread_id: int | None
    first_id: int | None
    source_id: str | None
    """Of a child, that of the post which it answers."""
    username: str | None
    """The author's key; of a child, the name of the author whom it answers."""


@cache
def first_of_thread(post: type[Tweet] = Tweet) -> ScalarSelect[int]:
    """Return the first post of a post's thread, as a column.

    Made once: that took a quarter of the time of the event loop in an import.
    """
    name = aliased(Tweet)
    first = select(func.coalesce(name.thread_first_id, name.id))
    return first.where(name.id == post.thread_id).correlate(post).scalar_subquery()


async def stored_neighbours(
    session: AsyncSession, rows: Sequence[Mapping[str, Any]]
) -> list[StoredNeighbour]:
    """Return the authors of the posts, and the stored posts that these may be linked to."""
    own: set[tuple[int, str]] = set()
    named: set[tuple[str, str]] = set()
    for row in rows:
        if source_id := row["reply_to_source_id"]:
            if username := row["reply_to_username"]:
                named.add((username_key(username), source_id))
            else:
                own.add((row["user_id"], source_id))
    sources = {(row["source_id"],) for row in rows if row["source_id"]}
    if not (own or named or sources):
        return []
    listed = backend_of(session).listed
    authors = listed(list({(row["user_id"],) for row in rows}), User.id)
    to_own = listed(list(own), Tweet.user_id, Tweet.source_id)
    to_named = listed(list(named), User.username_key, Tweet.source_id)
    answered = listed(list(sources), Tweet.source_id)
    is_child = _CHILD.reply_to_source_id == answered.c.source_id
    parents = _select("parent", Tweet, Tweet.source_id, User.username_key).select_from(Tweet)
    is_own = and_(Tweet.user_id == to_own.c.user_id, Tweet.source_id == to_own.c.source_id)
    is_named = and_(Tweet.user_id == User.id, Tweet.source_id == to_named.c.source_id)
    children = _select("child", _CHILD, _CHILD.reply_to_source_id, _CHILD.reply_to_username)
    query = union_all(
        select(*_author_columns()).join(authors, authors.c.id == User.id),
        parents.join(to_own, is_own).join(User, User.id == Tweet.user_id),
        parents.join(User, User.id == Tweet.user_id)
        .join(to_named, User.username_key == to_named.c.username_key)
        .where(is_named),
        children.join(answered, is_child),
    )
    return [StoredNeighbour(*row) for row in await session.execute(query)]


def _select(part: str, post: type[Tweet], *columns: Any) -> Select[*tuple[Any, ...]]:
    links = (post.id, post.user_id, post.reply_to_id, post.thread_id, first_of_thread(post))
    return select(literal(part), *links, *columns)


def _author_columns() -> tuple[Any, ...]:
    return literal("author"), User.id, User.id, *[null()] * 4, User.username_key
