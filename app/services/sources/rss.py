"""RSS and Atom feeds."""

import asyncio
import calendar
import hashlib
import io
import re
from datetime import UTC, datetime
from typing import Any, Final

import feedparser

from app.compute.text import MAX_TEXT_LENGTH
from app.formats.records import Account, Item, Record, read_each
from app.formats.source.html import beginning, html_to_text
from app.services.sources.feed_media import Entry, media_of
from app.services.sources.pages import LivePage, Mark, fetch
from app.services.sources.web import Answer, FetchError, Web

MOST_ENTRIES: Final = 2_000
"""Entries that are read of a feed, so that one transaction stores them."""
MOST_MARKUP: Final = 200_000
MOST_ATTRIBUTES: Final = 500
MOST_DECLARATIONS: Final = 50
"""Tags and entities of a feed, and attributes of a tag, and entities that it
declares: the parser's time grows with the square of each."""
MAX_ID_LENGTH: Final = 512
_ATTRIBUTE: Final = re.compile(rb"=\s*[\"']")
_ENTRY: Final = re.compile(rb"<(?:item|entry)\b", re.I)
_ENTRY_END: Final = re.compile(rb"</(?:item|entry)\s*>", re.I)
_END: Final = re.compile(rb"</(?:[\w.-]{1,50}:)?(?:rss|feed|rdf)\s*>", re.I)
ENDS: Final = " .…"


class SyndicatedFeed:
    """A feed; it holds its newest entries alone, and never says that one was deleted."""

    can_confirm_deletion = False

    def __init__(self, address: str) -> None:
        self._address = address

    async def page(self, web: Web, mark: Mark, cursor: str | None) -> LivePage | None:
        answer = await fetch(web, self._address, mark.validators)
        if answer.status == 304:
            return None
        # Its time grows with the feed; in a thread it holds up nobody.
        feed, is_cut = await asyncio.to_thread(_parse, answer)
        entries = feed.entries[:MOST_ENTRIES]
        if not entries and not feed.get("version"):
            raise FetchError("the address holds no RSS or Atom feed")
        language = feed.feed.get("language")

        def read(entry: Entry, place: int) -> Item | None:
            return _record(entry, place, language, self._address)

        ids = [_source_id(entry) for entry in entries]
        # The newest is stored last: entries without a time get that of their arrival.
        items = read_each(enumerate(reversed(entries), 1), read)
        account = Account(None, feed.feed.get("title"), "rss")
        return LivePage(ids, items, None, answer, account, is_cut)

    async def is_deleted(self, web: Web, source_id: str) -> bool:
        return False


def _parse(answer: Answer) -> tuple[Any, bool]:
    """Return the feed, and whether it broke off; it then has the entries that were closed."""
    if _is_bomb(answer.body):
        raise FetchError("the feed has more markup than can be read")
    feed = _parsed(answer, answer.body)
    # Feeds that are no valid XML are read all the same, if they have an end.
    if not feed.bozo or _END.search(_ENTRY.split(answer.body.replace(b"\0", b""))[-1]):
        return feed, False
    version = feed.get("version")
    # Without the rest: a character cut in two would hide the encoding of the others.
    whole = max((end.end() for end in _ENTRY_END.finditer(answer.body)), default=0)
    feed = _parsed(answer, answer.body[:whole])
    feed["version"] = version
    return feed, bool(version)


def _parsed(answer: Answer, body: bytes) -> Any:
    # As a file: feedparser would take bytes for an address or the name of a file.
    headers = {"content-type": answer.headers.get("Content-Type", "")}
    return feedparser.parse(io.BytesIO(body), response_headers=headers)


def _is_bomb(body: bytes) -> bool:
    plain = body.replace(b"\0", b"")  # Of UTF-16.
    if plain.count(b"<") + plain.count(b"&") > MOST_MARKUP:
        return True
    if plain.count(b"<!ENTITY") > MOST_DECLARATIONS:
        return True
    tags = (tag for tag in plain.split(b"<") if tag.count(b"=") > MOST_ATTRIBUTES)
    return any(len(_ATTRIBUTE.findall(tag)) > MOST_ATTRIBUTES for tag in tags)


def _record(entry: Entry, place: int, language: str | None, address: str) -> Item | None:
    pictures: list[dict[str, str]] = []
    title = _text(entry.get("title_detail") or {"value": entry.get("title")}, [])
    contents = entry.get("content") or [entry.get("summary_detail") or {}]
    body = _text(contents[0], pictures)
    media = media_of(entry, pictures, address)
    if body.startswith(title.rstrip(ENDS)):
        title = ""  # Of short posts the title is the beginning of the text.
    if not any(each.alt == entry.get("media_description") for each in media):
        body = body or _text({"value": entry.get("media_description")}, [])
    text = "\n\n".join(filter(None, (title, body)))
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
    is_plain = detail.get("type") == "text/plain"
    return value.strip() if is_plain else html_to_text(beginning(value), pictures)


def _time(entry: Entry) -> datetime | None:
    # A plain dict: feedparser's own warns where the second one is missing.
    parsed = entry.get("published_parsed") or dict(entry).get("updated_parsed")
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, TypeError):
        return None


def _source_id(entry: Entry) -> str:
    """Return the entry's own id, its address, or what stands for one that has neither."""
    known = str(entry.get("id") or entry.get("link") or "").strip()
    if known and len(known) <= MAX_ID_LENGTH:
        return known
    content = known or f"{entry.get('title')}\n{entry.get('summary')}\n{entry.get('published')}"
    if not known and not entry.get("title") and not entry.get("summary"):
        media = [*(entry.get("links") or ()), *(entry.get("media_content") or ())]
        content += "".join(f"\n{each.get('href') or each.get('url')}" for each in media)
    return hashlib.sha256(content.encode(errors="replace")).hexdigest()
