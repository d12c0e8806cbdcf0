"""What was chosen for the whole site."""

from typing import Final

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base

SITE_ID: Final = 1
"""Of the only row."""


class Site(Base):
    """One row, which every database has."""

    __tablename__ = "Site"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public: Mapped[bool | None]
    """Whether reading needs no sign-in; None while nobody chose, which is public."""
    own_user_id: Mapped[int | None] = mapped_column(ForeignKey("Users.id", ondelete="SET NULL"))
    """The author whose archive is the site's own."""
    is_own_chosen: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether somebody chose this author, or nobody, so that no import chooses another one."""
