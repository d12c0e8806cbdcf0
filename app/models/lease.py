"""Who does the work that one process at a time does for all."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId


class LeaseRow(Base):
    __tablename__ = "Lease"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    """The kind of work."""
    holder: Mapped[str | None] = mapped_column(String(100))
    """None while nobody works."""
    epoch: Mapped[int] = mapped_column(BigId)
    """How often the lease was given; only the newest holder may write."""
    beat: Mapped[int] = mapped_column(BigId)
    """Changed each second by a holder that lives."""
