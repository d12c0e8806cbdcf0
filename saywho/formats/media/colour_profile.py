"""Colour profiles (ICC) without their words: who made them, and for which screen.

A profile of a screen may name its owner. Source: ICC.1:2022, 7, 9 and 10.
"""

import struct
from typing import Final

MOST_BYTES: Final = 4 * 2**20
"""Size of a profile. The largest known profiles, of printers, have half."""
_MOST_TAGS: Final = 100
_HEAD: Final = 128
_MARK: Final = b"acsp"
_MARK_AT: Final = 36
_ID: Final = slice(84, 100)
"""Digest of the whole profile; zeros for none."""
_COLOURS: Final = frozenset(
    {
        *(b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC", b"wtpt", b"bkpt", b"chad"),
        *(b"A2B0", b"A2B1", b"A2B2", b"A2B3", b"B2A0", b"B2A1", b"B2A2", b"B2A3", b"gamt"),
        *(b"D2B0", b"D2B1", b"D2B2", b"D2B3", b"B2D0", b"B2D1", b"B2D2", b"B2D3"),
        *(b"pre0", b"pre1", b"pre2", b"lumi", b"meas", b"view", b"tech", b"chrm", b"cicp"),
        *(b"ciis", b"clro", b"rig0", b"rig2", b"bfd "),
    }
)
"""Tags that draw; names of colours and devices, dates and texts do not."""
_EMPTY: Final = {
    b"text": b"text" + bytes(4),
    b"desc": struct.pack(">4sII", b"desc", 0, 1),
    b"mluc": struct.pack(">4sIII2s2sII", b"mluc", 0, 1, 12, b"en", b"US", 0, 28),
}
"""Beginning of an empty text, by its type; zeros follow."""


def without_words(profile: bytes) -> bytes:
    """Return a profile of the same size with empty texts; nothing for anything but a profile."""
    tags = _tags(profile)
    if tags is None:
        return b""
    kept = bytearray(len(profile))
    end = _table_end(profile)
    kept[:end] = profile[:end]
    kept[_ID] = bytes(16)
    for (start, end), draws in tags.items():
        if draws:
            kept[start:end] = profile[start:end]
        else:
            empty = _EMPTY.get(profile[start : start + 4], b"")
            kept[start:end] = empty.ljust(end - start, b"\0")[: end - start]
    return bytes(kept)


def _tags(profile: bytes) -> dict[tuple[int, int], bool] | None:
    """Return the places of the tags, and whether their content draws; None for no profile.

    Several tags may have one place. None also if a text is part of something else.
    """
    if len(profile) < _HEAD + 4 or profile[_MARK_AT : _MARK_AT + 4] != _MARK:
        return None
    texts_end = any_end = table_end = _table_end(profile)
    if table_end > min(len(profile), _HEAD + 4 + 12 * _MOST_TAGS):
        return None
    tags: dict[tuple[int, int], bool] = {}
    for name, start, size in struct.iter_unpack(">4sII", profile[_HEAD + 4 : table_end]):
        place = start, start + size
        tags[place] = tags.get(place, False) or name in _COLOURS
    for (start, end), draws in sorted(tags.items()):
        if start < (texts_end if draws else any_end) or end > len(profile):
            return None
        any_end = max(any_end, end)
        texts_end = texts_end if draws else end
    return tags


def _table_end(profile: bytes) -> int:
    return _HEAD + 4 + 12 * int.from_bytes(profile[_HEAD : _HEAD + 4], "big")
