"""Texts as shapes: each letter and digit masked by its class, the marks between as they are."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

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


def mask(text: str) -> str:
    """Return a text with letters and digits masked and invisible characters written out."""
    return "".join(map(_mask, unicodedata.normalize("NFC", text)))


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
