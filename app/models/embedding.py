"""Vectors of the posts, kept apart by the model that made them."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ForeignKey, String, false, select, text
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.models.base import Base, BigId, UtcDateTime, Vector
from app.models.tweet import Tweet


class VectorSet(Base):
    """The vectors that one model made in one go; only those of one set can be compared."""

    __tablename__ = "VectorSet"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    model: Mapped[str] = mapped_column(String(2100), index=True)
    dimension: Mapped[int | None]
    """Known from the first vector."""
    embedded_to: Mapped[int] = mapped_column(BigId, default=0)
    """Posts up to this id have their vectors."""
    is_complete: Mapped[bool] = mapped_column(default=False)
    """Whether all posts had one at some time."""
    is_stopped: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether nothing is added until an operator resumes it."""
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was begun or resumed."""
    began_to: Mapped[int] = mapped_column(BigId, default=0, server_default=text("0"))
    """The last post that it covered then."""


class Embedding(Base):
    """A post's vector, of length one; beside the post, whose row stays small."""

    __tablename__ = "Embedding"

    tweet_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Tweet.id", ondelete="CASCADE"), primary_key=True
    )
    set_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("VectorSet.id", ondelete="CASCADE"), primary_key=True
    )
    vector: Mapped[NDArray[np.float32]] = mapped_column(Vector)


_NEWEST = (
    select(Embedding.vector)
    .join(VectorSet, VectorSet.id == Embedding.set_id)
    .where(Embedding.tweet_id == Tweet.id, VectorSet.is_complete)
    .order_by(VectorSet.id.desc())
    .limit(1)
    .correlate_except(Embedding, VectorSet)
    .scalar_subquery()
)
# A post has its embedding, read on demand from the newest set that came to all posts.
Tweet.embedding = column_property(_NEWEST, deferred=True)
