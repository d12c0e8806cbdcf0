"""Rooms in the ChatLab format, as converters write them: JSON, or JSON lines with comments."""

import json
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.formats.invented_rooms import ZONE, Said

KINDS: Final = {"": 0, "system": 80, "media": 1, "deleted": 81}
HEAD: Final[dict[str, Any]] = {
    "chatlab": {"version": "0.0.1", "exportedAt": 1767225600, "generator": "toy"},
    "meta": {"name": "Tea table", "platform": "wechat", "type": "group", "groupId": "g-9"},
}


def in_lines(messages: Iterable[dict[str, Any]], members: Iterable[dict[str, Any]] = ()) -> bytes:
    rows = [{"_type": "header", **HEAD}]
    rows += [{"_type": "member", **member} for member in members]
    rows += [{"_type": "message", **message} for message in messages]
    written = (json.dumps(row, ensure_ascii=False) for row in rows)
    return "\n".join(["# made by a converter", *written, "", "# the end"]).encode()


def in_object(messages: Iterable[dict[str, Any]], members: Iterable[dict[str, Any]] = ()) -> bytes:
    return json.dumps(HEAD | {"members": [*members], "messages": [*messages]}, indent=1).encode()


def room(room: list[Said], write: Callable[..., bytes]) -> bytes:
    names = list(dict.fromkeys(said.name for said in room))
    members = [{"platformId": f"u{n}", "accountName": name} for n, name in enumerate(names)]
    messages = [
        {
            "sender": f"u{names.index(said.name)}",
            "accountName": said.name,
            "timestamp": int(said.when.replace(tzinfo=ZoneInfo(ZONE)).timestamp()),
            "type": KINDS[said.fate] or (25 if number % 7 == 3 else 0),
            "content": "[图片]" if said.fate == "media" else said.text,
            "platformMessageId": f"m{number}",
        }
        | ({} if said.answers is None else {"replyToMessageId": f"m{said.answers}"})
        for number, said in enumerate(room)
    ]
    return write(messages, members)


VARIANTS: Final[dict[str, Callable[[list[Said]], bytes]]] = {
    "chatlab": partial(room, write=in_object),
    "chatlab lines": partial(room, write=in_lines),
}
