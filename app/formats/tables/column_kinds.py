"""What a file's columns hold by their values: counts, numbers of rows, addresses, words."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from app.errors import Message
from app.formats.tables.cells import EMPTY_CELLS, as_id, as_whole, plain_column, word

_COUNT_OF: Final = {
    **dict.fromkeys(("retweet", "repost", "리트윗", "재게시"), "n_reposts"),
    **dict.fromkeys(("reply", "답글"), "n_replies"),
    **dict.fromkeys(("quote", "인용"), "n_quotes"),
}
"""Count that a column may contain whose name is also a flag's."""
_MOST_COUNTED: Final = 10**9
COUNTS: Final = ("n_likes", "n_reposts", "n_replies", "n_quotes")


class CountColumns(NamedTuple):
    fields: dict[str, str]
    """Field of each column that is no flag; empty for a column that is not used."""
    assumed: tuple[str, ...] = ()
    """Counts of 0 and 1 only, which a flag has too."""


def count_columns(values: Mapping[str, Sequence[object]], known: Iterable[str]) -> CountColumns:
    """Return the columns that are named like a flag and contain counts.

    `values` has the columns' values, `known` the counts that other columns contain. A column with
    only 0 and 1 contains counts if another one does.
    """
    taken = {*known}
    numbers = {
        name: _numbers(column)
        for name, column in values.items()
        if plain_column(name) in _COUNT_OF and column
    }
    counts = {name for name, column in numbers.items() if column and max(column) > 1}
    fields: dict[str, str] = {}
    assumed: list[str] = []
    for name, column in numbers.items():
        field = _COUNT_OF[plain_column(name)]
        if name in counts:
            fields[name] = "" if field in taken else field
        elif column and field not in taken and (counts or taken):
            fields[name] = field
            assumed.append(name)
    return CountColumns(fields, tuple(assumed))


def _numbers(column: Iterable[object]) -> list[int]:
    """Return a column's counts; none if any value is no count."""
    cells = (value for value in column if str(value).strip() not in EMPTY_CELLS | {"-"})
    numbers = [None if isinstance(value, bool) else as_whole(value) for value in cells]
    counts = [number for number in numbers if number is not None and number < _MOST_COUNTED]
    return counts if len(counts) == len(numbers) else []


class NumberedRow(NamedTuple):
    """A row's values that tell whether its number is an id."""

    number: object
    author: object
    text: object
    time: object


_OTHER_WORDS: Final = Message("posts with other words and times share a value")
_ROW_NUMBERS: Final = Message("the values count the rows")


def why_no_ids(rows: Iterable[NumberedRow], answered: Iterable[object]) -> Message | None:
    """Return why values are no ids of posts; None if they may be.

    `answered` are ids of answered posts: numbers that they name are ids.
    """
    filled = [(number, row) for row in rows if (number := as_id(row.number)) is not None]
    if _are_row_numbers([number for number, _ in filled]):
        names = {as_id(value) for value in answered}
        return None if any(number in names for number, _ in filled) else _ROW_NUMBERS
    return _OTHER_WORDS if 10 * sum(_shared(filled)) > len(filled) else None


def _are_row_numbers(ids: Sequence[str]) -> bool:
    """Return whether ids are the numbers from 0 or 1, of which some may be missing."""
    if len(ids) < 2 or not all(number.isdecimal() and len(number) < 10 for number in ids):
        return [*ids] == ["0"]
    numbers = {*map(int, ids)}
    return len(numbers) == len(ids) and min(numbers) <= 1 and max(numbers) <= 2 * len(ids)


def _shared(filled: Sequence[tuple[str, NumberedRow]]) -> Iterator[bool]:
    """Yield for each row whether a row with other words and another time has its number."""
    posts: dict[tuple[str, str | None], dict[object, set[object]]] = {}
    for number, row in filled:
        of_number = posts.setdefault((number, word(row.author)), {})
        of_number.setdefault(row.time, set()).add(row.text)
    for number, row in filled:
        of_number = posts[number, word(row.author)]
        others = (texts for time, texts in of_number.items() if time != row.time)
        has_no_times = set(of_number) == {None} and len(of_number[None]) > 1
        yield has_no_times or any(texts != {row.text} for texts in others)


_NUMBER: Final = re.compile(r"-?[\d.,]*\d(?:\s?[kmKM천만억千万萬億])?")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+")


def kind_of_texts(column: Iterable[object]) -> Literal["numbers", "links", "words", ""]:
    """Return what all or nearly all filled values of a column are; empty for none."""
    cells = [
        cell
        for value in column
        if value is not None and not isinstance(value, bool)
        if (cell := str(value).strip()) and cell not in EMPTY_CELLS
    ]
    if not cells:
        return ""
    if all(map(_NUMBER.fullmatch, cells)):
        return "numbers"
    links = sum(_ADDRESS.fullmatch(cell) is not None for cell in cells)
    return "links" if 10 * links >= 9 * len(cells) else "words"
