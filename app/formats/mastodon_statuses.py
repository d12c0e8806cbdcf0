"""Statuses of Mastodon's API: lists of them, and the backups of mastodon-archive.

Pleroma, Akkoma, GoToSocial, Pixelfed and Truth Social have this shape too. Source:
https://docs.joinmastodon.org/entities/Status/
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from app.compute.text import language_of, unescape_html
from app.errors import Message
from app.formats.cells import is_restricted
from app.formats.mastodon import host_of
from app.formats.post import MIME_KINDS, Kind, Medium, MediumKind, Reactions, ReplyTarget, as_count
from app.formats.records import (
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    Skipped,
    read_each,
    required_text,
)
from app.formats.source.file import Source
from app.formats.source.html import html_to_text
from app.formats.source.json import Json, as_object, as_word, first_documents, listed, objects
from app.formats.source.times import time_or_field

_LISTS: Final = ("statuses", "ancestors", "descendants")
_MARKS: Final = frozenset({"spoiler_text", "reblogs_count", "favourites_count", "visibility"})
_MEDIA: Final[dict[str, MediumKind]] = MIME_KINDS | {"gifv": "gif"}


def read(source: Source, options: ReadOptions) -> RecordStream | None:
    documents = first_documents(source, lists=_LISTS)
    if not any(map(_is_status, documents)):
        return None
    read_one = partial(_item, include_restricted=options.include_restricted)
    items = read_each(objects(source, lists=_LISTS), read_one)
    return RecordStream(FORMAT.name, "record", None, items)


def _is_status(value: Json) -> bool:
    account = as_object(value.get("account"))
    has_name = "acct" in account or "username" in account
    return has_name and "content" in value and not _MARKS.isdisjoint(value)


def _item(status: Json, place: int, *, include_restricted: bool) -> Item:
    if status.get("reblog"):
        return Skipped(place, "repost")
    if is_restricted(status.get("visibility")) and not include_restricted:
        return Skipped(place, "restricted")
    account = as_object(status.get("account"))
    text, media = _text(status), tuple(_media(status))
    if not (text or media):
        return Skipped(place, "empty")
    lang = as_word(status.get("language"))
    created_at, unread_time = time_or_field(status.get("created_at"), "created_at")
    return Record(
        place=place,
        text=text,
        username=_name(account, status),
        display_name=as_word(account.get("display_name")),
        platform="mastodon",
        kind=_kind(status),
        created_at=created_at,
        unread_time=unread_time,
        lang=lang if lang and language_of(lang) else None,
        source_id=_id(status),
        url=as_word(status.get("url")) or as_word(status.get("uri")),
        reply_to=_target(status, account),
        media=media,
        counts=Reactions.read(
            map(status.get, ("favourites_count", "reblogs_count", "replies_count", "quotes_count"))
        ),
    )


def _name(account: Json, status: Json) -> str | None:
    """Return the account as archives name it: only other servers' accounts state the server."""
    name = as_word(account.get("acct")) or as_word(account.get("username"))
    if name is None or "@" in name.strip("@"):
        return name and name.removeprefix("@")
    addresses = (account.get("url"), account.get("uri"), status.get("uri"), status.get("url"))
    host = next(filter(None, map(host_of, addresses)), None)
    name = name.removeprefix("@")
    return f"{name}@{host}" if host else name


def _id(status: Json) -> str | None:
    """Return a post's number on its own server, as archives have it."""
    uri = as_word(status.get("uri"))
    last = uri and uri.removesuffix("/activity").rstrip("/").rpartition("/")[2]
    return last or as_word(status.get("id")) or None


def _text(status: Json) -> str:
    warning, content = status.get("spoiler_text"), status.get("content")
    options = map(as_object, listed(as_object(status.get("poll")), "options"))
    names = [unescape_html(as_word(option.get("title")) or "") for option in options]
    parts = (
        unescape_html(warning).strip() if isinstance(warning, str) else "",
        "\n".join(filter(None, [html_to_text(required_text(content or "")), *names])),
    )
    return "\n\n".join(filter(None, parts))


def _media(status: Json) -> Iterator[Medium]:
    for entry in map(as_object, listed(status, "media_attachments")):
        if (kind := _MEDIA.get(str(entry.get("type")))) is not None:
            address = as_word(entry.get("remote_url")) or as_word(entry.get("url"))
            size = as_object(as_object(entry.get("meta")).get("original"))
            width, height = as_count(size.get("width")), as_count(size.get("height"))
            yield Medium(kind, address, as_word(entry.get("description")), width, height)


def _kind(status: Json) -> Kind:
    if status.get("in_reply_to_id"):
        return "reply"
    quotes = ("quote", "quote_id", "quoted_status_id")
    return "quote" if any(map(status.get, quotes)) else "post"


def _target(status: Json, account: Json) -> ReplyTarget | None:
    """Return the answered post, with its id on the requested server."""
    answered, person = status.get("in_reply_to_id"), status.get("in_reply_to_account_id")
    if not answered:
        return None
    name = _name(account, status) if person and person == account.get("id") else None
    mentioned = (
        _name(mention, {})
        for mention in map(as_object, listed(status, "mentions"))
        if person and mention.get("id") == person
    )
    return ReplyTarget.of(str(answered), name or next(mentioned, None))


FORMAT: Final = Format(
    "mastodon-api",
    Message("Mastodon API"),
    read,
    mark=Message("JSON statuses with `account`, `content` and `visibility`, or lists of statuses"),
)
