"""Skeletons of texts, and hashes of words, pairs of words and habits of style."""

import re
import string
import unicodedata
from collections.abc import Sequence
from operator import itemgetter
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from app.compute.links import LINK, RANDOM_SIGN, link_count

LINK_OR_NAME: Final = re.compile(rf"{LINK}|[@#]\w+")
_REMEMBERED: Final = 0x10000
"""First code point that is not cached: a cache of all code points would take 100 MB."""


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the text's code points: (n,), uint32."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return codes.astype(np.uint32, copy=False)


class _Classes(dict[int, int]):
    """A map from a code point to the letter of its kind, or to itself."""

    def __missing__(self, code: int) -> int:
        letter = ord(_class_of(chr(code)))
        if code < _REMEMBERED:
            self[code] = letter
        return letter


def _class_of(char: str) -> str:
    if char == RANDOM_SIGN:
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
_ALONE: Final = ~np.isin(np.arange(128), [ord(letter) for letter in "aAh0x"])
"""Whether each code point forms no runs, (128,); larger code points are like the last."""


def skeleton_of(plain: str) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Return the skeleton's code points, and the position in the text where each begins: (n,) each.

    Links become U, mentions M, tags T, and runs of digits or of a kind of letter a single letter.
    """
    codes = code_points(plain.translate(_CLASSES)).copy()
    is_kept = np.ones(codes.size, np.bool_)
    is_kept[1:] = (codes[1:] != codes[:-1]) | _ALONE.take(codes[1:], mode="clip")
    named = "@" in plain or "#" in plain or "://" in plain
    for match in LINK_OR_NAME.finditer(plain) if named else ():
        start, end = match.span()
        codes[start] = {"@": ord("M"), "#": ord("T")}.get(plain[start], ord("U"))
        is_kept[start] = True
        is_kept[start + 1 : end] = False
        is_kept[end : end + 1] = True
    places = np.flatnonzero(is_kept)
    return codes[places], places


_CAPITALS: Final = string.ascii_uppercase.encode()
_MOST_KNOWN: Final = 50_000
"""Largest number of words, and of habits, whose hashes are cached."""
_LONGEST_KNOWN: Final = 40

_MENTION = re.compile(r"@\w")
_TAG = re.compile(r"#\w")
_EMOJI = re.compile(r"[\u2600-\u27bf\U0001f000-\U0001faff]")


class _Words(dict[str, tuple[int, bytes]]):
    """A map from a word to its hash, and to its bytes as the end of a pair."""

    def __missing__(self, word: str) -> tuple[int, bytes]:
        ending = f" {word.lower()}".encode("utf-8", "surrogatepass")
        entry = crc32(ending[1:]), ending
        if len(self) < _MOST_KNOWN and len(word) <= _LONGEST_KNOWN:
            self[word] = entry
        return entry


class _Habits(dict[tuple[int, int | str], int]):
    """A map from the number of a habit and its strength to a hash."""

    def __missing__(self, habit: tuple[int, int | str]) -> int:
        habit_hash = crc32(f"{habit[0]} {habit[1]}".encode("utf-8", "surrogatepass"))
        if len(self) < _MOST_KNOWN:
            self[habit] = habit_hash
        return habit_hash


_END: Final = ""
_WORDS = _Words({_END: (crc32(b"^"), b" $")})
_HABITS = _Habits()


def token_hashes(texts: Sequence[Sequence[str]]) -> tuple[list[int], list[int]]:
    """Return the hashes of all words, and of all pairs of words, text by text.

    `^` and `$` mark the ends of a text.
    """
    tokens = [token for words in texts for token in (*words, _END)]
    hashed = list(map(_WORDS.__getitem__, tokens))
    hashes = list(map(itemgetter(0), hashed))
    # The checksum of a pair continues that of its first word. The end of a text begins the next.
    pairs = list(map(crc32, map(itemgetter(1), hashed), (_WORDS[_END][0], *hashes)))
    return [token_hash for token, token_hash in zip(tokens, hashes, strict=True) if token], pairs


def style_hashes(plain: str, tokens: Sequence[str]) -> list[int]:
    """Return 18 hashes, each of a habit's number and strength."""
    if plain.isascii():
        raw = plain.encode()
        capitals = len(raw) - len(raw.translate(None, _CAPITALS))
        letters = capitals + len(raw) - len(raw.translate(None, _CAPITALS.lower()))
    else:
        capitals = sum(map(str.isupper, plain))
        letters = sum(map(str.isalpha, plain))
    habits: tuple[int | str, ...] = (
        len(plain) // 20,
        len(tokens) // 3,
        plain[0],
        plain[-1],
        link_count(plain),
        plain.count(RANDOM_SIGN),
        len(_MENTION.findall(plain)) if "@" in plain else 0,
        len(_TAG.findall(plain)) if "#" in plain else 0,
        plain.count("!"),
        plain.count("?"),
        plain.count("...") + plain.count("…"),
        plain.count("—"),
        plain.count('"'),
        plain.count(","),
        plain.count("\n"),
        10 * capitals // max(letters, 1),
        len([token for token in tokens if token.isupper() and len(token) > 1]) if capitals else 0,
        0 if plain.isascii() else len(_EMOJI.findall(plain)),
    )
    return list(map(_HABITS.__getitem__, enumerate(habits)))
