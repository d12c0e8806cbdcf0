"""Data derived from posts: profiles, background, counts, vocabulary, vectors."""

from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, CodePoints, UtcDateTime, Vector


class Profile(Base):
    """An author's n-gram counts up to an event; newer posts are the tail."""

    __tablename__ = "Profile"

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True
    )
    recipe: Mapped[int]
    as_of_event: Mapped[int] = mapped_column(BigId)
    posts: Mapped[int] = mapped_column(index=True)
    """Number of posts, indexed since a sum would read rows of some KB."""
    counts: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    texts: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """Digests of texts, since a repeated text counts once."""


class BackgroundSnapshot(Base):
    """The background: n-gram counts of all authors; one row a version."""

    __tablename__ = "BackgroundSnapshot"

    version: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    """Number for the version of the features and the included shipped authors."""
    posts: Mapped[int]
    authors: Mapped[int]
    """Number of authors, counted up to 100."""
    counts: Mapped[bytes] = mapped_column(LargeBinary)
    temperature: Mapped[float]
    """Temperature fitted to the site's posts; 1 changes nothing."""
    members: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: id, posts and language of the population's authors, and which are samples."""
    population: Mapped[bytes] = mapped_column(LargeBinary)
    """MessagePack: counts of the population's authors."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


SLOT_S: Final = 900
"""Seconds of a slot, since today's zones have multiples of a quarter of an hour."""
EPOCH_S: Final = 62_135_596_800
"""Seconds from the year 1, in which slots begin so that none is negative, to 1970."""
UNKNOWN_SLOT: Final = -1
"""Slot of posts without a time."""


class PostCount(Base):
    """Number of an author's posts in a time slot and language, perhaps 0; each change's transaction
    updates it.
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
    """A term and the number of posts with it, which may lag behind."""

    __tablename__ = "Word"
    __table_args__ = {"sqlite_with_rowid": False}

    word: Mapped[str] = mapped_column(CodePoints, primary_key=True)
    tweets: Mapped[int]


class Vocabulary(Base):
    """Totals of the counted posts; one row."""

    __tablename__ = "Vocabulary"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    tweets: Mapped[int]
    terms: Mapped[int] = mapped_column(BigId)


class Embedding(Base):
    """A post's vector of length one, apart to keep the posts' rows small."""

    __tablename__ = "Embedding"

    tweet_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Tweet.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(String(2100))
    """The embedding model; only vectors of one model compare."""
    vector: Mapped[NDArray[np.float32]] = mapped_column(Vector)
