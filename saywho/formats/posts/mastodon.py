"""Archives of Mastodon and similar servers: zip, tar, folder, or lone `outbox.json`."""

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

from saywho.errors import Message, RecordError
from saywho.formats import records
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
from saywho.formats.reading import Skipped, as_username, readable, required_text
from saywho.formats.source.file import Content, Source, contains, head
from saywho.formats.source.html import html_to_text
from saywho.formats.source.json import (
    Json,
    as_object,
    as_word,
    first_documents,
    listed,
    load,
    objects,
)
from saywho.formats.source.times import timed
from saywho.text import language_of, unescape_html, word_set

_UPDATE: Final = "Update"
_DELETE: Final = "Delete"
_OVERHEAD: Final = 2_000


class Changes:
    """Newest versions of changed posts in an outbox, and deleted posts."""

    def __init__(self, outbox: Content) -> None:
        self._newest: dict[str, Json] = {}
        self._deleted: set[str] = set()
        self._given: set[str] = set()
        self._characters = 0
        if contains(outbox, b'"Update"', b'"Delete"'):
            for activity in readable(objects(outbox.uncounted, lists=(_LIST,))):
                self._add(activity)

    def _add(self, activity: Json) -> None:
        changed, type_ = activity.get("object"), activity.get("type")
        id_ = _id(activity)
        # The newer versions are in memory while the outbox is read.
        if id_ is None or self._characters > 64_000_000:
            return
        if type_ == _DELETE:
            self._deleted.add(id_)
            self._characters += _OVERHEAD
        elif type_ == _UPDATE and isinstance(changed, dict) and "content" in changed:
            self._newest[id_] = changed
            self._characters += len(str(changed.get("content"))) + _OVERHEAD

    def newest(self, activity: Json) -> Json | None:
        """Return an activity with its post's newest version, if it is to be read.

        A changed post's first activity represents all of them.
        """
        id_, type_ = _id(activity), activity.get("type")
        if type_ == _DELETE or id_ is None or not (self._newest or self._deleted):
            return activity
        if id_ in self._deleted:
            return None
        if (changed := self._newest.get(id_)) is None or type_ not in {"Create", _UPDATE}:
            return activity
        if id_ in self._given:
            return None
        self._given.add(id_)
        return activity | {"type": "Create", "object": as_object(activity.get("object")) | changed}


def _id(activity: Json) -> str | None:
    about = activity.get("object")
    value = about.get("id") if isinstance(about, dict) else about
    return value if isinstance(value, str) else None


PUBLIC: Final = frozenset(("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"))
_LIST: Final = "orderedItems"
# The name in an address of an account or a post; newer accounts have a number in its place.
_NAMED = re.compile(r"(?<!/ap)/(?:@|users/)([^/@?#]+)(?:/|$)")
_POSTS: Final = frozenset(("Note", "Question", "Article", "Page"))
_OTHERS: Final = word_set(
    "Accept Add Arrive Block Delete Dislike EmojiReact Flag Follow Ignore Invite Join Leave Like"
    " Listen Move Offer Read Reject Remove TentativeAccept TentativeReject Travel Undo Update View"
)
_MEDIA: Final[dict[str, MediumKind]] = MIME_KINDS | {"gifv": "video"}


def with_warning(warning: str | None, body: str, choices: Iterable[str]) -> str:
    """Return a warning, a blank line, the words, and a line for each choice of a poll."""
    words = "\n".join(filter(None, (body, *choices)))
    return "\n\n".join(filter(None, (warning, words)))


def medium_of(kind: MediumKind, address: object, alt: object, size: Json) -> Medium:
    width, height = as_count(size.get("width")), as_count(size.get("height"))
    return Medium(kind, as_word(address), as_word(alt), width, height)


def read(source: Source, _options: records.ReadOptions) -> records.RecordStream | None:
    """Return the account's posts; posts for followers or single people only on request."""
    outbox = source.only_content(lambda name: name.rpartition("/")[2] == FORMAT.file_name)
    folder = ""
    if outbox is not None and source.has_members:
        source.expect([outbox.name])
        head(outbox, 1)  # Raises BrokenFileError: nothing else could be said of it.
        folder = outbox.name.removesuffix(FORMAT.file_name)
    documents = first_documents(outbox, lists=(_LIST,)) if outbox else []
    first = [item for item in documents if _is_activity(item)]
    if outbox is None or not (
        first or any(isinstance(item.get(_LIST), list) for item in documents)
    ):
        return None
    account = _account(source, f"{folder}actor.json", first)

    def items() -> Iterator[records.Item]:
        changes = Changes(outbox)  # Looks through all of the file, so only for a reader of posts.

        def read_one(activity: Json, place: int) -> records.Item | None:
            newest = changes.newest(activity)
            if newest is None:
                return Skipped(place, "deleted")
            return read_activity(newest, place, account, folder)

        yield from records.read_each(objects(outbox, lists=(_LIST,)), read_one)
        for name in ("likes.json", "bookmarks.json") if source.has_members else ():
            liked = listed(as_object(load(source.start_of(f"{folder}{name}"))), _LIST)
            yield from (Skipped(number, "like") for number in range(1, len(liked) + 1))

    # An outbox without activities states no name, and needs none.
    owner = account if first or account.username else None
    files = source if source.has_members else None
    return records.RecordStream(FORMAT.name, "record", owner, items(), files)


def _account(source: Source, file: str, activities: list[Json]) -> records.Account:
    is_there = source.has_members and file in source.members
    actor = as_object(load(source.start_of(file))) if is_there else {}
    name = as_word(actor.get("preferredUsername"))
    host = host_of(actor.get("url")) or host_of(actor.get("id"))
    username = as_username(f"{name}@{host}") if name and host else None
    unread = file if is_there and not username else None
    username = username or next(filter(None, map(_username, activities)), None)
    return records.Account(username, as_word(actor.get("name")), "mastodon", unread=unread)


def _username(activity: Json) -> str | None:
    post = as_object(activity.get("object"))
    addresses = [activity.get("actor"), activity.get("attributedTo")]
    addresses += post.get("attributedTo"), post.get("url"), post.get("id")
    return next(filter(None, map(_name_in, addresses)), None)


def _name_in(address: object) -> str | None:
    match = _NAMED.search(address) if isinstance(address, str) else None
    host = host_of(address)
    return f"{match[1]}@{host}" if match and host else None


def host_of(address: object) -> str | None:
    # Python takes quadratic time to normalise a long name of a host.
    if not isinstance(address, str) or len(address) > 2_048:
        return None
    try:
        return urlsplit(address).netloc.rpartition("@")[2].lower() or None
    except ValueError:
        return None


def read_activity(
    activity: Json, place: int, account: records.Account, folder: str
) -> records.Item | None:
    """Return an activity's record, None for an empty outbox. Raises RecordError."""
    if _LIST in activity:
        return None
    if (type_ := activity.get("type")) == "Announce":
        return Skipped(place, "repost")
    if isinstance(type_, str) and type_ in _OTHERS:
        return Skipped(place, "like" if type_ == "Like" else "system")
    post = activity if _is_post(activity) else activity.get("object")
    if not isinstance(post, dict) or not _is_activity(activity):
        raise RecordError("not a post or a repost")
    is_restricted = not _is_for_all(activity, post)
    text, media = _text(post), list(_media(post, folder))
    if not (text or media):
        return Skipped(place, "restricted" if is_restricted else "empty")
    return records.Record(
        place=place,
        text=text,
        username=account.username,
        display_name=account.display_name,
        platform=account.platform,
        kind=_kind(post),
        **timed(post.get("published") or activity.get("published"), "published"),
        lang=_language(post),
        source_id=_last_part(as_word(post.get("id")) or as_word(activity.get("id")) or ""),
        url=as_word(post.get("url")) or as_word(post.get("id")),
        reply_to=_target(post, activity, account),
        media=tuple(medium for medium, _ in media),
        files=tuple(file for _, file in media),
        counts=Reactions.read(
            as_object(post.get(name)).get("totalItems")
            for name in ("likes", "shares", "replies", "quotes")
        ),
        visibility=audience(is_restricted=is_restricted),
        handles=" ".join(str(as_object(tag).get("name")) for tag in listed(post, "tag")) or None,
    )


def _is_activity(value: Json) -> bool:
    return as_word(value.get("type")) in {"Create", "Announce"} or _is_post(value)


def _is_post(value: Json) -> bool:
    return as_word(value.get("type")) in _POSTS and isinstance(value.get("content"), str | None)


def _is_for_all(activity: Json, post: Json) -> bool:
    stated = post if "to" in post or "cc" in post else activity
    readers: list[object] = []
    for field in ("to", "cc"):
        value = stated.get(field)
        readers += value if isinstance(value, list) else [value]
    is_direct = post.get("directMessage") is True
    return not is_direct and any(isinstance(name, str) and name in PUBLIC for name in readers)


def _text(post: Json) -> str:
    """Return the content warning, a blank line, the content, and a line for each poll option.

    An article has its title in place of the warning; its summary only repeats the beginning.
    """
    content = post.get("content")
    if content is None:
        content = next(iter(as_object(post.get("contentMap")).values()), "")
    options = map(as_object, listed(post, "oneOf") or listed(post, "anyOf"))
    names = [unescape_html(as_word(option.get("name")) or "") for option in options]
    body = html_to_text(required_text(content))
    warning, title = post.get("summary"), as_word(post.get("name"))
    heading = unescape_html(warning).strip() if isinstance(warning, str) else ""
    if as_word(post.get("type")) in {"Article", "Page", "Event", "Video"} and title:
        body = body or html_to_text(heading)
        heading = "" if body.startswith(title) else unescape_html(title)
    return with_warning(heading, body, names)


def _media(post: Json, folder: str) -> Iterator[tuple[Medium, str | None]]:
    attachments = post.get("attachment")
    for entry in map(as_object, attachments if isinstance(attachments, list) else [attachments]):
        link = _link(entry)
        stated = entry.get("mediaType") or link.get("mediaType") or entry.get("type")
        type_, _, subtype = str(stated).casefold().partition("/")
        kind: MediumKind | None = "gif" if subtype == "gif" else _MEDIA.get(type_)
        if kind is not None:
            address = as_word(entry.get("url")) or as_word(link.get("href"))
            size = {name: entry.get(name) or link.get(name) for name in ("width", "height")}
            medium = medium_of(kind, address, entry.get("name"), size)
            # Servers write different folders before this one.
            _, media_folder, file_path = (address or "").partition("media_attachments/")
            yield medium, f"{folder}{media_folder}{file_path}" if file_path else None


def _link(entry: Json) -> Json:
    url = entry.get("url")
    links = url if isinstance(url, list) else [url]
    first = links[0] if links else None
    return {"href": first} if isinstance(first, str) else as_object(first)


def _kind(post: Json) -> Kind:
    if post.get("inReplyTo"):
        return "reply"
    quotes = ("quote", "quoteUrl", "quoteUri", "quoteURL", "_misskey_quote")
    return "quote" if any(map(post.get, quotes)) else "post"


def _target(post: Json, activity: Json, account: records.Account) -> ReplyTarget | None:
    address = post.get("inReplyTo")
    if not isinstance(address, str) or not address:
        return None
    owner = post.get("attributedTo") or activity.get("actor")
    is_own = isinstance(owner, str) and address.startswith(f"{owner.rstrip('/')}/")
    return ReplyTarget(_last_part(address), account.username if is_own else _name_in(address))


def _language(post: Json) -> str | None:
    contents = as_object(post.get("contentMap"))
    same = (lang for lang, content in contents.items() if content == post.get("content"))
    lang = next(same, next(iter(contents), ""))
    return lang if language_of(lang) else None


def _last_part(address: str) -> str | None:
    return address.removesuffix("/activity").rstrip("/").rpartition("/")[2] or None


FORMAT: Final = records.Format(
    "mastodon", Message("Mastodon archive"), read, file_name="outbox.json", began=2016
)
