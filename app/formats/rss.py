"""RSS and Atom feeds. It runs in `app/sandbox.py`, since feedparser may take any time."""

import calendar
import hashlib
import io
import mimetypes
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import feedparser
from feedparser.encodings import convert_to_utf8
from selectolax.lexbor import LexborHTMLParser

from app.compute.text import MAX_TEXT_LENGTH
from app.errors import RecordError
from app.formats.platform_pages import MAX_ID_LENGTH, PageHead, page
from app.formats.post import Medium, MediumKind, as_count
from app.formats.records import Account, Item, Record, read_each
from app.formats.source.html import beginning, html_to_text

Entry = Mapping[str, Any]
MOST_ENTRIES: Final = 2_000
"""Entries that are read of a feed, so that one transaction stores them."""
_ROOTS: Final = frozenset((b"rss", b"feed", b"rdf:rdf"))
_TYPES: Final = frozenset(("application/rss+xml", "application/atom+xml"))
_TAG: Final = re.compile(rb"<([a-z][\w:.-]*)", re.I)
_END: Final = re.compile(rb"</(?:[\w.-]{1,50}:)?(?:rss|feed|rdf)\s*>", re.I)
_ENDS: Final = " .…"
# feedparser takes a picture's description for the entry's own text.
_DESCRIPTION: Final = re.compile(rb"<(/?)media:description\b[^>]*?(/?)>")
_ABOUT_MEDIA: Final = "media_text"
_KINDS: Final[dict[str, MediumKind]] = {"image": "photo", "video": "video", "audio": "audio"}


def read_rss(body: bytes, *, name: str, content_type: str) -> Iterator[PageHead | Record]:
    """Read the feed of the address `name`. Raises RecordError."""
    parsed = _parsed(body, content_type)
    entries = parsed.entries[:MOST_ENTRIES]
    if not entries and not parsed.get("version"):
        raise RecordError("the address holds no RSS or Atom feed")
    if not _END.search(_without_nul(body)):
        raise RecordError("the feed breaks off")  # Its last post could be half of one.
    read = partial(_record, language=parsed.feed.get("language"), address=name)
    return page(
        # The newest is stored last: entries without a time get that of their arrival.
        read_each(enumerate(reversed(entries), 1), read),
        ids=[_source_id(entry) for entry in entries],
        account=Account(None, parsed.feed.get("title"), "rss"),
    )


def _parsed(body: bytes, content_type: str) -> Any:
    plain, headers = _without_nul(body), {"content-type": content_type}
    # In UTF-7 or EBCDIC a declaration has other bytes; so it is looked for in what is parsed, too.
    decoded = convert_to_utf8(headers, body, feedparser.FeedParserDict())
    if b"<!ENTITY" in plain or b"<!ENTITY" in decoded:
        raise RecordError("the feed declares entities, which could fill the memory")
    # As a file: feedparser would take bytes for an address or the name of a file.
    return feedparser.parse(
        io.BytesIO(_DESCRIPTION.sub(rb"<\1media:text\2>", body)), response_headers=headers
    )


def read_rss_address(body: bytes, *, name: str, content_type: str) -> Iterator[str]:
    """Read the address of the first feed that a page names; a feed names its own, `name`.

    Raises RecordError.
    """
    root = _TAG.search(_without_nul(body))
    if root and root[1].lower() in _ROOTS:
        return iter((name,))
    page = LexborHTMLParser(body)
    base = page.css_first("base[href]")
    base_address = _joined(name, (base and base.attributes.get("href")) or "")
    for link in page.css("link[rel~=alternate][href]"):
        content_type = (link.attributes.get("type") or "").partition(";")[0].strip().lower()
        address = _joined(base_address, link.attributes.get("href") or "")
        if content_type in _TYPES and address:
            return iter((address,))
    raise RecordError("the page names no RSS or Atom feed")


def _without_nul(body: bytes) -> bytes:
    """Return UTF-16 with its tags as ASCII."""
    return body.replace(b"\0", b"")


def _title_and_body(entry: Entry, pictures: list[dict[str, str]]) -> str:
    """Return the text of an entry; add the pictures in it."""
    title = _text(entry.get("title_detail") or {"value": entry.get("title")}, [])
    contents = entry.get("content") or [entry.get("summary_detail") or {}]
    body = _text(contents[0], pictures)
    if body.startswith(title.rstrip(_ENDS)):
        title = ""  # Of short posts the title is the beginning of the text.
    if not body:
        body = _text({"value": entry.get(_ABOUT_MEDIA)}, [])
    return "\n\n".join(filter(None, (title, body)))


def _record(entry: Entry, place: int, *, language: str | None, address: str) -> Item | None:
    pictures: list[dict[str, str]] = []
    text = _title_and_body(entry, pictures)
    media = _media_of(entry, pictures, address)
    if not text and not media:
        return None
    return Record(
        place=place,
        text=text[:MAX_TEXT_LENGTH],
        platform="rss",
        created_at=_time(entry),
        lang=entry.get("language") or language,
        source_id=_source_id(entry),
        url=entry.get("link"),
        media=media,
    )


def _text(detail: Entry, pictures: list[dict[str, str]]) -> str:
    value = detail.get("value") or ""
    if detail.get("type") == "text/plain":
        return value.strip()
    try:
        return html_to_text(beginning(value), pictures)
    except RecordError:  # Its elements grow to too many. No other entry is lost by that.
        return ""


def _time(entry: Entry) -> datetime | None:
    # A plain dict: feedparser's own warns where the second one is missing.
    parsed = entry.get("published_parsed") or dict(entry).get("updated_parsed")
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, TypeError):
        return None


def _source_id(entry: Entry) -> str:
    """Return the entry's own id, its address, or what stands for one that has neither."""
    entry_id = str(entry.get("id") or entry.get("link") or "").strip()
    if entry_id and len(entry_id) <= MAX_ID_LENGTH:
        return entry_id
    content = entry_id or [entry.get(name) for name in ("title", "summary", "published", "links")]
    return hashlib.sha256(str(content).encode(errors="replace")).hexdigest()


def _media_of(entry: Entry, pictures: Sequence[Entry], address: str) -> tuple[Medium, ...]:
    """Return the media of an entry, each once; `pictures` are the attributes of those in its text.

    Relative addresses follow from the entry's own, or else the feed's.
    """
    base = _joined(address, entry.get("link") or "")
    enclosures = [
        element for element in entry.get("links") or () if element.get("rel") == "enclosure"
    ]
    images = [{**element, "medium": "image"} for element in pictures]
    media: dict[str | None, Medium] = {}
    for element in (*(entry.get("media_content") or ()), *enclosures, *images):
        medium = _medium(element, base)
        if medium and (medium.alt or medium.source_url not in media):
            media[medium.source_url] = medium
    return tuple(media.values())


def _medium(element: Entry, base: str) -> Medium | None:
    address = element.get("url") or element.get("href") or element.get("src")
    url = _joined(base, address) if address else ""
    width, height = as_count(element.get("width")), as_count(element.get("height"))
    is_counter = width == 1 and height == 1  # Counts readers, and shows nothing.
    stated_type = (
        element.get("medium") or element.get("type") or mimetypes.guess_type(urlsplit(url).path)[0]
    )
    kind = _KINDS.get(str(stated_type).partition("/")[0].lower())
    if not url or is_counter or kind is None:
        return None
    return Medium(kind, url, element.get("alt"), width, height)


def _joined(base: str, address: str) -> str:
    """Return a web address, empty where there is none."""
    try:
        joined = urljoin(base, address.strip())
    except ValueError:
        return ""
    return joined if joined.startswith(("http://", "https://")) else ""
