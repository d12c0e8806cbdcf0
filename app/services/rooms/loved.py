"""The messages of a room that the others reacted to most, in all and with one sign."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.formats.post import Reactions
from app.models import Tweet, User
from app.services.posts.stored_content import decoded_counts
from app.services.posts.tweets import Post, find_posts

MOST_LOOKED_AT: Final = 500
"""Messages with the most reactions, among which those of each sign are looked for."""
MOST_SIGNS: Final = 3
FEWEST_GIVEN: Final = 2
"""Of one sign, for a message to stand for it."""


class LovedMessage(msgspec.Struct, frozen=True):
    """A message that got the most reactions in its room, in all or with one sign."""

    post: Post
    count: int
    sign: Annotated[
        str | None, Meta(description="The reaction; null for all reactions combined.")
    ] = None
    ties: Annotated[int, Meta(description="Number of other messages with as many.")] = 0


class Reacted(NamedTuple):
    """A message with reactions."""

    id: int
    counts: Reactions


class Best(NamedTuple):
    """The message that has the most of one sign, or of all."""

    id: int
    times: int
    sign: str | None = None
    ties: int = 0
    """The number of other messages with as many."""


async def most_loved(
    session: AsyncSession, room_id: int, span: tuple[datetime, datetime] | None = None
) -> list[LovedMessage]:
    """Return the message with the most reactions, then those with the most of up to three signs.

    span: only messages of this time.

    A sign is left out whose message comes before, and one of which a message further down could
    have more. Of equal ones that with more reactions counts, then the newest.
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


def best_of(messages: Sequence[Reacted]) -> Iterator[Best]:
    """Yield the best of messages that are in the order of their likes, the most first."""
    if not messages:
        return
    first = messages[0]
    ties = sum(message.counts.likes == first.counts.likes for message in messages[1:])
    yield Best(first.id, first.counts.likes or 0, ties=ties)
    # What was not looked at has no more of any sign than it has likes.
    is_whole = len(messages) < MOST_LOOKED_AT
    fewest = FEWEST_GIVEN if is_whole else max(FEWEST_GIVEN, messages[-1].counts.likes or 0)
    ids = {first.id}
    signs = [best for best in _best_by_sign(messages) if best.times >= fewest]
    for best in sorted(signs, key=lambda best: -best.times):
        if best.id not in ids and len(ids) <= MOST_SIGNS:
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
