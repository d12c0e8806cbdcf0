"""Settings of the whole site."""

from typing import Final

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base

SITE_ID: Final = 1


class Site(Base):
    """The site's settings, in every database's only row."""

    __tablename__ = "Site"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public: Mapped[bool | None]
    """Whether reading needs no sign-in; None, which counts as public, before a choice."""
    own_user_id: Mapped[int | None] = mapped_column(ForeignKey("Users.id", ondelete="SET NULL"))
    is_own_chosen: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether an operator chose `own_user_id`, even None; then no import changes it."""
