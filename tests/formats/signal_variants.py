"""Rooms as the export of Signal's phones has them: a line for each person, chat and message."""

import base64
import json
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any, Final
from zoneinfo import ZoneInfo

from tests.archives import zip_bytes
from tests.formats.invented_rooms import ZONE, Said


def lines(*frames: dict[str, Any]) -> bytes:
    first = {"version": "1", "backupTimeMs": "1770000000000"}
    return "".join(
        json.dumps(frame, ensure_ascii=False) + "\n" for frame in (first, *frames)
    ).encode()


def person(number: int, name: str) -> dict[str, Any]:
    """Return somebody whose account is like the number."""
    account = base64.b64encode(number.to_bytes(16, "big")).decode()
    contact = {"aci": account, "e164": f"8210{number:08}", "profileGivenName": name}
    return {"recipient": {"id": str(number), "contact": contact}}


def group(number: int, title: str) -> dict[str, Any]:
    snapshot = {"title": {"title": title}, "members": []}
    return {"recipient": {"id": str(number), "group": {"masterKey": "a2V5", "snapshot": snapshot}}}


def item(author: int, sent: int, body: str, **fields: Any) -> dict[str, Any]:
    reactions = [{"emoji": "❤", "authorId": "1", "sentTimestamp": str(sent)}]
    message = {"text": {"body": body}, "attachments": [], "reactions": reactions}
    facts = {"chatId": "10", "authorId": str(author), "dateSent": str(sent), "incoming": {}}
    return {"chatItem": facts | {"standardMessage": message} | fields}


def located(data: bytes) -> dict[str, str]:
    """Return how a message tells its file."""
    return {
        "plaintextHash": base64.b64encode(sha256(data).digest()).decode(),
        "size": str(len(data)),
    }


def chat(room: list[Said], *, is_packed: bool = False) -> bytes:
    names = list(dict.fromkeys(said.name for said in room))
    frames: list[dict[str, Any]] = [{"account": {"givenName": names[0], "profileKey": "c2VjcmV0"}}]
    frames += [{"recipient": {"id": "1", "self": {}}}]
    frames += [person(number, name) for number, name in enumerate(names[1:], 2)]
    frames += [group(90, "우리 반"), {"chat": {"id": "10", "recipientId": "90"}}]
    times: list[int] = []
    for number, said in enumerate(room):
        # Signal knows a message by its millisecond.
        sent = int(said.when.replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000) + number % 900
        frame = item(names.index(said.name) + 1, sent, said.text)
        message = frame["chatItem"]
        times.append(sent)
        if said.answers is not None:
            author = names.index(room[said.answers].name) + 1
            quote = {"targetSentTimestamp": str(times[said.answers]), "authorId": str(author)}
            message["standardMessage"]["quote"] = quote
        if said.fate:
            message.pop("standardMessage")
        if said.fate == "media":
            pointer = {"contentType": "image/jpeg", "locatorInfo": located(b"\xff\xd8\xff")}
            message["standardMessage"] = {"attachments": [{"pointer": pointer}]}
        if said.fate == "deleted":
            message["remoteDeletedMessage"] = {}
        if said.fate == "system":
            message["updateMessage"] = {"simpleUpdate": {"type": "END_SESSION"}}
        frames.append(frame)
    data = lines(*frames)
    name = "signal-export-2026-02-02"
    return (
        zip_bytes({f"{name}/main.jsonl": data, f"{name}/files/7a/7ab9": b"\xff\xd8\xff"})
        if is_packed
        else data
    )


VARIANTS: Final[dict[str, Callable[[list[Said]], bytes]]] = {
    "signal": chat,
    "signal zip": partial(chat, is_packed=True),
}
