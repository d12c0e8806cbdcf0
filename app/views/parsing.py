"""Parsing of requests: paths and parameters (400), JSON bodies (400, 415, 422)."""

import functools
import json
import re
from collections.abc import Iterable
from typing import Annotated, Any, NoReturn, TypeVar
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import Meta
from msgspec.structs import FieldInfo
from quart import request
from werkzeug.datastructures import MultiDict
from werkzeug.routing import IntegerConverter, Map

from app.compute.gaps import Gap
from app.errors import AppError, InvalidInputError, MalformedError, UnsupportedMediaError
from app.models import MAX_ID

Form = TypeVar("Form", bound=msgspec.Struct)
Piece = Annotated[str, Meta(pattern="^[0-9]{1,7}-[0-9]{1,7}$")]
"""A piece of a text, as the places where it begins and ends."""


class NoArgs(msgspec.Struct):
    """The form of an address without parameters."""


def number_of(text: str, most: int = MAX_ID) -> int | None:
    """Return the whole number that a text is; None for anything else, and for a larger number."""
    if not re.fullmatch("[0-9]{1,16}", text, re.ASCII) or int(text) > most:
        return None
    return int(text)


def gaps_of(pieces: Iterable[str | tuple[int, int]]) -> list[Gap]:
    """Return pieces of a text as gaps."""
    pairs = (piece.split("-") if isinstance(piece, str) else piece for piece in pieces)
    return [(int(start), int(end)) for start, end in pairs]


class IdConverter(IntegerConverter):
    """Converter of numbers of up to 16 digits, as many as 2^53 has; other paths do not match.

    Larger numbers than ids match: without that they would be 405 where another method has a view.
    """

    regex = r"[0-9]{1,16}"


class YearConverter(IntegerConverter):
    """Converter of years of four digits that have an end, too; other paths do not match."""

    regex = r"[0-9]{4}"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=9998)


def parse_args(form: type[Form], *, is_strict: bool) -> Form:
    """Return the address's parameters as the form; lists take a parameter several times.

    Raises MalformedError; with `is_strict` also for a parameter that the form does not know, and
    for bytes that are not UTF-8, of which Werkzeug would keep `%FF` as it stands.
    """
    if is_strict and _may_have_bytes():
        try:
            unquote_to_bytes(request.query_string).decode()
        except UnicodeDecodeError:
            raise MalformedError("The URL is not valid UTF-8", loc="query") from None
    return args_of(request.args, form, is_strict=is_strict)


def _may_have_bytes() -> bool:
    """Return whether the parameters may be other bytes than UTF-8: most have no `%` when parsed."""
    query = request.query_string
    return not query.isascii() or (
        b"%" in query
        and any("%" in part for pair in request.args.items(multi=True) for part in pair)
    )


def args_of(args: MultiDict[str, str], form: type[Form], *, is_strict: bool) -> Form:
    """Return the parameters as the form, likewise."""
    fields, sent = _fields(form), dict[str, Any]()
    for name, values in args.lists():
        if name in fields:
            is_list = fields[name].default_factory is list
            if len(values) > 1 and not is_list:
                raise MalformedError("`{name}` may be given only once", name=name, loc=name)
            sent[name] = values if is_list else values[0]
        elif is_strict:
            raise MalformedError(f"`{name}` is not a parameter of this URL", loc=name)
    try:
        parsed = msgspec.convert(sent, form, strict=False)
        for name, value in sent.items():
            if getattr(parsed, fields[name].name) is None:  # msgspec takes the word null for None.
                raise msgspec.ValidationError(f"Invalid value {value!r} - at `$.{name}`")
        return parsed
    except msgspec.ValidationError as error:
        fault = _fault(MalformedError, error)
        if not is_strict:  # A page says it in the visitor's language.
            name = fault.errors[0].loc
            fault = MalformedError("The value of `{name}` cannot be used", name=name, loc=name)
        raise fault from None


@functools.cache
def _fields(form: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """Return the fields of a form by the names that requests use."""
    return {field.encode_name: field for field in msgspec.structs.fields(form)}


def _fault(error_type: type[AppError], error: msgspec.ValidationError) -> AppError:
    """Return the error of the first value that is not as its form says."""
    detail, _, path = str(error).partition(" - at `$")
    # A field that is missing or not known stands only in the sentence.
    field = re.search("field `(.+)`", detail)
    names = [path.strip(".`"), field[1] if field else ""]
    loc = ".".join(filter(None, names)) or "body"
    return error_type(f"{loc}: {detail}", loc=loc)


def check_confirmed(form: MultiDict[str, str]) -> None:
    """Raise InvalidInputError for a form that deletes, unless its page has asked before."""
    if form.get("confirm") != "yes":
        raise InvalidInputError("Nothing was deleted: tick the box to confirm first", loc="confirm")


def event_of(header: str) -> int | None:
    """Return the number of an event that a header gives. Raises MalformedError."""
    value = request.headers.get(header)
    if value is None:
        return None
    if (event := number_of(value)) is None:
        raise MalformedError("`{name}` must be the number of an event", name=header, loc=header)
    return event


def require_type(name: str, otherwise: str = "") -> None:
    """Raise UnsupportedMediaError for a body of another type, or a compressed one.

    otherwise: where a body of another type belongs, as the end of the sentence.
    """
    if request.mimetype != name:
        raise UnsupportedMediaError("The body must be {name}", name=name + otherwise)
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        # Accept-Encoding names what would be accepted (RFC 9110, 15.5.16).
        raise UnsupportedMediaError(
            "The body must not be compressed", headers={"Accept-Encoding": "identity"}
        )


def decode_json(body: bytes, form: type[Form]) -> Form:
    """Return the bytes as the form.

    Raises MalformedError for what is not JSON, InvalidInputError for JSON that is not the form.
    """
    try:
        return msgspec.json.decode(body, type=form)
    except (ValueError, RecursionError) as error:
        fault = error
    # The decoder stops at the first fault, after which there may be no JSON.
    try:
        json.loads(body.decode(), parse_constant=_refuse, parse_int=str)
    except RecursionError:
        raise MalformedError("The JSON is nested too deeply", loc="body") from None
    except ValueError as error:
        raise MalformedError(f"The body is not JSON in UTF-8: {error}", loc="body") from None
    if isinstance(fault, msgspec.ValidationError):
        raise _fault(InvalidInputError, fault)
    raise InvalidInputError("A string contains an unpaired surrogate", loc="body")


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")
