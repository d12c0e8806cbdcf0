"""MongoDB's Extended JSON: values in wrappers such as `{"$oid": "…"}`, and what they stand for.

Source: https://github.com/mongodb/specifications, extended-json.md (version 2, and the older
forms that version 1 wrote). Relaxed and canonical forms are read alike.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

Json = dict[str, object]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def has_mark(document: Json) -> bool:
    """Return whether a document comes from MongoDB: it has an `_id` or a wrapped value."""
    return "_id" in document or any(
        isinstance(value, dict) and _wrapper(value) for value in document.values()
    )


def unwrapped(value: object) -> object:
    """Return a value with all wrappers in it replaced; what is not understood stays as it is."""
    if isinstance(value, list):
        return [unwrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    name = _wrapper(value)
    if name is None:
        return {key: unwrapped(item) for key, item in value.items()}
    try:
        return _READ[name](value[name])
    except (ValueError, TypeError, OverflowError, KeyError):
        return value


def _wrapper(value: Json) -> str | None:
    name = next(iter(value), "")
    return name if name in _READ and len(value) <= 2 else None


def _string(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError


def _integer(value: object) -> int:
    if isinstance(value, str | int):
        return int(value)
    raise TypeError


def _double(value: object) -> float:
    if isinstance(value, str | int | float):
        return float(value)
    raise TypeError


def _decimal(value: object) -> int | float:
    number = _double(value)
    # A long id as a decimal has more digits than a float keeps.
    text = str(value)
    return int(text) if text.lstrip("-").isdecimal() and math.isfinite(number) else number


def _date(value: object) -> str:
    """Return a time in ISO 8601: the number form counts milliseconds, whatever its size."""
    if isinstance(value, str):
        return value
    milliseconds = _integer(unwrapped(value))
    return (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat()


def _timestamp(value: object) -> str:
    if isinstance(value, dict):
        return _date(1000 * _integer(value["t"]))
    raise TypeError


def _binary(value: object) -> str:
    return _string(value["base64"] if isinstance(value, dict) else value)


def _nothing(_value: object) -> None:
    return None


_READ: Final[dict[str, Callable[[object], object]]] = {
    "$oid": _string,
    "$date": _date,
    "$numberInt": _integer,
    "$numberLong": _integer,
    "$numberDouble": _double,
    "$numberDecimal": _decimal,
    "$timestamp": _timestamp,
    "$uuid": _string,
    "$binary": _binary,
    "$symbol": _string,
    "$undefined": _nothing,
}
