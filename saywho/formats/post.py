"""The fields of a post, declared once in `PostContent`.

Requests, records, exports, table rows and answers are made of it. A new field needs a column in
`Tweet` by a migration.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Final, Generic, Literal, NamedTuple, TypeVar, get_type_hints

import msgspec
from msgspec import Meta

from saywho.errors import Message
from saywho.text import MAX_SIGN_LENGTH, clean_sign

Kind = Literal["post", "reply", "quote"]
Visibility = Literal["public", "restricted"]
"""Audience of a post at its source: everyone, or a limited audience such as followers."""
MediumKind = Literal["photo", "video", "gif", "audio", "link"]
MIME_KINDS: Final[dict[str, MediumKind]] = {"image": "photo", "video": "video", "audio": "audio"}
MOST_COUNTED: Final = 2**53 - 1
Count = Annotated[int, Meta(ge=0, le=MOST_COUNTED)]
Platform = Literal[
    "x",
    "mastodon",
    "bluesky",
    "instagram",
    "facebook",
    "threads",
    "discord",
    "telegram",
    "reddit",
    "youtube",
    "misskey",
    "rss",
    "local",
]
"""Source of an author's posts; `local` if unknown."""
MOST_MEDIA: Final = 100
MOST_SIGNS: Final = 50
"""Maximum number of different reactions to one post; the most frequent are kept."""
_MOST_DIGITS: Final = 15


class PlatformNames(NamedTuple):
    label: Message
    in_files: tuple[str, ...] = ()
    """Names in columns of files, in lower case, apart from its own name."""


PLATFORMS: Final[dict[Platform, PlatformNames]] = {
    "x": PlatformNames(Message("X"), ("twitter", "트위터")),
    "mastodon": PlatformNames(Message("Mastodon"), ("마스토돈",)),
    "bluesky": PlatformNames(Message("Bluesky"), ("블루스카이",)),
    "instagram": PlatformNames(Message("Instagram"), ("인스타그램",)),
    "facebook": PlatformNames(Message("Facebook"), ("페이스북",)),
    "threads": PlatformNames(Message("Threads"), ("스레드",)),
    "discord": PlatformNames(Message("Discord"), ("디스코드",)),
    "telegram": PlatformNames(Message("Telegram"), ("텔레그램",)),
    "reddit": PlatformNames(Message("Reddit"), ("레딧",)),
    "youtube": PlatformNames(Message("YouTube"), ("유튜브",)),
    "misskey": PlatformNames(Message("Misskey"), ("미스키",)),
    "rss": PlatformNames(Message("RSS")),
    "local": PlatformNames(Message("not given")),
}


class ReplyTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The post that a reply answers, as its platform knows it."""

    source_id: str | None
    username: str | None = None

    @classmethod
    def of(cls, source_id: str | None, username: str | None) -> "ReplyTarget | None":
        """Return the target; None if both parts are empty."""
        return cls(source_id, username) if source_id or username else None


class Medium(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A picture, video or link of a post."""

    kind: MediumKind
    source_url: str | None = None
    alt: str | None = None
    width: Count | None = None
    height: Count | None = None


class StoredMedium(Medium, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A picture, video or link as the database keeps it."""

    file: str | None = None
    """Name of its file here, if a file is kept."""


class SignCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often one sign was given to a message."""

    sign: Annotated[str, Meta(min_length=1, max_length=MAX_SIGN_LENGTH)]
    """An emoji, or its name."""
    count: Count


class Reactions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a post was liked and so on; null if no source says."""

    likes: Count | None = None
    reposts: Count | None = None
    replies: Count | None = None
    quotes: Count | None = None
    as_of: Annotated[datetime, Meta(tz=True)] | None = None
    """Time of the figures; by default the time of arrival."""
    signs: Annotated[tuple[SignCount, ...], Meta(max_length=MOST_SIGNS)] = ()
    """Likes of a chat's message by reaction, most frequent first; empty without reactions."""

    @classmethod
    def read(cls, figures: Iterable[object], as_of: datetime | None = None) -> "Reactions | None":
        """Return four figures in field order, if there is any."""
        likes, reposts, replies, quotes = map(as_count, figures)
        reactions = cls(likes, reposts, replies, quotes, as_of)
        return reactions if reactions.is_known else None

    @property
    def is_known(self) -> bool:
        return any(figure not in (None, ()) for figure in self.figures)

    @property
    def says_nobody(self) -> bool:
        """Return whether no one reacted, which is news about a message."""
        return self.figures == (0, None, None, None, ())

    @property
    def figures(self) -> tuple[int | tuple[SignCount, ...] | None, ...]:
        return self.likes, self.reposts, self.replies, self.quotes, self.signs


class RoomReference(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The chat that a message was written in."""

    id: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    """ID of the chat."""
    name: str


class Stored(NamedTuple):
    columns: tuple[str, ...] = ()
    """Its columns in `Tweet`; by default the field's name."""
    repetition: Literal["ignored", "fills", "renews", "narrows"] = "ignored"
    """Effect of sending a post again: no effect, fill a null or empty field, or renew it.

    Only `admin`, or the import that brought the post, fills and narrows: the first value stays, so
    a wrong one could not be corrected. A newer value renews (`is_newer` in
    `app/services/posts/post_content.py`), whoever sends it. A flag that may change is null until a
    request or file states it, and renews. A null audience becomes a limited audience (`narrows`),
    but never everyone: the sender may not know better. A null that means something is `ignored`:
    a post without a chat is not a message whose chat is unknown.
    """
    since: int = 1
    """First version of exports with the field."""


FILLS: Final = Stored(repetition="fills")
_TARGET_COLUMNS: Final = ("reply_to_source_id", "reply_to_username")

TargetT = TypeVar("TargetT", bound=ReplyTarget)
MediumT = TypeVar("MediumT", bound=Medium)
RoomT = TypeVar("RoomT", bound=RoomReference)


class PostContent(msgspec.Struct, Generic[TargetT, MediumT, RoomT], frozen=True, kw_only=True):
    """The fields of a post apart from its author, in the order of exports and answers."""

    text: str
    kind: Annotated[
        Kind | None,
        Meta(description="For a new post, the default is `reply` if there is a `reply_to`."),
    ] = None
    created_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        FILLS,
        Meta(
            description="UTC; null if unknown. For a new post, the default is the time of arrival."
        ),
    ] = None
    lang: Annotated[str | None, FILLS] = None
    source_id: str | None = None
    url: Annotated[str | None, FILLS] = None
    reply_to: Annotated[TargetT | None, Stored(_TARGET_COLUMNS, "fills", since=2)] = None
    media: Annotated[
        Annotated[tuple[MediumT, ...], Meta(max_length=MOST_MEDIA)],
        Stored(repetition="fills", since=3),
    ] = ()
    counts: Annotated[
        Reactions | None,
        Stored(repetition="renews", since=3),
        Meta(description="The newest figures seen."),
    ] = None
    room: Annotated[
        RoomT | None,
        Stored(("room_id",), since=4),
        Meta(description="The chat that the message was written in; null for a post."),
    ] = None
    visibility: Annotated[
        Visibility | None,
        Stored(repetition="narrows", since=5),
        Meta(
            description="Audience of the post at its source: everyone, or a limited audience such"
            " as followers; null if unknown. For a new post, the default is `public`."
        ),
    ] = None


PlainPost = PostContent[ReplyTarget, Medium, RoomReference]
"""A post as people and programs write it, outside this installation."""


@cache
def stored_fields() -> dict[str, Stored]:
    hints = get_type_hints(PostContent, include_extras=True)
    fields = {}
    for name in PostContent.__struct_fields__:
        notes = getattr(hints[name], "__metadata__", ())
        stored = next((note for note in notes if isinstance(note, Stored)), Stored())
        fields[name] = stored._replace(columns=stored.columns or (name,))
    return fields


@cache
def table_columns() -> tuple[str, ...]:
    return tuple(column for stored in stored_fields().values() for column in stored.columns)


@cache
def headers() -> tuple[tuple[str, ...], ...]:
    """Return a tuple of export columns for each version, the present one last."""
    fields = stored_fields()
    versions = range(1, max(stored.since for stored in fields.values()) + 1)
    return tuple(
        ("username", "platform", *(name for name, stored in fields.items() if stored.since <= last))
        for last in versions
    )


def audience(*, is_restricted: bool) -> Visibility:
    return "restricted" if is_restricted else "public"


def as_count(value: object) -> int | None:
    """Return a whole number from 0, also from a string as in archives; else None."""
    text = digits(value)
    return int(text) if text and len(text) <= _MOST_DIGITS else None


def digits(value: object) -> str | None:
    """Return a whole number from 0 as a string; else None, also for floats."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() else None


def signs_of(counts: Iterable[tuple[object, int]]) -> tuple[SignCount, ...]:
    """Return the most frequent signs as they are stored, with equal signs joined."""
    numbers: Counter[str] = Counter()
    for sign, number in counts:
        if isinstance(sign, str) and (clean := clean_sign(sign)):
            numbers[clean] += number
    return tuple(
        SignCount(sign, min(number, MOST_COUNTED))
        for sign, number in numbers.most_common(MOST_SIGNS)
    )


def kept_signs(signs: Iterable[SignCount]) -> tuple[SignCount, ...]:
    return signs_of((sign.sign, sign.count) for sign in signs)


def total_of(numbers: Iterable[int]) -> int:
    return min(sum(numbers), MOST_COUNTED)
