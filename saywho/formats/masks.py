"""Texts as shapes: each letter and digit masked by its class, the marks between as they are."""

import json
import re
import unicodedata
from functools import lru_cache
from typing import Final

from saywho.errors import Message

LONGEST: Final = 300
_LONG_STRING: Final = re.compile(r'"((?:[^"\\]|\\.){40})(?:[^"\\]|\\.)+("?)')
"""A string of JSON. Its beginning leaves room for the rest."""
_JSON_START: Final = re.compile(r'\ufeff?\s*(?:\{|\[\s*[\[{"]|")')
_SCRIPTS: Final[dict[str, str]] = dict(
    re.findall(
        r"(\w{1,20}) (\w\w)",
        "HANGUL 가가 HIRAGANA ああ KATAKANA アア CJK 漢漢 CYRILLIC Жж GREEK Ωω ARABIC عع"
        " HEBREW אא THAI กก DEVANAGARI अअ",
    )
)
"""Masks of capital and other letters, by the first word of a letter's name."""
_OTHERS: Final = {"N": "0", "M": "", "C": "\ufffd"}
"""Masks of non-digit numbers, accents and invalid characters."""
_PLAIN_VALUES: Final = frozenset(
    {"line", "column", "size", "count", "limit", "width", "seconds", "why", "format"}
)
"""Values of sentences that reveal nothing about anyone: numbers, system words."""


def shape_of(text: str) -> str:
    """Return the shape of a text or line; long strings of JSON are cut."""
    start = text[: 10 * LONGEST]
    shape = mask(_LONG_STRING.sub(r'"\1…\2', start) if _JSON_START.match(start) else start)
    is_whole = len(text) == len(start) and len(shape) <= LONGEST
    return shape if is_whole else f"{shape[:LONGEST]}…"


def shape_of_value(value: object) -> str:
    """Return the shape of a document, row or text; empty if nested too deeply."""
    if isinstance(value, str):
        return shape_of(value)
    try:
        return shape_of(json.dumps(value, ensure_ascii=False, default=str))
    except RecursionError:
        return ""


def mask(text: str) -> str:
    """Return a text with letters and digits masked and invisible characters written out."""
    return "".join(map(_mask, unicodedata.normalize("NFC", text)))


def masked_sentence(sentence: Message) -> Message:
    return Message(
        sentence.template, **{k: _masked_value(k, v) for k, v in sentence.values.items()}
    )


def _masked_value(name: str, value: object) -> object:
    if isinstance(value, Message):
        return masked_sentence(value)
    return value if name in _PLAIN_VALUES else mask(str(value))


@lru_cache(maxsize=10_000)
def _mask(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "L":
        script = unicodedata.name(character, "").partition(" ")[0]
        letters = _SCRIPTS.get(script, "Xx")
        return letters[0] if category in {"Lu", "Lt"} else letters[1]
    if category == "Nd":
        return chr(ord(character) - unicodedata.decimal(character))
    if category == "Cc" or (category in {"Cf", "Zs"} and " " != character < "\uffff"):
        return character.encode("unicode_escape").decode()
    is_emoji = category in {"So", "Sk"} and not character.isascii()
    return "☺" if is_emoji else _OTHERS.get(category[0], character)
