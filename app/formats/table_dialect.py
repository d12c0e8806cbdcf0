"""How a table is written: what stands between its cells, how quotes are meant, where it begins.

The dialects are those of spreadsheets (`sep=;` in the first line, lines above the header) and of
databases (`\\"` for a quote in a cell, tabs without quoting).
"""

import csv
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice, product
from typing import Any, Final, NamedTuple

from app.formats.source.text import MAX_LINE, lines_of

DELIMITERS: Final = ",;\t|"
MOST_COLUMNS: Final = 16_384
"""Columns of a table, as many as Excel has: a line of a million commas is none."""
_SEPARATOR: Final = re.compile(r'\ufeff?"?sep=(.)"?\s*', re.IGNORECASE)
_RULE: Final = re.compile(r"[\s|+:-]*-[\s|+:-]*")
"""The line that some programs draw below a header."""
_MOST_ABOVE: Final = 20
"""Lines above a header that are looked at."""
_SAMPLE_ROWS: Final = 2_000


class Dialect(NamedTuple):
    """How the cells of a row are told apart."""

    delimiter: str
    quote: str = '"'
    """The sign around cells; empty where a quote is a letter like others."""
    escape: str = ""
    """The sign before a quote in a cell; empty where the quote is doubled."""

    def reader(self, texts: Iterable[str]) -> Any:
        """Return the rows of the texts; a quote at a wrong place raises csv.Error."""
        csv.field_size_limit(2 * MAX_LINE)  # It is the whole process's; rows have a smaller one.
        return csv.reader(
            texts,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape or None,
            doublequote=not self.escape,
            strict=True,
        )


class Heading(NamedTuple):
    """The header of a table, and what stands above it."""

    dialect: Dialect
    names: list[str]
    above: int = 0
    """Rows above the header that are no part of the table."""
    is_stated: bool = False
    """Whether the row above only says what stands between the cells."""


def is_filled(cells: list[str]) -> bool:
    """Return whether any cell holds more than white space."""
    return any(map(str.strip, cells))


def is_rule(cells: list[str]) -> bool:
    """Return whether a row only draws a line."""
    return _RULE.fullmatch("|".join(cells)) is not None


def stated_delimiter(first: list[str]) -> str | None:
    """Return what the first line of a file says to stand between the cells, if it does."""
    match = _SEPARATOR.fullmatch(first[0]) if first else None
    return match[1] if match else None


def headings(first: list[str]) -> Iterator[Heading]:
    """Yield the possible headers among the first lines of a file, the most likely first."""
    stated = stated_delimiter(first)
    above = 0 if stated is None else 1
    delimiters = DELIMITERS if stated is None else stated
    has_apostrophe = any(line.startswith("'") for line in first[above : above + 1])
    for delimiter, quote in product(delimiters, "'\"" if has_apostrophe else '"'):
        dialect = Dialect(delimiter, quote)
        names = header_of(first[above:], dialect)
        yield Heading(dialect, names, above, is_stated=stated is not None)


def deeper_headings(first: list[str]) -> Iterator[Heading]:
    """Yield the rows below the first that may be the header of a table."""
    for delimiter in DELIMITERS:
        rows = _rows(first, Dialect(delimiter), _MOST_ABOVE)
        for place, names in enumerate(rows):
            if place and len(names) > 1:
                yield Heading(Dialect(delimiter), names, place)


def header_of(first: Iterable[str], dialect: Dialect) -> list[str]:
    """Return the first row that is not blank; empty where it cannot be read."""
    names = next(_rows(first, dialect, 1), [])
    return names if len(names) <= MOST_COLUMNS else []


def _rows(texts: Iterable[str], dialect: Dialect, most: int) -> Iterator[list[str]]:
    with suppress(csv.Error):
        yield from islice(filter(is_filled, dialect.reader(texts)), most)


def quoting_of(text: str, heading: Heading) -> Dialect:
    """Return the dialect whose quotes fit the beginning of a table best."""
    delimiter, width = heading.dialect.delimiter, len(heading.names)
    if '"' not in text or heading.dialect.quote != '"':
        return heading.dialect
    kinds = [Dialect(delimiter)]
    if '\\"' in text:
        kinds.append(Dialect(delimiter, escape="\\"))
    if delimiter == "\t":
        kinds.append(Dialect(delimiter, quote=""))
    for kind in kinds:
        if _fits(text, kind, width, heading.above):
            return kind
    return max(kinds, key=partial(_sound_rows, text, width))


def _fits(text: str, dialect: Dialect, width: int, above: int) -> bool:
    """Return whether all rows can be read, and are no wider than the header."""
    rows = dialect.reader(lines_of(text))
    try:
        for place, cells in enumerate(rows):
            if place >= above and len(cells) > width and is_filled(cells[width:]):
                return False
            if place > _SAMPLE_ROWS:
                break
    except csv.Error as error:
        return "unexpected end" in str(error) and rows.line_num > _SAMPLE_ROWS
    return True


def _sound_rows(text: str, width: int, dialect: Dialect) -> int:
    """Return how many rows have the width of the header."""
    count, rows = 0, dialect.reader(lines_of(text))
    for _ in range(_SAMPLE_ROWS):
        try:
            count += len(next(rows)) == width
        except csv.Error:
            continue
        except StopIteration:
            break
    return count
