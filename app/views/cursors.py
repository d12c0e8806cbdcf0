"""Opaque places in a list: the sort key of the last item shown (keyset pagination)."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta

from app.errors import MalformedError
from app.models import MAX_ID
from app.services.posts.tweets import TweetKey
from app.services.search.search import DEEPEST
from app.services.search.word_search import Place

Key = TypeVar("Key")
Item = TypeVar("Item")
_Id = Annotated[int, Meta(ge=0, le=MAX_ID)]
_BelowId = Annotated[int, Meta(ge=0, le=MAX_ID + 1)]
_Offset = Annotated[int, Meta(ge=0, le=DEEPEST)]
_Time = Annotated[datetime, Meta(tz=True)]


class PageArgs(msgspec.Struct):
    """The parameters of a list."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    cursor: str | None = None


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """A page of a list; `next` is null on the last one."""

    items: list[Item]
    next: str | None


class Cursor(Generic[Key]):
    """The cursor of one kind of list: a sort key as a string for an address; None stays None."""

    def __init__(self, form: Any, make: Callable[[Any], Key] = lambda key: key) -> None:
        self._decoder = msgspec.json.Decoder(form)
        self._make = make

    def encode(self, key: Key | None) -> str | None:
        if key is None:
            return None
        return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()

    def decode(self, cursor: str | None) -> Key | None:
        """Return the sort key. Raises MalformedError for anything but a cursor of such a list."""
        if cursor is None:
            return None
        try:
            data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            return self._make(self._decoder.decode(data))
        except (binascii.Error, ValueError, RecursionError):
            detail = "cursor is not one that this list gave out"
            raise MalformedError(detail, loc="cursor") from None


AUTHORS: Final = Cursor[str](str)
IMPORTS: Final = Cursor[int](_Id)
RESULTS: Final = Cursor[Place](tuple[_BelowId, _Offset, bool], Place._make)
SOURCES: Final = Cursor[int](_Id)
TWEETS: Final = Cursor[TweetKey](tuple[_Time | None, _Id])
