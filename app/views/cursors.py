"""Opaque places in a list: the sort key of the last item shown (keyset pagination)."""

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Meta

from app.models import MAX_ID
from app.services.posts.tweets import TweetKey
from app.services.search.search import DEEPEST
from app.services.search.word_search import Place
from app.views.parsing import malformed

Key = TypeVar("Key")
_Id = Annotated[int, Meta(ge=0, le=MAX_ID)]
_BelowId = Annotated[int, Meta(ge=0, le=MAX_ID + 1)]
_Offset = Annotated[int, Meta(ge=0, le=DEEPEST)]
_Seconds = Annotated[int, Meta(ge=-62_135_596_800, le=253_402_300_799)]
"""Seconds since 1970, from year 1 to 9999."""


class PageArgs(msgspec.Struct):
    """The parameters of a list."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 20
    cursor: str | None = None


class Cursor(Generic[Key]):
    """The cursor of one kind of list: a sort key as a string for an address; None stays None."""

    def __init__(
        self, form: Any, split: Callable[[Key], tuple[Any, ...]], join: Callable[..., Key]
    ) -> None:
        self._decoder = msgspec.json.Decoder(form)
        self._split = split
        self._join = join

    def encode(self, key: Key | None) -> str | None:
        if key is None:
            return None
        data = msgspec.json.encode(self._split(key))
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    def decode(self, cursor: str | None) -> Key | None:
        """Return the sort key. Raises MalformedError for anything but a cursor of such a list."""
        if cursor is None:
            return None
        try:
            data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
            return self._join(*self._decoder.decode(data))
        except (binascii.Error, ValueError, RecursionError):
            malformed("cursor", "cursor is not one that this list gave out")


def _split_tweet(key: TweetKey) -> tuple[int | None, int]:
    created_at, tweet_id = key
    return None if created_at is None else int(created_at.timestamp()), tweet_id


def _join_tweet(seconds: int | None, tweet_id: int) -> TweetKey:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC), tweet_id


AUTHORS: Final = Cursor[str](tuple[str], lambda name: (name,), str)
IMPORTS: Final = Cursor[int](tuple[_Id], lambda import_id: (import_id,), int)
RESULTS: Final = Cursor[Place](tuple[_BelowId, _Offset, bool], tuple, Place)
TWEETS: Final = Cursor[TweetKey](tuple[_Seconds | None, _Id], _split_tweet, _join_tweet)
