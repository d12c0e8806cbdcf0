"""Sentences of the Korean catalogue, whose particles follow the values that are put in."""

import functools
import re
from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from app.compute.particles import agreed, has_particles

MOST_SENTENCES: Final = 5_000
"""Texts of which it is remembered whether they have particles; all of a catalogue are fewer."""
_TORN: Final = re.compile(
    r"((?:\{|%\()(?:author|file|host|known|names?|other|platform|q|username)(?:\}|\)s)(?:</\w+>)*)"
    r"(?=[가-힣]|\((?:이|으)\))"
)
"""A name before its particle."""
_JOINER: Final = "\N{WORD JOINER}"


class Sentence(str):
    """A text in which the form of a particle depends on the value before it.

    Only particles of the text itself do: a value is what somebody wrote.
    """

    __slots__ = ()

    def format(self, *places: object, **values: object) -> str:
        """Return the text with its values."""
        return str.format(self.agreed(values), *places, **values)

    def __mod__(self, values: Mapping[str, object]) -> str:
        """Return the text, whose places are `%(name)s`, with its values."""
        return str.__mod__(self.agreed(values), values)

    def agreed(self, values: Mapping[str, object]) -> str:
        """Return the text with the particles that follow these values, and without the values."""
        return agreed(self, lambda name: _words(values.get(name, "")))


def _words(value: object) -> str:
    """Return what is read of a value: of markup no tags."""
    if hasattr(value, "__html__"):
        return Markup(value).striptags()  # noqa: S704 - It is not shown.
    return str(value)


@functools.lru_cache(MOST_SENTENCES)
def sentence(text: str) -> str:
    """Return a text of the catalogue, which puts its own values in if it has particles."""
    return Sentence(text) if has_particles(text) else text


def filled(text: str, values: Mapping[str, object], *, is_markup: bool) -> str:
    """Return a text of a template with its values, escaped where the text is markup."""
    if not is_markup:
        return text % values
    text = text.agreed(values) if isinstance(text, Sentence) else text
    return Markup(text) % values  # noqa: S704 - A text of ours; it escapes its values.


def held(text: str) -> str:
    """Return a text in which no line begins with what belongs to the name before it.

    Browsers break a line between a name that ends with an emoji and its particle.
    """
    return _TORN.sub(rf"\1{_JOINER}", text)
