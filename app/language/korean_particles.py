"""Korean particles, whose form depends on the last sound of the word before them.

Sentences have both forms, `{name}은(는)`, `{name}(으)로` or `{name}이에요(예요)`; the form is
chosen when the value is inserted.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias

from markupsafe import Markup

Sound: TypeAlias = Literal["vowel", "rieul", "consonant"]

_PLACE: Final = r"(?:\{(?P<braced>\w+)\}|%\((?P<named>\w+)\)s)"
_PASSED: Final = "(?:</\\w+>|[\N{WORD JOINER}’”'\"»)\\]])*"
"""Tags and signs that may be between a value and its particle."""
_PAIRS: Final = {
    f"{closed}({opened})": (closed, opened)
    for closed, opened in (
        *("이가", "은는", "을를", "과와", "아야"),
        *(("이에요", "예요"), ("이어야", "여야")),
    )
}
_PARTICLE: Final = "|".join(map(re.escape, (*_PAIRS, "(이)", "(으)")))
_AFTER_VALUE: Final = re.compile(f"{_PLACE}{_PASSED}(?P<particle>{_PARTICLE})")

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
_BEFORE_PARTICLE: Final = re.compile(
    r"((?:(?:\{|%\()(?:alone|author|file|host|known|korean|least|names?|other|platform|q|share|username)"
    r"(?:\}|\)s)|[’”»])(?:</\w+>)*)(?=[가-힣]|\((?:이|으)\))"
)
"""A name, a share or a closing quotation mark right before a particle."""


def agreed(template: str, value: Callable[[str], str]) -> str:
    """Return the template with the particles that fit the values, both if a last sound is unknown;
    value: returns a placeholder's value.
    """

    def chosen(match: re.Match[str]) -> str:
        before = match[0].removesuffix(match["particle"])
        sound = last_sound(value(match["braced"] or match["named"]))
        return before + _form(match["particle"], sound)

    return _AFTER_VALUE.sub(chosen, template)


def has_particles(template: str) -> bool:
    return _AFTER_VALUE.search(template) is not None


def _form(particle: str, sound: Sound | None) -> str:
    if sound is None:
        return particle
    if particle == "(으)":
        return "으" if sound == "consonant" else ""
    closed, opened = _PAIRS.get(particle, ("이", ""))
    return opened if sound == "vowel" else closed


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


class Sentence(str):
    __slots__ = ()

    def format(self, *places: object, **values: object) -> str:
        return str.format(self.agreed(values), *places, **values)

    def __mod__(self, values: Mapping[str, object]) -> str:
        return str.__mod__(self.agreed(values), values)

    def agreed(self, values: Mapping[str, object]) -> str:
        """Return the text with the particles for these values, but with its placeholders."""
        return agreed(self, lambda name: _words(values.get(name, "")))


def _words(value: object) -> str:
    if hasattr(value, "__html__"):
        return Markup(value).striptags()  # noqa: S704 - It is only read for its last sound.
    return str(value)


@functools.lru_cache(5_000)  # More than the number of texts in a catalogue.
def sentence(text: str) -> str:
    return Sentence(text) if has_particles(text) else text


def filled(text: str, values: Mapping[str, object], *, is_markup: bool) -> str:
    if not is_markup:
        return text % values
    text = text.agreed(values) if isinstance(text, Sentence) else text
    return Markup(text) % values  # noqa: S704 - the catalogue's text, which escapes its values


def held(text: str) -> str:
    """Return the text with a word joiner between a name, share or quotation and its particle."""
    # Browsers would break a line between an emoji, “”” or “%” and a particle, and “keep-all” keeps
    # only letters together. Scripts take the sign out of what is copied.
    return _BEFORE_PARTICLE.sub("\\1\N{WORD JOINER}", text)
