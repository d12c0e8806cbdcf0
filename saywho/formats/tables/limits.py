"""Columns that say who may read a row: by the words of their names together with their values."""

import json
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Final, Literal, TypeAlias

from saywho.formats.source.times import is_time
from saywho.formats.tables.cells import (
    EMPTY_CELLS,
    FOR_FEW,
    PUBLIC,
    UNPUBLISHED,
    is_filled,
    is_flag,
    plain_column,
    says_no,
)
from saywho.text import word_set

Limit: TypeAlias = Literal[
    "is_restricted", "is_deleted", "is_for_all", "is_published", "visibility"
]
"""The field whose meaning a column has."""

_LISTS: Final[dict[str, list[str]]] = json.loads(
    (files(__package__) / "limits.json").read_text("utf-8")
)
_WORDS: Final = {name: word_set(" ".join(lines)) for name, lines in _LISTS.items()}
"""Words of nine languages, in names of columns and in their values. Those of scripts without
blanks are also found inside of a name.
"""
_NAMED: Final[tuple[tuple[Limit, frozenset[str]], ...]] = (
    ("visibility", _WORDS["audience"]),
    ("is_restricted", _WORDS["private"]),
    ("is_deleted", _WORDS["gone"]),
    ("is_for_all", _WORDS["for_all"]),
    ("is_published", _WORDS["published"]),
)
OPEN_WORDS: Final = PUBLIC | _WORDS["open"]
"""Words of an audience of everybody, and of posts that everybody can read."""
CLOSED_WORDS: Final = FOR_FEW | UNPUBLISHED | _WORDS["closed"]
"""Words of another audience, and of posts that few can read or nobody any more."""
_NO_FLAGS: Final = word_set(
    "count counts num number score rate ratio prob probability confidence url link id ids key name"
    " policy text title message content body note notes memo metrics level toxicity"
    " can allow allows accepts want wants"
)
"""Words of names of columns with amounts, addresses, texts and names of things."""
_FILLED_SAYS_IT: Final = word_set("at on by date time timestamp reason category user utc gmt")
"""Words behind which any value says that it happened: `deleted_by`."""
_NEGATED: Final = word_set("not non no isnt")
_PARTS: Final = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-zß-ÿ])|[^\W\d_]+")
_MOST_WORDS: Final = 12
"""Different words of a column that names audiences or states; more are texts or names."""
_LONGEST_WORD: Final = 30


def limit_of(name: str, values: Sequence[object]) -> Limit | Literal["unclear"] | None:
    """Return the field whose meaning a column has, by its name and its first values.

    None is returned for a column that says nothing about readers, `unclear` for one that may say
    it, but in words whose meaning is unknown.
    """
    words = _words_of(name)
    limit = _limit_named(words, plain_column(name))
    cells = [value for value in values if _is_stated(value)]
    if limit is None or words & _NO_FLAGS or (len(cells) == 0 and limit not in _HIDING):
        return None
    kinds = set(map(_kind, cells))
    if words & _NEGATED:
        return "unclear" if kinds <= {"flag", "open", "closed"} else None
    if limit in _HIDING:
        if kinds <= {"flag", "time", "open", "closed"} or words & _FILLED_SAYS_IT:
            return limit
    elif kinds <= {"flag", "open", "closed"}:
        if limit != "visibility" or "flag" not in kinds:
            return "visibility" if limit == "is_for_all" and "flag" not in kinds else limit
    elif "time" in kinds:
        return None
    if limit in _HIDING and any(len(str(cell).split()) > 2 for cell in cells):
        return None  # Words of people, such as private comments.
    are_states = "number" not in kinds and len({*map(str, cells)}) <= _MOST_WORDS
    return "unclear" if are_states and "text" not in kinds else None


_HIDING: Final = ("is_restricted", "is_deleted")
"""Fields whose columns hide a row by a value, so that a sample may have none."""


def _limit_named(words: set[str], plain: str) -> Limit | None:
    for limit, known in _NAMED:
        if words & known or any(word in plain for word in known if _is_compound(word)):
            return limit
    return None


def _is_compound(word: str) -> bool:
    """Return whether a word is of a script in which names of columns have no blanks."""
    return not word.isascii() and "\u2e80" <= word[0] <= "\ud7a3"


def _words_of(name: str) -> set[str]:
    return {part.casefold() for part in _PARTS.findall(name[:100])}


def _is_stated(value: object) -> bool:
    return value is not None and is_filled(value) and str(value).strip() not in EMPTY_CELLS | {"-"}


def _kind(value: object) -> Literal["flag", "time", "open", "closed", "number", "word", "text"]:
    if is_flag(value):
        return "flag"
    plain = plain_column(str(value))
    if plain in OPEN_WORDS:
        return "open"
    if is_closed(value):
        return "closed"
    if re.fullmatch(r"-?[\d.,]+", plain) and len(plain) < 8:
        return "number"
    if is_time(value):
        return "time"
    return "word" if len(plain) <= _LONGEST_WORD else "text"


def is_closed(value: object) -> bool:
    """Return whether a value names an audience other than everybody, or a state of hidden posts."""
    text = str(value).strip()
    plain = plain_column(text)
    if plain in CLOSED_WORDS:
        return True
    parts = _words_of(text)
    if len(parts) > 6 or len(text) > 3 * _LONGEST_WORD:
        return False
    return bool(parts & CLOSED_WORDS) or any(
        word in plain for word in CLOSED_WORDS if _is_compound(word)
    )


def hides(value: object) -> bool:
    """Return whether a value of a column such as `deleted_at` or `is_private` hides its row."""
    if not _is_stated(value) or says_no(value):
        return False
    plain = plain_column(str(value))  # MySQL writes 0000-00-00 00:00:00 for no time.
    return bool(plain.strip("0:.")) and plain not in OPEN_WORDS | {"-1", "[]", "{}"}


def hides_unless_yes(value: object) -> bool:
    """Return whether a value of a column such as `is_public` or `approved` hides its row."""
    return says_no(value) or (is_filled(value) and is_closed(value))


def unclear_values(values: Iterable[object]) -> list[str]:
    """Return the different values of a column, for a question about it."""
    return list(dict.fromkeys(str(value).strip() for value in values if _is_stated(value)))


def hides_row(name: str, value: object) -> bool:
    """Return whether a single value, by its name, says that not everybody may read its text."""
    limit = limit_of(name, [value])
    if limit in _HIDING:
        return hides(value)
    if limit == "visibility":
        return is_closed(value)
    return limit in {"is_for_all", "is_published"} and hides_unless_yes(value)
