"""The texts of an author's newest posts, as one value of the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.mentions import ScannedPost
from app.compute.text import username_key
from app.db.backend import backend_of
from app.memo import depends_on
from app.models import Tweet
from app.services.posts.users import Author

MOST_SCANNED: Final = 20_000
"""Newest posts whose texts are looked through."""
CollectedPosts = Sequence[str | None]
"""Texts, cards and answered authors, each a JSON list; None for no posts."""
_decoder: Final = msgspec.json.Decoder(list[str | None])


async def collect_posts(
    session: AsyncSession,
    author: Author,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    most: int = MOST_SCANNED,
) -> CollectedPosts:
    """Return what is looked through of the author's newest posts, or those of a time."""
    depends_on(author.id)
    cards = case((Tweet.media.contains('"link"'), Tweet.media))
    posts = select(Tweet.text, cards.label("cards"), Tweet.reply_to_username)
    posts = posts.where(Tweet.user_id == author.id)
    if since is not None:
        posts = posts.where(Tweet.created_at >= since)
    if until is not None:
        posts = posts.where(Tweet.created_at < until)
    newest = posts.order_by(Tweet.created_at.desc().nulls_last(), Tweet.id.desc())
    listed = newest.limit(most).subquery()
    collected = backend_of(session).collected
    return (await session.execute(select(*map(collected, listed.c)))).one()


def scanned(collected: CollectedPosts, author: Author) -> list[ScannedPost]:
    """Return the posts, without answers to their author; it takes long, so call it in a thread."""
    own_key = username_key(author.username)
    texts, cards, names = (_decoder.decode(values or "[]") for values in collected)
    return [
        ScannedPost(text or "", card, name if name and username_key(name) != own_key else None)
        for text, card, name in zip(texts, cards, names, strict=True)
    ]
