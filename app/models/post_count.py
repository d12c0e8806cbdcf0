"""How many posts each author has in each quarter of an hour and language."""

from typing import Final

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId

SLOT_S: Final = 900
"""A quarter of an hour: the offsets of all time zones of today are multiples of it."""
EPOCH_S: Final = 62_135_596_800
"""Seconds from the first day of the year 1, where slots begin, to 1970: none is negative."""
UNKNOWN_SLOT: Final = -1
"""Stands for posts without a time."""


class PostCount(Base):
    """Kept in the transaction of each change; rows with no posts left may stay, with 0."""

    __tablename__ = "PostCount"
    __table_args__ = {"sqlite_with_rowid": False}

    user_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True
    )
    slot: Mapped[int] = mapped_column(primary_key=True)
    lang: Mapped[str] = mapped_column(String(35), primary_key=True)
    """Empty where nobody knows it."""
    posts: Mapped[int]
