"""Words that a typing error may have been meant for."""

import unicodedata
from collections.abc import Iterator
from typing import Final

_ALPHABETS: Final = {
    "LATIN": "abcdefghijklmnopqrstuvwxyz",
    "GREEK": "αβγδεζηθικλμνξοπρσςτυφχψω",
    "CYRILLIC": "абвгдежзийклмнопрстуфхцчшщъыьэюяёєіїґў",
    "HEBREW": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "ARABIC": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژکگی",
}
_FIRST, _INITIALS, _MEDIALS, _FINALS = 0xAC00, 19, 21, 28
SHORTEST: Final = 4
"""Of shorter words almost any letters are another word; none are replaced or taken away."""
LONGEST: Final = 32
LONGEST_HANGUL: Final = 8
"""Of longer words there would be thousands, and hardly anybody writes such a word."""
SWAPPED, LEFT_OUT, ADDED, REPLACED = 0.9, 0.8, 0.8, 0.7
FIRST_LETTER_FACTOR: Final = 0.7
"""People seldom get the first letter wrong."""


def neighbours(word: str) -> dict[str, float]:
    """Return words one typing error away, each with how near it is, in (0, 1).

    Letters may be exchanged, left out, added or replaced; in a Hangul syllable one letter
    (jamo) may be another. Numbers have no neighbours. `word` is folded.
    """
    if any(char.isdigit() for char in word):
        return {}
    found: dict[str, float] = {}
    for other, nearness in _of_hangul(word) if _is_hangul(word) else _of_letters(word):
        if other != word and nearness > found.get(other, 0.0):
            found[other] = nearness
    return found


def _is_hangul(word: str) -> bool:
    return all("가" <= char <= "힣" for char in word)


def _of_letters(word: str) -> Iterator[tuple[str, float]]:
    if not SHORTEST - 1 <= len(word) <= LONGEST:
        return
    for place in range(len(word) - 1):
        swapped = word[place + 1] + word[place]
        yield word[:place] + swapped + word[place + 2 :], _at(place, SWAPPED)
    alphabet = _ALPHABETS.get(unicodedata.name(word[0], "").partition(" ")[0], "")
    for place in range(len(word) + 1):
        head, tail = word[:place], word[place:]
        for letter in alphabet:
            yield head + letter + tail, _at(place, LEFT_OUT)
        if tail and len(word) >= SHORTEST:
            yield head + tail[1:], _at(place, ADDED)
            for letter in alphabet:
                yield head + letter + tail[1:], _at(place, REPLACED)


def _at(place: int, nearness: float) -> float:
    return nearness * FIRST_LETTER_FACTOR if place == 0 else nearness


def _of_hangul(word: str) -> Iterator[tuple[str, float]]:
    if not 2 <= len(word) <= LONGEST_HANGUL:
        return
    for place, char in enumerate(word):
        head, tail = word[:place], word[place + 1 :]
        if tail:
            yield head + tail[0] + char + tail[1:], _at(place, SWAPPED)
        if len(word) > SHORTEST - 1:
            yield head + tail, _at(place, ADDED)
        for syllable in _one_letter_off(char):
            yield head + syllable + tail, _at(place, REPLACED)


def _one_letter_off(char: str) -> Iterator[str]:
    initial, rest = divmod(ord(char) - _FIRST, _MEDIALS * _FINALS)
    medial, final = divmod(rest, _FINALS)
    for other in range(_INITIALS):
        yield _syllable(other, medial, final)
    for other in range(_MEDIALS):
        yield _syllable(initial, other, final)
    for other in range(_FINALS):
        yield _syllable(initial, medial, other)


def _syllable(initial: int, medial: int, final: int) -> str:
    return chr(_FIRST + (initial * _MEDIALS + medial) * _FINALS + final)
