"""Posts of Mastodon's and Misskey's APIs, as answers, backups and Misskey's own export have them.

Mastodon: lists of statuses, and the backups of mastodon-archive. Pleroma, Akkoma, GoToSocial,
Pixelfed and Truth Social have this shape too. Source:
https://docs.joinmastodon.org/entities/Status/

Misskey and its forks: notes. Source: https://misskey-hub.net/en/docs/for-developers/api/, the
entity Note.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from saywho.errors import Message
from saywho.formats.post import MIME_KINDS, Kind, Medium, MediumKind, ReplyTarget, as_count
from saywho.formats.post_shapes import PostShape
from saywho.formats.posts.mastodon import host_of, medium_of, with_warning
from saywho.formats.reading import required_text
from saywho.formats.records import Account, ReadOptions, RecordStream
from saywho.formats.source import json
from saywho.formats.source.file import Source
from saywho.formats.source.html import html_to_text
from saywho.formats.tables.cells import is_restricted
from saywho.text import language_of, unescape_html

_MARKS: Final = frozenset({"spoiler_text", "reblogs_count", "favourites_count", "visibility"})
_MEDIA: Final[dict[str, MediumKind]] = MIME_KINDS | {"gifv": "gif"}


def _is_status(value: json.Json) -> bool:
    account = json.as_object(value.get("account"))
    has_name = "acct" in account or "username" in account
    return has_name and "content" in value and not _MARKS.isdisjoint(value)


def _account_name(status: json.Json, account: json.Json | None = None) -> str | None:
    """Return the account as archives name it: only other servers' accounts state the server."""
    if account is None:
        account = json.as_object(status.get("account"))
    name = json.as_word(account.get("acct")) or json.as_word(account.get("username"))
    if name is None or "@" in name.strip("@"):
        return name and name.removeprefix("@")
    addresses = (account.get("url"), account.get("uri"), status.get("uri"), status.get("url"))
    host = next(filter(None, map(host_of, addresses)), None)
    name = name.removeprefix("@")
    return f"{name}@{host}" if host else name


def _status_id(status: json.Json) -> str | None:
    uri = json.as_word(status.get("uri"))
    last = uri and uri.removesuffix("/activity").rstrip("/").rpartition("/")[2]
    return last or json.as_word(status.get("id")) or None


def _status_text(status: json.Json) -> str:
    warning, content = status.get("spoiler_text"), status.get("content")
    options = map(json.as_object, json.listed(json.as_object(status.get("poll")), "options"))
    names = [unescape_html(json.as_word(option.get("title")) or "") for option in options]
    warning = unescape_html(warning).strip() if isinstance(warning, str) else ""
    return with_warning(warning, html_to_text(required_text(content or "")), names)


def _status_media(status: json.Json) -> Iterator[Medium]:
    for entry in map(json.as_object, json.listed(status, "media_attachments")):
        if (kind := _MEDIA.get(str(entry.get("type")))) is not None:
            address = json.as_word(entry.get("remote_url")) or entry.get("url")
            size = json.as_object(json.as_object(entry.get("meta")).get("original"))
            yield medium_of(kind, address, entry.get("description"), size)


def _status_kind(status: json.Json) -> Kind:
    if status.get("in_reply_to_id"):
        return "reply"
    quotes = ("quote", "quote_id", "quoted_status_id")
    return "quote" if any(json.has_value(status.get(name)) for name in quotes) else "post"


def _answered(status: json.Json) -> ReplyTarget | None:
    answered, person = status.get("in_reply_to_id"), status.get("in_reply_to_account_id")
    if not answered:
        return None
    is_own = person and person == json.value_at(status, "account/id")
    mentioned = (
        _account_name({}, mention)
        for mention in map(json.as_object, json.listed(status, "mentions"))
        if person and mention.get("id") == person
    )
    return ReplyTarget.of(str(answered), _account_name(status) if is_own else next(mentioned, None))


_STATUS: Final = PostShape(
    name="mastodon-api",
    label=Message("Mastodon API"),
    is_post=_is_status,
    lists=("statuses", "ancestors", "descendants"),
    platform="mastodon",
    username=_account_name,
    shown=("account/display_name",),
    text=_status_text,
    media=_status_media,
    time=("created_at",),
    id=_status_id,
    url=("url", "uri"),
    lang=lambda status: (
        lang if (lang := json.as_word(status.get("language"))) and language_of(lang) else None
    ),
    kind=_status_kind,
    answered=_answered,
    counts=lambda status: map(
        status.get, ("favourites_count", "reblogs_count", "replies_count", "quotes_count")
    ),
    is_restricted=lambda status: is_restricted(status.get("visibility")),
    handles=lambda status: " ".join(
        str(json.as_object(mention).get("acct")) for mention in json.listed(status, "mentions")
    ),
    left_out=lambda status: "repost" if json.has_value(status.get("reblog")) else None,
)
MASTODON_API: Final = _STATUS.format()
status_item: Final = _STATUS.item


def _is_note(value: json.Json) -> bool:
    marks = {"cw", "renoteId", "replyId", "localOnly", "fileIds", "visibleUserIds"}
    return value.keys() >= {"id", "createdAt", "text", "visibility"} and not marks.isdisjoint(value)


def _is_shared(note: json.Json) -> bool:
    return bool(note.get("renoteId")) or json.has_value(note.get("renote"))


def _user_name(note: json.Json) -> str | None:
    user = json.as_object(note.get("user"))
    name, host = json.as_word(user.get("username")), json.as_word(user.get("host"))
    return f"{name}@{host}" if name and host else name


def _note_text(note: json.Json) -> str:
    warning, text = json.as_word(note.get("cw")), note.get("text")
    choices = map(json.as_object, json.listed(json.as_object(note.get("poll")), "choices"))
    names = [json.as_word(choice.get("text")) or "" for choice in choices]
    return with_warning(warning, required_text(text if text is not None else ""), names).strip()


def _note_media(note: json.Json) -> Iterator[Medium]:
    for file in map(json.as_object, json.listed(note, "files")):
        type_, _, subtype = str(file.get("type")).partition("/")
        kind: MediumKind | None = "gif" if subtype == "gif" else MIME_KINDS.get(type_)
        if kind is not None:
            size = json.as_object(file.get("properties"))
            yield medium_of(kind, file.get("url"), file.get("comment"), size)


def _note_reactions(note: json.Json) -> Iterable[object]:
    likes = note.get("reactionCount")
    given = note.get("reactions")
    if likes is None and isinstance(given, dict):
        likes = sum(as_count(count) or 0 for count in given.values())
    return likes, note.get("renoteCount"), note.get("repliesCount"), None


_NOTE: Final = PostShape(
    name="misskey",
    label=Message("Misskey notes"),
    is_post=_is_note,
    platform="misskey",
    username=_user_name,
    shown=("user/name",),
    text=_note_text,
    media=_note_media,
    time=("createdAt",),
    id=("id",),
    url=("url", "uri"),
    kind=lambda note: "reply" if note.get("replyId") else "quote" if _is_shared(note) else "post",
    answered=lambda note: ReplyTarget.of(
        json.as_word(note.get("replyId")), _user_name(json.as_object(note.get("reply")))
    ),
    counts=_note_reactions,
    is_restricted=lambda note: is_restricted(note.get("visibility")),
    empty=lambda note: "repost" if _is_shared(note) else "empty",
)


def _read_notes(source: Source, options: ReadOptions) -> RecordStream | None:
    """Return the notes; an account's own export names no author."""
    records = _NOTE.read(source, options)
    if records is None or any(json.value_at(note, "user") for note in json.first_documents(source)):
        return records
    return _NOTE.stream(source, Account(None, None, "misskey"))


MISSKEY: Final = replace(_NOTE.format(), read=_read_notes)
