"""Errors that a user can meet.

A message is English with `{names}`: pages translate it before its values are inserted.
"""

import errno
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, ClassVar, Final, Self

import msgspec
from msgspec import structs


class FieldError(msgspec.Struct, frozen=True):
    """A fault at one place of the input."""

    loc: str
    detail: str


class Message(str):
    """An English sentence that keeps its template and values for translation.

    A value may be a Message too. msgspec encodes it only with `enc_hook=str`.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        message = super().__new__(cls, template.format(**values) if values else template)
        message.template, message.values = template, values
        return message


def packed(sentence: object) -> object:
    """Return a sentence as JSON values: a Message as its template and values."""
    if not isinstance(sentence, Message):
        return sentence
    return sentence.template, {name: packed(value) for name, value in sentence.values.items()}


def unpacked(value: Any) -> Any:
    """Return a sentence from its packed form, in JSON a list."""
    if not isinstance(value, list | tuple):
        return value
    template, values = value
    return Message(template, **{name: unpacked(inner) for name, inner in values.items()})


class StartError(Exception):
    """The program cannot start; the message gives the reason in one line."""


def in_one_line(error: BaseException) -> str:
    """Return the message of a library's error, or its type."""
    return " ".join(str(error).split()) or type(error).__name__


class AppError(Exception):
    """A failure with a status and a sentence for the user."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    type: ClassVar[str] = "internal"

    def __init_subclass__(cls, status: HTTPStatus | None = None, type: str = "") -> None:  # noqa: A002
        cls.status, cls.type = status or cls.status, type or cls.type

    def __init__(
        self,
        message: str,
        *,
        loc: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> None:
        self.detail = message if isinstance(message, Message) else Message(message, **values)
        self.errors = tuple(errors) or ((FieldError(loc, str(self.detail)),) if loc else ())
        self.headers = dict(headers or {})
        super().__init__(self.detail)


class MalformedError(AppError, status=HTTPStatus.BAD_REQUEST, type="malformed"):
    """The request cannot be understood."""


class UnauthorizedError(AppError, status=HTTPStatus.UNAUTHORIZED, type="unauthorized"):
    """There is no token, or a bad one."""


class ForbiddenError(AppError, status=HTTPStatus.FORBIDDEN, type="forbidden"):
    """The token's scope does not allow it."""


class NotFoundError(AppError, status=HTTPStatus.NOT_FOUND, type="not-found"):
    """The subject does not exist."""


class ConflictError(AppError, status=HTTPStatus.CONFLICT, type="conflict"):
    """The subject already exists, or is in progress."""


class TooLargeError(AppError, status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, type="too-large"):
    """The body is too large."""


class MisdirectedError(AppError, status=HTTPStatus.MISDIRECTED_REQUEST, type="misdirected"):
    """The host is not one of the site's hosts."""


class UnsupportedMediaError(
    AppError, status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE, type="unsupported-media-type"
):
    """The body is of the wrong type."""


class InvalidInputError(AppError, status=HTTPStatus.UNPROCESSABLE_ENTITY, type="invalid-input"):
    """The input is well-formed, but wrong."""


class RecordError(InvalidInputError):
    """A record cannot be read, but other records of its file can."""


class ImportFileError(InvalidInputError):
    """The rest of the file cannot be read."""


class UnrecognisedFileError(ImportFileError):
    """The file is missing, or nothing in it is recognised."""


class BrokenFileError(ImportFileError):
    """The file, or a member of it, is cut off; earlier records are kept."""


class LimitReachedError(BrokenFileError):
    """The file exceeds a limit, and the rest is not read."""


class TooManyError(AppError, status=HTTPStatus.TOO_MANY_REQUESTS, type="too-many-requests"):
    """There were too many failures to sign in."""


class UnavailableError(AppError, status=HTTPStatus.SERVICE_UNAVAILABLE, type="unavailable"):
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


class StorageFullError(AppError, status=HTTPStatus.INSUFFICIENT_STORAGE, type="storage-full"):
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


def message_of(error: Exception) -> Message:
    """Return the reason of a failure as a sentence that pages can translate."""
    return error.detail if isinstance(error, AppError) else Message(str(error))


def problem(error: AppError) -> Problem:
    return Problem(
        type=f"urn:saywho:problem:{error.type}",
        title=error.status.phrase,
        status=error.status.value,
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
