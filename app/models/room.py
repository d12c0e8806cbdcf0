"""Rooms: the chats of imported messages."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class Room(Base):
    """A chat, recognised by its app's id, or by title and people; once joined to another, its row
    stays to recognise its file.
    """

    __tablename__ = "Room"
    __table_args__ = (
        UniqueConstraint("platform", "external_id"),
        Index("ix_Room_platform_title", "platform", "title"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    """The app, such as `kakaotalk`; empty if known from posts alone, a mark if deleted."""
    external_id: Mapped[str | None] = mapped_column(String(512))
    """The app's id of the chat, if any."""
    title: Mapped[str | None] = mapped_column(String(320))
    """The app's title, cut to this length, which identifies the room."""
    name: Mapped[str | None] = mapped_column(String(320))
    """The name given here, shown instead of the title."""
    tz: Mapped[str | None] = mapped_column(String(64))
    """The import's time zone; None if times have their own."""
    date_order: Mapped[str | None] = mapped_column(String(16))
    """Order of its files' numeric dates (`DATE_ORDERS`); None without any."""
    joined_to_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("Room.id", ondelete="CASCADE"), index=True
    )
    """The room with its posts, to which it was joined."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    judged_messages: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of messages when people were last judged; 0 before."""


class RoomPerson(Base):
    """A person in a room, with or without stored posts."""

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
    """Their newest posts about which the model was asked; 0 before."""
    recognised: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of these posts that the model attributed to them, among the room's people."""
