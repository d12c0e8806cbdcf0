"""Words at one typo: a wrong, missing or additional letter, or two swapped.

Hangul is typed by letter: 학교 (ㅎㅏㄱㄱㅛ) becomes 핵교, ㅎㄱ교, 학ㄱ교 or ㅎ가교.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_ALPHABETS: Final = {
    "LATIN": "abcdefghijklmnopqrstuvwxyzæøłđı",
    "GREEK": "αβγδεζηθικλμνξοπρσςτυφχψω",
    "CYRILLIC": "абвгдежзийклмнопрстуфхцчшщъыьэюяёєіїґў",
    "HEBREW": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "ARABIC": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژکگی",
}
_FIRST_SYLLABLE: Final = 0xAC00
_INITIALS: Final = tuple("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ")
_MEDIALS: Final = (
    *("ㅏ", "ㅐ", "ㅑ", "ㅒ", "ㅓ", "ㅔ", "ㅕ", "ㅖ", "ㅗ", "ㅗㅏ", "ㅗㅐ", "ㅗㅣ", "ㅛ"),
    *("ㅜ", "ㅜㅓ", "ㅜㅔ", "ㅜㅣ", "ㅠ", "ㅡ", "ㅡㅣ", "ㅣ"),
)
_FINALS: Final = (
    *("", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ"),
    *("ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ"),
    *("ㅍ", "ㅎ"),
)
_VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ"
_HANGUL: Final = "".join(_INITIALS) + _VOWELS
_TYPED_HANGUL: Final = re.compile("[가-힣ㄱ-ㅣ]+")


def _either(letters: tuple[str, ...]) -> str:
    return "|".join(sorted(filter(None, letters), key=len, reverse=True))


_CONSONANT: Final = f"[{''.join(_INITIALS)}]"
_MEDIAL: Final = _either(_MEDIALS)
_FINAL: Final = f"(?:{_either(_FINALS)})(?![{_VOWELS}])"
"""Pattern of a final consonant; a consonant before a vowel belongs to the next syllable."""
_PIECE: Final = re.compile(f"{_CONSONANT}(?:{_MEDIAL})(?:{_FINAL})?|.")
_SYLLABLE: Final = re.compile(f"({_CONSONANT})({_MEDIAL})(.*)")


def words_at_one_slip(word: str) -> set[str]:
    """Return the words at one typo from a folded word; none for numbers and very long words.

    In Hangul, only the first half is corrected, since searches compare only this half.
    """
    most_letters = 32  # Hardly anyone writes longer words.
    letters, letter = letters_of(word), next(filter(str.isalpha, word), "")
    if not letter or len(letters) > most_letters:
        return set()
    if _TYPED_HANGUL.fullmatch(word):
        # The letter after the half may belong to it.
        half = len(letters_of(word[: (len(word) + 1) // 2 + 1]))
        return set(map(syllables_of, _neighbours(letters, _HANGUL, half))) - {word}
    alphabet = _ALPHABETS.get(unicodedata.name(letter, "").partition(" ")[0])
    if alphabet is None:
        return set()
    return set(_neighbours(letters, alphabet, len(letters))) - {word}


def _neighbours(letters: str, alphabet: str, end: int) -> Iterator[str]:
    for place in range(end + 1):
        head, tail = letters[:place], letters[place:]
        for letter in alphabet:
            yield head + letter + tail
        if tail:
            yield head + tail[1:]
            for letter in alphabet:
                yield head + letter + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


def letters_of(word: str) -> str:
    return "".join(_letters(char) if "가" <= char <= "힣" else char for char in word)


def _letters(syllable: str) -> str:
    start, final = divmod(ord(syllable) - _FIRST_SYLLABLE, len(_FINALS))
    initial, medial = divmod(start, len(_MEDIALS))
    return _INITIALS[initial] + _MEDIALS[medial] + _FINALS[final]


def syllables_of(letters: str) -> str:
    """Return the syllables that a keyboard composes of letters; other letters stay."""
    return "".join([_syllable(piece) for piece in _PIECE.findall(letters)])


@functools.lru_cache(maxsize=20_000)
def _syllable(letters: str) -> str:
    match = _SYLLABLE.fullmatch(letters)
    if match is None:
        return letters
    start = _INITIALS.index(match[1]) * len(_MEDIALS) + _MEDIALS.index(match[2])
    return chr(_FIRST_SYLLABLE + start * len(_FINALS) + _FINALS.index(match[3]))
