"""Texts that another program has misread: UTF-8 taken for the letters of western Windows.

They are counted, and put right only on request: a text may show such letters on purpose.
"""

import re
from typing import Final

from msgspec import structs

from app.formats.records import Record

_MOST_TIMES: Final = 3
"""How often a text may have been misread, one time after the other."""


def _letter(byte: int) -> str:
    """Return the letter of western Windows; of a byte that has none there, that of Latin-1."""
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
"""How each sequence begins; most texts have none, and are done with."""
_SEQUENCES: Final = re.compile(_SEQUENCE)


def is_misread(text: str) -> bool:
    """Return whether letters of a text look like UTF-8 that was read in another encoding."""
    return bool(not text.isascii() and _HINT.search(text) and _MISREAD.search(text))


def repaired(text: str) -> str:
    """Return the text with such letters put right, and all others as they are."""
    for _ in range(_MOST_TIMES):
        if not is_misread(text):
            break
        text = _MISREAD.sub(_put_right, text)
    return text


def with_repaired_text(record: Record) -> Record:
    """Return a record whose text and names are put right."""
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
