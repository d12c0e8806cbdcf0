"""The fields of a post, declared once in `PostContent`.

Requests, records, exports, table rows and answers are made of it. A new field needs a column in
`Tweet` by a migration; `app/services/posts/post_content.py` says how it is stored.
"""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Annotated, Final, Generic, Literal, NamedTuple, TypeVar

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


class RoomReference(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, cache_hash=True
):
    """The chat that a message was written in."""

    id: Annotated[int, Meta(ge=1, lt=2**53)] | None = None
    """ID of the chat."""
    name: str


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
        Meta(
            description="UTC; null if unknown. For a new post, the default is the time of arrival."
        ),
    ] = None
    lang: str | None = None
    source_id: str | None = None
    url: str | None = None
    reply_to: TargetT | None = None
    media: Annotated[tuple[MediumT, ...], Meta(max_length=MOST_MEDIA)] = ()
    counts: Annotated[Reactions | None, Meta(description="The newest figures seen.")] = None
    room: Annotated[
        RoomT | None, Meta(description="The chat that the message was written in; null for a post.")
    ] = None
    visibility: Annotated[
        Visibility | None,
        Meta(
            description="Audience of the post at its source: everyone, or a limited audience such"
            " as followers; null if unknown. For a new post, the default is `public`."
        ),
    ] = None
    handles: Annotated[
        str | None,
        Meta(
            description="Names with dots behind an @ in the text, by the source or of people here."
        ),
    ] = None


PlainPost = PostContent[ReplyTarget, Medium, RoomReference]
"""A post as people and programs write it, outside this installation."""


FIELDS: Final = PostContent.__struct_fields__
_SINCE: Final = {"reply_to": 2, "media": 3, "counts": 3, "room": 4, "visibility": 5, "handles": 6}
"""The first version of exports with a field; the others are in all."""


@cache
def headers() -> tuple[tuple[str, ...], ...]:
    """Return a tuple of export columns for each version, the present one last."""
    return tuple(
        ("username", "platform", *(name for name in FIELDS if _SINCE.get(name, 1) <= version))
        for version in range(1, max(_SINCE.values()) + 1)
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


_AUTHOR_OF_POST: Final = re.compile(
    r"https?://(?:[^/\s]+/@|(?:www\.|mobile\.)?(?:twitter|x)\.com/|bsky\.app/profile/)"
    r"(?P<name>(?!i/)[^/\s?#@]{1,100})/(?:status(?:es)?/|posts?/|\d{6,})"
)


def author_in(address: object) -> str | None:
    """Return the account whose post an address is, at sites that say so in each address."""
    match = _AUTHOR_OF_POST.match(address.strip()) if isinstance(address, str) else None
    return match["name"] if match else None
