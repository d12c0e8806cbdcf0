"""The messages of a chat with the most reactions, in all and by each reaction."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.formats.post import Reactions
from app.models import Tweet, User
from app.services.posts.post_content import decoded_counts
from app.services.posts.tweets import Post, find_posts

MOST_LOOKED_AT: Final = 500


class LovedMessage(msgspec.Struct, frozen=True):
    """A message that got the most reactions in its room, in all or with one sign."""

    post: Post
    count: int
    sign: str | None = None
    """The reaction; null for all reactions combined."""
    ties: int = 0
    """Number of other messages with as many."""


class Reacted(NamedTuple):
    id: int
    counts: Reactions


class Best(NamedTuple):
    """The message with the most of one sign, or of all."""

    id: int
    times: int
    sign: str | None = None
    ties: int = 0
    """Number of other messages with as many."""


async def most_loved(
    session: AsyncSession, room_id: int, span: tuple[datetime, datetime] | None = None
) -> list[LovedMessage]:
    """Return the message with most reactions, then with most of up to three signs.

    Equal messages rank by reactions, then newest first. A sign is left out if its message is
    listed, or one further down could have more.
    """
    likes = backend_of(session).likes
    query = (
        select(Tweet.id, Tweet.counts)
        .join(User, User.id == Tweet.user_id)
        .where(Tweet.room_id == room_id, Tweet.counts.is_not(None), likes > 0)
        .where(User.deleted_at.is_(None))
        .order_by(likes.desc(), Tweet.id.desc())
        .limit(MOST_LOOKED_AT)
    )
    if span is not None:
        query = query.where(Tweet.created_at >= span[0], Tweet.created_at < span[1])
    rows = await session.execute(query)
    best = list(best_of([Reacted(row.id, decoded_counts(row.counts)) for row in rows]))
    posts = await find_posts(session, [one.id for one in best])
    return [
        LovedMessage(posts[one.id], one.times, one.sign, one.ties)
        for one in best
        if one.id in posts
    ]


async def has_liked_messages(session: AsyncSession) -> bool:
    """Return whether any message has likes: those of many apps come without."""
    liked = select(Tweet.id).where(Tweet.room_id.is_not(None), Tweet.counts.is_not(None))
    return await session.scalar(liked.where(backend_of(session).likes > 0).limit(1)) is not None


def best_of(messages: Sequence[Reacted]) -> Iterator[Best]:
    """Yield the best of messages, given by likes."""
    if not messages:
        return
    first = messages[0]
    ties = sum(message.counts.likes == first.counts.likes for message in messages[1:])
    yield Best(first.id, first.counts.likes or 0, ties=ties)
    # Messages that were not read have no more of any sign than the last one has likes.
    is_whole = len(messages) < MOST_LOOKED_AT
    fewest = 2 if is_whole else max(2, messages[-1].counts.likes or 0)
    ids = {first.id}
    signs = [best for best in _best_by_sign(messages) if best.times >= fewest]
    for best in sorted(signs, key=lambda best: -best.times):
        if best.id not in ids and len(ids) <= 3:
            ids.add(best.id)
            yield best


def _best_by_sign(messages: Iterable[Reacted]) -> Iterable[Best]:
    best: dict[str, Best] = {}
    for message in messages:
        for sign, count in ((one.sign, one.count) for one in message.counts.signs):
            if sign not in best or best[sign].times < count:
                best[sign] = Best(message.id, count, sign)
            elif best[sign].times == count:
                best[sign] = best[sign]._replace(ties=best[sign].ties + 1)
    return best.values()


# --- Periods and silences ---
