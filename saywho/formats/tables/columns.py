"""Columns of each field of a row, also inside objects, and whether a value in them counts."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final

from saywho.formats.assumptions import fields_without
from saywho.formats.source.json import Json
from saywho.formats.tables import cells, column_names
from saywho.formats.tables.column_kinds import COUNTS
from saywho.formats.tables.limits import hides, hides_unless_yes, is_closed

Row = Mapping[str, object]
_LIMITS: Final = frozenset(
    {"is_deleted", "is_by_community", "is_restricted", "visibility", "shares"}
    | {"is_for_all", "is_published", "status", "audience"}
)
QUOTES: Final = frozenset({"is_quote", "quotes", "shares"})
_SAYING_KIND: Final = QUOTES | {"kind", "is_repost", "reposts", "is_reply", "replies_to"}
KNOWN_HEADERS: Final = 32
"""Maximum number of remembered sets of column names, for rows without a header."""


def _is_no_number(value: object) -> bool:
    return cells.is_filled(value) and not (isinstance(value, str) and value.strip().isdigit())


def _is_no_object(value: object) -> bool:
    """Return whether a value counts that is no object, whose parts are unknown."""
    return cells.is_filled(value) and not isinstance(value, dict)


def _is_answer(value: object) -> bool:
    return cells.answered_id(value) is not None or cells.is_damaged_id(value)


def _is_bot(value: object) -> bool:
    return cells.says_yes(value) or (isinstance(value, str) and value.strip().casefold() == "bot")


_TESTS: Final[dict[str, Callable[[object], object]]] = {
    **dict.fromkeys(
        ("is_repost", "is_reply", "is_quote", "is_anonymous", "is_cut"), cells.says_yes
    ),
    "is_bot": _is_bot,
    **dict.fromkeys(("is_restricted", "is_deleted"), hides),
    **dict.fromkeys(("is_for_all", "is_published"), hides_unless_yes),
    "status": is_closed,
    **dict.fromkeys(("reposts", "replies_to", "quotes", "shares"), cells.refers),
    "source_id": cells.as_id,
    "reply_id": _is_answer,
}
"""Tests of whether a value counts; for other fields, filled values do."""


class FileColumns:
    """Columns of each field; the first column with a value that counts is read."""

    def __init__(self, names: Iterable[str], chosen: Mapping[str, str] | None = None) -> None:
        self.all = tuple(names)
        self.is_own = column_names.is_export(self.all)
        self._chosen = chosen or {}
        plain: dict[str, str] = {}
        for name in self.all:
            plain.setdefault(cells.plain_column(name), name)
        for name in self.all:
            if name not in self._chosen and name.endswith((")", "）")):
                plain.setdefault(cells.plain_column(column_names.without_remark(name)), name)
        known = column_names.heads() | {
            cells.plain_column(name).partition(".")[0] for name in self._chosen
        }
        self._heads = [plain[name] for name in plain if name in known]
        self._wrappers = [name for name in column_names.UNWRAPPED if name in plain]
        self._names = column_names.names_by_field(plain, self._chosen)
        for field in (unnamed := fields_without(self._chosen)):
            self._names.pop(field, None)
        if "username" in unnamed:
            self._names.pop("display_name", None)
        self.texts = self.names_of("text")
        time = next(iter(self.names_of("created_at")), "")
        self.zone = time[len(column_names.without_remark(time)) :].strip(" ()（）")
        """Zone of times that state none, if it is one."""
        several = {"text": _is_no_number, "username": _is_no_object}
        self._choosing = {
            name: test for name, test in several.items() if len(self.names_of(name)) > 1
        }
        tests = _TESTS | ({"source_id": bool} if self.is_own else {}) | self._choosing
        # Their values are read once more, and only of several one has to be chosen.
        lone = {
            field
            for field in ("source_id", *COUNTS)
            if not self.is_own and len(self.names_of(field)) == 1
        }
        self.tested = [
            (field, names, cells.is_filled if field in lone else tests.get(field, cells.is_filled))
            for field, names in self._names.items()
        ]
        """Columns of each field, and the test of their values."""
        has_wrappers = self.text in {None, *self._wrappers} and bool(self._wrappers)
        self.may_open = not self.is_own and (bool(self._heads) or has_wrappers)
        """Whether a row may have objects whose values are columns."""
        self.has_limits = not self.is_own and not _LIMITS.isdisjoint(self._names)
        self.says_kind = not _SAYING_KIND.isdisjoint(self._names)
        self.has_parts_of_names = (
            self.has("family_name")
            and cells.plain_column(next(iter(self.names_of("username")), "").rpartition(".")[2])
            in column_names.GIVEN_NAMES
        )
        own_types = column_names.types_of_own_fields().items()
        self.own_types = [(field, kind) for field, kind in own_types if field in self._names]
        marks = {"is_repost", "reposts", "kind"}
        self.marks_reposts = self.is_own or not marks.isdisjoint(self._names)
        self.marks_reposts |= "is_repost" in unnamed

    @property
    def text(self) -> str | None:
        return next(iter(self.names_of("text")), None)

    @property
    def roles(self) -> list[tuple[str, str]]:
        """Names of columns with each of their fields, also of fields that only help."""
        return [(name, field) for field, names in self._names.items() for name in names]

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        taken = {
            name: field for name, field in self.roles[::-1] if not column_names.is_helper(field)
        }
        named = filter(str.strip, self.all)
        return tuple((cells.printable_name(name), taken.get(name, "")) for name in named)

    def names_of(self, field: str) -> tuple[str, ...]:
        return self._names.get(field, ())

    def has(self, field: str) -> bool:
        return field in self._names

    def first(self, row: Row, field: str) -> object:
        """Return the row's first filled value of a field; None without one."""
        values = (row.get(name) for name in self.names_of(field))
        is_such = self._choosing.get(field, cells.is_filled)
        return next((value for value in values if value is not None and is_such(value)), None)

    def __len__(self) -> int:
        return sum(not column_names.is_helper(field) for field in self._names)

    def opened(self, row: Row) -> Row | None:
        """Return the row with its objects' values as columns; None without objects."""
        if not self.may_open:
            return None
        if any(cells.is_object(row.get(name)) for name in self._heads):
            flat = flattened(row, self._chosen)
            return flat if flat.keys() != row.keys() else None
        inners = {
            name: inner
            for name in self._wrappers
            if self.text in {None, name} and isinstance(inner := row.get(name), dict) and inner
        }
        if not inners:
            return None
        # Beside a comment stands what it is about, whose name and id are not the comment's.
        has_text = (name for name in inners if file_columns_of(tuple(inners[name])).text)
        name = next(has_text, next(iter(inners)))
        return {key: row[key] for key in row if key not in inners} | inners[name]


file_columns_of: Final = lru_cache(KNOWN_HEADERS)(FileColumns)


def opened(
    row: Row, columns_of: Callable[[tuple[str, ...]], FileColumns]
) -> tuple[Row, FileColumns]:
    """Return a row with its objects' values, up to three deep, and its columns."""
    columns = columns_of(tuple(row))
    for _ in range(3):
        if (flat := columns.opened(row)) is None:
            break
        row, columns = flat, columns_of(tuple(flat))
    return row, columns


def flattened(row: Row, also: Iterable[str] = ()) -> Row:
    """Return the row with the known values in its objects by their paths: `author.username`.

    `also` contains further paths. An object without a known value stays.
    """
    nested = [name for name, value in row.items() if value and cells.is_object(value)]
    if not nested:
        return row
    wanted = column_names.inner_names().union(
        path for name in also for path in _beginnings(cells.plain_column(name))
    )
    known = column_names.heads() | {path.partition(".")[0] for path in wanted}
    opened = [name for name in nested if cells.plain_column(name) in known]
    if not opened:
        return row
    flat: Json = {name: value for name, value in row.items() if name not in opened}
    left = 500  # Values inside objects that are looked at.
    for name in opened:
        objects = cells.as_objects(row[name])
        inner = dict(_inner(objects[0], name, wanted)) if objects else {}
        left -= len(inner)
        if left < 0:
            break
        flat |= inner or {name: row[name]}
    return flat


def _beginnings(path: str) -> Iterable[str]:
    parts = path.split(".")
    return (".".join(parts[:n]) for n in range(1, len(parts) + 1))


def _inner(value: Json, path: str, wanted: frozenset[str]) -> Iterable[tuple[str, object]]:
    for key, inner in value.items():
        name = f"{path}.{key}"
        if cells.plain_column(name) in wanted:
            if isinstance(inner, dict):
                yield from _inner(inner, name, wanted)
            else:
                yield name, inner
