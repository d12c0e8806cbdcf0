"""Imports of uploaded files: what they are, how far they got, what became of them."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class ImportJob(Base):
    __tablename__ = "ImportJob"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    """`uploaded` until it is started, then as the API says: `running`, `done`, …"""
    format: Mapped[str] = mapped_column(String(16))
    """As asked for until the file was recognised."""
    file_name: Mapped[str] = mapped_column(String(255))
    spool: Mapped[str] = mapped_column(String(255))
    """Name of the file in the folder of uploads; it goes when the import has ended."""
    username: Mapped[str | None] = mapped_column(String(320))
    bytes_total: Mapped[int] = mapped_column(BigId)
    bytes_read: Mapped[int] = mapped_column(BigId, default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    reposts: Mapped[int] = mapped_column(default=0)
    restricted: Mapped[int] = mapped_column(default=0)
    errors: Mapped[bytes] = mapped_column(LargeBinary, default=b"[]")
    """JSON, the first hundred."""
    detail: Mapped[str | None] = mapped_column(Text)
    """Why it failed."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    """Runs in a row that did not come to a proper end."""
    epoch: Mapped[int] = mapped_column(default=0)
    """Unused, as `beat_at` is: the lease has both. They go with the next change of the schema."""
    beat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
