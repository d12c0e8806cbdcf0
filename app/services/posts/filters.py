"""Filters of posts, typed in a query or given as parameters, each declared once in `FILTERS`.

A typed filter is a key, a colon and a value, between blanks, such as `from:mina`; `-` excludes
posts. A value with blanks is in quotes, a doubled quote in it is a quote.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, or_

from app.language.i18n import gettext_noop as _
from app.models import Tweet
from saywho.formats.post import Kind
from saywho.text import normalized


class PostFilter(NamedTuple):
    key: str
    typed: str = ""
    """Example for help, a text to translate; empty if queries do not have the filter."""
    condition: Callable[[str], ColumnElement[bool] | None] | None = None
    """Condition of a value, or None for an unknown one. Without this function, the search looks up
    a person, a chat or a day.
    """
    values: Any = None
    """Type of the values of a parameter; None if URLs and the API have none."""
    words: Mapping[str, str] = {}
    """How pages name values, as texts to translate."""

    @property
    def attribute(self) -> str:
        """The parameter's name in a struct."""
        return f"{self.key}_" if iskeyword(self.key) else self.key


_HAS: Final[dict[str, ColumnElement[bool]]] = {"media": Tweet.media.is_not(None)}
_IS: Final[dict[str, ColumnElement[bool]]] = {
    "reply": or_(
        Tweet.kind == "reply",
        Tweet.reply_to_source_id.is_not(None),
        Tweet.reply_to_username.is_not(None),
    )
}
FILTERS: Final = (
    PostFilter("from", _("from:name")),
    PostFilter("to", _("to:name")),
    PostFilter("after", _("after:2024-01-31")),
    PostFilter("before", _("before:2024-12-31")),
    PostFilter(
        "has",
        _("has:media"),
        lambda value: _HAS.get(value.lower()),
        Literal["media"],
        {"media": _("pictures, videos or links")},
    ),
    PostFilter(
        "is",
        _("is:reply"),
        lambda value: _IS.get(value.lower()),
        Literal["reply"],
        {"reply": _("reply")},
    ),
    PostFilter("in", _('in:"chat"')),
    PostFilter(
        "kind",
        condition=lambda value: Tweet.kind == value,
        values=Kind,
        words={"post": _("post"), "reply": _("reply"), "quote": _("quote")},
    ),
)
"""In the order of help."""
FILTER_OF: Final = {each.key: each for each in FILTERS}
PARAMETERS: Final = tuple(each for each in FILTERS if each.values is not None)
Chosen = tuple[tuple[str, str], ...]
"""Keys of filters with a condition, each with a value."""
WITH_MEDIA: Final[Chosen] = (("has", "media"),)


def conditions_of(chosen: Chosen) -> list[ColumnElement[bool]]:
    found = (condition_of(key, value) for key, value in chosen)
    return [condition for condition in found if condition is not None]


def condition_of(key: str, value: str) -> ColumnElement[bool] | None:
    """Return the condition of a filter's value; None for a value that it does not know."""
    condition = FILTER_OF[key].condition
    return condition(value) if condition else None


# --- In queries ---

_TOKEN: Final = re.compile(
    rf"""
    (?<!\S)(?P<not>-?)(?P<key>{"|".join(each.key for each in FILTERS if each.typed)})[:\uff1a]
    (?:"(?P<quoted>(?:[^"]|"")++)"|\u201c(?P<curly>[^\u201d]+)\u201d|(?P<plain>[^\s"\u201c]\S*))
    (?!\S)
    |-?"[^"]*"|[^\s"]+|"
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Pattern of a filter, a phrase, a word or a single quote, as in the parser of words."""
_PLAIN: Final = re.compile(r'[^\s"\u201c]\S*')


class TypedFilter(NamedTuple):
    key: str
    value: str
    is_excluded: bool = False

    @property
    def name(self) -> str:
        """The key in responses, with `-` if matching posts are left out."""
        return f"-{self.key}" if self.is_excluded else self.key

    def __str__(self) -> str:
        is_plain = _PLAIN.fullmatch(self.value)
        value = self.value if is_plain else '"' + self.value.replace('"', '""') + '"'
        return f"{self.name}:{value}"


@dataclass(frozen=True, slots=True)
class TypedQuery:
    filters: tuple[TypedFilter, ...]
    words: str

    def __str__(self) -> str:
        return " ".join(filter(None, [*map(str, self.filters), self.words]))

    def without(self, dropped: TypedFilter) -> "TypedQuery":
        return TypedQuery(tuple(each for each in self.filters if each != dropped), self.words)


def read_query(typed: str) -> TypedQuery:
    """Return the filters of a query, each once, and its words in NFC."""
    text = normalized(typed)
    filters: dict[TypedFilter, None] = {}
    words: list[str] = []
    place = 0
    for token, found in _filters(text):
        filters[found] = None
        words.append(text[place : token.start()].strip())
        place = token.end()
    words.append(text[place:].strip())
    return TypedQuery(tuple(filters), " ".join(filter(None, words)))


def _filters(text: str) -> Iterator[tuple[re.Match[str], TypedFilter]]:
    for token in _TOKEN.finditer(text):
        quoted, curly, plain = token.group("quoted", "curly", "plain")
        value = (quoted.replace('""', '"') if quoted else curly or plain or "").strip()
        if value:
            yield token, TypedFilter(token["key"].lower(), value, bool(token["not"]))
