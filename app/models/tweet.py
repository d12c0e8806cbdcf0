"""Posts, as their authors wrote them."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, BigId, UtcDateTime

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.models.user import User


class Tweet(Base):
    __tablename__ = "Tweet"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(ForeignKey("Users.id", ondelete="CASCADE"))
    event_id: Mapped[int] = mapped_column(BigId)
    """The event that brought the post; events may be pruned, so this is no foreign key."""
    kind: Mapped[str] = mapped_column(String(8), default="post")
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lang: Mapped[str | None] = mapped_column(String(35))
    source_id: Mapped[str | None] = mapped_column(String(512))
    url: Mapped[str | None] = mapped_column(String(2048))

    if TYPE_CHECKING:
        embedding: Mapped[NDArray[np.float32] | None]

    user: Mapped["User"] = relationship(back_populates="tweets", lazy="raise")

    __table_args__ = (
        UniqueConstraint("user_id", "source_id"),
        Index("ix_Tweet_user_id_event_id", "user_id", "event_id"),
        Index("ix_Tweet_user_id_created_at_id", "user_id", "created_at", "id"),
        Index("ix_Tweet_created_at_id", "created_at", "id"),
        {"sqlite_autoincrement": True},
    )
