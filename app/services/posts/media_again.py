"""Media of messages that are sent again, this time with their files."""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.formats.post import StoredMedium
from app.models import Tweet
from app.services.event_log import NewEvent, append_events
from app.services.posts.media import store_uses
from app.services.posts.repetition import with_files
from app.services.posts.stored_content import decoded_media, encoded_media

_TWEET: Final = cast(Table, Tweet.__table__)
_FILL: Final = update(_TWEET).where(_TWEET.c.id == bindparam("changed"))


async def fill_media(session: AsyncSession, sent: Mapping[int, Sequence[StoredMedium]]) -> None:
    """Give stored posts, by their ids, the media and files that they lack; announce them.

    At most a batch of posts is sent.
    """
    if not sent:
        return
    query = select(Tweet.id, Tweet.user_id, Tweet.media).where(Tweet.id.in_(sent))
    changed: list[tuple[int, tuple[StoredMedium, ...]]] = []
    events: list[NewEvent] = []
    for post_id, user_id, column in await session.execute(query):
        stored = decoded_media(column)
        media = with_files(stored, sent[post_id])
        if media != stored:
            changed.append((post_id, media))
            events.append(NewEvent("tweet.updated", user_id, post_id))
    if changed:
        values = [{"changed": post_id, "media": encoded_media(media)} for post_id, media in changed]
        await session.execute(_FILL, values)
        await backend_of(session).words.renew(session, [post_id for post_id, _ in changed])
        await store_uses(session, changed)
        await append_events(session, events)
