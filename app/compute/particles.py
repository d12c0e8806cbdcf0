"""Korean particles, whose form follows the last sound of the word before them.

Texts have both forms where a value comes before: `{name}은(는)`, `{name}(으)로`,
`{name}이에요(예요)`.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

Sound: TypeAlias = Literal["vowel", "rieul", "consonant"]

_PLACE: Final = r"(?:\{(?P<braced>\w+)\}|%\((?P<named>\w+)\)s)"
_PASSED: Final = "(?:</\\w+>|[\N{WORD JOINER}’”'\"»)\\]])*"
"""What may stand between a value and its particle."""
_PAIRS: Final = {
    f"{closed}({opened})": (closed, opened)
    for closed, opened in (
        *("이가", "은는", "을를", "과와", "아야"),
        *(("이에요", "예요"), ("이어야", "여야")),
    )
}
_PARTICLE: Final = "|".join(map(re.escape, (*_PAIRS, "(이)", "(으)")))
_AFTER_VALUE: Final = re.compile(f"{_PLACE}{_PASSED}(?P<particle>{_PARTICLE})")

MOST_READ: Final = 100
"""Characters from the end that are looked at: values may be long, and are anybody's."""
_ASIDE: Final = re.compile(r"(?<=\w)\W*[(\[（【][^()\[\]（）【】]*[)\]）】]\W*$")
"""What stands in brackets at the end; readers pass it over."""
_UNREAD: Final = re.compile(r"(?:[^\w%]|_)+$")
_MARKS: Final = re.compile(r"[“‘\"']?[.,!?~…]+[”’\"']?")
_LAUGHS: Final = "ㅋㅎ"
"""Letters that are read as sounds: 크, 흐."""
_DIGITS: Final[tuple[Sound, ...]] = (
    # 0 is read as 영, or with what is before it as 십, 백, 천 or 만.
    *("consonant", "rieul", "vowel", "consonant", "vowel"),
    *("vowel", "consonant", "rieul", "rieul", "vowel"),
)
_SPELLED: Final = re.compile("[A-Z]{1,2}|[a-z]|[^aeiouyAEIOUY]+")
"""Letters that are read by their names."""
_LETTERS: Final[dict[str, Sound]] = {"l": "rieul", "r": "rieul", "m": "consonant", "n": "consonant"}
_CLOSED: Final = re.compile(
    "(?:[mn]|.[mn]e|ng|(?:^|[^aeiou])(?:[aeiouy]|aa|ae|eo|eu|oo)(?:[bp]+|t+|c?k|c))$"
)
"""A word whose last letter closes the last syllable in Hangul: Tom 톰, Anne 앤, Jack 잭."""
_RIEUL: Final = re.compile("(?:l|.le)$")
_FIRST, _LAST, _FINALS, _RIEUL_FINAL = "가", "힣", 28, 8
_FIRST_VOWEL: Final = "ㅏ"


def agreed(template: str, value: Callable[[str], str]) -> str:
    """Return the template with the form of each particle that fits the value before it.

    `value` returns what will stand for a placeholder. The values themselves stay as they are. Where
    the last sound is not known, both forms stay.
    """

    def chosen(match: re.Match[str]) -> str:
        before = match[0].removesuffix(match["particle"])
        sound = last_sound(value(match["braced"] or match["named"]))
        return before + _form(match["particle"], sound)

    return _AFTER_VALUE.sub(chosen, template)


def has_particles(template: str) -> bool:
    """Return whether the form of a particle depends on a value."""
    return _AFTER_VALUE.search(template) is not None


def _form(particle: str, sound: Sound | None) -> str:
    if sound is None:
        return particle
    if particle == "(으)":
        return "으" if sound == "consonant" else ""
    closed, opened = _PAIRS.get(particle, ("이", ""))
    return opened if sound == "vowel" else closed


def last_sound(text: str) -> Sound | None:
    """Return how the text ends when a Korean reads it; None where the script does not tell.

    Emoji, quotes and what stands in brackets at the end are passed over. Source of the readings:
    the rules of tossi (github.com/what-studio/tossi) for Hangul and digits; for Latin letters,
    which it does not read, 외래어 표기법, chapter 3, section 1: a voiceless stop after a short
    vowel, m, n, ng and l close the syllable.
    """
    readable = unicodedata.normalize("NFC", text[-MOST_READ:])
    readable = _UNREAD.sub("", _ASIDE.sub("", readable)) or _UNREAD.sub("", readable)
    if not readable:
        # Their names end with 표: 느낌표, 물결표.
        return "vowel" if _MARKS.fullmatch(text) else None
    last = readable[-1]
    if (digit := unicodedata.decimal(last, None)) is not None:
        return _DIGITS[digit]
    if last == "%":
        return "vowel"
    return _of_hangul(last) or _of_latin(readable)


def _of_hangul(sign: str) -> Sound | None:
    """Return the last sound of a syllable, or of the name of a single letter."""
    if _FIRST <= sign <= _LAST:
        final = (ord(sign) - ord(_FIRST)) % _FINALS
        return "rieul" if final == _RIEUL_FINAL else "consonant" if final else "vowel"
    if not unicodedata.name(sign, "").startswith("HANGUL LETTER"):
        return None
    if sign in _LAUGHS or sign >= _FIRST_VOWEL:
        return "vowel"
    return "rieul" if sign == "ㄹ" else "consonant"


def _of_latin(text: str) -> Sound | None:
    """Return the last sound of the Latin word that the text ends with."""
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if sign.isprintable())
    bare = "".join(sign for sign in bare if not unicodedata.combining(sign))
    match = re.search("[A-Za-z]+$", bare)
    if match is None:
        return None
    word = match[0].lower()
    if _SPELLED.fullmatch(match[0]):
        return _LETTERS.get(word[-1], "vowel")
    if not text[-1].isascii() and word[-1] == "e":
        return "vowel"  # It has an accent, so that it is read: René.
    if _RIEUL.search(word):
        return "rieul"
    return "consonant" if _CLOSED.search(word) else "vowel"
