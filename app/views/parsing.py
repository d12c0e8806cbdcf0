"""What a request says, checked against a form: addresses (400), bodies (400, 415, 422)."""

import functools
import json
import re
from typing import Any, NoReturn, TypeVar, get_origin, get_type_hints
from urllib.parse import unquote_to_bytes

import msgspec
from quart import request
from werkzeug.datastructures import MultiDict

from app.errors import FieldError, InvalidInputError, MalformedError, UnsupportedMediaError

Form = TypeVar("Form", bound=msgspec.Struct)


class NoArgs(msgspec.Struct):
    """The form of an address without parameters."""


_PLACE = re.compile(r" - at `(?:\$|key in \$)\.?(?P<loc>[^`]*)`$")


def parse_args(form: type[Form], *, strict: bool = True) -> Form:
    """Return the address's parameters as the form says; lists take a parameter several times.

    Raises MalformedError; with `strict` also for a parameter that the form does not know, and
    for one that is not UTF-8, of which Werkzeug would keep `%FF` as it stands.
    """
    if strict:
        _check_encoding(request.query_string)
    return args_of(request.args, form, strict=strict)


def _check_encoding(query: bytes) -> None:
    if b"%" not in query:
        return
    for pair in query.split(b"&"):
        try:
            unquote_to_bytes(pair).decode()
        except UnicodeDecodeError:
            name = pair.partition(b"=")[0].decode(errors="replace")
            malformed(name, f"{name} is not UTF-8")


def args_of(args: MultiDict[str, str], form: type[Form], *, strict: bool) -> Form:
    """Return the parameters as the form says, likewise."""
    values: dict[str, Any] = {}
    repeated = _repeated(form)
    for name, given in args.lists():
        if name not in repeated:
            if strict:
                malformed(name, f"{name} is not a parameter here")
            continue
        if repeated[name]:
            values[name] = given
        elif len(given) > 1:
            malformed(name, f"{name} may be given only once")
        else:
            values[name] = given[0]
    try:
        return msgspec.convert(values, form, strict=False)
    except msgspec.ValidationError as error:
        loc, detail = _place(error)
        malformed(loc, f"{loc}: {detail}")


@functools.cache
def _repeated(form: type[msgspec.Struct]) -> dict[str, bool]:
    """Return the form's parameters, and whether each may be given several times."""
    return {name: get_origin(kind) is list for name, kind in get_type_hints(form).items()}


def require_type(name: str) -> None:
    """Raise UnsupportedMediaError for a body of another type, and for a compressed one."""
    if request.mimetype != name:
        raise UnsupportedMediaError("The body must be {name}", name=name)
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        # What is taken instead stands in Accept-Encoding (RFC 9110, 15.5.16).
        raise UnsupportedMediaError(
            "The body must not be compressed", headers={"Accept-Encoding": "identity"}
        )


async def request_bytes() -> bytes:
    """Return the whole body."""
    body = await request.get_data(as_text=False)
    return body if isinstance(body, bytes) else body.encode()


async def parse_json(form: type[Form]) -> Form:
    """Return the JSON body as the form says.

    Raises UnsupportedMediaError, MalformedError for what is not JSON, InvalidInputError for JSON
    that is not the form.
    """
    require_type("application/json")
    return decode_json(await request_bytes(), form)


def decode_json(body: bytes, form: type[Form]) -> Form:
    """Return the bytes as the form says.

    Raises MalformedError for what is not JSON, InvalidInputError for JSON that is not the form.
    """
    try:
        return msgspec.json.decode(body, type=form)
    except (ValueError, RecursionError) as error:
        # The decoder stops at the first thing that is not the form, before the rest was parsed.
        _check_syntax(body)
        if not isinstance(error, msgspec.ValidationError):
            raise InvalidInputError("A string holds half a surrogate pair", loc="body") from None
        loc, detail = _place(error)
        raise InvalidInputError(f"{loc}: {detail}" if loc else detail, loc=loc or "body") from None


def _check_syntax(body: bytes) -> None:
    try:
        # Python refuses to convert integers of over 4,300 digits, which JSON does not forbid.
        json.loads(body.decode(), parse_constant=_refuse_constant, parse_int=str)
    except RecursionError:
        raise MalformedError("The JSON is nested too deep", loc="body") from None
    except UnicodeDecodeError:
        raise MalformedError("The body is not UTF-8", loc="body") from None
    except ValueError as error:
        raise MalformedError(f"The body is not JSON: {error}", loc="body") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")


def _place(error: msgspec.ValidationError) -> tuple[str, str]:
    detail = str(error)
    if match := _PLACE.search(detail):
        return match["loc"], detail[: match.start()]
    if match := re.search(r"unknown field `([^`]*)`", detail):
        return match[1], detail
    if match := re.search(r"missing required field `([^`]*)`", detail):
        return match[1], detail
    return "", detail


def malformed(loc: str, detail: str) -> NoReturn:
    raise MalformedError(detail, errors=[FieldError(loc, detail)])
