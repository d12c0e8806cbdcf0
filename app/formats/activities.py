"""One activity of an outbox (ActivityPub), as Mastodon and its kin write it, as a record."""

import html
from typing import Final, Literal

from app.formats.records import Account, BadRecord, Item, Record, Skipped
from app.formats.source.html import html_to_text
from app.formats.source.json import Json
from app.formats.source.times import read_time

PUBLIC: Final = frozenset(("https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"))
_POSTS: Final = frozenset(("Note", "Question", "Article", "Page"))
_QUOTES: Final = ("quote", "quoteUrl", "quoteUri", "quoteURL", "_misskey_quote")
_NO_LANGUAGE: Final = frozenset(("", "und", "zxx"))


def is_activity(value: Json) -> bool:
    """Return whether this is a post, the making of one, or a repost."""
    return value.get("type") in {"Create", "Announce"} or _is_post(value)


def to_item(activity: Json, place: int, account: Account, *, include_restricted: bool) -> Item:
    """Return the record of an activity, or why it is none."""
    if activity.get("type") == "Announce":
        return Skipped(place, "repost")
    post = activity if _is_post(activity) else activity.get("object")
    if not isinstance(post, dict) or not is_activity(activity):
        return BadRecord(place, "neither a post nor a repost")
    if not include_restricted and not _is_for_all(activity, post):
        return Skipped(place, "restricted")
    try:
        text = _text(post)
        time = post.get("published") or activity.get("published")
        created_at = read_time(time) if time else None
    except ValueError as error:
        return BadRecord(place, str(error))
    if not text:
        return BadRecord(place, "no text beside the post's own media")
    return Record(
        place=place,
        text=text,
        username=account.username,
        display_name=account.display_name,
        platform=account.platform,
        kind=_kind(post),
        created_at=created_at,
        lang=_language(post),
        source_id=_source_id(post, activity),
        url=_url(post),
    )


def _is_post(value: Json) -> bool:
    return value.get("type") in _POSTS and isinstance(value.get("content"), str | None)


def _is_for_all(activity: Json, post: Json) -> bool:
    """Return whether a post is public or unlisted; one that names no readers is not."""
    stated = post if "to" in post or "cc" in post else activity
    readers: list[object] = []
    for field in ("to", "cc"):
        value = stated.get(field)
        readers += value if isinstance(value, list) else [value]
    is_direct = post.get("directMessage") is True
    return not is_direct and any(isinstance(name, str) and name in PUBLIC for name in readers)


def _text(post: Json) -> str:
    """Return the content warning, a blank line, and the content; a poll's options are left out."""
    warning, content = post.get("summary"), post.get("content")
    if content is None:
        content = next(iter(_by_language(post).values()), "")
    if not isinstance(content, str):
        raise ValueError("the content is not a string")
    parts = (
        html.unescape(warning).strip() if isinstance(warning, str) else "",
        html_to_text(content),
    )
    return "\n\n".join(filter(None, parts))


def _kind(post: Json) -> Literal["post", "reply", "quote"]:
    if post.get("inReplyTo"):
        return "reply"
    return "quote" if any(post.get(field) for field in _QUOTES) else "post"


def _by_language(post: Json) -> Json:
    found = post.get("contentMap")
    return found if isinstance(found, dict) else {}


def _language(post: Json) -> str | None:
    """Return the language under which the content stands, else the first."""
    contents = _by_language(post)
    same = (lang for lang, content in contents.items() if content == post.get("content"))
    lang = next(same, next(iter(contents), ""))
    return lang if lang not in _NO_LANGUAGE else None


def _source_id(post: Json, activity: Json) -> str | None:
    """Return the last part of the post's address, which is its number on its server."""
    address = post.get("id") or activity.get("id")
    if not isinstance(address, str):
        return None
    return address.removesuffix("/activity").rstrip("/").rpartition("/")[2] or None


def _url(post: Json) -> str | None:
    for address in (post.get("url"), post.get("id")):
        if isinstance(address, str) and address.lower().startswith(("http://", "https://")):
            return address
    return None
