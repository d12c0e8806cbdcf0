"""Rows of JSON lines, CSV and MongoDB as records; `column_names.py` tells which column is which."""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import structs

from app.formats.column_names import (
    is_export,
    names_by_field,
    plain_column,
    printable_name,
    types_of_own_fields,
)
from app.formats.post import PLATFORMS, Kind, Platform, Reactions, ReplyTarget
from app.formats.records import Item, Record, Skipped, required_text
from app.formats.signs import kept_signs
from app.formats.source.json import as_json
from app.formats.source.times import read_time
from app.formats.source.window import Json

T = TypeVar("T")
_ACCOUNTS: Final = re.compile(r"((author|user)\.)?username|(user\.)?screenname|handle|아이디|계정")
"""Columns that hold the name of an account as it is; others may hold that of a person."""
_PLATFORMS: Final[dict[str, Platform]] = {
    name: platform for platform, names in PLATFORMS.items() for name in (platform, *names.in_files)
}
_KINDS: Final[dict[str, Kind | Literal["repost"]]] = {
    **dict.fromkeys(("post", "tweet", "original", "글", "게시물", "트윗"), "post"),
    **dict.fromkeys(("reply", "replied_to", "답글", "댓글", "멘션"), "reply"),
    **dict.fromkeys(("quote", "quoted", "인용"), "quote"),
    **dict.fromkeys(("repost", "retweet", "retweeted", "reblog", "리트윗", "재게시"), "repost"),
}
_YES: Final = frozenset({"true", "1", "1.0", "yes", "y", "t", "o", "예", "네", "참"})
_NOTHING: Final = frozenset({"", "0", "false", "nan", "nat", "none", "null", "[]", "{}"})
_COUNTED: Final = ("n_likes", "n_reposts", "n_replies", "n_quotes")
_COUNTS: Final = frozenset({"counts", *_COUNTED})
_TARGETS: Final = frozenset({"reply_to", "reply_id", "reply_name"})
KNOWN_HEADERS: Final = 32
"""Sets of column names that are remembered for rows without a header."""
# A long number as spreadsheets write it: 1.58E+18.
_DAMAGED_ID = re.compile(r"\d+(?:[.,]\d*)?e\+\d+", re.IGNORECASE | re.ASCII)
_MAX_EXACT_FLOAT: Final = 2**53


class FileColumns:
    """The columns of each field; of several for one field the first whose value counts is read."""

    def __init__(self, names: Iterable[str], chosen: Mapping[str, str] | None = None) -> None:
        """Take columns for the fields that were chosen for them, the others by their names."""
        self._all = tuple(names)
        self._is_own = is_export(self._all)
        plain: dict[str, str] = {}
        for name in self._all:
            plain.setdefault(plain_column(name), name)
        self._names = names_by_field(plain, chosen or {})
        self._authors = [plain_column(name) for name in self._names.get("username", ())]
        tests = _TESTS | ({"source_id": bool} if self._is_own else {})
        self._fields = [
            (field, names, tests.get(field, _is_filled)) for field, names in self._names.items()
        ]

    @property
    def text(self) -> str | None:
        """The column that holds the texts of posts; None where none is known to."""
        return next(iter(self._names.get("text", ())), None)

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The columns with names, each with the field that it is taken for, or nothing."""
        taken = {name: field for field, names in [*self._names.items()][::-1] for name in names}
        return tuple(
            (printable_name(name), taken.get(name, "")) for name in self._all if name.strip()
        )

    def __len__(self) -> int:
        return len(self._names)

    def read(self, row: Mapping[str, object], place: int) -> Item:
        """Return the row as a record; a repost or an empty row is skipped. Raises RecordError."""
        values = self._values(row)
        kind = _kind(values)
        if kind == "repost":
            return Skipped(place, "repost")
        exported = {
            field: value
            for field, type_ in types_of_own_fields().items()
            if (value := _exported(values.get(field), type_)) is not None
        }
        media = exported.get("media", ())
        text = values.get("text")
        texts = self._names.get("text", ())
        if text is None and not media and any(isinstance(row.get(name), str) for name in texts):
            return Skipped(place, "empty")
        url, (username, display_name) = (
            self._as_read(values.get("url"), _word),
            self._author(values),
        )
        return Record(
            place=place,
            text=required_text("" if text is None and media else text),
            username=username,
            display_name=display_name,
            platform=_PLATFORMS.get((_word(values.get("platform")) or "").casefold()),
            kind=kind,
            created_at=read_time(values["created_at"]) if "created_at" in values else None,
            lang=_word(values.get("lang")),
            source_id=self._as_read(values.get("source_id"), as_id),
            url=url,
            reply_to=_target(values),
            counts=_reactions(values),
            **exported,
        )

    def _values(self, row: Mapping[str, object]) -> Json:
        """Return the value of each field that has one."""
        values: Json = {}
        for field, names, counts in self._fields:
            for name in names:
                value = row.get(name)
                if value is not None and counts(value):
                    values[field] = value
                    break
        return values

    def _author(self, values: Json) -> tuple[str | None, str | None]:
        """Return the username, with `_` for the spaces in a person's name, and what is shown."""
        name, display_name = _word(values.get("username")), _word(values.get("display_name"))
        if name is None or any(map(_ACCOUNTS.fullmatch, self._authors)) or len(name.split()) == 1:
            return name, display_name
        return "_".join(name.split()), display_name or name

    def _as_read(self, value: object, read: Callable[[object], str | None]) -> str | None:
        return value if self._is_own and isinstance(value, str) else read(value)


file_columns_of: Final = lru_cache(KNOWN_HEADERS)(FileColumns)
"""The columns among some names, a tuple."""


def _kind(values: Json) -> Kind | Literal["repost"]:
    stated = _KINDS.get((_word(values.get("kind")) or "").casefold())
    if stated == "repost" or "is_repost" in values or "reposts" in values:
        return "repost"
    if stated:
        return stated
    if "is_reply" in values or "replies_to" in values:
        return "reply"
    return "quote" if "is_quote" in values or "quotes" in values else "post"


def _target(values: Json) -> ReplyTarget | None:
    """Return what a reply answers: an object as exports have it, or columns of their own."""
    if _TARGETS.isdisjoint(values):
        return None
    value = as_json(values.get("reply_to"))
    if isinstance(value, dict):
        source_id, username = _as_is(value.get("source_id")), _as_is(value.get("username"))
    else:
        answered = (_answered_id(values.get("reply_id")), _answered_id(values.get("reply_to")))
        source_id, username = answered[0] or answered[1], _word(values.get("reply_name"))
    return ReplyTarget.of(source_id, username)


def _reactions(values: Json) -> Reactions | None:
    if _COUNTS.isdisjoint(values):
        return None
    stated = _exported(values.get("counts"), Reactions)
    if stated and stated.signs:
        stated = structs.replace(stated, signs=kept_signs(stated.signs))
    return stated if stated and stated.is_known else Reactions.read(map(values.get, _COUNTED))


def _exported(value: object, type_: type[T]) -> T | None:
    """Return a value as exports have it, in a cell as JSON; None for anything else."""
    if value is None:
        return None
    try:
        return msgspec.convert(as_json(value), type_, strict=False)
    except ValueError:  # Half a surrogate pair is no ValidationError.
        return None


def _is_filled(value: object) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return not (isinstance(value, float) and math.isnan(value))


def _says_yes(value: object) -> bool:
    return str(value).strip().casefold() in _YES


def _refers(value: object) -> bool:
    """Return whether a value names another post or person."""
    return str(value or "").strip().casefold() not in _NOTHING


def _word(value: object) -> str | None:
    """Return a string, or a whole number as one, without white space around; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def _as_is(value: object) -> str | None:
    return value or None if isinstance(value, str) else None


def as_id(value: object) -> str | None:
    """Return an id, or None where a spreadsheet or a float has cut its digits."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _MAX_EXACT_FLOAT else None
    word = _word(value)
    return None if word is None or is_damaged_id(word) else word


def _answered_id(value: object) -> str | None:
    answered = as_id(value) or ""
    return None if answered.casefold() in _NOTHING or answered.startswith("{") else answered


def is_damaged_id(word: str) -> bool:
    """Return whether an id looks like a long number that a spreadsheet has rounded."""
    return _DAMAGED_ID.fullmatch(word) is not None


_TESTS: Final[dict[str, Callable[[object], object]]] = {
    **dict.fromkeys(("is_repost", "is_reply", "is_quote"), _says_yes),
    **dict.fromkeys(("reposts", "replies_to", "quotes"), _refers),
    "source_id": as_id,
    "reply_id": _answered_id,
}
"""Whether a value counts; of other fields it does if it is not empty."""
