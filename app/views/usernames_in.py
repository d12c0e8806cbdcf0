"""The usernames and the chats in a value of structs: a page names none that is not found there."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from functools import cache
from types import NoneType
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from msgspec import Struct

from app.errors import Message
from app.services.posts.tweets import PostRoom

NAMES: Final = frozenset({"username", "usernames", "chosen"})
"""Fields, and keys of mappings, that hold usernames: one, several, or pairs that begin with one.
`chosen` are those that a form has ticked."""
_PLAIN: Final = frozenset({str, int, float, bool, bytes, NoneType, date, datetime, time})

_OPEN: Final = (Any, object, list, tuple, dict, set, frozenset)
"""Types that do not say what is in them."""


class NamesHere(NamedTuple):
    """Who and what is named."""

    usernames: set[str]
    rooms: set[int]
    """The ids of the chats of posts."""


def named_in(value: object) -> NamesHere:
    """Return what is named in a value: of structs, in lists and mappings, however deep."""
    named = NamesHere(set(), set())
    _collect(value, named)
    return named


def usernames_in(value: object) -> set[str]:
    """Return the usernames in a value, likewise."""
    return named_in(value).usernames


def _collect(value: Any, named: NamesHere) -> None:
    kind = type(value)
    if kind in _PLAIN:
        return
    if kind is PostRoom:
        named.rooms.add(value.id)
        return
    if isinstance(value, Mapping):
        for key, item in value.items():
            (_take if key in NAMES else _collect)(item, named)
    elif kind in (list, tuple, set, frozenset):
        for item in value:
            _collect(item, named)
    else:
        held, deeper = _fields_of(value.__class__)
        for field in held:
            _take(getattr(value, field), named)
        for field in deeper:
            _collect(getattr(value, field), named)


def _take(value: object, named: NamesHere) -> None:
    if isinstance(value, str):
        named.usernames.add(value)
    elif isinstance(value, Iterable):
        named.usernames.update(item if isinstance(item, str) else item[0] for item in value)


@cache
def _fields_of(kind: type[Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the fields of a type that hold usernames, and those in which there may be some."""
    hints = _hints(kind)
    held = tuple(name for name in hints if name in NAMES)
    deeper = (name for name in hints if name not in NAMES and _may_name(hints[name], frozenset()))
    return held, tuple(deeper)


def _hints(kind: type[Any]) -> dict[str, Any]:
    """Return the fields of a struct with their types; nothing else has any."""
    if issubclass(kind, Message):
        return {"values": Any}
    if issubclass(kind, Struct):
        names: Iterable[str] = kind.__struct_fields__
    elif is_dataclass(kind):
        names = [field.name for field in fields(kind)]
    else:
        names = getattr(kind, "_fields", ())
    hints = get_type_hints(kind) if names else {}
    return {name: hints.get(name, Any) for name in names}


def _may_name(hint: Any, above: frozenset[Any]) -> bool:
    """Return whether values of a type may hold usernames; `above` are the types that hold it."""
    if hint in _PLAIN or hint in above:
        return False
    if parts := get_args(hint):
        if get_origin(hint) in (dict, Mapping) and parts[0] is str:
            return True  # By its keys.
        return any(_may_name(part, above) for part in parts)
    if hint in _OPEN or isinstance(hint, TypeVar):
        return True
    if not isinstance(hint, type):  # What a Literal allows, or an ellipsis.
        return False
    inner = _hints(hint)
    return any(name in NAMES or _may_name(part, above | {hint}) for name, part in inner.items())
