"""Authors, their posts and chats, and data derived from posts: profiles, counts, words, vectors."""

from datetime import datetime
from typing import Annotated, Any, Final

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Mapped, WriteOnlyMapped, column_property, mapped_column, relationship

from app.models.base import Base, BigId, CodePoints, CountedText, Numbered, UtcDateTime, Vector
from saywho.clock import now
from saywho.text import username_key

NameKey: Final = sa.String(960).with_variant(sa.String(960, collation="C"), "postgresql")

_IN_ROOM: Final = ("room_id", "created_at", "place", "id")
"""Order of a chat's messages."""


def _sqlite_index(name: str, *columns: str) -> sa.Index:
    """Return an index that PostgreSQL has in another order; Alembic reads `info`."""
    index = sa.Index(name, *columns, info={"only": "sqlite"})
    index.ddl_if("sqlite")
    return index


def _partial_index(name: str, *columns: str, of: str = "", where: str = "") -> sa.Index:
    """Return an index of the rows that have a value `of` a column, or that meet a condition.

    `app/db/postgresql/backend.py` adds PostgreSQL's option, since it imports the whole dialect.
    """
    return sa.Index(name, *columns, sqlite_where=sa.text(where or f"{of} IS NOT NULL"))


def _key_of_name(inserted: Any) -> str:
    return username_key(inserted.get_current_parameters()["username"])


OfUser = Annotated[int, mapped_column(sa.ForeignKey("Users.id", ondelete="CASCADE"))]
OfRoom = Annotated[int, mapped_column(sa.ForeignKey("Room.id", ondelete="CASCADE"))]
OLD_MESSAGE: Final = 0
"""`import_id` of a message that an earlier version stored without its chat."""


class User(Base):
    __tablename__ = "Users"
    __table_args__ = (
        # A full index would contain little but NULL, and SQLite would prefer it to the index of
        # names for queries that look up many authors.
        _partial_index("ix_Users_deleted_at", "deleted_at", of="deleted_at"),
        _partial_index("ix_Users_joined_to_id", "joined_to_id", of="joined_to_id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(sa.String(320))
    username_key: Mapped[str] = mapped_column(NameKey, unique=True, default=_key_of_name)
    """The name case-folded: unique, and the key of searches and sorting by code points."""
    display_name: Mapped[str | None] = mapped_column(sa.String(320))
    platform: Mapped[str] = mapped_column(sa.String(16), default="local")
    is_of_chat: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether the author is a chat's person without an account of a platform."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    tweet_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=0)
    """Number of deletions and changes of posts; copies of counts are valid while it is the same."""

    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Time after which no answer has the author; rows are deleted in the background, unless the
    author is joined to another.
    """
    joined_to_id: Mapped[int | None] = mapped_column(BigId)
    """The author with its posts, which it joined as another name of one person. Without
    `deleted_at`, posts are still on their way. No foreign key: a deletion frees the name.
    """

    tweets: WriteOnlyMapped["Tweet"] = relationship(back_populates="user", passive_deletes=True)


IS_GONE: Final = sa.and_(User.deleted_at.is_not(None), User.joined_to_id.is_(None))
"""Condition on a deleted author, whose rows are being removed."""
KEPT_USER_ID: Final[sa.ColumnElement[int]] = sa.func.coalesce(User.joined_to_id, User.id)
"""Id of the author with an author's posts: its own, or of the author that it joined."""


class MediaUse(Base):
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), index=True)
    tweet_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("Tweet.id", ondelete="SET NULL"), index=True
    )
    """None once the post is deleted; then the file is, unless another post needs it."""


class Tweet(Base):
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)
    user_id: Mapped[OfUser]
    event_id: Mapped[int] = mapped_column(BigId)
    """The event that stored the post; no foreign key, since events are pruned."""
    kind: Mapped[str] = mapped_column(sa.String(8), default="post")
    created_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The source's time if in the future; `created_at` is the arrival's then."""
    lang: Mapped[str | None] = mapped_column(sa.String(35))
    source_id: Mapped[str | None] = mapped_column(sa.String(512))
    url: Mapped[str | None] = mapped_column(sa.String(2048))
    reply_to_source_id: Mapped[str | None] = mapped_column(sa.String(512))
    """The platform's id of the answered post, stored here or not."""
    reply_to_username: Mapped[str | None] = mapped_column(sa.String(320))
    """The answered post's author; None if unknown, or the post's own."""
    reply_to_id: Mapped[int | None] = mapped_column(BigId)
    """Id of the answered post, found by its author or chat and `reply_to_source_id`."""
    media: Mapped[str | None] = mapped_column(sa.Text)
    """JSON: a list of `Medium`, or None."""
    counts: Mapped[str | None] = mapped_column(sa.Text)
    """JSON: the newest `Reactions`."""
    room_id: Mapped[int | None] = mapped_column(sa.ForeignKey("Room.id", ondelete="SET NULL"))
    place: Mapped[int] = mapped_column(default=0, server_default="0")
    """Order in a chat at one time; below 0 if ids are in another."""
    visibility: Mapped[str | None] = mapped_column(sa.String(10), server_default="public")
    """Audience of the post at its source: `public` or `restricted`; None if unknown."""
    import_id: Mapped[int | None] = mapped_column(BigId)
    """The import that brought the post first, or `OLD_MESSAGE`; None without an import, or for
    other posts of earlier versions."""
    met_by: Mapped[str | None] = mapped_column(sa.String(255))
    """Other imports that sent the post, too, as `,2,7,`; 0 is a source or a request."""
    name_id: Mapped[int | None] = mapped_column(BigId)
    """The joined author under whose name it came; None for the author's own."""
    handles: Mapped[str | None] = mapped_column(sa.Text)
    """Dotted names in the text, by its source's field of mentions."""
    counted: Mapped[str] = column_property(CountedText.of(handles, text), deferred=True)
    """The text as everything that counts words, letters or signs takes it."""

    user: Mapped["User"] = relationship(back_populates="tweets", lazy="raise")

    __table_args__ = (
        sa.UniqueConstraint("user_id", "source_id"),
        sa.Index("ix_Tweet_user_id_event_id", "user_id", "event_id"),
        _partial_index("ix_Tweet_user_id_dated_at", "user_id", "dated_at", of="dated_at"),
        _partial_index("ix_Tweet_user_id_media", "user_id", "created_at", "id", of="media"),
        _partial_index(
            "ix_Tweet_reply_to_source_id", "reply_to_source_id", of="reply_to_source_id"
        ),
        _partial_index("ix_Tweet_room_id_created_at_place_id", *_IN_ROOM, of="room_id"),
        # Placed after the index above: of two equally good indexes, SQLite takes the newer one.
        _partial_index("ix_Tweet_room_id_media", *_IN_ROOM, of="media"),
        _partial_index("ix_Tweet_moved", *_IN_ROOM, where="place < 0"),
        _partial_index("ix_Tweet_import_id", "import_id", of="import_id"),
        _partial_index(
            "ix_Tweet_not_public", "user_id", where="visibility IS NULL OR visibility <> 'public'"
        ),
        # It finds the message that a reply answers; most messages of text exports have no id.
        _partial_index(
            "ix_Tweet_room_id_source_id",
            *("room_id", "source_id"),
            where="room_id IS NOT NULL AND source_id IS NOT NULL",
        ),
        # PostgreSQL has other indexes instead, in the order of lists: unknown times last.
        _sqlite_index("ix_Tweet_user_id_created_at_id", "user_id", "created_at", "id"),
        _sqlite_index("ix_Tweet_created_at_id", "created_at", "id"),
        {"sqlite_autoincrement": True},
    )


class Room(Base):
    """A chat, recognised by its app's id, or by title and people; once joined to another, its row
    stays to recognise its file.
    """

    __table_args__ = (
        sa.UniqueConstraint("platform", "external_id"),
        sa.Index("ix_Room_platform_title", "platform", "title"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    platform: Mapped[str] = mapped_column(sa.String(16))
    """The app, such as `kakaotalk`; empty if known from posts alone, a mark if deleted."""
    external_id: Mapped[str | None] = mapped_column(sa.String(512))
    """The app's id of the chat, if any."""
    title: Mapped[str | None] = mapped_column(sa.String(320))
    """The app's title, cut to this length, which identifies the room."""
    name: Mapped[str | None] = mapped_column(sa.String(320))
    """The name given here, shown instead of the title."""
    tz: Mapped[str | None] = mapped_column(sa.String(64))
    """The import's time zone; None if times have their own."""
    date_order: Mapped[str | None] = mapped_column(sa.String(16))
    """Order of its files' numeric dates (`DATE_ORDERS`); None without any."""
    joined_to_id: Mapped[OfRoom | None] = mapped_column(index=True)
    """The room with its posts, which it joined."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    judged_messages: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of messages when people were last judged; 0 before."""
    fit: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    """What takes long to fit for comparisons in this chat alone (`ChatFit`), made then."""


ROOM_NAME: Final[sa.ColumnElement[str | None]] = sa.func.coalesce(Room.name, Room.title)
"""A chat's name as answers show it."""
KEPT_ROOM_ID: Final[sa.ColumnElement[int]] = sa.func.coalesce(Room.joined_to_id, Room.id)
"""Id of the chat with a chat's posts: its own, or of the chat that it joined."""


class RoomPerson(Base):
    """A person in a room, with or without stored posts."""

    __table_args__ = {"sqlite_with_rowid": False}

    room_id: Mapped[OfRoom] = mapped_column(primary_key=True)
    user_id: Mapped[OfUser] = mapped_column(primary_key=True, index=True)
    messages: Mapped[int] = mapped_column(default=0, server_default="0")
    asked: Mapped[int] = mapped_column(default=0, server_default="0")
    """Their newest posts about which the model was asked; 0 before."""
    recognised: Mapped[int] = mapped_column(default=0, server_default="0")
    """Number of these posts that the model attributed to them, among the room's people."""


class RoomMove(Numbered):
    """A person who came to a room or left it, or changed name, as a line in the file of an import
    says.
    """

    room_id: Mapped[OfRoom] = mapped_column(index=True)
    user_id: Mapped[OfUser] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    has_left: Mapped[bool]
    became_id: Mapped[int | None] = mapped_column(BigId)
    """The author of the new name, who may have been deleted; None for who came or left."""
    import_id: Mapped[int] = mapped_column(BigId, index=True)


class Profile(Base):
    """An author's n-gram counts up to an event; newer posts are the tail."""

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    recipe: Mapped[int]
    as_of_event: Mapped[int] = mapped_column(BigId)
    posts: Mapped[int] = mapped_column(index=True)
    """Number of posts, indexed since a sum would read rows of some KB."""
    counts: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    texts: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    """Digests of texts, since a repeated text counts once."""


class BackgroundSnapshot(Base):
    """The background: n-gram counts of all authors; one row a version."""

    version: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    """Number for the version of the features and the included shipped authors."""
    posts: Mapped[int]
    authors: Mapped[int]
    """Number of authors, counted up to 100."""
    counts: Mapped[bytes] = mapped_column(sa.LargeBinary)
    temperature: Mapped[float]
    """Temperature fitted to the site's posts; 1 changes nothing."""
    members: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """JSON: id, posts and language of the population's authors, and which are samples."""
    population: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """MessagePack: counts of the population's authors."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Snapshot(Numbered):
    """What was counted of a chat or an author, in a time zone (`append_events` empties it)."""

    __table_args__ = (
        sa.UniqueConstraint("kind", "subject_id", "zone"),
        {"sqlite_autoincrement": True},
    )

    kind: Mapped[str] = mapped_column(sa.String(16))
    subject_id: Mapped[int] = mapped_column(BigId)
    zone: Mapped[str] = mapped_column(sa.String(64))
    event: Mapped[int] = mapped_column(BigId)
    """The newest event when it was counted."""
    posts: Mapped[int]
    people: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    """MessagePack: the authors whose posts were counted; null for everybody."""
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """MessagePack; empty once something was taken away."""


SLOT_S: Final = 900
"""Seconds of a slot, since today's zones have multiples of a quarter of an hour."""
EPOCH_S: Final = 62_135_596_800
"""Seconds from the year 1 to 1970: slots begin in the year 1, so that no slot is negative."""
UNKNOWN_SLOT: Final = -1
"""Slot of posts without a time."""


class PostCount(Base):
    """Number of an author's posts in a slot and language, perhaps 0; transactions update it."""

    __table_args__ = (
        # It covers figures of all authors: SQLite then reads the index alone.
        sa.Index("ix_PostCount_slot_lang_posts", "slot", "lang", "posts"),
        {"sqlite_with_rowid": False},
    )

    user_id: Mapped[OfUser] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    lang: Mapped[str] = mapped_column(sa.String(35), primary_key=True)
    posts: Mapped[int]


class Word(Base):
    """A term and the number of posts with it, which may lag behind."""

    __table_args__ = {"sqlite_with_rowid": False}

    word: Mapped[str] = mapped_column(CodePoints, primary_key=True)
    tweets: Mapped[int]


class Vocabulary(Base):
    """Totals of the counted posts; one row."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recipe: Mapped[int]
    tweets: Mapped[int]
    terms: Mapped[int] = mapped_column(BigId)


class Embedding(Base):
    """A post's vector of length one, apart to keep the posts' rows small."""

    tweet_id: Mapped[int] = mapped_column(
        BigId, sa.ForeignKey("Tweet.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(sa.String(2100))
    """The embedding model; only vectors of one model compare."""
    vector: Mapped[NDArray[np.float32]] = mapped_column(Vector)
