"""Korean particles, whose form depends on the last sound of the word before them.

Sentences have both forms, `{name}은(는)`, `{name}(으)로` or `{name}이에요(예요)`; the form is
chosen when the value is inserted.
"""

import functools
import re
from collections.abc import Callable, Mapping
from typing import Final

from markupsafe import Markup

from saywho.last_sound import Sound, last_sound

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


def _form(particle: str, sound: Sound | None) -> str:
    if sound is None:
        return particle
    if particle == "(으)":
        return "으" if sound == "consonant" else ""
    closed, opened = _PAIRS.get(particle, ("이", ""))
    return opened if sound == "vowel" else closed


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
    return Sentence(text) if _AFTER_VALUE.search(text) else text


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
