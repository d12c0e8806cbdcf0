"""Data that is derived from the posts: profiles, the background, counts and vocabulary."""

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, CodePoints, UtcDateTime


class Profile(Base):
    """One author's n-gram counts, of all posts up to an event; newer posts are the tail."""

    __tablename__ = "Profile"

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True
    )
    recipe: Mapped[int]
    """Version of the features that were counted."""
    as_of_event: Mapped[int] = mapped_column(BigId)
    posts: Mapped[int]
    counts: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    texts: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Digests of the posts' texts, since a text that is posted again counts once."""


class BackgroundSnapshot(Base):
    """How often anything is written at all; one row a version, the newest counts."""

    __tablename__ = "BackgroundSnapshot"

    version: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    posts: Mapped[int]
    counts: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    calibration: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: what the installation's own posts say of its probabilities; None for the defaults."""
    impostors: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """MessagePack: counts of some authors, to tell whether a text is by none of those compared."""


SLOT_S: Final = 900
"""A quarter of an hour: the offsets of all time zones of today are multiples of it."""
EPOCH_S: Final = 62_135_596_800
"""Seconds from the first day of the year 1, where slots begin, to 1970: none is negative."""
UNKNOWN_SLOT: Final = -1
"""Stands for posts without a time."""


class PostCount(Base):
    """Kept in the transaction of each change; rows with no posts left may stay, with 0."""

    __tablename__ = "PostCount"
    __table_args__ = {"sqlite_with_rowid": False}

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[int] = mapped_column(primary_key=True)
    lang: Mapped[str] = mapped_column(String(35), primary_key=True)
    """Empty if unknown."""
    posts: Mapped[int]


class Word(Base):
    """A term of the word index, and in how many posts it stands; may lag behind the posts."""

    __tablename__ = "Word"

    word: Mapped[str] = mapped_column(CodePoints, primary_key=True)
    tweets: Mapped[int]


class Vocabulary(Base):
    """What the words were counted of; one row."""

    __tablename__ = "Vocabulary"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    """Version of the terms that are indexed."""
    as_of_event: Mapped[int] = mapped_column(BigId)
    tweets: Mapped[int]
    terms: Mapped[int] = mapped_column(BigId)
    """Of all posts together."""
