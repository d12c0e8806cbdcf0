"""Rooms and posts as Meta's downloads hold them in JSON: newest first, in numbered files."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.archives import zip_bytes
from tests.formats.invented_rooms import ZONE, Said

EACH_FILE: Final = 4
"""Messages of a numbered file, so that a room has more than ten."""


def spoiled(value: Any) -> Any:
    """Return a value whose strings are bytes of UTF-8, each as a character, as Meta writes."""
    if isinstance(value, str):
        return value.encode().decode("latin-1")
    if isinstance(value, list):
        return [spoiled(item) for item in value]
    if isinstance(value, dict):
        return {spoiled(key): spoiled(item) for key, item in value.items()}
    return value


def written(value: Any) -> bytes:
    return json.dumps(spoiled(value), indent=2).encode()


def milliseconds(said: Said) -> int:
    return int(said.when.replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


def _plain(said: Said, thread: str) -> dict[str, Any]:
    message = {"sender_name": said.name, "timestamp_ms": milliseconds(said)}
    if said.fate == "system":
        return message | {"content": f"{said.name} named the group Tea.", "type": "Generic"}
    if said.fate == "deleted":
        return message | {"content": "gone", "is_unsent": True}
    if said.fate == "media":
        return message | {"photos": [{"uri": f"{thread}/photos/77_n.jpg", "creation_timestamp": 1}]}
    return message | {"content": said.text, "reactions": [{"reaction": "❤", "actor": "mina"}]}


def _ciphered(said: Said) -> dict[str, Any]:
    message = {"senderName": said.name, "timestamp": milliseconds(said), "reactions": []}
    message |= {"text": said.text, "type": "text", "media": [], "isUnsent": said.fate == "deleted"}
    if said.fate == "media":
        message |= {"text": "", "type": "media", "media": [{"uri": "./media/5b1e.jpeg"}]}
    return message | ({"type": "call"} if said.fate == "system" else {})


def _document(messages: list[dict[str, Any]], room: list[Said], thread: str) -> dict[str, Any]:
    names = list(dict.fromkeys(said.name for said in room))
    return {
        "participants": [{"name": name} for name in names],
        "messages": messages,
        "title": "우리 반",
        "is_still_participant": True,
        "thread_path": f"inbox/{thread.rpartition('/')[2]}",
        "magic_words": [],
    }


def _cut(messages: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(messages), EACH_FILE):
        yield messages[start : start + EACH_FILE]


def lone(room: list[Said]) -> bytes:
    messages = [_plain(said, "messages/inbox/us_12") for said in reversed(room)]
    return written(_document(messages, room, "messages/inbox/us_12"))


def download(room: list[Said], activity: str) -> bytes:
    """Return a download as a zip, whose chat is in several files."""
    thread = f"{activity}messages/inbox/us_12"
    files = {
        f"{thread}/message_{number}.json": written(_document(some, room, thread))
        for number, some in enumerate(_cut([_plain(said, thread) for said in reversed(room)]), 1)
    }
    return zip_bytes(files | {f"{thread}/photos/77_n.jpg": b"\xff\xd8\xff", "start.html": b"<p>"})


def encrypted(room: list[Said], *, is_packed: bool = False) -> bytes:
    """Return Messenger's own download of an encrypted chat: with letters as they are."""
    names = list(dict.fromkeys(said.name for said in room))
    messages = [_ciphered(said) for said in reversed(room)]
    document = {"participants": names, "threadName": "우리 반_4", "messages": messages}
    data = json.dumps(document, ensure_ascii=False).encode()
    files = {"우리 반_4.json": data, "media/5b1e.jpeg": b"\xff\xd8\xff"}
    return zip_bytes(files) if is_packed else data


VARIANTS: Final[dict[str, Callable[[list[Said]], bytes]]] = {
    "messenger": lone,
    "messenger old": partial(download, activity=""),
    "messenger new": partial(download, activity="your_facebook_activity/"),
    "instagram": partial(download, activity="your_instagram_activity/"),
    "messenger encrypted": encrypted,
    "messenger encrypted zip": partial(encrypted, is_packed=True),
}
WITH_FILES: Final = VARIANTS.keys() - {"messenger", "messenger encrypted"}
"""Those that hold the files of pictures too."""
