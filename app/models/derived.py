"""Data that is derived from the posts: profiles, the background, counts, vocabulary and vectors."""

from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, CodePoints, UtcDateTime, Vector


class Profile(Base):
    """One author's n-gram counts, of all posts up to an event; newer posts are the tail."""

    __tablename__ = "Profile"

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True
    )
    recipe: Mapped[int]
    """Version of the features that were counted."""
    as_of_event: Mapped[int] = mapped_column(BigId)
    posts: Mapped[int] = mapped_column(index=True)
    """Indexed, since their sum would be read from rows of some KB each."""
    counts: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    texts: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Digests of the posts' texts, since a text that is posted again counts once."""


class BackgroundSnapshot(Base):
    """How often anything is written at all, and by whom; one row a version."""

    __tablename__ = "BackgroundSnapshot"

    version: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    """A number for the features, and for the shipped authors beside whom it was made."""
    posts: Mapped[int]
    authors: Mapped[int]
    """How many authors there were, counted to 100."""
    counts: Mapped[bytes] = mapped_column(LargeBinary)
    temperature: Mapped[float]
    """Fitted to the installation's own posts; 1 changes nothing."""
    members: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: id, posts and language of each author of the population, and who are samples."""
    population: Mapped[bytes] = mapped_column(LargeBinary)
    """MessagePack: the counts of each."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


SLOT_S: Final = 900
"""A quarter of an hour: the offsets of all time zones of today are multiples of it."""
EPOCH_S: Final = 62_135_596_800
"""Seconds from the first day of the year 1, where slots begin, to 1970: none is negative."""
UNKNOWN_SLOT: Final = -1
"""Stands for posts without a time."""


class PostCount(Base):
    """Kept in the transaction of each change; rows with no posts left may stay, with 0."""

    __tablename__ = "PostCount"
    __table_args__ = (
        # All that a figure over all authors needs: SQLite reads nothing else.
        Index("ix_PostCount_slot_lang_posts", "slot", "lang", "posts"),
        {"sqlite_with_rowid": False},
    )

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
    __table_args__ = {"sqlite_with_rowid": False}

    word: Mapped[str] = mapped_column(CodePoints, primary_key=True)
    tweets: Mapped[int]


class Vocabulary(Base):
    """What the words were counted of; one row."""

    __tablename__ = "Vocabulary"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    """Version of the terms that are indexed."""
    tweets: Mapped[int]
    terms: Mapped[int] = mapped_column(BigId)
    """Of all posts together."""


class Embedding(Base):
    """A post's vector, of length one; beside the post, whose row stays small."""

    __tablename__ = "Embedding"

    tweet_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Tweet.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(String(2100))
    """Vectors of one model, and only those, can be compared."""
    vector: Mapped[NDArray[np.float32]] = mapped_column(Vector)
