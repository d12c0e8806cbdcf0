"""Live sources: accounts and feeds that are asked for new posts."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class LiveSource(Base):
    """A followed account or feed, how far it was read, and when it is visited next."""

    __tablename__ = "LiveSource"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(2100), unique=True)
    """As in `bluesky:NAME`, `mastodon:USER@HOST` and `rss:URL`."""
    platform: Mapped[str] = mapped_column(String(16))
    host: Mapped[str] = mapped_column(String(260), index=True)
    """Sources of one host are visited one after the other."""
    username: Mapped[str] = mapped_column(String(320))
    """The author here."""
    username_key: Mapped[str] = mapped_column(String(960), index=True)
    mark: Mapped[str] = mapped_column(Text, default="{}")
    """JSON: how far it was read; changed in the transaction that stores the posts read."""
    accepted: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    """Posts that were stored, and those of the last visit that could not be."""
    failures: Mapped[int] = mapped_column(default=0)
    """Visits in a row that failed."""
    last_error: Mapped[str | None] = mapped_column(Text)
    """JSON: template and values of the last failure's reason; None since the last success."""
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    visited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it last brought new posts."""
    next_visit_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until then its host wants no requests, whoever asks for a visit."""
