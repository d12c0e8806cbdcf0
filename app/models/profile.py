"""What is derived from the posts for attribution, each with its place in the log."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


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
