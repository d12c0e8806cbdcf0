"""The authors of posts in bulk: thousands of them, found, made and changed together."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now
from app.compute.text import username_key
from app.db.backend import allocate_ids, insert_rows, is_among
from app.models import User
from app.services.event_log import NewEvent
from app.services.posts.users import check_platform, clean_display_name

_USER: Final = cast(Table, User.__table__)
_CHANGE: Final = update(_USER).where(_USER.c.id == bindparam("changed"))


@dataclass(slots=True)
class BulkAuthor:
    """An author; mapped objects, by the thousand, would hold up the event loop."""

    id: int
    """0 until it is stored."""
    username: str
    platform: str
    display_name: str | None = None
    deletion_count: int = 0
    is_of_chat: bool = False
    is_changed: bool = False

    def complete(
        self, *, platform: str | None, display_name: str | None, is_of_chat: bool = False
    ) -> None:
        """Fill an empty display name, and replace the platform `local`.

        Raises ConflictError for another platform.
        """
        check_platform(self.username, self.platform, platform, is_of_chat=self.is_of_chat)
        if is_of_chat and not self.is_of_chat:
            self.is_of_chat = self.is_changed = True
        if platform and platform != "local" and self.platform == "local":
            self.platform, self.is_changed = platform, True
        if not self.display_name and (cleaned := clean_display_name(display_name)):
            self.display_name, self.is_changed = cleaned, True


async def find_authors(session: AsyncSession, keys: Collection[str]) -> dict[str, BulkAuthor]:
    """Return the authors with these case-folded names, by one statement."""
    names = ("id", "username", "platform", "display_name", "deletion_count", "is_of_chat")
    query = select(*(getattr(User, name) for name in names)).where(User.deleted_at.is_(None))
    rows = await session.execute(query.where(is_among(session, User.username_key, keys)))
    return {username_key(row.username): BulkAuthor(*row) for row in rows}


async def store_authors(session: AsyncSession, authors: Iterable[BulkAuthor]) -> list[NewEvent]:
    """Store the authors that are new, whose ids are set here, or changed; return their events."""
    changed = [author for author in authors if author.id and author.is_changed]
    new = [author for author in authors if not author.id]
    ids = await allocate_ids(session, User, len(new)) if new else ()
    created_at, rows = now(), []
    for author, user_id in zip(new, ids, strict=True):
        author.id = user_id
        rows.append(
            {
                "id": author.id,
                "username": author.username,
                "username_key": username_key(author.username),
                "display_name": author.display_name,
                "platform": author.platform,
                "is_of_chat": author.is_of_chat,
                "created_at": created_at,
                "tweet_count": 0,
                "deletion_count": 0,
            }
        )
    await insert_rows(session, _USER, rows)
    if changed:
        names = ("platform", "display_name", "is_of_chat")
        values = [
            {"changed": author.id} | {name: getattr(author, name) for name in names}
            for author in changed
        ]
        await session.execute(_CHANGE, values)
    events = [NewEvent("user.created", author.id) for author in new]
    return events + [NewEvent("user.updated", author.id) for author in changed]
