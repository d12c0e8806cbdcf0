"""Operators, their sessions and sign-ins, and API tokens."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class Operator(Base):
    __tablename__ = "Operator"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    name_key: Mapped[str] = mapped_column(String(300), unique=True)
    """The name case-folded, in NFC."""
    password_hash: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SetupLink(Base):
    """A one-time link that creates an account; every new account ends all links."""

    __tablename__ = "SetupLink"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    name: Mapped[str | None] = mapped_column(String(100))
    """The account's name; None lets the user of the link choose it."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoginSession(Base):
    __tablename__ = "LoginSession"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    operator_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Operator.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoginFailure(Base):
    """A failed attempt to sign in."""

    __tablename__ = "LoginFailure"
    __table_args__ = (Index("ix_LoginFailure_subject_failed_at", "subject", "failed_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Halves of two SHA-256: of the account's name, and of the network or the browser."""
    failed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Token(Base):
    """An API token; only its hash is stored."""

    __tablename__ = "Token"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    scope: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
