"""Rooms as the export of a workspace of Slack has them: a file for each day of a channel."""

import json
from collections.abc import Callable
from datetime import UTC
from functools import partial
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.archives import zip_bytes
from tests.formats.invented_rooms import ZONE, Said


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def message(user: str, text: str, ts: str, **fields: Any) -> dict[str, Any]:
    return {"type": "message", "user": user, "text": text, "ts": ts} | fields


def workspace(
    channels: dict[str, list[dict[str, Any]]],
    users: list[dict[str, Any]],
    *,
    lists: dict[str, list[dict[str, Any]]],
    top: str = "",
) -> bytes:
    """Return the zip with these messages by the names of their folders and days."""
    files = {f"{top}{name}.json": rows for name, rows in lists.items()}
    files |= {f"{top}{name}.json": rows for name, rows in channels.items()}
    files |= {f"{top}users.json": users, f"{top}integration_logs.json": []}
    return zip_bytes({name: json.dumps(rows, indent=4).encode() for name, rows in files.items()})


def channel(room: list[Said], *, top: str = "") -> bytes:
    names = list(dict.fromkeys(said.name for said in room))
    users = [
        {"id": f"U{n}", "name": f"u{n}", "profile": {"display_name": name}}
        for n, name in enumerate(names)
    ]
    messages, stamps = [], []
    for number, said in enumerate(room):
        seconds = int(said.when.replace(tzinfo=ZoneInfo(ZONE)).timestamp())
        row = message(f"U{names.index(said.name)}", escaped(said.text), f"{seconds}.{number:06}")
        stamps.append(row["ts"])
        if said.answers is not None:
            row["thread_ts"] = stamps[said.answers]
        if said.fate == "system":
            row |= {"subtype": "channel_join", "text": f"<@{row['user']}> has joined the channel"}
        if said.fate == "media":
            row |= {"text": "", "files": [{"url_private": "https://files.example/a.png"}]}
        if said.fate == "deleted":
            row |= {"subtype": "tombstone", "text": "This message was deleted."}
        messages.append((said.when.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC).date(), row))
    days = {
        f"us/{day}": [row for _, row in rows] for day, rows in groupby(messages, key=lambda m: m[0])
    }
    about = {"id": "C1", "name": "us", "members": [user["id"] for user in users]}
    return workspace(days, users, lists={"channels": [about], "dms": []}, top=top)


VARIANTS: Final[dict[str, Callable[[list[Said]], bytes]]] = {
    "slack": channel,
    "slack folder": partial(channel, top="Acme Slack export/"),
}
