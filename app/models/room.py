"""Rooms: the chats of imported messages."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class Room(Base):
    """A chat, recognised by its app's id, otherwise by its title and people.

    A room that was joined to another keeps its row without posts, so that its file is recognised.
    """

    __tablename__ = "Room"
    __table_args__ = (
        UniqueConstraint("platform", "external_id"),
        Index("ix_Room_platform_title", "platform", "title"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    """The app, such as `kakaotalk` or `line`.

    Empty for a room known only from posts that name it; a deleted room has a mark of its own."""
    external_id: Mapped[str | None] = mapped_column(String(512))
    """The app's id of the chat, if it has one."""
    title: Mapped[str | None] = mapped_column(String(320))
    """The app's title of the chat, cut to this length; it identifies the room."""
    name: Mapped[str | None] = mapped_column(String(320))
    """The name given on this site; it is shown instead of the title."""
    tz: Mapped[str | None] = mapped_column(String(64))
    """The time zone that an import used for its times; None if the times have their own."""
    date_order: Mapped[str | None] = mapped_column(String(16))
    """Order of numeric dates in its files, one of `DATE_ORDERS`; None without any."""
    joined_to_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("Room.id", ondelete="CASCADE"), index=True
    )
    """The room that this room was joined to, which has its posts."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    judged_messages: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of messages when its people were last judged; 0 before the first time."""


class RoomPerson(Base):
    """A person who writes in a room, with or without stored posts."""

    __tablename__ = "RoomPerson"
    __table_args__ = {"sqlite_with_rowid": False}

    room_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Room.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    asked: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of their newest posts that the model was asked about; 0 before the first time."""
    recognised: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of these posts that the model attributed to them, among the people of the room."""
