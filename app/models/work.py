"""The log of changes, import jobs, live sources, and games."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, BigId, Numbered, UtcDateTime


class Event(Numbered):
    """An entry of the log (a transactional outbox); without texts, since deletions are complete."""

    kind: Mapped[str] = mapped_column(String(32))
    """Kind as in the live stream: `tweet.created`, `tweets.imported`, `user.deleted`, …"""
    user_id: Mapped[int] = mapped_column(BigId)
    tweet_id: Mapped[int | None] = mapped_column(BigId)
    count: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ImportJob(Numbered):
    state: Mapped[str] = mapped_column(String(16), index=True)
    """`uploaded` until the start, then as in the API: `running`, `done`, …"""
    format: Mapped[str] = mapped_column(String(16))
    """The requested format, until the file is recognised."""
    file_name: Mapped[str] = mapped_column(String(255))
    spool: Mapped[str] = mapped_column(String(255))
    """Name of the spooled upload, removed when the import ends; empty for a command's file."""
    options: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: options of reading; None once deleted."""
    bytes_total: Mapped[int] = mapped_column(BigId)
    bytes_read: Mapped[int] = mapped_column(BigId, default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    reposts: Mapped[int] = mapped_column(default=0)
    restricted: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    errors: Mapped[bytes] = mapped_column(LargeBinary, default=b"[]")
    """JSON: a failure's reason, and the first hundred rejected records."""
    stored: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: ids of new posts' authors, and number of stored media files."""
    notes: Mapped[bytes | None] = mapped_column(LargeBinary)
    """JSON: assumptions and unused files at the last preview."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    """Consecutive runs that were cut off."""
    undo: Mapped[str | None] = mapped_column(String(8))
    """`possible`, `running` or `done`; None if its posts do not know that it brought them."""
    removed: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Number of posts that its undo has removed."""
    scope: Mapped[str | None] = mapped_column(String(8))
    """Right of the person or program that imports; None if an earlier version began it."""
    begun_by: Mapped[str | None] = mapped_column(String(32))
    """Who began it, as `token 7` or `account 2`; None for a command, and for earlier versions."""
    command: Mapped[int | None]
    """Number of the lock that the importing command holds; None for an upload."""
    digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 of the read parts of the file; None until it is read, and for earlier versions."""
    heading: Mapped[str | None] = mapped_column(String(64), index=True)
    """Digest of the column names for which the choices of columns are kept; None for none."""


LONGEST_PAUSE: Final = timedelta(days=1)
"""Longest pause that a live source's host can request."""


class LiveSource(Numbered):
    """A followed account or feed, its progress and next visit."""

    source: Mapped[str] = mapped_column(String(2100), unique=True)
    """`bluesky:NAME`, `mastodon:USER@HOST` or `rss:URL`."""
    platform: Mapped[str] = mapped_column(String(16))
    host: Mapped[str] = mapped_column(String(260), index=True)
    """The host; its sources are visited in turn."""
    username: Mapped[str] = mapped_column(String(320))
    username_key: Mapped[str] = mapped_column(String(960), index=True)
    mark: Mapped[str] = mapped_column(Text, default="{}")
    """JSON: the position read, stored after the posts."""
    accepted: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    """Consecutive failed visits."""
    last_error: Mapped[str | None] = mapped_column(Text)
    """JSON: template and values of the last failure; None after a success."""
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    visited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    success_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    posts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_visit_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    not_before: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Time until which the host refuses requests, even on demand."""


class Game(Numbered):
    """A quiz for several players; deleted with all names a day after its end."""

    code: Mapped[str] = mapped_column(String(8), unique=True)
    state: Mapped[str] = mapped_column(String(8))
    """`waiting`, `asking`, `told` or `ended`."""
    question: Mapped[int] = mapped_column(default=0)
    """Number of the current question; 0 before the first."""
    questions: Mapped[int]
    seconds: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)
    """Number that grows with changes except counts."""
    user_ids: Mapped[str] = mapped_column(String(200))
    """JSON: ids of the authors to choose from, by name."""
    room_id: Mapped[int | None] = mapped_column(BigId)
    """The questions' chat, which may have been deleted."""
    is_closed: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class GameQuestion(Base):
    """A game's question; its text stays in the post, and is deleted with it."""

    game_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("Game.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    tweet_id: Mapped[int] = mapped_column(BigId)
    user_id: Mapped[int] = mapped_column(BigId)
    model_user_id: Mapped[int] = mapped_column(BigId)
    """saywho's answer, chosen before the players'."""
    model_probability: Mapped[float]
    asked_ms: Mapped[int | None] = mapped_column(BigId)
    """Time of the announcement, in milliseconds since 1970; None before it."""
    over_ms: Mapped[int | None] = mapped_column(BigId)
    """Time of the question's end, in milliseconds since 1970; None before it."""


class GamePlayer(Base):
    """A player, identified by a secret's hash."""

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
    """The secret's SHA-256 as hexadecimal digits: rows are inserted as JSON."""
    seen_ms: Mapped[int | None] = mapped_column(BigId)
    """Last time of an open screen, in milliseconds since 1970; None before the first."""
    network: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the player's network, in hexadecimal digits."""
    joined_ms: Mapped[int | None] = mapped_column(BigId)


class GameAnswer(Base):
    """A player's first answer, which counts."""

    __table_args__ = (Index("ix_GameAnswer_game_id_number", "game_id", "number"),)

    player_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("GamePlayer.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True)
    game_id: Mapped[int] = mapped_column(BigId, ForeignKey("Game.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(BigId)
    ms: Mapped[int]
    """Milliseconds from announcement to arrival."""
    points: Mapped[int]


class WrongCode(Base):
    """An attempt to join with an unknown code."""

    __table_args__ = (Index("ix_WrongCode_network_sent_at", "network", "sent_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    network: Mapped[bytes] = mapped_column(LargeBinary(32))
    """SHA-256 of the sender's network."""
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime)
