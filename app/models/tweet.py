"""Authors and their posts."""

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, WriteOnlyMapped, mapped_column, relationship

from app.models.base import Base, BigId, UtcDateTime

NameKey: Final = String(960).with_variant(String(960, collation="C"), "postgresql")

_HAS_ROOM_AND_ID: Final = text("room_id IS NOT NULL AND source_id IS NOT NULL")


def _partial_index(name: str, *columns: str, of: str) -> Index:
    """Return an index of the rows that have a value in the column `of`, since most have none."""
    has_value = text(f"{of} IS NOT NULL")
    return Index(name, *columns, sqlite_where=has_value, postgresql_where=has_value)


class User(Base):
    __tablename__ = "Users"
    __table_args__ = (
        # Of all authors it would hold hardly anything but NULL, and SQLite would prefer it to the
        # index of names where many are looked up at once.
        _partial_index("ix_Users_deleted_at", "deleted_at", of="deleted_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(String(320))
    username_key: Mapped[str] = mapped_column(NameKey, unique=True)
    """The name case-folded: unique, searched and sorted by, in the order of code points."""
    display_name: Mapped[str | None] = mapped_column(String(320))
    platform: Mapped[str] = mapped_column(String(16), default="local")
    is_of_chat: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether this is somebody in a chat, and so nobody known on any platform."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tweet_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    """Deletions of posts, and changes to what was stored: a copy of the author's counts, and what
    was measured of the posts, hold while this stays the same."""

    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when the author is in no answer any more; the rows follow in the background."""

    tweets: WriteOnlyMapped["Tweet"] = relationship(back_populates="user", passive_deletes=True)


class MediaUse(Base):
    """A kept file of media, and a post that needs it."""

    __tablename__ = "MediaUse"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), index=True)
    tweet_id: Mapped[int | None] = mapped_column(
        ForeignKey("Tweet.id", ondelete="SET NULL"), index=True
    )
    """None once the post was deleted: the file goes too, unless another post needs it."""


class Tweet(Base):
    __tablename__ = "Tweet"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(ForeignKey("Users.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(BigId)
    """The event that brought the post; events may be pruned, so this is no foreign key."""
    kind: Mapped[str] = mapped_column(String(8), default="post")
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The time that its source gave, where it was in the future: `created_at` is the arrival."""
    lang: Mapped[str | None] = mapped_column(String(35))
    source_id: Mapped[str | None] = mapped_column(String(512))
    url: Mapped[str | None] = mapped_column(String(2048))
    reply_to_source_id: Mapped[str | None] = mapped_column(String(512))
    """The platform's id of the post that this one answers, kept here or not."""
    reply_to_username: Mapped[str | None] = mapped_column(String(320))
    """Its author; None for an author's own post, and where nobody knows."""
    reply_to_id: Mapped[int | None] = mapped_column(BigId)
    """Its id here. It may have been deleted with its author since, so this is no foreign key."""
    media: Mapped[str | None] = mapped_column(Text)
    """JSON, a list of `Medium`; None for no media."""
    counts: Mapped[str | None] = mapped_column(Text)
    """JSON, `Reactions`: the newest figures that were seen."""
    room_id: Mapped[int | None] = mapped_column(ForeignKey("Room.id", ondelete="SET NULL"))
    """The chat that it was written in."""

    user: Mapped["User"] = relationship(back_populates="tweets", lazy="raise")

    __table_args__ = (
        UniqueConstraint("user_id", "source_id"),
        Index("ix_Tweet_user_id_event_id", "user_id", "event_id"),
        _partial_index("ix_Tweet_user_id_dated_at", "user_id", "dated_at", of="dated_at"),
        _partial_index("ix_Tweet_user_id_media", "user_id", "created_at", "id", of="media"),
        _partial_index(
            "ix_Tweet_reply_to_source_id", "reply_to_source_id", of="reply_to_source_id"
        ),
        _partial_index(
            "ix_Tweet_room_id_created_at_id", "room_id", "created_at", "id", of="room_id"
        ),
        # Behind the one above: of two that serve alike SQLite takes the one that was made last.
        _partial_index("ix_Tweet_room_id_media", "room_id", "created_at", "id", of="media"),
        # By it an answer finds its message; most messages of text exports have no id.
        Index(
            "ix_Tweet_room_id_source_id",
            *("room_id", "source_id"),
            sqlite_where=_HAS_ROOM_AND_ID,
            postgresql_where=_HAS_ROOM_AND_ID,
        ),
        # PostgreSQL has others in their place, in the order of lists: unknown times last.
        Index("ix_Tweet_user_id_created_at_id", "user_id", "created_at", "id").ddl_if("sqlite"),
        Index("ix_Tweet_created_at_id", "created_at", "id").ddl_if("sqlite"),
        {"sqlite_autoincrement": True},
    )
