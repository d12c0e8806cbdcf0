"""The authors of a batch: who is here already, what a batch fills of them, and who is new."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.backend import allocate_ids, insert_rows, is_among
from app.errors import ConflictError
from app.models import User
from app.runtime.clock import now
from app.services.event_log import NewEvent
from app.services.posts.users import check_platform, clean_display_name

_USER: Final = cast(Table, User.__table__)
_CHANGE: Final = (
    update(_USER).where(_USER.c.id == bindparam("changed")).values(version=_USER.c.version + 1)
)
_FILLED: Final = ("platform", "display_name", "is_of_chat")


@dataclass(slots=True)
class BulkAuthor:
    """An author; mapped objects, by the thousand, would hold up the event loop."""

    id: int
    """0 until it is stored."""
    username: str
    platform: str
    display_name: str | None = None
    is_of_chat: bool = False
    is_changed: bool = False

    def complete(
        self, *, platform: str | None, display_name: str | None, is_of_chat: bool = False
    ) -> None:
        """Fill an empty display name, and replace the platform `local`.

        Raises ConflictError for another platform, so too for somebody of a chat who would be taken
        for an author of one.
        """
        if is_of_chat and self.platform != "local":
            raise ConflictError(
                "'{username}' is already an author from {known} and may be a different"
                " person; use --rename {username}=NAME to rename the person in the chat",
                username=self.username,
                known=self.platform,
            )
        check_platform(self.username, self.platform, platform, is_of_chat=self.is_of_chat)
        if is_of_chat and not self.is_of_chat:
            self.is_of_chat = self.is_changed = True
        if platform and platform != "local" and self.platform == "local":
            self.platform, self.is_changed = platform, True
        if not self.display_name and (cleaned := clean_display_name(display_name)):
            self.display_name, self.is_changed = cleaned, True

    @property
    def filled(self) -> dict[str, Any]:
        """What may be filled later, by the names of the columns."""
        return {name: getattr(self, name) for name in _FILLED}


async def find_by_keys(session: AsyncSession, keys: Collection[str]) -> dict[str, BulkAuthor]:
    """Return the authors with these case-folded names, by one statement."""
    columns = (User.id, User.username, *(getattr(User, name) for name in _FILLED))
    query = select(*columns).where(User.deleted_at.is_(None))
    rows = await session.execute(query.where(is_among(session, User.username_key, keys)))
    return {username_key(row.username): BulkAuthor(*row) for row in rows}


async def store_authors(session: AsyncSession, authors: Iterable[BulkAuthor]) -> list[NewEvent]:
    """Store the authors that are new, whose ids are set here, or changed; return their events."""
    changed = [author for author in authors if author.id and author.is_changed]
    new = [author for author in authors if not author.id]
    ids = await allocate_ids(session, User, len(new)) if new else ()
    shared, rows = {"created_at": now(), "tweet_count": 0, "version": 0}, []
    for author, user_id in zip(new, ids, strict=True):
        author.id = user_id
        names = {"username": author.username, "username_key": username_key(author.username)}
        rows.append({"id": user_id} | names | author.filled | shared)
    await insert_rows(session, _USER, rows)
    if changed:
        values = [{"changed": author.id} | author.filled for author in changed]
        await session.execute(_CHANGE, values)
    events = [NewEvent("user.created", author.id) for author in new]
    return events + [NewEvent("user.updated", author.id) for author in changed]
