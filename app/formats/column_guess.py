"""Guessing which unknown column holds the author, the time or the text, by its name and values."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from app.errors import RecordError
from app.formats.cells import is_filled, refers, word
from app.formats.source.times import AmbiguousDateError, read_time

ROLES: Final = {"username": "author", "created_at": "time", "text": "text"}
"""The fields that are guessed, each as an option names it."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PARTS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[^\W\d_]+")
_AUTHORS: Final = _set(
    "author authors user username account poster posted writer written creator sender member"
    " nick nickname login screen handle commenter reviewer owner speaker person people by who"
    " blogger profile tweeter publisher participant contributor 작성자 사용자 ユーザー 用户"
)
_TIMES: Final = _set(
    "date dates time datetime timestamp created posted published when day written sent"
    " submitted added 날짜 시간 日時 日期 时间 fecha datum"
)
_TEXTS: Final = _set(
    "text message msg body content comment post tweet caption sentence review words status"
    " description note opinion answer 내용 본문 本文 内容 texto texte inhalt"
)
_REPOSTS: Final = _set("retweet retweeted repost reposted reblog boosted renoted rt")
_OTHERS: Final = _set(
    "count counts followers following friends url urls link image img avatar photo picture"
    " description bio location verified lang language mention mentions reply replied replies to"
    " quoted quote type is has protected agent zone timezone color score karma total number num"
    " likes favorites favourites clicks impressions hashtags source device tags rate length"
)
"""Words that make a column one about something else."""
_LATER: Final = _set(
    "updated edited modified collected scraped retrieved harvested joined registered crawled"
    " fetched last deleted birth collection account user author page channel group"
)
"""Words of times at which no post was written."""
_ACCOUNTS: Final = _set("username screen handle login acct")
_LONGEST_NAME: Final = 100
_DEEPEST: Final = 3
_MOST_NAMES: Final = 1_000


class ColumnGuess(NamedTuple):
    """What is taken for a field, and what else could be."""

    name: str
    others: tuple[str, ...] = ()


def values_by_name(rows: Iterable[Mapping[str, object]]) -> dict[str, list[object]]:
    """Return the simple values of the rows under the paths of their names."""
    values: dict[str, list[object]] = {}
    for row in rows:
        for name, value in _simple(row, "", 1):
            if name in values or len(values) < _MOST_NAMES:
                values.setdefault(name, []).append(value)
    return values


def _simple(row: Mapping[str, object], path: str, depth: int) -> Iterator[tuple[str, object]]:
    for key, value in row.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            if depth < _DEEPEST:
                yield from _simple(value, f"{name}.", depth + 1)
        elif not isinstance(value, list) and value is not None and is_filled(value):
            yield name, value


def guess(field: str, values: Mapping[str, Sequence[object]]) -> ColumnGuess | None:
    """Return the column that a field most likely stands in; None where no name looks like it."""
    rated = sorted(
        (-rating, place, name)
        for place, (name, column) in enumerate(values.items())
        if (rating := _RATINGS[field](_words(name), column)) > 0
    )
    names = [name for _, _, name in rated]
    return ColumnGuess(names[0], tuple(names[1:])) if names else None


def likely_reposts(values: Mapping[str, Sequence[object]]) -> list[str]:
    """Return the columns whose names speak of reposts, and that say so in some row."""
    return [
        name
        for name, column in values.items()
        if (words := _words(name)) & _REPOSTS and not words & _OTHERS and any(map(refers, column))
    ]


def _words(name: str) -> set[str]:
    return {part.casefold() for part in _PARTS.findall(name[:_LONGEST_NAME])}


def _author_rating(words: set[str], column: Sequence[object]) -> int:
    if not words & _AUTHORS or words & (_OTHERS | _TIMES - {"posted", "written"} | _TEXTS):
        return 0
    names = [name for name in map(word, column) if name and len(name) <= _LONGEST_NAME]
    if 2 * len(names) < len(column) or any("://" in name for name in names):
        return 0
    if words & {"id", "ids"} or all(name.isdigit() for name in names):
        return 1 if words & {"id", "ids"} else 0
    return 4 if words & _ACCOUNTS else 3 if "name" not in words else 2


def _time_rating(words: set[str], column: Sequence[object]) -> int:
    if not words & _TIMES or words & (_OTHERS - {"to"}):
        return 0
    if 2 * sum(map(_is_time, column)) <= len(column):
        return 0
    return 1 if words & _LATER else 2


def _is_time(value: object) -> bool:
    try:
        return read_time(value) is not None
    except AmbiguousDateError:
        return True
    except RecordError:
        return False


def _text_rating(words: set[str], column: Sequence[object]) -> int:
    if not words & _TEXTS or words & ((_OTHERS - {"description"}) | {"id", "ids", "date", "time"}):
        return 0
    texts = [value for value in column if isinstance(value, str) and not value.strip().isdigit()]
    if 2 * len(texts) < len(column) or 2 * sum(map(_is_time, texts)) > len(texts):
        return 0
    if 2 * len(set(texts)) < len(texts):  # Few different values are states, not words of people.
        return 1
    return 2 + sum(map(len, texts)) // len(texts) if texts else 0


_RATINGS: Final = {"username": _author_rating, "created_at": _time_rating, "text": _text_rating}
