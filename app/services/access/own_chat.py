"""What is of one chat, for those who may read nothing else."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import MediaUse, Room, RoomPerson, Tweet, User


async def is_same_chat(session: AsyncSession, room_id: int, other_id: int) -> bool:
    """Return whether an id is of a chat, or of one that was joined to it."""
    meant = select(func.coalesce(Room.joined_to_id, Room.id)).where(Room.id == other_id)
    return await session.scalar(meant) == room_id


async def has_message(session: AsyncSession, room_id: int, tweet_id: int) -> bool:
    """Return whether a post is a message of a chat."""
    query = select(Tweet.id).where(Tweet.id == tweet_id, Tweet.room_id == room_id)
    return await session.scalar(query) is not None


async def has_file(session: AsyncSession, room_id: int, name: str) -> bool:
    """Return whether a message of a chat needs a kept file."""
    query = select(MediaUse.id).join(Tweet, Tweet.id == MediaUse.tweet_id)
    query = query.where(MediaUse.name == name, Tweet.room_id == room_id)
    return await session.scalar(query.limit(1)) is not None


async def are_speakers(session: AsyncSession, room_id: int, user_ids: Collection[int]) -> bool:
    """Return whether all of these authors write in a chat."""
    query = select(RoomPerson.user_id).join(User, User.id == RoomPerson.user_id)
    is_speaker = RoomPerson.room_id == room_id, RoomPerson.messages > 0, User.deleted_at.is_(None)
    speakers = await session.scalars(query.where(*is_speaker, RoomPerson.user_id.in_(user_ids)))
    return {*speakers} == {*user_ids}
