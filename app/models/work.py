"""The log of changes, live sources, and the work that one process does for all."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class Event(Base):
    """The log (a transactional outbox); without texts, so that a deletion leaves nothing."""

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


class ImportJob(Base):
    """The import of an uploaded file, and how far it is."""

    __tablename__ = "ImportJob"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    """`uploaded` until it is started, then as the API says: `running`, `done`, …"""
    format: Mapped[str] = mapped_column(String(16))
    """The requested format, until the file is recognised."""
    file_name: Mapped[str] = mapped_column(String(255))
    spool: Mapped[str] = mapped_column(String(255))
    """Name of the upload; it is removed when the import has ended."""
    options: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: how the file is read; None once that is forgotten."""
    bytes_total: Mapped[int] = mapped_column(BigId)
    bytes_read: Mapped[int] = mapped_column(BigId, default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    reposts: Mapped[int] = mapped_column(default=0)
    restricted: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    errors: Mapped[bytes] = mapped_column(LargeBinary, default=b"[]")
    """JSON: why it failed, if it did, and the first hundred."""
    stored: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: the ids of the authors of new posts, and how many files these keep."""
    notes: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: what was assumed and not used, of an upload as it was last looked at."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    """Runs in a row that did not come to a proper end."""


LONGEST_PAUSE: Final = timedelta(days=1)
"""The longest pause that the host of a live source can ask for."""


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
    """JSON: how far it was read; stored after the posts."""
    accepted: Mapped[int] = mapped_column(default=0)
    """Posts that were stored."""
    failures: Mapped[int] = mapped_column(default=0)
    """Visits in a row that failed."""
    last_error: Mapped[str | None] = mapped_column(Text)
    """JSON: template and values of the last failure's reason; None since the last success."""
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    visited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    "Time of the last new posts."
    next_visit_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until then its host wants no requests, whoever asks for a visit."""
