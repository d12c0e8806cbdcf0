"""Errors that a user can meet.

A message is English with `{names}`: pages translate it before its values are inserted.
"""

import errno
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from itertools import chain
from types import UnionType
from typing import Annotated, Any, ClassVar, Final, Union, get_args, get_origin

import msgspec
from msgspec import Struct, structs

from saywho.errors import (
    BrokenFileError as BrokenFileError,
    FieldError as FieldError,
    FileError as FileError,
    InvalidInputError as InvalidInputError,
    LimitReachedError as LimitReachedError,
    Message as Message,
    QuestionError as QuestionError,
    RecordError as RecordError,
    SaywhoError,
    UnrecognisedFileError as UnrecognisedFileError,
    in_one_line as in_one_line,
    message_of as message_of,
    packed as packed,
    unpacked as unpacked,
)


class StartError(Exception):
    """The program cannot start; the message gives the reason in one line."""


AppError = SaywhoError
"""All errors with a sentence for the user: those of the library and those of the site."""


class StatusError(AppError):
    """An error of the site, with the HTTP status that it is answered with."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    type: ClassVar[str] = "internal"

    def __init_subclass__(cls, status: HTTPStatus | None = None, type: str = "") -> None:  # noqa: A002
        cls.status, cls.type = status or cls.status, type or cls.type

    def __init__(
        self, message: str, *, headers: Mapping[str, str] | None = None, **values: Any
    ) -> None:
        super().__init__(message, **values)
        self.headers = dict(headers or {})


def status_of(error: AppError) -> HTTPStatus:
    """Return the status of an answer with this error: 422 for all errors of the library."""
    return error.status if isinstance(error, StatusError) else HTTPStatus.UNPROCESSABLE_ENTITY


def headers_of(error: AppError) -> dict[str, str]:
    """Return the headers of an answer with this error."""
    return error.headers if isinstance(error, StatusError) else {}


class MalformedError(StatusError, status=HTTPStatus.BAD_REQUEST, type="malformed"):
    """The request cannot be understood."""


class UnauthorizedError(StatusError, status=HTTPStatus.UNAUTHORIZED, type="unauthorized"):
    """There is no token, or a bad one."""


class ForbiddenError(StatusError, status=HTTPStatus.FORBIDDEN, type="forbidden"):
    """The token's scope does not allow it."""


class NotFoundError(StatusError, status=HTTPStatus.NOT_FOUND, type="not-found"):
    """The subject does not exist."""


class GoneError(StatusError, status=HTTPStatus.GONE, type="gone"):
    """An earlier version had something at this address."""


class ConflictError(StatusError, status=HTTPStatus.CONFLICT, type="conflict"):
    """The subject already exists, or is in progress."""


class TooLargeError(StatusError, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, type="too-large"):
    """The body is too large."""


class MisdirectedError(StatusError, status=HTTPStatus.MISDIRECTED_REQUEST, type="misdirected"):
    """The host is not one of the site's hosts."""


class UnsupportedMediaError(
    StatusError, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, type="unsupported-media-type"
):
    """The body is of the wrong type."""


class TooManyError(StatusError, status=HTTPStatus.TOO_MANY_REQUESTS, type="too-many-requests"):
    """There were too many failures to sign in."""


class CountingError(StatusError, status=HTTPStatus.ACCEPTED, type="counting"):
    """A page counts many messages; ask again in a second."""

    def __init__(self) -> None:
        told = "There is much to count here. The page appears by itself when that is done."
        super().__init__(told, headers={"Retry-After": "1", "Cache-Control": "no-store"})


class UnavailableError(StatusError, status=HTTPStatus.SERVICE_UNAVAILABLE, type="unavailable"):
    """The server cannot respond now; try again later."""

    def __init__(self, message: str, *, retry_after_s: int = 1, **values: Any) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after_s)}, **values)


def overloaded() -> UnavailableError:
    return UnavailableError("The server is busy. Try again in a moment.")


def is_out_of_files(error: BaseException) -> bool:
    """Return whether this process, or the machine, cannot open another file."""
    return isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}


def unwritable() -> UnavailableError:
    return UnavailableError(
        "The database cannot be written or read at the moment; try again soon", retry_after_s=30
    )


def database_busy() -> UnavailableError:
    return UnavailableError("The database is busy; try again soon")


def stopping() -> UnavailableError:
    return UnavailableError("The server is stopping; try again soon")


class StorageFullError(StatusError, status=HTTPStatus.INSUFFICIENT_STORAGE, type="storage-full"):
    """The disk is full."""


def storage_full() -> StorageFullError:
    return StorageFullError("The disk is full")


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raise StorageFullError or UnavailableError in place of an OSError."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise storage_full() from error
        raise UnavailableError(
            "The data folder cannot be written at the moment; try again soon", retry_after_s=30
        ) from error


UNTYPED: Final = "about:blank"
"""Type of a problem that its status describes in full (RFC 9457, 4.2.1)."""


class Problem(msgspec.Struct, omit_defaults=True):
    """Problem details, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()
    request_id: str | None = None
    """Only with 500."""
    accepted: int | None = None
    """For a request with many lines: number of lines stored before the error; they are kept."""


def problem(error: AppError) -> Problem:
    status = status_of(error)
    kind = error.type if isinstance(error, StatusError) else "invalid-input"
    return Problem(
        type=f"urn:saywho:problem:{kind}",
        title=status.phrase,
        status=status.value,
        detail=str(error.detail),
        errors=error.errors,
    )


def with_accepted(details: Problem, accepted: int) -> Problem:
    """Return a problem that ended the storing of lines, with the number of stored lines."""
    detail = f"{details.detail.rstrip('.')}. Lines that were stored before, and stay: {accepted:,}"
    return structs.replace(details, accepted=accepted, detail=detail)


def unexpected(request_id: str) -> Problem:
    """Return an unforeseen failure as problem details naming only the request."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    detail = "Something went wrong on the server"
    return Problem(UNTYPED, status.phrase, status.value, detail, request_id=request_id)


# --- Faults of a request's values ---

_SHAPES: Final = {
    "str": ("text", '"words"'),
    "int": ("a whole number", "20"),
    "float": ("a number", "0.5"),
    "bool": ("true or false", ""),
    "array": ("a list", "[…]"),
    "object": ("an object", ""),
    "null": ("null", ""),
}
"""Requirement for a value, and an example, by msgspec's name of its type."""
_TIME: Final = "must be a time with a time zone, like 2026-01-31T09:00:00Z"
_BOUND: Final = re.compile(r"Expected `(\w+)`( of length)? ([<>]=?) (.+)")
_SIDES: Final = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than"}


def fault_of(error: msgspec.ValidationError, form: Any) -> tuple[str, str]:
    """Return the place of a wrong value, and how it must be, without the words of Python.

    form: the type that the value was to have.
    """
    detail, _, path = str(error).partition(" - at `$")
    place = path.strip(".`")
    if field := re.fullmatch("Object (missing required|contains unknown) field `(.+)`", detail):
        why = "is missing" if field[1] == "missing required" else "is not known here"
        return ".".join(filter(None, [place, field[2]])), why
    return place or "body", _worded(detail, form, re.findall(r"\w+", place))


MOST_FAULTS: Final = 20
_MOST_ITEMS: Final = 1_000
"""Items of a list that are looked at for faults, which takes two milliseconds."""


def faults_of(
    value: Any, form: Any, *, is_strict: bool = True, place: str = ""
) -> Iterator[tuple[str, str]]:
    """Yield the place of each wrong value, and how it must be, where msgspec stops at the first.

    Structs are looked at field by field, and lists item by item. is_strict: whether a text is no
    number; place: of the value.
    """
    try:
        msgspec.convert(value, form, strict=is_strict)
    except msgspec.ValidationError as error:
        inner, why = fault_of(error, form)
    else:
        return
    first = f"{place}.{inner}".removesuffix(".body").replace(".[", "[") if place else inner
    within = chain.from_iterable(
        _faults_within(value, option, is_strict, place) for option in _options_of(form)
    )
    yield next(within, (first, why))
    yield from within


def _faults_within(value: Any, form: Any, is_strict: bool, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list) and get_origin(form) in {list, tuple}:
        kind, *others = get_args(form)
        for index, item in enumerate(value[:_MOST_ITEMS] if others in ([], [...]) else ()):
            yield from faults_of(item, kind, is_strict=is_strict, place=f"{place}[{index}]")
    elif isinstance(value, dict) and isinstance(form, type) and issubclass(form, Struct):
        fields = {field.encode_name: field for field in structs.fields(form)}
        for name, part in value.items():
            at = f"{place}.{name}" if place else name
            if name in fields:
                yield from faults_of(part, fields[name].type, is_strict=is_strict, place=at)
            elif form.__struct_config__.forbid_unknown_fields:
                yield at, "is not known here"
        for name, field in fields.items():
            if field.required and name not in value:
                yield f"{place}.{name}" if place else name, "is missing"


def _options_of(form: Any) -> Iterator[Any]:
    if get_origin(form) in {Annotated, Union, UnionType}:
        for option in get_args(form):
            yield from _options_of(option)
    else:
        yield form


def _worded(detail: str, form: Any, names: Sequence[str]) -> str:
    if "datetime" in detail or "RFC3339" in detail:
        return _TIME
    if detail.startswith("Invalid enum value"):
        allowed = _known_of("enum", form, names)
        return f"must be {'one of ' if len(allowed) > 1 else ''}{', '.join(allowed)}"
    if bound := _BOUND.fullmatch(detail):
        kind, is_length, side, number = bound.groups()
        unit = "characters" if kind == "str" else "items"
        most = f"{_SIDES[side]} {number}"
        return f"must have {most} {unit}" if is_length else f"must be {most}"
    if types := re.match("Expected `([^`]+)`, got", detail):
        shapes = [_SHAPES.get(name, (name, "")) for name in types[1].split(" | ")]
        example = next((f", like {each}" for _, each in shapes if each), "")
        return f"must be {' or '.join(name for name, _ in shapes)}{example}"
    if examples := _known_of("examples", form, names):
        return f"must be written like {examples[0]}"
    return detail


def _known_of(key: str, form: Any, names: Sequence[str]) -> list[str]:
    schema = msgspec.json.schema(form)

    def options(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        yield part
        for option in [*part.get("anyOf", []), *filter(None, [part.get("items")])]:
            yield from options(option)

    parts = [*options(schema)]
    for name in names:
        fields = [part["properties"][name] for part in parts if name in part.get("properties", {})]
        parts = [option for field in fields for option in options(field)] or parts
    return [str(value) for part in parts for value in part.get(key, ())]
