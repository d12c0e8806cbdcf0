"""The pictures, videos and sounds of a feed's entry."""

import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import msgspec
from feedparser.namespaces import mediarss

from app.formats.records import Medium, MediumKind
from app.formats.source.json import as_count
from app.services.posts.new_tweet import checked_url, lenient

Entry = Mapping[str, Any]
_KINDS: Final[dict[str, MediumKind]] = {"image": "photo", "video": "video", "audio": "audio"}


def media_of(entry: Entry, pictures: Sequence[Entry], address: str) -> tuple[Medium, ...]:
    """Return the media of an entry, each once; `pictures` are the attributes of those in its text.

    Relative addresses follow from the entry's own, or else the feed's. Of a picture without a web
    address, such as `data:`, the description is kept, unless it is a stand-in for another one.
    """
    base = _joined(address, entry.get("link") or "")
    enclosures = [each for each in entry.get("links") or () if each.get("rel") == "enclosure"]
    found: dict[str, Medium] = {}
    shown = [{**each, "medium": "image"} for each in pictures]
    for medium in _media([*(entry.get("media_content") or ()), *enclosures, *shown], base):
        key = medium.source_url or f"{medium.alt}"
        known = found.setdefault(key, medium)
        if medium.alt and not known.alt:
            found[key] = medium
    if not any(each.source_url for each in found.values()):
        # A thumbnail is a smaller copy of what else is there.
        stills = [each | {"medium": "image"} for each in entry.get("media_thumbnail") or ()]
        for still in _media(stills[:1], base):
            alt = still.alt or next((each.alt for each in found.values()), None)
            return (msgspec.structs.replace(still, alt=alt),)
    seen = {each.alt for each in found.values() if each.source_url}
    return tuple(each for each in found.values() if each.source_url or each.alt not in seen)


def _media(found: Sequence[Entry], base: str) -> Iterator[Medium]:
    for each in found:
        address = each.get("url") or each.get("href") or each.get("src")
        url = lenient(checked_url, _joined(base, address)) if address else None
        width, height = as_count(each.get("width")), as_count(each.get("height"))
        alt = each.get("alt") or each.get("description")
        is_counter = width == 1 and height == 1  # Counts readers, and shows nothing.
        if (url or alt) and not is_counter and (kind := _kind(each, url or "")):
            yield Medium(kind, url, alt, width, height)


def _kind(each: Entry, url: str) -> MediumKind | None:
    given = each.get("medium") or each.get("type") or mimetypes.guess_type(urlsplit(url).path)[0]
    return _KINDS.get(str(given).partition("/")[0].lower())


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def _start_description(parser: Any, _attributes: object) -> None:
    parser.push("media_description", 1)


def _end_description(parser: Any) -> None:
    value = parser.pop("media_description")
    if value and (media := parser._get_context().get("media_content")):
        media[-1].setdefault("description", value)


# feedparser takes a picture's description for the entry's own text.
mediarss.Namespace._start_media_description = _start_description
mediarss.Namespace._end_media_description = _end_description
