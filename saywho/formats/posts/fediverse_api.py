"""Posts of Mastodon's and Misskey's APIs, as answers, backups and Misskey's own export have them.

Mastodon: lists of statuses, and the backups of mastodon-archive. Pleroma, Akkoma, GoToSocial,
Pixelfed and Truth Social have this shape too. Source:
https://docs.joinmastodon.org/entities/Status/

Misskey and its forks: notes. Source: https://misskey-hub.net/en/docs/for-developers/api/, the
entity Note.
"""

from collections.abc import Iterator
from typing import Final

from saywho.errors import Message
from saywho.formats.post import (
    MIME_KINDS,
    Kind,
    Medium,
    MediumKind,
    Reactions,
    ReplyTarget,
    as_count,
    audience,
)
from saywho.formats.posts.mastodon import host_of, medium_of, with_warning
from saywho.formats.reading import Skipped, required_text
from saywho.formats.records import (
    Account,
    Format,
    Item,
    ReadOptions,
    Record,
    RecordStream,
    read_each,
)
from saywho.formats.source.file import Source
from saywho.formats.source.html import html_to_text
from saywho.formats.source.json import (
    Json,
    as_object,
    as_word,
    first_documents,
    has_value,
    listed,
    objects,
)
from saywho.formats.source.times import timed
from saywho.formats.tables.cells import is_restricted
from saywho.text import language_of, unescape_html

_LISTS: Final = ("statuses", "ancestors", "descendants")
_MARKS: Final = frozenset({"spoiler_text", "reblogs_count", "favourites_count", "visibility"})
_MEDIA: Final[dict[str, MediumKind]] = MIME_KINDS | {"gifv": "gif"}


def _read_statuses(source: Source, _options: ReadOptions) -> RecordStream | None:
    if not any(map(_is_status, first_documents(source, lists=_LISTS))):
        return None
    items = read_each(objects(source, lists=_LISTS), status_item)
    return RecordStream(MASTODON_API.name, "record", None, items)


def _is_status(value: Json) -> bool:
    account = as_object(value.get("account"))
    has_name = "acct" in account or "username" in account
    return has_name and "content" in value and not _MARKS.isdisjoint(value)


def status_item(status: Json, place: int) -> Item:
    if has_value(status.get("reblog")):
        return Skipped(place, "repost")
    account = as_object(status.get("account"))
    text, media = _status_text(status), tuple(_status_media(status))
    if not (text or media):
        return Skipped(place, "empty")
    lang = as_word(status.get("language"))
    return Record(
        place=place,
        text=text,
        username=_account_name(account, status),
        display_name=as_word(account.get("display_name")),
        platform="mastodon",
        kind=_status_kind(status),
        **timed(status.get("created_at"), "created_at"),
        lang=lang if lang and language_of(lang) else None,
        source_id=_status_id(status),
        url=as_word(status.get("url")) or as_word(status.get("uri")),
        reply_to=_answered(status, account),
        media=media,
        counts=Reactions.read(
            map(status.get, ("favourites_count", "reblogs_count", "replies_count", "quotes_count"))
        ),
        visibility=audience(is_restricted=is_restricted(status.get("visibility"))),
    )


def _account_name(account: Json, status: Json) -> str | None:
    """Return the account as archives name it: only other servers' accounts state the server."""
    name = as_word(account.get("acct")) or as_word(account.get("username"))
    if name is None or "@" in name.strip("@"):
        return name and name.removeprefix("@")
    addresses = (account.get("url"), account.get("uri"), status.get("uri"), status.get("url"))
    host = next(filter(None, map(host_of, addresses)), None)
    name = name.removeprefix("@")
    return f"{name}@{host}" if host else name


def _status_id(status: Json) -> str | None:
    uri = as_word(status.get("uri"))
    last = uri and uri.removesuffix("/activity").rstrip("/").rpartition("/")[2]
    return last or as_word(status.get("id")) or None


def _status_text(status: Json) -> str:
    warning, content = status.get("spoiler_text"), status.get("content")
    options = map(as_object, listed(as_object(status.get("poll")), "options"))
    names = [unescape_html(as_word(option.get("title")) or "") for option in options]
    warning = unescape_html(warning).strip() if isinstance(warning, str) else ""
    return with_warning(warning, html_to_text(required_text(content or "")), names)


def _status_media(status: Json) -> Iterator[Medium]:
    for entry in map(as_object, listed(status, "media_attachments")):
        if (kind := _MEDIA.get(str(entry.get("type")))) is not None:
            address = as_word(entry.get("remote_url")) or entry.get("url")
            size = as_object(as_object(entry.get("meta")).get("original"))
            yield medium_of(kind, address, entry.get("description"), size)


def _status_kind(status: Json) -> Kind:
    if status.get("in_reply_to_id"):
        return "reply"
    quotes = ("quote", "quote_id", "quoted_status_id")
    return "quote" if any(has_value(status.get(name)) for name in quotes) else "post"


def _answered(status: Json, account: Json) -> ReplyTarget | None:
    answered, person = status.get("in_reply_to_id"), status.get("in_reply_to_account_id")
    if not answered:
        return None
    name = _account_name(account, status) if person and person == account.get("id") else None
    mentioned = (
        _account_name(mention, {})
        for mention in map(as_object, listed(status, "mentions"))
        if person and mention.get("id") == person
    )
    return ReplyTarget.of(str(answered), name or next(mentioned, None))


MASTODON_API: Final = Format(
    "mastodon-api",
    Message("Mastodon API"),
    _read_statuses,
    mark=Message("JSON statuses with `account`, `content` and `visibility`, or lists of statuses"),
)


def _read_notes(source: Source, _options: ReadOptions) -> RecordStream | None:
    """Return the notes; notes for followers or single people only on request.

    An account's own export names no author.
    """
    documents = [value for value in first_documents(source) if _is_note(value)]
    if not documents:
        return None
    names_authors = any(as_object(value.get("user")) for value in documents)
    owner = None if names_authors else Account(None, None, "misskey")
    items = read_each(objects(source), _note_item)
    return RecordStream(MISSKEY.name, "record", owner, items)


def _is_note(value: Json) -> bool:
    marks = {"cw", "renoteId", "replyId", "localOnly", "fileIds", "visibleUserIds"}
    return value.keys() >= {"id", "createdAt", "text", "visibility"} and not marks.isdisjoint(value)


def _note_item(note: Json, place: int) -> Item:
    text, media = _note_text(note), tuple(_note_media(note))
    is_shared = bool(note.get("renoteId")) or has_value(note.get("renote"))
    if is_shared and not (text or media):
        return Skipped(place, "repost")
    if not (text or media):
        return Skipped(place, "empty")
    user, answered = (
        as_object(note.get("user")),
        as_object(as_object(note.get("reply")).get("user")),
    )
    return Record(
        place=place,
        text=text,
        username=_user_name(user),
        display_name=as_word(user.get("name")),
        platform="misskey",
        kind="reply" if note.get("replyId") else "quote" if is_shared else "post",
        **timed(note.get("createdAt"), "createdAt"),
        source_id=as_word(note.get("id")),
        url=as_word(note.get("url")) or as_word(note.get("uri")),
        reply_to=ReplyTarget.of(as_word(note.get("replyId")), _user_name(answered)),
        media=media,
        counts=_note_reactions(note),
        visibility=audience(is_restricted=is_restricted(note.get("visibility"))),
    )


def _user_name(user: Json) -> str | None:
    name, host = as_word(user.get("username")), as_word(user.get("host"))
    return f"{name}@{host}" if name and host else name


def _note_text(note: Json) -> str:
    warning, text = as_word(note.get("cw")), note.get("text")
    choices = map(as_object, listed(as_object(note.get("poll")), "choices"))
    names = [as_word(choice.get("text")) or "" for choice in choices]
    return with_warning(warning, required_text(text if text is not None else ""), names).strip()


def _note_media(note: Json) -> Iterator[Medium]:
    for file in map(as_object, listed(note, "files")):
        type_, _, subtype = str(file.get("type")).partition("/")
        kind: MediumKind | None = "gif" if subtype == "gif" else MIME_KINDS.get(type_)
        if kind is not None:
            size = as_object(file.get("properties"))
            yield medium_of(kind, file.get("url"), file.get("comment"), size)


def _note_reactions(note: Json) -> Reactions | None:
    likes = note.get("reactionCount")
    given = note.get("reactions")
    if likes is None and isinstance(given, dict):
        likes = sum(as_count(count) or 0 for count in given.values())
    return Reactions.read((likes, note.get("renoteCount"), note.get("repliesCount"), None))


MISSKEY: Final = Format(
    "misskey",
    Message("Misskey notes"),
    _read_notes,
    mark=Message(
        "JSON notes with `createdAt`, `text` and `visibility`, and with `cw` or `renoteId`"
    ),
)
