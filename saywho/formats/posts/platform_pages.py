"""Pages of live sources: answers of Mastodon and Bluesky, as ids and records.

`app/runtime/sandbox.py` runs these functions. Each takes the bytes, the account's name and the
content type, and yields a `PageHead`, then records.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import structs

from saywho.errors import RecordError
from saywho.formats.posts.bluesky import read_post, timeline_entry
from saywho.formats.posts.fediverse_api import status_item
from saywho.formats.records import MAX_ID_LENGTH, Account, Item, Record, read_each
from saywho.formats.source.json import Json, as_object, as_word, listed, load
from saywho.formats.tables.own_words import may_have_others, own_part

MOST_POSTS: Final = 1_000
"""Maximum number of posts read of a page; platforms send at most 100."""


class PageHead(msgspec.Struct, kw_only=True):
    """A page of an account's posts without its records."""

    ids: list[str]
    """Ids of the account's own posts, the newest first, without reposts."""
    account: Account
    account_id: str = ""
    older: str | None = None
    has_many_authors: bool = False
    """Whether posts have several authors, each named in the record."""
    left_out: dict[str, str] = {}
    """Titles and sentences that all posts share, which are in no record, by a form without names
    and numbers.
    """


Page = Iterator[PageHead | Record]


def page(items: Iterable[Item], ids: Iterable[str], **head: Any) -> Page:
    yield PageHead(ids=[entry for entry in ids if len(entry) <= MAX_ID_LENGTH], **head)
    posts = (entry for entry in items if isinstance(entry, Record))
    for post in posts:
        own = own_part(post.text) if may_have_others(post.text) else post.text
        if post.visibility != "restricted" and (own is not None or post.media):
            yield post if own == post.text else structs.replace(post, text=own or "")


def read_author_posts(body: bytes, *, name: str, content_type: str = "") -> Page:
    """Read an answer of Bluesky's `getAuthorFeed`. Raises RecordError."""
    value = as_object(load(body))
    if not isinstance(value.get("feed"), list):
        raise RecordError("the response is not a Bluesky feed")
    entries = [as_object(entry) for entry in listed(value, "feed")[:MOST_POSTS]]
    items = [item for item in map(timeline_entry, entries) if item and not item.is_repost]
    first = items[0] if items else None
    return page(
        read_each(enumerate(entries, 1), lambda entry, place: read_post(entry, place, None)),
        ids=[item.uri.rpartition("/")[2] for item in items],
        account=Account(
            *((first.username, first.display_name) if first else (name, None)), "bluesky"
        ),
        account_id=first.uri.split("/")[2] if first else "",
        older=_cursor(value.get("cursor")),
    )


def read_statuses(body: bytes, *, name: str, content_type: str = "") -> Page:
    """Read an answer of Mastodon's `accounts/ID/statuses`. Raises RecordError."""
    value = load(body)
    if not isinstance(value, list):
        raise RecordError("the response is not a list of posts")
    statuses = [as_object(status) for status in value[:MOST_POSTS]]
    originals = [status for status in statuses if not _is_boost(status)]
    about = as_object(originals[0].get("account")) if originals else {}
    account = Account(name, as_word(about.get("display_name")), "mastodon")
    return page(
        read_each(enumerate(statuses, 1), partial(_read_status, account)),
        ids=[str(status["id"]) for status in originals if status.get("id")],
        account=account,
        older=_cursor(statuses[-1].get("id")) if statuses else None,
    )


def _cursor(value: object) -> str | None:
    word = as_word(value)
    return word if word and len(word) <= MAX_ID_LENGTH else None


def _is_boost(status: Json) -> bool:
    return isinstance(status.get("reblog"), dict)


def _read_status(account: Account, status: Json, place: int) -> Item:
    """Return a status's record, with the id and the addresses that the server itself uses."""
    name = account.username or ""
    host = name.rpartition("@")[2]
    mentions = [as_object(mention) for mention in listed(status, "mentions")]
    media = [as_object(attachment) for attachment in listed(status, "media_attachments")]
    is_open = str(status.get("visibility")) in {"public", "unlisted"}
    read = {
        "account": as_object(status.get("account")) | {"acct": name},
        "uri": f"https://{host}/statuses/{status.get('id')}",
        "url": status.get("url") or status.get("uri"),
        "reblog": _is_boost(status),
        "visibility": "public" if is_open else "private",
        "quote": as_object(as_object(status.get("quote")).get("quoted_status")).get("uri"),
        "mentions": [mention | {"acct": _whole_name(mention, host)} for mention in mentions],
        "media_attachments": [
            medium
            | {"type": "video" if medium.get("type") == "gifv" else medium.get("type")}
            | {"remote_url": medium.get("url") or medium.get("remote_url")}
            for medium in media
        ],
    }
    return status_item(status | read, place)


def _whole_name(mention: Json, host: str) -> str:
    name, _, domain = str(mention.get("acct")).partition("@")
    return f"{name}@{domain or host}"
