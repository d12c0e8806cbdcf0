"""Rows of one file as records; its first rows decide for all of them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from app.errors import Message, RecordError
from app.formats.assumptions import ReadNotes, Role, ToldReposts
from app.formats.cells import are_rounded, is_filled, refers, word
from app.formats.column_names import plain_column
from app.formats.file_columns import KNOWN_HEADERS, FileColumns, RowRules, opened
from app.formats.records import Item, ReadOptions
from app.formats.source.times import AmbiguousDateError, FileTimes, read_time

ROLES: Final = {"username": "author", "created_at": "time", "text": "text"}


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
_REPOSTS: Final = _set(
    "retweet retweeted retweeter repost reposted reposter reblog reblogger boosted booster renoted"
    " rt"
)
_OTHERS: Final = _set(
    "count counts followers following friends url urls link image img avatar photo picture"
    " description bio location verified lang language mention mentions reply replied replies to"
    " quoted quote type is has protected agent zone timezone color score karma total number num"
    " likes favorites favourites clicks impressions hashtags source device tags rate length"
)
_LATER: Final = _set(
    "updated edited modified collected scraped retrieved harvested joined registered crawled"
    " fetched last deleted birth collection account user author page channel group"
)
"""Words of times at which no post was written."""
_ACCOUNTS: Final = _set("username screen handle login acct")
_LONGEST_NAME: Final = 100


class ColumnGuess(NamedTuple):
    name: str
    others: tuple[str, ...] = ()


def values_by_name(rows: Iterable[Mapping[str, object]]) -> dict[str, list[object]]:
    values: dict[str, list[object]] = {}
    for row in rows:
        for name, value in _simple(row, "", 1):
            if name in values or len(values) < 1_000:
                values.setdefault(name, []).append(value)
    return values


def _simple(row: Mapping[str, object], path: str, depth: int) -> Iterator[tuple[str, object]]:
    for key, value in row.items():
        name = f"{path}{key}"
        if isinstance(value, dict):
            if depth < 3:
                yield from _simple(value, f"{name}.", depth + 1)
        elif not isinstance(value, list) and value is not None and is_filled(value):
            yield name, value


def guess(field: str, values: Mapping[str, Sequence[object]]) -> ColumnGuess | None:
    """Return a field's most likely column, if any name looks like it."""
    rated = sorted(
        (-rating, place, name)
        for place, (name, column) in enumerate(values.items())
        if (rating := _RATINGS[field](_words(name), column)) > 0
    )
    names = [name for _, _, name in rated]
    return ColumnGuess(names[0], tuple(names[1:])) if names else None


def likely_reposts(values: Mapping[str, Sequence[object]]) -> list[str]:
    """Return columns named like reposts, with such a value in some row."""
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


Row = Mapping[str, object]


class RowReader:
    """Reads one file's rows, and notes assumed and unused columns."""

    def __init__(
        self, sample: Sequence[Mapping[str, object]], options: ReadOptions, *, is_table: bool
    ) -> None:
        self._chosen = dict(options.columns)
        self._username = options.username
        self._known: dict[tuple[str, ...], FileColumns] = {}
        self._guesses: dict[str, ColumnGuess] = {}
        self._looks_like: dict[str, Role] = {}
        """Unused columns that look like a time, author or repost."""
        rows = [self._opened(row)[0] for row in sample]
        self._look_for(rows, sample, guesses_text=is_table)
        ids = (
            row.get(name) for row in rows for name in self.columns(tuple(row)).names_of("source_id")
        )
        self._rules = RowRules(
            is_table=is_table,
            has_rounded_ids=are_rounded(ids),
            include_restricted=options.include_restricted,
            on_repost=lambda: self._told.add(),
            read_time=self._read_time,
        )
        self._dates, self._zone = options.dates, options.timezone
        self._times: FileTimes | None = None
        self._rows = 0
        self._notes = ReadNotes()
        self._told = ToldReposts(self._notes)

    def columns(self, names: tuple[str, ...]) -> FileColumns:
        if (known := self._known.get(names)) is None:
            if len(self._known) >= KNOWN_HEADERS:
                self._known.clear()
            known = self._known[names] = FileColumns(names, self._chosen)
        return known

    def has_text(self, row: Mapping[str, object]) -> bool:
        flat, columns = self._opened(row)
        return any(not isinstance(flat[name], list | dict) for name in columns.names_of("text"))

    def is_post(self, row: Mapping[str, object]) -> bool:
        flat, columns = self._opened(row)
        text = any(isinstance(flat[name], str) for name in columns.names_of("text"))
        return text and any(flat[name] for name in columns.names_of("username"))

    def read(self, row: Mapping[str, object], place: int) -> Item:
        self._rows += 1
        columns = self.columns(tuple(row))
        if columns.may_open:
            row, columns = self._opened(row)
        return columns.read(row, place, self._rules)

    def noting(
        self, items: Iterator[Item], notes: ReadNotes, rows: Callable[[], Iterable[Row]]
    ) -> Iterator[Item]:
        """Yield the items, and note assumptions and unused data.

        `rows` yields the rows again, to look ahead for the order of dates.
        """
        self._times = FileTimes(self._dates, notes, lambda: self._times_in(rows()), zone=self._zone)
        self._notes, self._told = notes, ToldReposts(notes)
        for field, guessed in self._guesses.items():
            role = ROLES[field]
            notes.assume(
                "column",
                f"{role}={guessed.name}",
                alternatives=tuple(f"{role}={name}" for name in guessed.others),
                evidence=Message("based on its name and first values"),
            )
        for name, role in self._looks_like.items():
            notes.leave("column", name, role=role)
        yield from items
        for name in self._looks_like:
            notes.leave("column", name, max(0, self._rows - 1))

    def _times_in(self, rows: Iterable[Row]) -> Iterator[object]:
        for row in rows:
            flat, columns = self._opened(row)
            yield from (flat.get(name) for name in columns.names_of("created_at")[:1])

    def _opened(self, row: Mapping[str, object]) -> tuple[Mapping[str, object], FileColumns]:
        return opened(row, self.columns)

    def _look_for(
        self,
        rows: Sequence[Mapping[str, object]],
        sample: Sequence[Mapping[str, object]],
        *,
        guesses_text: bool,
    ) -> None:
        """Guess the fields without a known column, and keep the columns that look like them."""
        known = [self.columns(tuple(row)) for row in rows]
        if any(columns.is_own for columns in known):
            return
        used = {plain_column(name) for name in self._chosen}
        used |= {plain_column(name) for columns in known for name, field in columns.fields if field}
        values = {
            name: column
            for name, column in values_by_name(sample).items()
            if plain_column(name) not in used
        }
        for field in ROLES:
            if any(columns.has(field) for columns in known) or (
                field == "text" and not guesses_text
            ):
                continue
            found = guess(field, values)
            if found and field == "username" and self._username is not None:
                self._looks_like |= dict.fromkeys((found.name, *found.others), "author")
            elif found:
                self._guesses[field] = found
                self._chosen[found.name] = field
                values.pop(found.name)
        if self._guesses:
            self._known.clear()
        self._looks_like |= dict.fromkeys(likely_reposts(values), "repost")

    def _read_time(self, value: object) -> datetime:
        return read_time(value) if self._times is None else self._times.read(value)
