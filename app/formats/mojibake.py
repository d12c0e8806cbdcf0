"""Texts that another program has misread: UTF-8 as letters of western Windows.

They are corrected only on request, because a text may intend such letters.
"""

import re
from typing import Final

from msgspec import structs

from app.formats.records import Record


def _letter(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_BYTES: Final = {_letter(byte): byte for byte in range(0x80, 0x100)} | {
    chr(byte): byte for byte in range(0x80, 0x100)
}


def _one_of(first: int, last: int, *, but: str = "") -> str:
    letters = {letter for letter, byte in _BYTES.items() if first <= byte <= last}
    return f"[{re.escape(''.join(sorted(letters - {*but})))}]"


_REST: Final = _one_of(0x80, 0xBF)
_SEQUENCE: Final = (
    f"(?:{_one_of(0xC2, 0xDF)}{_REST}|{_one_of(0xE0, 0xEF)}{_REST}{{2}}"
    f"|{_one_of(0xF0, 0xF4)}{_REST}{{3}})"
)
# Alone, a capital before a quote is no sign of it: `CAFÉ”`; in a row such pairs are in no text.
_ALONE: Final = (
    f"[ÂÃ]{_REST}|â{_one_of(0x80, 0x9F)}{_REST}|ðŸ{_REST}{{2}}|ï»¿"
    f"|[ÄÅ]{_one_of(0x80, 0xBF, but='”“’‘…–—™»›')}"
)
_MISREAD: Final = re.compile(f"{_SEQUENCE}{{2,}}|{_ALONE}")
_HINT: Final = re.compile("[\u00c2-\u00f4][^\x00-\x7f]")
"""Beginning of each sequence, a fast first test."""
_SEQUENCES: Final = re.compile(_SEQUENCE)


def is_misread(text: str) -> bool:
    return bool(not text.isascii() and _HINT.search(text) and _MISREAD.search(text))


def repaired(text: str) -> str:
    for _ in range(3):  # Several programs may have misread it one after the other.
        if not is_misread(text):
            break
        text = _MISREAD.sub(_put_right, text)
    return text


def with_repaired_text(record: Record) -> Record:
    names = {
        name: repaired(value)
        for name in ("text", "username", "display_name")
        if (value := getattr(record, name)) and is_misread(value)
    }
    return structs.replace(record, **names) if names else record


def _put_right(match: re.Match[str]) -> str:
    return _SEQUENCES.sub(_decoded, match[0])


def _decoded(match: re.Match[str]) -> str:
    raw = bytes(map(_BYTES.__getitem__, match[0]))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return match[0]
