"""The last sound of a text that is read aloud in Korean."""

import re
import unicodedata
from typing import Final, Literal, TypeAlias

Sound: TypeAlias = Literal["vowel", "rieul", "consonant"]

_ASIDE: Final = re.compile(r"(?<=\w)\W*[(\[（【][^()\[\]（）【】]*[)\]）】]\W*$")
"""Brackets at the end, which are not read aloud."""
_UNREAD: Final = re.compile(r"(?:[^\w%]|_)+$")
_MARKS: Final = re.compile(r"[“‘\"']?[.,!?~…]+[”’\"']?")
_DIGITS: Final[tuple[Sound, ...]] = (
    # 0 is read as 영, or with the digit before it as 십, 백, 천 or 만.
    *("consonant", "rieul", "vowel", "consonant", "vowel"),
    *("vowel", "consonant", "rieul", "rieul", "vowel"),
)
_SPELLED: Final = re.compile("[A-Z]{1,2}|[a-z]|[^aeiouyAEIOUY]+")
"""Latin letters that are read as the names of the letters."""
_LETTERS: Final[dict[str, Sound]] = {"l": "rieul", "r": "rieul", "m": "consonant", "n": "consonant"}
_CLOSED: Final = re.compile(
    "(?:[mn]|.[mn]e|ng|(?:^|[^aeiou])(?:[aeiouy]|aa|ae|eo|eu|oo)(?:[bp]+|t+|c?k|c))$"
)
"""End of a word whose last letter closes the last syllable: Tom 톰, Anne 앤, Jack 잭."""
_RIEUL: Final = re.compile("(?:l|.le)$")


def last_sound(text: str) -> Sound | None:
    """Return the last sound of a text read aloud in Korean; None if the script is unknown.

    Emoji, quotes and brackets at the end are ignored. Sources: tossi (github.com/what-studio/tossi)
    for Hangul and digits; 외래어 표기법, chapter 3, section 1, for Latin letters: a voiceless
    stop after a short vowel, m, n, ng and l close the syllable.
    """
    # Values come from people and may have any length.
    readable = unicodedata.normalize("NFC", text[-100:])
    readable = _UNREAD.sub("", _ASIDE.sub("", readable)) or _UNREAD.sub("", readable)
    if not readable:
        # The names of these marks end with 표: 느낌표, 물결표.
        return "vowel" if _MARKS.fullmatch(text) else None
    last = readable[-1]
    if (digit := unicodedata.decimal(last, None)) is not None:
        return _DIGITS[digit]
    if last == "%":
        return "vowel"
    return _of_hangul(last) or _of_latin(readable)


def _of_hangul(sign: str) -> Sound | None:
    if "가" <= sign <= "힣":
        final, rieul = (ord(sign) - ord("가")) % 28, 8
        return "rieul" if final == rieul else "consonant" if final else "vowel"
    if not unicodedata.name(sign, "").startswith("HANGUL LETTER"):
        return None
    if sign in "ㅋㅎ" or sign >= "ㅏ":  # Laughs are read as sounds: 크, 흐.
        return "vowel"
    return "rieul" if sign == "ㄹ" else "consonant"


def _of_latin(text: str) -> Sound | None:
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if sign.isprintable())
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    match = re.search("(?<![A-Za-z])[A-Za-z]+$", bare)
    if match is None:
        return None
    word = match[0].lower()
    if _SPELLED.fullmatch(match[0]):
        return _LETTERS.get(word[-1], "vowel")
    if not text[-1].isascii() and word[-1] == "e":
        return "vowel"  # An e with an accent is pronounced: René.
    if _RIEUL.search(word):
        return "rieul"
    return "consonant" if _CLOSED.search(word) else "vowel"
