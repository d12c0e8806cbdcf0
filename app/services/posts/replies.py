"""What posts answer: a reply is linked to its post when the second one of the two is stored."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Table, and_, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.compute.text import username_key
from app.compute.threads import first_of_each
from app.db.backend import backend_of
from app.models import Tweet, User
from app.services.event_log import NewEvent, append_events

Row = dict[str, Any]
"""The columns of a post, by name."""
PostKey = tuple[str, str]
"""The key of an author's name, and the platform's own id of a post."""

_TWEET: Final = cast(Table, Tweet.__table__)
_LINK: Final = update(_TWEET).where(_TWEET.c.id == bindparam("linked"))


class Link(NamedTuple):
    """A stored post, and what it answers."""

    id: int
    user_id: int
    reply_to_id: int | None


async def link_replies(session: AsyncSession, rows: Sequence[Row]) -> list[Link]:
    """Set `reply_to_id` in the rows of posts that arrive; return stored posts that answer them.

    The rows may be of stored posts too, of which only now is known what they answer.
    """
    if not any(row["source_id"] or row["reply_to_source_id"] for row in rows):
        return []
    keys, answers = await _authors_and_answers(session, rows)
    ids = {(keys[row["user_id"]], row["source_id"]): row["id"] for row in rows if row["source_id"]}
    targets = [
        _target(keys[row["user_id"]], row["reply_to_username"], row["reply_to_source_id"])
        for row in rows
    ]
    answered = ids | await _stored(session, {each for each in targets if each and each not in ids})
    for row, target in zip(rows, targets, strict=True):
        row["reply_to_id"] = answered.get(target) if target else None
    arrived = {row["id"] for row in rows}
    return [
        Link(answer.id, answer.user_id, ids[target])
        for target, answer in answers
        if target in ids and answer.reply_to_id != ids[target] and answer.id not in arrived
    ]


def _target(own_key: str, username: str | None, source_id: str | None) -> PostKey | None:
    """Return the key of the post that is answered: of the own author, where none is named."""
    return (username_key(username) if username else own_key, source_id) if source_id else None


async def _authors_and_answers(
    session: AsyncSession, rows: Sequence[Row]
) -> tuple[dict[int, str], list[tuple[PostKey | None, Link]]]:
    """Return the keys of the rows' authors, and stored posts that may answer one of the rows."""
    asked = {(row["user_id"], row["source_id"]) for row in rows}
    arrived = backend_of(session).listed(list(asked), Tweet.user_id, Tweet.source_id)
    is_answer = and_(
        Tweet.reply_to_source_id == arrived.c.source_id,
        or_(Tweet.reply_to_username.is_not(None), Tweet.user_id == arrived.c.user_id),
    )
    query = (
        select(User.id, User.username_key, Tweet.reply_to_username, Tweet.reply_to_source_id)
        .add_columns(Tweet.id, Tweet.user_id, Tweet.reply_to_id)
        .select_from(arrived)
        .join(User, User.id == arrived.c.user_id)
        .outerjoin(Tweet, is_answer)
    )
    keys: dict[int, str] = {}
    answers: list[tuple[PostKey | None, Link]] = []
    for author_id, key, username, source_id, *link in await session.execute(query):
        keys[author_id] = key
        if source_id is not None:
            answers.append((_target(key, username, source_id), Link(*link)))
    return keys, answers


async def _stored(session: AsyncSession, keys: set[PostKey]) -> dict[PostKey, int]:
    """Return the ids of the stored posts with these keys."""
    if not keys:
        return {}
    asked = backend_of(session).listed(sorted(keys), User.username_key, Tweet.source_id)
    is_asked = and_(Tweet.user_id == User.id, Tweet.source_id == asked.c.source_id)
    query = (
        select(asked.c.username_key, asked.c.source_id, Tweet.id)
        .select_from(asked)
        .join(User, User.username_key == asked.c.username_key)
        .join(Tweet, is_asked)
    )
    return {(key, source_id): post_id for key, source_id, post_id in await session.execute(query)}


async def store_links(session: AsyncSession, links: Sequence[Link]) -> int | None:
    """Store what posts of before answer, and announce them; return the newest event."""
    if not links:
        return None
    await session.execute(
        _LINK, [{"linked": link.id, "reply_to_id": link.reply_to_id} for link in links]
    )
    events = [NewEvent("tweet.updated", link.user_id, link.id) for link in links]
    return await append_events(session, events)


async def unlink_replies(session: AsyncSession, tweet: Tweet) -> None:
    """Take the link from what answers a post that is about to be deleted."""
    answers = select(Tweet.id, Tweet.user_id).where(
        Tweet.reply_to_source_id == tweet.source_id,  # This has an index.
        Tweet.reply_to_id == tweet.id,
        Tweet.id != tweet.id,
    )
    if tweet.source_id is not None:
        links = [Link(*row, None) for row in await session.execute(answers)]
        await store_links(session, links)


async def own_chains(session: AsyncSession, user_id: int) -> dict[int, int]:
    """Return the first post of the chain of each post that is in one.

    In a chain each post answers one of the same author.
    """
    answered = aliased(Tweet)
    is_own = and_(answered.id == Tweet.reply_to_id, answered.user_id == user_id)
    query = select(Tweet.id, answered.id).join(answered, is_own)
    query = query.where(Tweet.user_id == user_id, Tweet.id != answered.id)
    above = {post_id: answered_id for post_id, answered_id in await session.execute(query)}  # noqa: C416
    return first_of_each(above, above)
