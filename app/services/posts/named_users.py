"""How people are called, and whether they speak in chats."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.result_cache import EVERYTHING, depends_on
from app.models import User
from app.services.posts.user_rows import HAS_KEY, rows_by_key

_NAMES: Final = select(
    User.username_key, User.id, User.username, User.display_name, User.is_of_chat, User.tweet_count
).where(HAS_KEY)


class NamedUser(NamedTuple):
    """How somebody is called, and whether it is somebody who speaks in chats."""

    id: int
    username: str
    display_name: str | None
    is_of_chat: bool
    posts: int


async def named_users(session: AsyncSession, usernames: Iterable[str]) -> dict[str, NamedUser]:
    """Return those of these users who are here, by case-folded name."""
    keys = {username_key(username) for username in usernames}
    rows = await rows_by_key(session, _NAMES, keys) if keys else []
    for row in rows:
        depends_on(row.id)
    return {row.username_key: NamedUser(*row[1:]) for row in rows}


async def all_speak_in_chats(session: AsyncSession, platform: str = "") -> bool:
    """Return whether all who have posts, or posts of a platform, speak in chats; of nobody not."""
    depends_on(EVERYTHING)
    writers = select(User.id).where(User.deleted_at.is_(None), User.tweet_count > 0)
    if platform:
        writers = writers.where(User.platform == platform)
    others = writers.where(User.is_of_chat.is_(False))
    return bool(await session.scalar(select(and_(writers.exists(), ~others.exists()))))
