"""Media and counts of a post of X (Twitter), in archives and in both versions of the API."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from app.formats.records import Medium, MediumKind, Reactions, as_count
from app.formats.source.json import Json, as_object, as_word, listed

_KINDS: Final[dict[str, MediumKind]] = {"photo": "photo", "video": "video", "animated_gif": "gif"}
_COUNTS: Final = (
    ("favorite_count", "like_count"),
    ("retweet_count", "repost_count"),
    ("reply_count", "reply_count"),
    ("quote_count", "quote_count"),
)


def media_of(status: Json) -> tuple[Medium, ...]:
    """Return the post's own media, each once."""
    return tuple(media_and_addresses(status))


def media_and_addresses(status: Json) -> dict[Medium, list[str]]:
    """Return the post's own media, with the addresses of each: that of its picture and others."""
    attached = listed(as_object(status.get("attachments")), "media")
    for holder in (as_object(status.get("extended_tweet")), status):
        for name in ("extended_entities", "entities"):
            attached = attached or listed(as_object(holder.get(name)), "media")
    found: dict[Medium, list[str]] = {}
    for entry in map(as_object, attached):
        medium = _medium(entry)
        if medium is not None:
            found.setdefault(medium, list(filter(None, _addresses(entry, medium))))
    return found


def reactions_of(status: Json, as_of: datetime | None) -> Reactions | None:
    """Return how often the post was liked and so on, None where nothing says so."""
    said = as_object(status.get("public_metrics")) or status
    return Reactions.read((said.get(old, said.get(new)) for old, new in _COUNTS), as_of)


def _addresses(entry: Json, medium: Medium) -> Iterator[str | None]:
    yield medium.source_url
    for variant in map(as_object, listed(as_object(entry.get("video_info")), "variants")):
        yield as_word(variant.get("url"))
    yield as_word(entry.get("media_url_https") or entry.get("media_url"))


def _medium(entry: Json) -> Medium | None:
    kind = _KINDS.get(str(entry.get("type", "photo")))
    if kind is None or not entry:
        return None
    video = as_object(entry.get("video_info"))
    variants = listed(video, "variants") or listed(entry, "variants")
    address = _best(map(as_object, variants))
    address = address or as_word(entry.get("media_url_https")) or as_word(entry.get("media_url"))
    address = address or as_word(entry.get("url") or entry.get("preview_image_url"))
    size = as_object(entry.get("original_info")) or as_object(
        as_object(entry.get("sizes")).get("large")
    )
    return Medium(
        kind,
        address,
        as_word(entry.get("ext_alt_text") or entry.get("alt_text")),
        as_count(size.get("width") or size.get("w") or entry.get("width")),
        as_count(size.get("height") or size.get("h") or entry.get("height")),
    )


def _best(variants: Iterable[Json]) -> str | None:
    """Return the address of the video with the most bits a second."""
    rated = [
        (as_count(each.get("bitrate") or each.get("bit_rate")) or 0, address)
        for each in variants
        if (address := as_word(each.get("url"))) and each.get("content_type") == "video/mp4"
    ]
    return max(rated)[1] if rated else None
