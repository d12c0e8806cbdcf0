"""Rooms: the chats that posts were written in."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class Room(Base):
    """A chat, as its app names it.

    It is known again by its app's id, else by its title and its people. One that was joined to
    another one stays, so that its file is known again, and has no posts.
    """

    __tablename__ = "Room"
    __table_args__ = (
        UniqueConstraint("platform", "external_id"),
        Index("ix_Room_platform_title", "platform", "title"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    platform: Mapped[str] = mapped_column(String(16))
    """The app, such as `kakaotalk` or `line`; empty for a room that only an export or a
    request has named, and a mark of its own for one that was deleted."""
    external_id: Mapped[str | None] = mapped_column(String(512))
    """The app's id, where it gives one."""
    title: Mapped[str | None] = mapped_column(String(320))
    """As the app calls it, cut to this length; the room is known again by it."""
    name: Mapped[str | None] = mapped_column(String(320))
    """As somebody renamed it here; it is shown in place of the title."""
    tz: Mapped[str | None] = mapped_column(String(64))
    """The time zone in which its people wrote, as an import read it; None if its times have one."""
    date_order: Mapped[str | None] = mapped_column(String(16))
    """The order of day and month in dates of its files, `day-first` or `month-first`; None if no
    file has dates of numbers."""
    joined_to_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("Room.id", ondelete="CASCADE"), index=True
    )
    """The room that has the posts of this one."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    judged_messages: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many messages it had when its people were judged; 0 before the first time."""


class RoomPerson(Base):
    """Somebody who writes in a room, with or without posts that are kept."""

    __tablename__ = "RoomPerson"
    __table_args__ = {"sqlite_with_rowid": False}

    room_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Room.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many messages of this person the room has."""
    asked: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many of their newest posts were put to the model; 0 where nobody was judged yet."""
    recognised: Mapped[int] = mapped_column(default=0, server_default="0")
    """How many of these it gave to them, among the people of the room."""
