"""What Slack writes into texts in angle brackets, in place of names and links; and rich texts."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from app.formats.source.html import written_out
from app.formats.source.json import as_object, listed
from app.formats.source.window import Json

_MARK: Final = re.compile(r"<((?:[@#!]|\w{2,20}:)[^<>\n]{1,4000})>")
_ENTITIES: Final = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}
"""All that Slack writes, in the order in which they are decoded."""
_DEEPEST: Final = 10
"""Elements of rich texts in each other."""


def plain_text(message: Json, names: Mapping[str, str]) -> str:
    """Return the text of a message with the names of people and channels, by their ids."""
    text = message.get("text")
    if not isinstance(text, str) or not text.strip():
        return "".join(_rich_texts(listed(message, "blocks")))
    if "<" in text:
        text = _MARK.sub(lambda match: _shown(match[1], names), text)
    if "&" in text:
        for entity, character in _ENTITIES.items():
            text = text.replace(entity, character)
    return text


def _shown(mark: str, names: Mapping[str, str]) -> str:
    """Return what is seen in place of `<mark>`."""
    target, _, label = mark.partition("|")
    match target[:1]:
        case "@":
            return f"@{names.get(target[1:]) or label or target[1:]}"
        case "#":
            return f"#{label or names.get(target[1:]) or target[1:]}"
        case "!":
            return label or f"@{target[1:]}"
    return written_out(label, target) if label else target


def _rich_texts(values: list[object], depth: int = 0) -> Iterator[str]:
    """Yield the words of the elements of a rich text."""
    for element in map(as_object, values if depth < _DEEPEST else ()):
        if element.get("type") == "text" and isinstance(element.get("text"), str):
            yield str(element["text"])
        yield from _rich_texts(listed(element, "elements"), depth + 1)
