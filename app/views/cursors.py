"""Opaque places in a list: the sort key of the last item shown (keyset pagination)."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from app.models import MAX_ID
from app.services.posts.tweets import TweetKey
from app.services.search.search import DEEPEST
from app.services.search.word_search import Place
from app.views.parsing import malformed

Key = TypeVar("Key", bound=Struct)


class AuthorCursor(Struct, array_like=True):
    after: str


class ImportCursor(Struct, array_like=True):
    before: Annotated[int, Meta(ge=0, le=MAX_ID)]


class PlaceCursor(Struct, array_like=True):
    before: Annotated[int, Meta(ge=0, le=MAX_ID + 1)]
    offset: Annotated[int, Meta(ge=0, le=DEEPEST)]
    is_any: bool


class TweetCursor(Struct, array_like=True):
    """Seconds since 1970 from year 1 to 9999, and an id."""

    seconds: Annotated[int, Meta(ge=-62_135_596_800, le=253_402_300_799)] | None
    tweet_id: Annotated[int, Meta(ge=0, le=MAX_ID)]


def encode_cursor(key: Struct) -> str:
    """Return the sort key as a string for an address."""
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).rstrip(b"=").decode()


def decode_cursor(cursor: str, key_type: type[Key]) -> Key:
    """Return the sort key of a cursor. Raises MalformedError for anything but our own."""
    try:
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True)
        return msgspec.json.decode(data, type=key_type)
    except (binascii.Error, ValueError, RecursionError):
        malformed("cursor", "cursor is not one that this list gave out")


def encode_place(place: Place | None) -> str | None:
    """Return a place in search results as a cursor."""
    return None if place is None else encode_cursor(PlaceCursor(*place))


def decode_place(cursor: str | None) -> Place | None:
    """Return the place of a cursor. Raises MalformedError."""
    if cursor is None:
        return None
    return Place(*msgspec.structs.astuple(decode_cursor(cursor, PlaceCursor)))


def encode_tweet_cursor(key: TweetKey | None) -> str | None:
    """Return a place in a list of posts as a cursor."""
    if key is None:
        return None
    created_at, tweet_id = key
    seconds = None if created_at is None else int(created_at.timestamp())
    return encode_cursor(TweetCursor(seconds, tweet_id))


def decode_tweet_cursor(cursor: str | None) -> TweetKey | None:
    """Return the place of a cursor. Raises MalformedError."""
    if cursor is None:
        return None
    key = decode_cursor(cursor, TweetCursor)
    created_at = None if key.seconds is None else datetime.fromtimestamp(key.seconds, UTC)
    return created_at, key.tweet_id
