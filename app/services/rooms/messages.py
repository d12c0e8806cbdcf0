"""The messages of a room, the oldest first."""

from functools import cache
from typing import Any, Final, Literal

from sqlalchemy import Integer, Tuple, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.models import MAX_ID, Tweet
from app.result_cache import EVERYTHING, depends_on
from app.services.posts.selection import Selection, field_conditions
from app.services.posts.tweets import (
    AnySelect,
    Page,
    Post,
    TweetKey,
    as_page,
    as_post,
    select_posts,
)

AROUND: Final = 10
"""Messages before and after one."""
END: Final[TweetKey] = (None, MAX_ID)
"""The place after all messages."""
_Kind = Literal["undated", "dated", "dated before"]
ORDER: Final = (Tweet.created_at, Tweet.place, Tweet.id)
"""Order of the messages of a chat that have a time."""


async def list_messages(
    session: AsyncSession, selection: Selection, *, after: TweetKey | None = None, limit: int
) -> Page:
    """Return up to `limit` messages of a room, the oldest first, and the key of the next page.

    Equal times are in the order of the file, unknown times last; a message without a time is in no
    period. Of the selection the room, the period and `has` count.
    """
    depends_on(EVERYTHING)
    dated, undated = _parts(selection)
    posts: list[Post] = []
    if after is None or after[0] is not None:
        query = dated if after is None else dated.where(_sort_key() < tuple_(*ORDER))
        query = query.order_by(*ORDER).limit(limit + 1)
        posts = list(map(as_post, await session.execute(query, _values(after) if after else {})))
    if len(posts) <= limit and selection.since is selection.until is None:
        last = after[1] if after and after[0] is None else 0
        query = undated.where(Tweet.id > last).order_by(Tweet.id).limit(limit + 1 - len(posts))
        posts += map(as_post, await session.execute(query))
    return as_page(posts, limit)


async def list_before(
    session: AsyncSession, selection: Selection, before: TweetKey, *, limit: int
) -> Page:
    """Return the last `limit` messages of a room before a key, the oldest first, and the key of
    the first where others come before it. Of the selection the room and `has` count."""
    depends_on(EVERYTHING)
    values = _values(before) | {"room_id": selection.room_id}
    kinds: list[_Kind] = ["undated", "dated"] if before[0] is None else ["dated before"]
    posts: list[Post] = []
    for kind in kinds:
        if missing := limit + 1 - len(posts):
            query = _last(kind, selection.has)
            posts += map(as_post, await session.execute(query, values | {"limit": missing}))
    posts, key = as_page(posts, limit)
    return posts[::-1], key


async def messages_around(session: AsyncSession, post: Post) -> list[Post]:
    """Return ten messages before a message, it, and ten after it; nothing for a post."""
    if post.room is None:
        return []
    key = post.created_at, post.id
    selection = Selection(room_id=post.room.id)
    above, _ = await list_before(session, selection, key, limit=AROUND)
    below, _ = await list_messages(session, selection, after=key, limit=AROUND)
    return [*above, post, *below]


@cache
def _last(kind: _Kind, has: str | None) -> AnySelect:
    """Return the query for the last messages of a room before a key, made once."""
    of_room = [Tweet.room_id == bindparam("room_id"), *field_conditions(Selection(has=has))]
    messages = select_posts().where(*of_room).limit(bindparam("limit", type_=Integer))
    if kind == "undated":
        messages = messages.where(Tweet.created_at.is_(None), Tweet.id < bindparam("id"))
        return messages.order_by(Tweet.id.desc())
    messages = messages.where(Tweet.created_at.is_not(None))
    if kind == "dated before":
        messages = messages.where(_sort_key() > tuple_(*ORDER))
    return messages.order_by(*(column.desc() for column in ORDER))


@cache
def _sort_key() -> Tuple:
    """Return the place of a key in the order of a chat, for `_values`; made once."""
    message = aliased(Tweet)
    place = select(message.place).where(message.id == bindparam("id")).scalar_subquery()
    time = bindparam("time", type_=Tweet.created_at.type)
    return tuple_(time, func.coalesce(place, bindparam("else")), bindparam("id"))


def _values(key: TweetKey) -> dict[str, Any]:
    """Return the values of a key; one with the id 0 comes before all messages of its time."""
    return {"time": key[0], "id": key[1], "else": 0 if key[1] else -MAX_ID}


def _parts(selection: Selection) -> tuple[AnySelect, AnySelect]:
    """Return queries for the messages with a time, and for those without.

    SQLite reads the index in the order of a list only where no time is unknown.
    """
    messages = select_posts().where(*field_conditions(selection))
    is_dated = Tweet.created_at.is_not(None)
    return messages.where(is_dated), messages.where(Tweet.created_at.is_(None))
