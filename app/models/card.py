"""How well the authors of a comparison can be told apart, measured once for all workers."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, UtcDateTime


class ModelCard(Base):
    __tablename__ = "ModelCard"

    authors: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Digest of the authors' ids, and of how cards are made."""
    user_ids: Mapped[str] = mapped_column(Text)
    """`,1,22,` so that the cards of an author can be found."""
    posts: Mapped[str] = mapped_column(String(64))
    """Digest of the state of their posts that the card was made of."""
    made_at: Mapped[datetime] = mapped_column("asked_at", UtcDateTime)
    card: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """JSON; None where an earlier version had not finished it."""
    answers: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """JSON: the answer to each post that was held out; at most 2,000 in 80 KB."""
