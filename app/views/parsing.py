"""Parsing of requests: paths, parameters (400), JSON bodies (400, 415, 422)."""

import functools
import re
from typing import Any, Final, NoReturn, TypeVar, get_origin, get_type_hints
from urllib.parse import unquote_to_bytes

import msgspec
from quart import Quart, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.routing import BaseConverter

from app.errors import FieldError, InvalidInputError, MalformedError, UnsupportedMediaError
from app.lifespan import resources
from app.views.bodies import too_large

Form = TypeVar("Form", bound=msgspec.Struct)


class NoArgs(msgspec.Struct):
    """The form of an address without parameters."""


UTF_8: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_PLACE = re.compile(r" - at `(?:\$|key in \$)\.?(?P<loc>[^`]*)`$")


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


def parse_args(form: type[Form], *, strict: bool = True) -> Form:
    """Return the address's parameters as the form; lists take a parameter several times.

    Raises MalformedError; with `strict` also for a parameter that the form does not know, and
    for bytes that are not UTF-8, of which Werkzeug would keep `%FF` as it stands.
    """
    if strict:
        try:
            unquote_to_bytes(request.query_string).decode()
        except UnicodeDecodeError:
            malformed("query", "The address is not UTF-8")
    return args_of(request.args, form, strict=strict)


def args_of(args: MultiDict[str, str], form: type[Form], *, strict: bool) -> Form:
    """Return the parameters as the form, likewise."""
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
    names = dict(zip(form.__struct_fields__, form.__struct_encode_fields__, strict=True))
    kinds = get_type_hints(form)
    return {names[field]: get_origin(kinds[field]) is list for field in names}


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
    """Raise MalformedError for what is not JSON; 1 MB takes some milliseconds."""
    # Half a surrogate pair is well formed, but the decoder refuses it.
    body = body.replace(rb"\ud", rb"\u0").replace(rb"\uD", rb"\u0")
    try:
        body.decode()
        msgspec.json.decode(body, type=msgspec.Raw)
    except RecursionError:
        raise MalformedError("The JSON is nested too deep", loc="body") from None
    except UnicodeDecodeError:
        raise MalformedError("The body is not UTF-8", loc="body") from None
    except ValueError as error:
        raise MalformedError(f"The body is not JSON: {error}", loc="body") from None


def _place(error: msgspec.ValidationError) -> tuple[str, str]:
    detail = str(error)
    if match := _PLACE.search(detail):
        return match["loc"], detail[: match.start()]
    match = re.search(r"(?:unknown|missing required) field `([^`]*)`", detail)
    return match[1] if match else "", detail


def malformed(loc: str, detail: str) -> NoReturn:
    raise MalformedError(detail, errors=[FieldError(loc, detail)])
