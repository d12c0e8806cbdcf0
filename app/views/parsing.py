"""Parsing of requests: paths, parameters (400), JSON bodies (400, 415, 422)."""

import contextlib
import functools
import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec.structs import FieldInfo
from quart import Quart, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import BaseConverter

from app.errors import (
    AppError,
    FieldError,
    InvalidInputError,
    MalformedError,
    UnsupportedMediaError,
)
from app.lifespan import resources
from app.views.bodies import too_large

Form = TypeVar("Form", bound=msgspec.Struct)


class NoArgs(msgspec.Struct):
    """The form of an address without parameters."""


MOST_FAULTS: Final = 10
"""Faults of one request that are named."""
UTF_8: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class IdConverter(BaseConverter):
    """Converter of numbers of up to 16 digits, as many as 2^53 has; other paths do not match.

    Larger numbers than ids match: without that they would be 405 where another method has a view.
    """

    regex = r"[0-9]{1,16}"

    def to_python(self, value: str) -> int:
        return int(value)


def init_app(app: Quart) -> None:
    """Make `<id:…>` known to the routes."""
    app.url_map.converters["id"] = IdConverter


def parse_args(form: type[Form], *, is_strict: bool = True) -> Form:
    """Return the address's parameters as the form; lists take a parameter several times.

    Raises MalformedError; with `is_strict` also for a parameter that the form does not know, and
    for bytes that are not UTF-8, of which Werkzeug would keep `%FF` as it stands.
    """
    if is_strict:
        try:
            unquote_to_bytes(request.query_string).decode()
        except UnicodeDecodeError:
            malformed("query", "The address is not UTF-8")
    return args_of(request.args, form, is_strict=is_strict)


def args_of(args: MultiDict[str, str], form: type[Form], *, is_strict: bool) -> Form:
    """Return the parameters as the form, likewise."""
    fields, given, faults = _fields(form), dict[str, Any](), []
    for name, values in args.lists():
        if name in fields:
            is_list = fields[name].default_factory is list
            given[name] = values if is_list else values[0]
            if len(values) > 1 and not is_list:
                faults.append(FieldError(name, f"{name} may be given only once"))
        elif is_strict:
            faults.append(FieldError(name, f"{name} is not a parameter here"))
    if not faults:
        with contextlib.suppress(msgspec.ValidationError):
            return msgspec.convert(given, form, strict=False)
    raise _refusal(MalformedError, faults + _faults(form, given, is_text=True))


@functools.cache
def _fields(form: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """Return the fields of a form by the names that requests use."""
    return {each.encode_name: each for each in msgspec.structs.fields(form)}


def _faults(
    form: type[msgspec.Struct], given: Mapping[str, Any], *, is_text: bool
) -> list[FieldError]:
    """Return all that keeps these values from being the form.

    is_text: numbers and the like are given as text.
    """
    fields, faults = _fields(form), []
    for name, value in given.items():
        if name not in fields:
            faults.append(FieldError(name, f"{name} is not known here"))
            continue
        try:
            msgspec.convert(value, fields[name].type, strict=not is_text)
        except msgspec.ValidationError as error:
            detail, _, place = str(error).partition(" - at `$")
            faults.append(FieldError(name + place.rstrip("`"), f"{name}: {detail}"))
    missing = [name for name, field in fields.items() if field.required and name not in given]
    return faults + [FieldError(name, f"{name} is missing") for name in missing]


def _refusal(kind: type[AppError], faults: list[FieldError]) -> AppError:
    faults = faults[:MOST_FAULTS]
    return kind("; ".join(each.detail for each in faults), errors=faults)


def require_type(name: str) -> None:
    """Raise UnsupportedMediaError for a body of another type or charset, or a compressed one."""
    if request.mimetype != name:
        raise UnsupportedMediaError("The body must be {name}", name=name)
    charset = request.mimetype_params.get("charset", "utf-8")
    if charset.lower() not in UTF_8:
        raise UnsupportedMediaError("The body must be UTF-8, not {charset}", charset=charset)
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        # Accept-Encoding names what would be accepted (RFC 9110, 15.5.16).
        raise UnsupportedMediaError(
            "The body must not be compressed", headers={"Accept-Encoding": "identity"}
        )


async def request_bytes() -> bytes:
    """Return the whole body. Raises TooLargeError."""
    try:
        body = await request.get_data(as_text=False)
    except RequestEntityTooLarge:
        raise too_large(resources().config.max_body_mb) from None
    return body if isinstance(body, bytes) else body.encode()


async def parse_json(form: type[Form]) -> Form:
    """Return the JSON body as the form.

    Raises UnsupportedMediaError, TooLargeError, MalformedError for what is not JSON,
    InvalidInputError for JSON that is not the form.
    """
    require_type("application/json")
    return decode_json(await request_bytes(), form)


def decode_json(body: bytes, form: type[Form]) -> Form:
    """Return the bytes as the form.

    Raises MalformedError for what is not JSON, InvalidInputError for JSON that is not the form.
    """
    with contextlib.suppress(ValueError, RecursionError):
        return msgspec.json.decode(body, type=form)
    # The decoder stops at the first fault: the rest may be no JSON, or have other faults.
    try:
        given = msgspec.json.decode(body)
    except RecursionError:
        malformed("body", "The JSON is nested too deep")
    except UnicodeDecodeError:
        malformed("body", "The body is not UTF-8")
    except ValueError as error:
        if _is_json(body):
            raise InvalidInputError("A string holds half a surrogate pair", loc="body") from None
        malformed("body", f"The body is not JSON: {error}")
    if not isinstance(given, dict):
        raise _refusal(InvalidInputError, [FieldError("body", "The body must be an object")])
    raise _refusal(InvalidInputError, _faults(form, given, is_text=False))


def _is_json(body: bytes) -> bool:
    """Return whether the standard library, which takes half a surrogate pair, takes the body."""

    def refuse(name: str) -> NoReturn:
        raise ValueError(f"JSON has no {name}")

    try:
        json.loads(body.decode(), parse_constant=refuse, parse_int=str)
    except (ValueError, RecursionError):
        return False
    return True


def malformed(loc: str, detail: str) -> NoReturn:
    raise MalformedError(detail, errors=[FieldError(loc, detail)])
