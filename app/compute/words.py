"""Index terms of a text: words, pairs of letters, and emoji.

Korean writes endings onto words, and Chinese, Japanese and Thai have no spaces: their letters are
indexed in pairs, and each run's last letter alone, so that any part of a word is found.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

from app.compute.text import normalized

WORDS_RECIPE: Final = 2
"""Version of the terms; an index with another version is rebuilt."""

_PAIRED: Final = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb"  # Hangul
    "\u3005\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_MARKS: Final = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962-\u0963\u0981-\u0983\u09bc-\u09cd\u0a01-\u0a4d"
    "\u0a81-\u0acd\u0b01-\u0b4d\u0b82-\u0bcd\u0c00-\u0c4d\u0c81-\u0ccd\u0d00-\u0d4d\u0d82-\u0ddf"
    "\u0f35-\u0f3f\u0f71-\u0f84\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_PICTURE: Final = (
    "[\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
)
_SKINS: Final = "\U0001f3fb-\U0001f3ff"
_SEGMENT: Final = re.compile(
    rf"(?P<paired>[{_PAIRED}]+)"
    rf"|(?P<word>[^\W_{_PAIRED}]+(?:[{_MARKS}]+[^\W_{_PAIRED}]*)*)"
    rf"|(?P<emoji>[\U0001f1e6-\U0001f1ff]{{2}}"
    rf"|{_PICTURE}[\ufe0f{_SKINS}]*[\U000e0020-\U000e007f]*"
    rf"(?:\u200d{_PICTURE}[\ufe0f{_SKINS}]*)*)"
)
_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")
_PLAIN: Final = re.compile("[\x00-\x7f\uac00-\ud7a3\u00b7\u2013\u2014\u2018-\u201d\u2026]*")
"""Text without need for the finer rules: ASCII, Hangul syllables, and the usual signs."""
_PLAIN_SEGMENT: Final = re.compile("[a-z0-9]+|[\uac00-\ud7a3]+")
_FIRST_SYLLABLE: Final = "\uac00"
_NOT_OF_EMOJI: Final = re.compile(f"[\ufe0f{_SKINS}]")


class Segment(NamedTuple):
    """A word, an emoji, or a run of letters indexed in pairs."""

    kind: str
    """`word`, `paired` or `emoji`."""
    text: str
    """Folded, for comparisons; start and end are code points of the text."""
    start: int
    end: int


def segments(text: str) -> Iterator[Segment]:
    for match in _SEGMENT.finditer(text):
        kind = match.lastgroup or ""
        folded = _fold(match[0]) if kind == "word" else _NOT_OF_EMOJI.sub("", match[0])
        yield Segment(kind, folded, match.start(), match.end())


def whole_emoji(text: str) -> list[str]:
    """Return the emoji of a text (NFC) as written, with skin tones and parts."""
    if _PLAIN.fullmatch(text):
        return []
    return [match[0] for match in _SEGMENT.finditer(text) if match.lastgroup == "emoji"]


def segment_terms(kind: str, text: str) -> list[str]:
    if kind != "paired":
        return [text]
    return [text[place : place + 2] for place in range(len(text))]


def terms(text: str) -> list[str]:
    if not _PLAIN.fullmatch(text):
        return [term for piece in segments(text) for term in segment_terms(piece.kind, piece.text)]
    # Most texts are plain, which takes a third of the time; imports spend much of theirs here.
    collected: list[str] = []
    for segment in _PLAIN_SEGMENT.findall(text.lower()):
        if segment >= _FIRST_SYLLABLE:
            collected += segment_terms("paired", segment)
        else:
            collected.append(segment)
    return collected


def words_and_runs(text: str) -> tuple[list[str], list[str]]:
    """Return the words and emoji of a text, and its runs of letters indexed in pairs."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower()), []
    words: list[str] = []
    runs: list[str] = []
    if _PLAIN.fullmatch(text):
        for segment in _PLAIN_SEGMENT.findall(text.lower()):
            (runs if segment >= _FIRST_SYLLABLE else words).append(segment)
        return words, runs
    for paired, word, emoji in _SEGMENT.findall(text):
        if word:
            words.append(_fold(word))
        elif paired:
            runs.append(paired)
        else:
            words.append(_NOT_OF_EMOJI.sub("", emoji))
    return words, runs


def _fold(word: str) -> str:
    if word.isascii():
        return word.lower()
    # Longer words, up to a whole post, are rarely repeated.
    return _fold_known(word) if len(word) <= 50 else _fold_any(word)


def _fold_any(word: str) -> str:
    """Return the word without case and accents; virama and nukta are kept."""
    decomposed = normalized(word.casefold(), "NFKD")
    letters = [
        char
        for char in decomposed
        if unicodedata.combining(char) < 10 and (char.isalnum() or not char.isascii())
    ]
    return normalized("".join(letters)) or word


_fold_known = functools.lru_cache(maxsize=20_000)(_fold_any)
