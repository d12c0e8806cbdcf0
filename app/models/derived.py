"""Data derived from the posts: profiles, the background, counts, vocabulary and vectors."""

from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, CodePoints, UtcDateTime, Vector


class Profile(Base):
    """An author's n-gram counts, in all posts up to an event; newer posts are the tail."""

    __tablename__ = "Profile"

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True
    )
    recipe: Mapped[int]
    as_of_event: Mapped[int] = mapped_column(BigId)
    posts: Mapped[int] = mapped_column(index=True)
    """Number of posts; indexed, since their sum would be read from rows of some KB each."""
    counts: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    texts: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Digests of the posts' texts, since a repeated text counts once."""


class BackgroundSnapshot(Base):
    """The background model: n-gram counts of all authors; one row for each version."""

    __tablename__ = "BackgroundSnapshot"

    version: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    """Number for the version of the features and for the shipped authors that were included."""
    posts: Mapped[int]
    authors: Mapped[int]
    """Number of authors, counted up to 100."""
    counts: Mapped[bytes] = mapped_column(LargeBinary)
    temperature: Mapped[float]
    """Temperature fitted to the installation's own posts; 1 changes nothing."""
    members: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: id, posts and language of each author of the population, and which are samples."""
    population: Mapped[bytes] = mapped_column(LargeBinary)
    """MessagePack: the counts of each author of the population."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


SLOT_S: Final = 900
"""Seconds of a slot: all offsets of today's time zones are multiples of a quarter of an hour."""
EPOCH_S: Final = 62_135_596_800
"""Seconds from the year 1 to 1970; slots begin in the year 1, so that none is negative."""
UNKNOWN_SLOT: Final = -1
"""Slot of posts without a time."""


class PostCount(Base):
    """Number of an author's posts in a time slot and language; it may be 0.

    It is updated in the transaction of each change.
    """

    __tablename__ = "PostCount"
    __table_args__ = (
        # It covers figures of all authors: SQLite then reads the index alone.
        Index("ix_PostCount_slot_lang_posts", "slot", "lang", "posts"),
        {"sqlite_with_rowid": False},
    )

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[int] = mapped_column(primary_key=True)
    lang: Mapped[str] = mapped_column(String(35), primary_key=True)
    posts: Mapped[int]


class Word(Base):
    """A term of the word index and the number of posts that contain it, which may lag behind."""

    __tablename__ = "Word"
    __table_args__ = {"sqlite_with_rowid": False}

    word: Mapped[str] = mapped_column(CodePoints, primary_key=True)
    tweets: Mapped[int]


class Vocabulary(Base):
    """Totals of the posts from which the words were counted; one row."""

    __tablename__ = "Vocabulary"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    tweets: Mapped[int]
    terms: Mapped[int] = mapped_column(BigId)


class Embedding(Base):
    """A post's vector of length one, in a table of its own so that the posts' rows stay small."""

    __tablename__ = "Embedding"

    tweet_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Tweet.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(String(2100))
    """The embedding model; only vectors of the same model can be compared."""
    vector: Mapped[NDArray[np.float32]] = mapped_column(Vector)
