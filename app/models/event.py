"""The log of changes (transactional outbox): ids only, so that a deletion leaves nothing behind."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class Event(Base):
    __tablename__ = "Event"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    """As in the live stream: `tweet.created`, `tweets.imported`, `user.deleted`, …"""
    user_id: Mapped[int] = mapped_column(BigId)
    tweet_id: Mapped[int | None] = mapped_column(BigId)
    count: Mapped[int] = mapped_column(default=1)
    """How many posts the event stands for."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
