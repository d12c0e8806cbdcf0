"""The skeleton of a text, such as `Aa a, M U`: each letter is replaced by its kind."""

import re
import unicodedata
from typing import Final

import numpy as np
from numpy.typing import NDArray

LINK: Final = "\u241f"
"""Replaces a link with a random address, so that only its presence and place count."""

LINK_OR_NAME: Final = re.compile(r"https?://\S+|[@#]\w+")
_REMEMBERED: Final = 0x10000  # A cache of all code points would take 100 MB.


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the text's code points: (n,), uint32."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return codes.astype(np.uint32, copy=False)


class _Classes(dict[int, int]):
    """Maps a code point to the letter of its kind, or to itself."""

    def __missing__(self, code: int) -> int:
        letter = ord(_kind(chr(code)))
        if code < _REMEMBERED:
            self[code] = letter
        return letter


def _kind(char: str) -> str:
    if char == LINK:
        return "U"
    if char.islower():
        return "a"
    if char.isupper():
        return "A"
    if "가" <= char <= "힣":
        return "h"
    if "\u3131" <= char <= "\u318e":
        return "j"
    category = unicodedata.category(char)
    if category == "Nd":
        return "0"
    return "x" if category[0] == "L" else char


_CLASSES = _Classes()
_RUNS: Final = np.isin(np.arange(128), [ord(letter) for letter in "aAh0x"])


def skeleton_of(plain: str) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Return the skeleton's code points, and the place in the text where each begins.

    Links become U, mentions M, tags T, and runs of one kind of letter or of digits one letter.
    """
    codes = code_points(plain.translate(_CLASSES)).copy()
    kept = np.ones(codes.size, np.bool_)
    kept[1:] = (codes[1:] != codes[:-1]) | ~_RUNS[np.minimum(codes[1:], 127)]
    for match in LINK_OR_NAME.finditer(plain):
        start, end = match.span()
        codes[start] = {"@": ord("M"), "#": ord("T")}.get(plain[start], ord("U"))
        kept[start] = True
        kept[start + 1 : end] = False
        kept[end : end + 1] = True
    places = np.flatnonzero(kept)
    return codes[places], places
