"""Games: a quiz that is played together, its questions, players and answers."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, UtcDateTime


class Game(Base):
    """A quiz that is played together; it goes with all names a day after its end."""

    __tablename__ = "Game"
    __table_args__ = {"sqlite_autoincrement": True}

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(8), unique=True)
    state: Mapped[str] = mapped_column(String(8))
    """`waiting`, `asking`, `told` or `ended`."""
    question: Mapped[int] = mapped_column(default=0)
    """The number of the present question, 0 before the first."""
    questions: Mapped[int]
    seconds: Mapped[int]
    "Seconds for each question."
    version: Mapped[int] = mapped_column(default=1)
    """Grows with every change, but not with counts."""
    user_ids: Mapped[str] = mapped_column(String(200))
    """The ids of the authors to choose from, in the order of their names, as JSON."""
    room_id: Mapped[int | None] = mapped_column(BigId)
    """The chat that the questions are out of; it may be gone by now."""
    is_closed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether its host lets nobody else join."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class GameQuestion(Base):
    """A question of a game; the text is read where the post is, and goes with it."""

    __tablename__ = "GameQuestion"

    game_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Game.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    tweet_id: Mapped[int] = mapped_column(BigId)
    user_id: Mapped[int] = mapped_column(BigId)
    """The author."""
    model_user_id: Mapped[int] = mapped_column(BigId)
    """Whom saywho chose, before anybody was asked."""
    model_probability: Mapped[float]
    asked_ms: Mapped[int | None] = mapped_column(BigId)
    """When it was announced, in milliseconds since 1970; None before."""
    over_ms: Mapped[int | None] = mapped_column(BigId)
    """When it was over; None while it is asked."""


class GamePlayer(Base):
    """Somebody who plays; known by a secret of which only the hash is stored."""

    __tablename__ = "GamePlayer"
    __table_args__ = (
        Index("uq_GamePlayer_game_id_name_key", "game_id", "name_key", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    game_id: Mapped[int] = mapped_column(BigId, ForeignKey("Game.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(200))
    """The name case-folded, in NFC."""
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the secret, as hexadecimal digits: thousands of rows are inserted as one JSON value."""
    seen_ms: Mapped[int | None] = mapped_column(BigId)
    """When the player's screen was last known to be open; None once it was closed."""
    network: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the network the player came from, as hexadecimal digits."""
    joined_ms: Mapped[int | None] = mapped_column(BigId)
    """When the player joined, in milliseconds since 1970."""


class GameAnswer(Base):
    """A player's answer to a question: the first one, which counts."""

    __tablename__ = "GameAnswer"
    __table_args__ = (Index("ix_GameAnswer_game_id_number", "game_id", "number"),)

    player_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("GamePlayer.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    game_id: Mapped[int] = mapped_column(BigId, ForeignKey("Game.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigId)
    """Who was chosen."""
    ms: Mapped[int]
    """Between the announcement and its arrival."""
    points: Mapped[int]


class WrongCode(Base):
    """An attempt to join a game by a code that no game has."""

    __tablename__ = "WrongCode"
    __table_args__ = (Index("ix_WrongCode_network_sent_at", "network", "sent_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    network: Mapped[bytes] = mapped_column(LargeBinary(32))
    """SHA-256 of the network it came from."""
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
