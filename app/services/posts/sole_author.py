"""The one author of an archive of one: who that is, and what they may like to see again."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions, backend_of
from app.db.feed import Feed
from app.memo import EVERYTHING, depends_on
from app.models import Tweet, User
from app.services.posts.tweets import Post, PostMedium, as_post, select_posts

MOST_LOOKED_AT: Final = 100
"""Newest posts with media that are searched for pictures."""


class SoleAuthor:
    """Knows the only author here who has posts, whose archive this then is."""

    def __init__(self, db: Sessions, feed: Feed) -> None:
        self._db = db
        self._feed = feed
        self._found: Sequence[str] = ()
        self._as_of_event = -1

    async def find(self) -> str | None:
        """Return the only author with posts; None where there is none, or more than one."""
        is_current = await self._feed.catch_up()
        newest = self._feed.newest
        if newest != self._as_of_event or not is_current:
            with_posts = select(User.username).where(
                User.deleted_at.is_(None), User.tweet_count > 0
            )
            async with self._db.read() as session:
                self._found = (await session.scalars(with_posts.limit(2))).all()
            self._as_of_event = newest
        if len(self._found) < 2:  # Anybody's next post may change that.
            depends_on(EVERYTHING)
        return self._found[0] if len(self._found) == 1 else None


async def newest_pictures(
    session: AsyncSession, user_id: int, *, limit: int
) -> list[tuple[Post, PostMedium]]:
    """Return up to `limit` kept pictures of the author and their posts, the newest first."""
    depends_on(user_id)
    with_media = select_posts().where(
        Tweet.user_id == user_id, Tweet.media.is_not(None), Tweet.created_at.is_not(None)
    )
    newest = with_media.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(MOST_LOOKED_AT)
    pictures = [
        (post, medium)
        for post in map(as_post, await session.execute(newest))
        for medium in post.media
        if medium.kind == "photo" and medium.url
    ]
    return pictures[:limit]


async def most_liked(session: AsyncSession, user_id: int, *, limit: int) -> list[Post]:
    """Return up to `limit` posts of the author that were liked most on their platform."""
    depends_on(user_id)
    likes = backend_of(session).likes
    liked = select_posts().where(Tweet.user_id == user_id, Tweet.counts.is_not(None), likes > 0)
    most = liked.order_by(likes.desc(), Tweet.id.desc()).limit(limit)
    return [as_post(row) for row in await session.execute(most)]
