"""Messages without ids that are sent again, this time with their files or other reactions."""

from collections.abc import Mapping
from typing import Final, NamedTuple, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.formats.post import Reactions, StoredMedium
from app.models import Tweet
from app.services.event_log import NewEvent, append_events
from app.services.posts.media import store_uses
from app.services.posts.repetition import is_newer, with_files
from app.services.posts.stored_content import (
    decoded_counts,
    decoded_media,
    encoded_counts,
    encoded_media,
)

_TWEET: Final = cast(Table, Tweet.__table__)
_FILL: Final = update(_TWEET).where(_TWEET.c.id == bindparam("changed"))


class SentAgain(NamedTuple):
    """What a message says that is here already."""

    media: tuple[StoredMedium, ...] = ()
    counts: Reactions | None = None


async def complete_messages(session: AsyncSession, sent: Mapping[int, SentAgain]) -> None:
    """Give stored messages, by their ids, the media and files that they lack, and the reactions
    that they have now; announce them.

    At most a batch of messages is sent.
    """
    if not sent:
        return
    query = select(Tweet.id, Tweet.user_id, Tweet.media, Tweet.counts).where(Tweet.id.in_(sent))
    changes: dict[int, SentAgain] = {}
    described: list[int] = []
    events: list[NewEvent] = []
    for post_id, user_id, media, counts in await session.execute(query):
        stored = SentAgain(decoded_media(media), decoded_counts(counts) if counts else None)
        change = _completed(stored, sent[post_id])
        if change != stored:
            changes[post_id] = change
            events.append(NewEvent("tweet.updated", user_id, post_id))
        if change.media != stored.media:
            described.append(post_id)
    if changes:
        values = [
            {
                "changed": post_id,
                "media": encoded_media(change.media),
                "counts": encoded_counts(change.counts),
            }
            for post_id, change in changes.items()
        ]
        await session.execute(_FILL, values)
        await backend_of(session).words.renew(session, described)
        await store_uses(session, [(post_id, changes[post_id].media) for post_id in described])
        await append_events(session, events)


def _completed(stored: SentAgain, sent: SentAgain) -> SentAgain:
    is_news = stored.counts is not None or (sent.counts and not sent.counts.says_nobody)
    counts = sent.counts if is_news and is_newer(sent.counts, stored.counts) else stored.counts
    return SentAgain(with_files(stored.media, sent.media), counts)
