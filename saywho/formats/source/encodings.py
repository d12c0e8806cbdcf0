"""The encoding of bytes that are not UTF-8, by weighing the letters that each encoding gives.

A weight depends on frequency in the encoding's languages, and on neighbours. For short texts in
twenty encodings this was right more often than the libraries measured. Texts that another program
misread as western Windows are corrected.
"""

import json
import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from saywho.errors import Message

_SAMPLE_BYTES: Final = 3 * 1024
"""Weighed bytes, in lines that are not ASCII."""
_LEAST: Final = 0.3
_CLOSE: Final = 0.35
"""Maximum distance of an alternative from the best score."""
_MOST_ALTERNATIVES: Final = 4
_HALF_EMOJI: Final = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_BAD: Final = re.compile("[\udc80-\udcff]")
_NOT_ASCII: Final = re.compile("[^\x00-\x7f]")
_CUT_UTF8: Final = re.compile(
    rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})\Z"
)

Weigh = Callable[[str, str, str], float]
"""Return how well a letter fits between two letters, from -1 to 1."""


class Encoding(NamedTuple):
    codec: str
    alternatives: tuple[str, ...] = ()
    evidence: Message | None = None
    """Why it is an assumption; None if it is certain."""


class TextForm(NamedTuple):
    encoding: Encoding
    has_returns: bool


class Utf8Count(NamedTuple):
    """Numbers of valid UTF-8 sequences, without ASCII, and of invalid bytes."""

    good: int
    bad: int


def count_utf8(sample: bytes) -> Utf8Count:
    """Count sequences and bad bytes; a sequence cut at the end does not count.

    Half an emoji is a sequence: programs that cut texts produce it, and no other encoding has its
    bytes.
    """
    whole = _CUT_UTF8.sub(b"", sample)
    halves = 0
    try:
        text = whole.decode()
    except UnicodeDecodeError:
        whole, halves = _HALF_EMOJI.subn(b"", whole)
        text = whole.decode(errors="surrogateescape")
    bad = len(_BAD.findall(text))
    return Utf8Count(halves + len(_NOT_ASCII.findall(text)) - bad, bad)


def lines_to_weigh(sample: bytes) -> bytes:
    """Return a sample's lines with more than ASCII, up to the weighed number."""
    kept, size = [], 0
    for line in sample.splitlines():
        if not line.isascii():
            kept.append(line[:_SAMPLE_BYTES])
            size += len(line)
            if size > _SAMPLE_BYTES:
                break
    return b"\n".join(kept)


@lru_cache(64)
def encodings_of(lines: bytes) -> tuple[str, ...]:
    rated = [(score, name) for name in _tables() if (score := _score(name, lines)) is not None]
    rated.sort(key=lambda pair: -pair[0])
    if not rated or rated[0][0] < _LEAST:
        return ()
    best = rated[0][0]
    fitting = [name for score, name in rated if score >= max(best - _CLOSE, 0)]
    return tuple(fitting[: _MOST_ALTERNATIVES + 1])


def _score(name: str, lines: bytes) -> float | None:
    try:
        text = lines.decode(name)
    except UnicodeDecodeError as error:
        # A file may have a few bad bytes, and a sample may end in the middle of a character.
        faults = lines.decode(name, "replace").count("\ufffd")
        if error.start < len(lines) - 1 and faults * 200 > len(lines):
            return None
        text = lines.decode(name, "ignore")
    weighs, prior = _tables()[name]
    padded = f" {text} "
    # Each letter stands between its neighbours.
    letters = [padded[at.start() - 1 : at.end() + 1] for at in _NOT_ASCII.finditer(padded)]
    widths = [len(_bytes(name, near[1])) or 1 for near in letters]
    if size := sum(widths):
        return prior + max(
            sum(width * weigh(*near) for width, near in zip(widths, letters, strict=True)) / size
            for weigh in weighs
        )
    return None


@lru_cache(50_000)
def _bytes(name: str, letter: str) -> bytes:
    try:
        return letter.encode(name)
    except UnicodeEncodeError:
        return b""


@cache
def _tables() -> dict[str, tuple[tuple[Weigh, ...], float]]:
    path = Path(__file__).with_name("letters.json")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    tables: dict[str, tuple[tuple[Weigh, ...], float]] = {
        "cp949": ((_korean(frozenset(data["korean"])),), 0.03),
        "gb18030": ((_chinese("gbk", frozenset(data["simplified"]), 0xB0, 0xD8),), 0.0),
        "cp950": ((_chinese("cp950", frozenset(data["traditional"]), 0xA4, 0xC7),), 0.0),
        "cp932": ((_japanese("cp932", frozenset(data["kanji"]), 0x88, 0x98),), 0.0),
        "euc_jp": ((_japanese("euc_jp", frozenset(data["kanji"]), 0xB0, 0xD0),), -0.05),
    }
    for name, languages in data["latin"].items():
        weighs = (_latin(letters, _RARE.get(code, 0)) for code, letters in languages.items())
        tables[name] = (tuple(weighs), _PRIORS.get(name, 0.0))
    for name, letters in data["scripts"].items():
        tables[name] = ((_alphabet(letters),), _PRIORS.get(name, 0.0))
    return tables


_RARE: Final = {"is": -0.15}
"""Languages of few writers, whose letters have other meanings in other encodings."""
_PRIORS: Final = {
    "cp1252": 0.05,
    "mac_roman": -0.08,
    "cp866": -0.1,
    "koi8_r": -0.05,
    "cp1257": -0.05,
}
_TYPOGRAPHIC: Final = frozenset("’‘“”„–—…«»‹›€£°·•©®™¿¡§")
_SIGNS: Final = frozenset("£€°•©®™§")
_CJK_MARKS: Final = frozenset("，。？！：；（）、…“”‘’《》「」『』·—～ー〜・　")


def _is_ascii_letter(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


def _korean(common: frozenset[str]) -> Weigh:
    def weigh(before: str, letter: str, after: str) -> float:
        if letter in common:
            return 1.0
        if "가" <= letter <= "힣":
            # Syllables that the older standard lacks are rare; in bytes they look like others.
            is_plain = _bytes("euc_kr", letter) != b""
            return 0.5 if is_plain else -0.2 if _is_ascii_letter(before) else 0.0
        if "ㄱ" <= letter <= "ㅣ":
            return 0.9
        if letter in _CJK_MARKS or letter in _TYPOGRAPHIC:
            return 0.4
        return 0.0 if "一" <= letter <= "鿿" else -0.3

    return weigh


def _chinese(name: str, common: frozenset[str], first: int, end: int) -> Weigh:
    """Weigh by a list of common characters and the frequent half of the table."""

    def weigh(before: str, letter: str, after: str) -> float:
        if letter in common:
            return 1.0
        if letter in _CJK_MARKS:
            return 0.8
        if "一" <= letter <= "鿿":
            lead = _bytes(name, letter)[:1]
            trail = _bytes(name, letter)[1:]
            if lead and first <= lead[0] < end and (name != "gbk" or trail >= b"\xa1"):
                return 0.4
            return 0.0 if name != "gbk" or trail >= b"\xa1" else -0.2
        return -0.3

    return weigh


def _japanese(name: str, common: frozenset[str], first: int, end: int) -> Weigh:
    def weigh(before: str, letter: str, after: str) -> float:
        if "ぁ" <= letter <= "ん":
            return 1.0
        if "ァ" <= letter <= "ヺ" or letter in common or letter in _CJK_MARKS:
            return 0.8
        if "！" <= letter <= "～":
            return 0.6
        if "一" <= letter <= "鿿":
            lead = _bytes(name, letter)[:1]
            return 0.4 if lead and first <= lead[0] < end else -0.1
        if "｡" <= letter <= "ﾟ":
            return 0.2 if "｡" <= before <= "ﾟ" or "｡" <= after <= "ﾟ" else -0.3
        return -0.3

    return weigh


def _latin(letters: str, prior: float) -> Weigh:
    known = frozenset(letters)

    def weigh(before: str, letter: str, after: str) -> float:
        if letter in _TYPOGRAPHIC:
            is_inside = before.isalpha() and after.isalpha()
            if letter in _SIGNS and after.isalpha():
                return 0.1
            return 0.8 if letter == "’" or not is_inside or letter in "–—·" else 0.1
        if not letter.isalpha():
            return -0.4
        if letter not in known or (letter.isupper() and before.islower()):
            return -0.5
        crowd = (not before.isascii() and before.isalpha()) + (
            not after.isascii() and after.isalpha()
        )
        if crowd:
            return 0.3 if crowd == 1 else -0.5
        is_western = _IS_WESTERN.get(letter)
        return (0.8 if is_western is None or is_western(before, after) else -0.1) + prior

    return weigh


_IS_WESTERN: Final[dict[str, Callable[[str, str], bool]]] = {
    "ê": lambda before, after: (
        after == "n" or before not in "ij" if after.isalpha() else before in "cvlur"
    ),
    "œ": lambda _, after: after in "ustn",
    "õ": lambda _, after: after in "es",
    "ì": lambda _, after: not after.isalpha(),
}
"""Letters of western languages that could be eastern letters, with a test of their neighbours."""


def _alphabet(letters: str) -> Weigh:
    rank = {letter: place for place, letter in enumerate(letters)}
    half = len(letters)

    def weigh(before: str, letter: str, after: str) -> float:
        place = rank.get(letter.lower())
        if place is None:
            return 0.4 if letter in _TYPOGRAPHIC else -0.5
        if letter.isupper() and before.islower():
            return -0.6
        if _is_ascii_letter(before) or _is_ascii_letter(after):
            return -0.3
        if not (before.isalpha() or after.isalpha()):
            return 0.2  # A word of one letter is rather one of French or Italian.
        is_shouted = letter.isupper() and (before.isupper() or after.isupper())
        return (0.1 if is_shouted else 0.5) + 0.5 * (1 - place / half)

    return weigh


_BYTES: Final = {chr(byte): byte for byte in range(0x80, 0x100)} | {
    letter: byte
    for byte in range(0x80, 0x100)
    if (letter := bytes([byte]).decode("cp1252", "ignore"))
}
"""Bytes by their letters in western Windows, and by the control characters in their place."""


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


_ESCAPE: Final = re.compile(r"<U\+(0010[0-9A-F]{4}|000[0-9A-F]{5}|(?!D[89A-F])[0-9A-F]{4})>")
"""A letter as R on Windows writes it if the code page does not have it."""


def is_misread(text: str) -> bool:
    """Return whether another program has read a text's UTF-8 as letters of western Windows."""
    if "<U+" in text and _ESCAPE.search(text):
        return True
    return bool(not text.isascii() and _HINT.search(text) and _MISREAD.search(text))


def repaired(text: str) -> str:
    """Return a misread text with its letters; only on request, for a text may intend its own."""
    text = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    for _ in range(3):  # Several programs may have misread it one after the other.
        if not is_misread(text):
            break
        text = _MISREAD.sub(lambda match: _SEQUENCES.sub(_decoded, match[0]), text)
    return text


def _decoded(match: re.Match[str]) -> str:
    raw = bytes(map(_BYTES.__getitem__, match[0]))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return match[0]
