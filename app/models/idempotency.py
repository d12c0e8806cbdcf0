"""Answers to requests with an Idempotency-Key, so that a retry is harmless."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class IdempotencyRecord(Base):
    __tablename__ = "IdempotencyRecord"
    __table_args__ = (UniqueConstraint("holder", "method", "path", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    holder: Mapped[str] = mapped_column(String(32))
    """The sender: a token or an operator, by id."""
    method: Mapped[str] = mapped_column(String(8))
    path: Mapped[str] = mapped_column(String(2048))
    """A digest, as the key is, so that no author is named."""
    key: Mapped[str] = mapped_column(String(255))
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Digest of the address's parameters, if there are any, and the body."""
    status: Mapped[int | None]
    """None while the request runs."""
    resource_id: Mapped[int | None] = mapped_column(BigId)
    """The user or tweet of the answer."""
    report: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The answer to a bulk request, as JSON."""
    event_id: Mapped[int | None] = mapped_column(BigId)
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
