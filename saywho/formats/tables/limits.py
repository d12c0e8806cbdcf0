"""Columns that say who may read a row: by the words of their names together with their values."""

import json
import re
import unicodedata
from collections.abc import Sequence, Set
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeAlias

from saywho.formats.source.times import is_time
from saywho.formats.tables import cells
from saywho.text import word_set

Limit: TypeAlias = Literal[
    "is_restricted", "is_deleted", "is_for_all", "is_published", "visibility", "status"
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
    ("status", _WORDS["state"]),
    ("is_for_all", _WORDS["for_all"]),
    ("is_published", _WORDS["published"]),
)
OPEN_WORDS: Final = cells.PUBLIC | _WORDS["open"]
"""Words of an audience of everybody, and of posts that everybody can read."""
_GONE_WORDS: Final = cells.UNPUBLISHED | _WORDS["gone"]
CLOSED_WORDS: Final = cells.FOR_FEW | _GONE_WORDS | _WORDS["private"] | _WORDS["closed"]
"""Words of another audience, and of posts that few can read or nobody any more."""
_NO_FLAGS: Final = word_set(
    "count counts num number score rate ratio prob probability confidence url link id ids key name"
    " policy metrics toxicity token code repos gists"
    " can allow allows accepts want wants partnership sponsor sponsored"
)
"""Words of names of columns with amounts, addresses and names of things."""
_POSTS: Final = word_set(
    "text title message messages content body note notes memo post posts comment comments article"
    " articles entry entries tweet tweets toot toots item items review group to for the is"
    " in data source node doc record row attributes fields meta metadata properties"
)
"""Words of things whose state or audience is meant; a column called so has their words."""
_ANSWERING: Final = word_set("reply replies answer answers answering respond responses ping pings")
_THREADS: Final = word_set(
    "open opened reopened closed locked unlocked answered unanswered solved resolved merged"
)
"""States of a thread: whether one may still answer."""
_OTHERS: Final = word_set(
    "user author account owner profile person location address place city country marital"
    " relationship employment order payment shipping delivery http crawl scrape download processing"
    " read reading unread watch watching play playing shelf"
)
"""Words of names of columns with states of people, places and programs, and of readers."""
_KINDS: Final = word_set("type value kind level mode")
_READING: Final = _KINDS | word_set("read reading see view viewing visible")
"""Words of the part of an object that says who may read; others say who may change it."""
_FILLED_SAYS_IT: Final = word_set("at on by date time timestamp reason category user utc gmt")
"""Words behind which any value says that it happened: `deleted_by`."""
_NEGATED: Final = word_set("not non no isnt never")
_PARTS: Final = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-zß-ÿ])|[^\W\d_]+")
_MOST_WORDS: Final = 12
"""Different words of a column that names audiences or states; more are texts or names."""
_LONGEST_WORD: Final = 30


def limit_of(name: str, values: Sequence[object]) -> Limit | Literal["unclear"] | None:
    """Return the field whose meaning a column has, by its name and its first values.

    None is returned for a column that says nothing about readers, `unclear` for one that says it
    in numbers, or in words whose meaning is unknown: then no row is known to be for everybody.
    """
    words = _words_of(name)
    limit = _limit_named(words, cells.plain_column(name))
    words -= {"can"} if words & {"cansee", "canview", "canread"} else set()
    if limit is None or words & _NO_FLAGS or not _is_of_readers(limit, name):
        return None
    # In `visible.type`, 0 and 1 are no and yes to nothing.
    limit = "visibility" if words & _KINDS else limit
    stated = [value for value in values if _is_stated(value)]
    if not stated:
        return limit if limit in {*_HIDING, "visibility", "status"} else None
    kinds = set(map(_kind, stated))
    if words & _NEGATED:
        return "unclear" if kinds <= {"flag", "open", "closed"} else None
    if limit == "status" and {cells.plain_column(value_text(cell)) for cell in stated} <= _THREADS:
        return None
    if limit in _HIDING:
        if kinds <= {"flag", "time", "open", "closed"} or words & _FILLED_SAYS_IT:
            return limit
    elif kinds <= {"flag", "open", "closed"}:
        if limit not in {"visibility", "status"} or "flag" not in kinds:
            return "visibility" if limit == "is_for_all" and "flag" not in kinds else limit
    elif "time" in kinds:
        return None
    is_of_words = _parts_of(name)[-1] in _POSTS
    return "unclear" if _are_states(limit, stated, kinds) and not is_of_words else None


_HIDING: Final = ("is_restricted", "is_deleted")
"""Fields whose columns hide a row by a value, so that a sample may have none."""


def _are_states(limit: Limit, stated: Sequence[object], kinds: Set[str]) -> bool:
    """Return whether values may be states or audiences, and no texts, amounts and many names."""
    texts = {value_text(cell) for cell in stated}
    if not kinds.isdisjoint({"text", "amount"}):
        return False
    if limit in _HIDING and any(len(text.split()) > 2 for text in texts):
        return False  # Words of people, such as private comments.
    if "number" in kinds and limit not in {"visibility", "status"}:
        return all(len(text.lstrip("-")) < 3 for text in texts if text.lstrip("-").isdigit())
    is_of_names = limit == "visibility" and "number" not in kinds
    return is_of_names or len(texts) <= _MOST_WORDS


def _limit_named(words: set[str], plain: str) -> Limit | None:
    for limit, known in _NAMED:
        if words & known or any(word in plain for word in known if _is_compound(word)):
            return limit
    return None


def _is_of_readers(limit: Limit, name: str) -> bool:
    """Return whether a name is about who may read a post: not a person, a place, or answering."""
    outer, _, inner = name.rpartition(".")
    last = _words_of(inner)
    is_named = not outer or _limit_named(last, cells.plain_column(inner)) == limit
    if limit == "status":
        return is_named and _words_of(name).isdisjoint(_OTHERS) and {*_parts_of(outer)} <= _POSTS
    return limit != "visibility" or not (last & _ANSWERING or not (is_named or last & _READING))


def _is_compound(word: str) -> bool:
    """Return whether a word is of a script in which names of columns have no blanks."""
    return not word.isascii() and "\u2e80" <= word[0] <= "\ud7a3"


def _parts_of(name: str) -> list[str]:
    return [part.casefold() for part in _PARTS.findall(name[:100])]


def _words_of(name: str) -> set[str]:
    """Return the words of a name, also each two neighbours as one: `onlyme`."""
    parts = _parts_of(name)
    return {*parts, *map("".join, pairwise(parts))}


def value_text(value: object) -> str:
    """Return a value of a cell or an object as one chooses it; empty for none."""
    if isinstance(value, list):
        return ", ".join(map(value_text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return unicodedata.normalize(
        "NFC", cells.printable_name("" if value is None else str(value))
    ).strip()


def _is_stated(value: object) -> bool:
    text = value_text(value)
    return text not in {"", "-"} and text not in cells.EMPTY_CELLS and cells.is_filled(value)


def _kind(
    value: object,
) -> Literal["flag", "time", "open", "closed", "number", "amount", "word", "text"]:
    if cells.is_flag(value):
        return "flag"
    text = value_text(value)
    if is_open(text):
        return "open"
    if is_closed(text):
        return "closed"
    if re.fullmatch(r"-?\d{1,6}", text):
        return "number"
    if is_time(value):
        return "time"
    if re.fullmatch(r"-?[\d.,]+", text):
        return "amount"
    is_long = len(text) > _LONGEST_WORD and len(text.split()) > 1
    return "text" if is_long or len(text) > 3 * _LONGEST_WORD else "word"


def is_open(value: object) -> bool:
    """Return whether a value names an audience of everybody, or a state of posts for all."""
    text = value_text(value)
    if cells.plain_column(text) in OPEN_WORDS:
        return True
    parts = {*_parts_of(text)}
    return bool(parts & OPEN_WORDS) and parts <= OPEN_WORDS | _POSTS


def is_closed(value: object) -> bool:
    """Return whether a value names an audience other than everybody, or a state of hidden posts."""
    return _has_word(value_text(value), CLOSED_WORDS)


def is_gone(value: object) -> bool:
    """Return whether a value names a state of posts that no one can read yet, or any more."""
    return _has_word(value_text(value), _GONE_WORDS)


def _has_word(text: str, known: frozenset[str]) -> bool:
    plain = cells.plain_column(text)
    if plain in known:
        return True
    parts = _words_of(text)
    if len(parts) > 11 or len(text) > 3 * _LONGEST_WORD or parts & _NEGATED:
        return False
    return bool(parts & known) or any(word in plain for word in known if _is_compound(word))


class Audience(NamedTuple):
    """What a column says about who may read its rows."""

    is_known: bool
    """Whether its words decide; otherwise only `public` does."""
    public: frozenset[str] | None = None
    """Values, without case, whose rows everybody may read, if the importer named them."""
    values: tuple[str, ...] = ()
    """First different values."""
    explained: frozenset[str] = frozenset()
    """Values, without case, that someone was asked about; empty for all."""

    def of(self, value: object) -> Literal["all", "few", "gone", "unanswered"]:
        return _may_read(self, value_text(value))


@lru_cache(1_000)
def _may_read(audience: Audience, text: str) -> Literal["all", "few", "gone", "unanswered"]:
    if audience.public is not None and text.casefold() in audience.public:
        return "all"
    if audience.public is None and audience.is_known and (not _is_stated(text) or is_open(text)):
        return "all"
    if is_gone(text):
        return "gone"
    if audience.explained and text.casefold() not in audience.explained:
        return "unanswered"
    return "few" if audience.public is not None or is_closed(text) else "unanswered"


def is_list_of_hidden(key: str) -> bool:
    """Return whether a list of posts has a name such as `drafts` or `trashedNotes`."""
    words = _words_of(key)
    return (
        bool(words & cells.UNPUBLISHED) or _limit_named(words, cells.plain_column(key)) in _HIDING
    )


def is_file_of_hidden(name: str) -> bool:
    """Return whether a file among others is only named for such a list: `my/drafts.json`."""
    stem = name.rpartition("/")[2].rpartition(".")[0]
    return (
        is_list_of_hidden(stem) and {*_parts_of(stem)} <= _GONE_WORDS | _WORDS["private"] | _POSTS
    )


def hides(value: object) -> bool:
    """Return whether a value of a column such as `deleted_at` or `is_private` hides its row."""
    if not _is_stated(value) or cells.says_no(value):
        return False
    plain = cells.plain_column(str(value))  # MySQL writes 0000-00-00 00:00:00 for no time.
    return bool(plain.strip("0:.")) and plain not in OPEN_WORDS | {"-1", "[]", "{}"}


def hides_unless_yes(value: object) -> bool:
    """Return whether a value of a column such as `is_public` or `approved` hides its row."""
    return cells.says_no(value) or (cells.is_filled(value) and is_closed(value))


def hides_row(name: str, value: object) -> bool:
    """Return whether a single value, by its name, says that not everybody may read its text."""
    limit = limit_of(name, [value])
    if limit in _HIDING:
        return hides(value)
    if limit in {"visibility", "status"}:
        return is_closed(value)
    return limit in {"is_for_all", "is_published"} and hides_unless_yes(value)
