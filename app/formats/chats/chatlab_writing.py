"""A room in the ChatLab format, as JSON lines: a header, its people, its messages."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

import msgspec

from app.clock import now
from app.formats.post import MediumKind
from app.formats.records import ExportedPost, Writer

VERSION: Final = "0.0.1"
GENERATOR: Final = "saywho"
"""Ids in files of it are those of the posts as they stand."""
CONTENT_TYPE: Final = "application/x-ndjson"
_TEXT: Final = 0
_REPLY: Final = 25
_KINDS: Final[dict[MediumKind, int]] = {"photo": 1, "audio": 2, "video": 3, "gif": 5, "link": 7}
_UNKNOWN: Final = "unknown"
"""The app of a room that only an export or a request has named."""
_encoder: Final = msgspec.json.Encoder()


def chatlab_writer(
    name: str, platform: str | None, people: Iterable[tuple[str, str | None]]
) -> Writer:
    """Return how the room of that name is written; `people` are usernames with display names."""
    names = {username: display_name or username for username, display_name in people}
    header = {
        "_type": "header",
        "chatlab": {
            "version": VERSION,
            "exportedAt": int(now().timestamp()),
            "generator": GENERATOR,
        },
        "meta": {
            "name": name,
            "platform": platform or _UNKNOWN,
            "type": "private" if len(names) <= 2 else "group",
        },
    }
    members = (
        {"_type": "member", "platformId": username, "accountName": display_name}
        for username, display_name in names.items()
    )
    heading = _encoder.encode_lines([header, *members])
    return Writer("jsonl", CONTENT_TYPE, heading, partial(_lines, names))


def _lines(names: Mapping[str, str], posts: Mapping[int, ExportedPost]) -> bytes:
    return _encoder.encode_lines(_message(post, names) for post in posts.values())


def _message(post: ExportedPost, names: Mapping[str, str]) -> dict[str, object]:
    answered = post.reply_to.source_id if post.reply_to else None
    kind = _REPLY if answered else _TEXT
    if not post.text and post.media:
        kind = _KINDS[post.media[0].kind]
    message: dict[str, object] = {
        "_type": "message",
        "sender": post.username,
        "accountName": names.get(post.username, post.username),
        "timestamp": int(post.created_at.timestamp()) if post.created_at else None,
        "type": kind,
        "content": post.text or None,
    }
    ids = {"platformMessageId": post.source_id, "replyToMessageId": answered}
    return message | {key: value for key, value in ids.items() if value}
