"""The grammar of a typed query: filters such as `from:mina`, and words.

A filter is a key, a colon and a value, between blanks; `-` excludes posts. A value with blanks is
in quotes, a doubled quote in it is a quote. Everything else is words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from app.compute.text import normalized

_TOKEN: Final = re.compile(
    r"""
    (?<!\S)(?P<not>-?)(?P<key>from|to|before|after|has|is|in)[:\uff1a]
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
    """`from`, `to`, `before`, `after`, `has`, `is` or `in`."""
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
