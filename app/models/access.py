"""Accounts, sessions, failed sign-ins, links that create accounts, API tokens; the site's row."""

from datetime import datetime
from typing import Annotated, Final, Literal

from sqlalchemy import ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, Numbered, UtcDateTime
from app.models.content import OfRoom

ByOperator = Annotated[int, mapped_column(ForeignKey("Operator.id", ondelete="SET NULL"))]


class Operator(Numbered):
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300), unique=True)
    """The name case-folded, in NFC."""
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    role: Mapped[str] = mapped_column(String(8), default="operator", server_default="operator")
    """`operator`, or `reader`, who may only read."""
    room_id: Mapped[OfRoom | None]
    """A reader's only chat, with which the account is deleted; None for the whole site."""
    person_id: Mapped[int | None] = mapped_column(ForeignKey("Users.id", ondelete="SET NULL"))
    """The person of that chat who the reader says to be; saywho tells no one else."""
    is_person_chosen: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the reader has answered, perhaps with “none of these”."""


class SetupLink(Base):
    """A one-time link that creates an account; new accounts delete all such links."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str | None] = mapped_column(String(100))
    """The account's name; None if the link's user chooses it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Invitation(Numbered):
    """A link that creates a reader's account once, for some days."""

    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str | None] = mapped_column(String(100))
    """The operator's note on the person."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[ByOperator | None]
    """The inviting account; None once removed."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_by_id: Mapped[ByOperator | None]
    """The created account; None before, and once removed."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    room_id: Mapped[OfRoom | None]
    """The reader's only chat; None for the whole site."""


class LoginSession(Numbered):
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    operator_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Operator.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoginFailure(Base):
    __table_args__ = (Index("ix_LoginFailure_subject_failed_at", "subject", "failed_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Halves of two SHA-256 digests: name, and network or browser."""
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Token(Numbered):
    name: Mapped[str] = mapped_column(String(100))
    scope: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[ByOperator | None]
    """The operator who made it; None for a command, or an account removed without its tokens."""
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """First time at which it is not valid; None if it is valid until it is revoked."""


SITE_ID: Final = 1
Assistants = Literal["off", "letters", "names"]
"""Nothing, people as letters, or all."""


class Site(Base):
    """The site's settings, in every database's only row."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public: Mapped[bool | None]
    """Whether reading needs no sign-in; None, which counts as public, before a choice."""
    own_user_id: Mapped[int | None] = mapped_column(ForeignKey("Users.id", ondelete="SET NULL"))
    is_own_chosen: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether an operator chose `own_user_id`, even None; then no import changes it."""
    assistants: Mapped[Assistants | None] = mapped_column(String(16))
    """What assistants may read; None, which counts as off, before a choice."""
