"""Invented rooms as pages of Telegram, and as programs write chats of iMessage and Signal."""

import json
from collections.abc import Callable
from html import escape
from typing import Final

from tests.formats.invented_rooms import Said
from tests.formats.telegram_page import message, page, service

_ADDRESS: Final = "https://a.example/x?y"


def _pages(room: list[Said]) -> bytes:
    written, before = [], None
    link = f'<a href="{_ADDRESS}">{_ADDRESS}</a>'
    for number, said in enumerate(room, 1):
        if said.fate == "system":
            written.append(service(f"{escape(said.name)} joined the group", number))
            before = None
            continue
        name = "Deleted Account" if said.fate == "deleted" else said.name
        html = escape(said.text).replace("\n", "<br>").replace(_ADDRESS, link)
        parts = {"time": f"{said.when:%d.%m.%Y %H:%M:%S} UTC+09:00"}
        if said.answers is not None:
            parts["reply"] = f"#go_to_message{said.answers + 1}"
        shown = None if name == before else escape(name)
        written.append(message(number, shown, "" if said.fate == "media" else html, **parts))
        before = name
    return page(*written)


def _imessage(room: list[Said]) -> bytes:
    written = []
    texts = {
        "media": "attachments/12/3456.heic",
        "deleted": "This message was deleted from the conversation!\nwords",
    }
    for said in room:
        time = f"{said.when:%b %d, %Y} {said.when.hour % 12 or 12:2}:{said.when:%M:%S %p}"
        if said.fate == "system":
            written.append(f"{time} {said.name} renamed the conversation to Kettle\n\n")
        else:
            written.append(f"{time}\n{said.name}\n{texts.get(said.fate, said.text)}\n\n")
    return "".join(written).encode()


def _signal_export(room: list[Said]) -> bytes:
    lines = []
    for said in room:
        line = {"date": f"{said.when.isoformat()}.250000", "sender": said.name, "quote": ""}
        line |= {"body": "  " if said.fate else f"{said.text}  "}
        flags = {"call": said.fate == "system", "deleted": said.fate == "deleted"}
        lines.append(json.dumps(line | flags | {"reactions": [], "attachments": []}))
    return "".join(f"{line}\n" for line in lines).encode()


def _signal_md(room: list[Said]) -> bytes:
    lines = []
    texts = {"media": "  ![a.jpg](./media/a.jpg)  ", "deleted": "(This message was deleted)"}
    for number, said in enumerate(room):
        name = "No-Sender" if said.fate == "system" else said.name
        quote = "\n\n> words of another\n\n" if number % 3 == 0 and not said.fate else ""
        shown = "\n(- mina: 👍, Me: 🎉 -)" if number % 4 == 0 and not said.fate else ""
        text = texts.get(said.fate, f"{said.text}  ")
        lines.append(f"[{said.when:%Y-%m-%d %H:%M:%S}] {name}: {quote}{text}{shown}\n")
    return "".join(lines).encode()


VARIANTS: Final[dict[str, Callable[[list[Said]], bytes]]] = {
    "telegram-html": _pages,
    "imessage": _imessage,
    "signal-export": _signal_export,
    "signal-md": _signal_md,
}
