"""Rooms as DiscordChatExporter saves them: a file for a channel, or several parts in a zip."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.archives import zip_bytes
from tests.formats.invented_rooms import ZONE, Said

PARTS: Final = 3


def message(number: int, said: Said) -> dict[str, Any]:
    """Return a message as the exporter writes it, with all its keys."""
    is_answer = said.answers is not None or number % 5 == 4
    kinds = {"system": "ChannelPinnedMessage"}
    text = {"system": "Pinned a message.", "media": "", "deleted": ""}.get(said.fate, said.text)
    time = said.when.replace(tzinfo=ZoneInfo(ZONE)).isoformat(timespec="milliseconds")
    file = {"id": "5", "url": "sky.png", "fileName": "sky.png", "fileSizeBytes": 1200}
    author = {"id": str(sum(said.name.encode())), "name": said.name, "discriminator": "0000"}
    return {
        "id": str(1_190_000_000_000_000_000 + number),
        "type": kinds.get(said.fate, "Reply" if is_answer else "Default"),
        "timestamp": time,
        "timestampEdited": None,
        "callEndedTimestamp": None,
        "isPinned": False,
        "content": text,
        "author": author | {"nickname": said.name, "color": None, "isBot": False, "roles": []},
        "attachments": [file] if said.fate == "media" else [],
        "embeds": [],
        "stickers": [],
        "reactions": [{"emoji": {"id": "", "name": "❤", "code": "heart"}, "count": 2}],
        "mentions": [],
        "reference": {
            "messageId": str(1_190_000_000_000_000_000 + (said.answers or 0)),
            "channelId": "22",
        }
        if is_answer
        else None,
        "inlineEmojis": [],
    }


def document(messages: list[dict[str, Any]], **fields: Any) -> bytes:
    """Return the file of a channel with these messages."""
    about = {
        "guild": {"id": "11", "name": "Moss Garden", "iconUrl": "https://a.example/icon.png"},
        "channel": {"id": "22", "type": "GuildTextChat", "category": "Talk", "name": "porch"},
        "dateRange": {"after": None, "before": None},
        "exportedAt": "2026-02-01T08:00:00+00:00",
    }
    whole = about | fields | {"messages": messages, "messageCount": len(messages)}
    return json.dumps(whole, indent=2, ensure_ascii=False).encode()


def channel(room: list[Said], *, is_packed: bool = False) -> bytes:
    messages = [message(number, said) for number, said in enumerate(room)]
    if not is_packed:
        return document(messages)
    size = len(messages) // PARTS + 1
    parts = [messages[at : at + size] for at in range(0, len(messages), size)]
    name = "Moss Garden - Talk - porch [22]"
    files = {f"{name} [part {n}].json": document(part) for n, part in enumerate(parts, 1)}
    return zip_bytes(files | {f"{name}.json_Files/sky.png": b""})


VARIANTS: Final[dict[str, Callable[[list[Said]], bytes]]] = {
    "discord": channel,
    "discord zip": partial(channel, is_packed=True),
}
