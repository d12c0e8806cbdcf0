"""Lists in pages: the cursors of requests (400), and the pages of answers.

A cursor is an opaque place in a list: the sort key of the last item shown (keyset pagination).
"""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from app.errors import MalformedError
from app.models import MAX_ID
from app.runtime.clock import EARLIEST, LATEST
from app.services.posts.tweets import TweetKey
from app.services.search.results import DEEPEST
from app.services.search.word_search import ResultKey

Key = TypeVar("Key")
Item = TypeVar("Item")
_Id = Annotated[int, Meta(ge=0, le=MAX_ID)]
_BelowId = Annotated[int, Meta(ge=0, le=MAX_ID + 1)]
_Offset = Annotated[int, Meta(ge=0, le=DEEPEST)]
_Time = Annotated[datetime, Meta(tz=True)]

Next = Annotated[Any, Meta(extra_json_schema={"anyOf": [{"type": "string"}, {"type": "null"}]})]
"""The sort key of the last item, or None on the last page; an operation answers with its cursor."""


class PageArgs(Struct):
    """The parameters of a list."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    cursor: str | None = None


class Page(Struct, Generic[Item], frozen=True):
    """A page of a list; `next` is null on the last one."""

    items: list[Item]
    next: Next


class Cursor(Generic[Key]):
    """The cursors of one kind of list, by the type of their sort keys."""

    def __init__(self, form: Any, make: Callable[[Any], Key] = lambda key: key) -> None:
        self._decoder = msgspec.json.Decoder(form)
        self._make = make

    def decode(self, cursor: str | None) -> Key | None:
        """Return the sort key. Raises MalformedError for anything but a cursor of such a list."""
        if cursor is None:
            return None
        try:
            data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            return self._make(self._decoder.decode(data))
        except (binascii.Error, ValueError, OverflowError, RecursionError):
            detail = "`cursor` is not from this list; start again from the first page"
            raise MalformedError(detail, loc="cursor") from None


def cursor_of(key: object) -> str | None:
    """Return a sort key, of whatever kind of list, as a string for an address; None stays None."""
    if key is None:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def _in_utc(key: TweetKey) -> TweetKey:
    """Return the key with its time in UTC. Raises ValueError for a time that no post has."""
    time, tweet_id = key
    if time is not None and not EARLIEST <= time <= LATEST:
        raise ValueError("out of range")
    return time and time.astimezone(UTC), tweet_id


# PostgreSQL refuses NUL, which no name has.
AUTHOR_CURSOR: Final = Cursor[str](Annotated[str, Meta(pattern=r"^[^\0]*$")])
IMPORT_CURSOR: Final = Cursor[int](_Id)
RESULT_CURSOR: Final = Cursor[ResultKey](tuple[_BelowId, _Offset, bool], ResultKey._make)
ROOM_CURSOR: Final = Cursor[int](_Id)
SOURCE_CURSOR: Final = Cursor[int](_Id)
TWEET_CURSOR: Final = Cursor[TweetKey](tuple[_Time | None, _Id], _in_utc)


class Searchable(Protocol):
    """The parameters of a list that may be searched."""

    q: str


def messages_cursor(args: Searchable) -> Cursor[TweetKey] | Cursor[ResultKey]:
    """Return the cursors of a room's messages, or of what a search finds of them."""
    return RESULT_CURSOR if args.q.strip() else TWEET_CURSOR
