"""The log of changes, import jobs and live sources."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class Event(Base):
    """An entry of the log (a transactional outbox); without texts, since deletions are complete."""

    __tablename__ = "Event"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    """Kind as in the live stream: `tweet.created`, `tweets.imported`, `user.deleted`, …"""
    user_id: Mapped[int] = mapped_column(BigId)
    tweet_id: Mapped[int | None] = mapped_column(BigId)
    count: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ImportJob(Base):
    __tablename__ = "ImportJob"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    """`uploaded` until the start, then as in the API: `running`, `done`, …"""
    format: Mapped[str] = mapped_column(String(16))
    """The requested format, until the file is recognised."""
    file_name: Mapped[str] = mapped_column(String(255))
    spool: Mapped[str] = mapped_column(String(255))
    """Name of the spooled upload, removed when the import ends."""
    options: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: options of reading; None once deleted."""
    bytes_total: Mapped[int] = mapped_column(BigId)
    bytes_read: Mapped[int] = mapped_column(BigId, default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    reposts: Mapped[int] = mapped_column(default=0)
    restricted: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    errors: Mapped[bytes] = mapped_column(LargeBinary, default=b"[]")
    """JSON: a failure's reason, and the first hundred rejected records."""
    stored: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: ids of new posts' authors, and number of stored media files."""
    notes: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: assumptions and unused files at the last preview."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    """Consecutive runs that were cut off."""


LONGEST_PAUSE: Final = timedelta(days=1)
"""Longest pause that a live source's host can request."""


class LiveSource(Base):
    """A followed account or feed, its progress and next visit."""

    __tablename__ = "LiveSource"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(2100), unique=True)
    """`bluesky:NAME`, `mastodon:USER@HOST` or `rss:URL`."""
    platform: Mapped[str] = mapped_column(String(16))
    host: Mapped[str] = mapped_column(String(260), index=True)
    """The host, whose sources are visited in turn."""
    username: Mapped[str] = mapped_column(String(320))
    username_key: Mapped[str] = mapped_column(String(960), index=True)
    mark: Mapped[str] = mapped_column(Text, default="{}")
    """JSON: the position read, stored after the posts."""
    accepted: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    """Consecutive failed visits."""
    last_error: Mapped[str | None] = mapped_column(Text)
    """JSON: template and values of the last failure; None after a success."""
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    visited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_visit_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Time until which the host refuses requests, even on demand."""
