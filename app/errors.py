"""The errors that a user can meet, and their one mapping to answers.

    AppError
    ├── MalformedError          400  the request cannot be understood
    ├── UnauthorizedError       401  no token, or a bad one
    ├── ForbiddenError          403  the token's scope does not allow it
    ├── NotFoundError           404
    ├── ConflictError           409  it exists already, or is under way
    ├── GoneError               410  it existed once
    ├── TooLargeError           413
    ├── UnsupportedMediaError   415
    ├── InvalidInputError       422  well-formed, but wrong
    ├── TooManyError            429  too many failures to sign in
    ├── UnavailableError        503  try again later
    └── StorageFullError        507  the disk is full

`message` is English with `{names}`, so that pages can translate it before its values go in.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, ClassVar, Self

import msgspec
from msgspec import Meta


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong at one place of the input."""

    loc: Annotated[str, Meta(description="The parameter, field or header.")]
    detail: str


class Message(str):
    """An English sentence that keeps its template and values, so that pages can translate it.

    A value may be a Message too. msgspec encodes it only with `enc_hook=str`.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, **values: object) -> Self:
        """Return the sentence with its values filled in."""
        message = super().__new__(cls, template.format(**values) if values else template)
        message.template, message.values = template, values
        return message


class StartError(Exception):
    """The program cannot start; the message gives the reason in one line."""


class AppError(Exception):
    """A failure with a status and a sentence for the user."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    type: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        loc: str | None = None,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> None:
        if isinstance(message, Message):
            values = {**message.values, **values}
            message = message.template
        self.message = message
        self.values = values
        self.detail = message.format(**values) if values else message
        self.errors = tuple(errors) or ((FieldError(loc, self.detail),) if loc else ())
        self.headers = dict(headers or {})
        super().__init__(self.detail)


class MalformedError(AppError):
    status = HTTPStatus.BAD_REQUEST
    type = "malformed"


class UnauthorizedError(AppError):
    status = HTTPStatus.UNAUTHORIZED
    type = "unauthorized"


class ForbiddenError(AppError):
    status = HTTPStatus.FORBIDDEN
    type = "forbidden"


class NotFoundError(AppError):
    status = HTTPStatus.NOT_FOUND
    type = "not-found"


class ConflictError(AppError):
    status = HTTPStatus.CONFLICT
    type = "conflict"


class GoneError(AppError):
    status = HTTPStatus.GONE
    type = "gone"


class TooLargeError(AppError):
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    type = "too-large"


class UnsupportedMediaError(AppError):
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    type = "unsupported-media-type"


class InvalidInputError(AppError):
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    type = "invalid-input"


class TooManyError(AppError):
    status = HTTPStatus.TOO_MANY_REQUESTS
    type = "too-many-requests"


class UnavailableError(AppError):
    """The answer says to retry after a second, unless `headers` name another time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    type = "unavailable"

    def __init__(
        self, message: str, *, headers: Mapping[str, str] | None = None, **values: Any
    ) -> None:
        super().__init__(message, headers={"Retry-After": "1"} | dict(headers or {}), **values)


def overloaded() -> UnavailableError:
    return UnavailableError("The server is overloaded. Try again in a moment.")


class StorageFullError(AppError):
    status = HTTPStatus.INSUFFICIENT_STORAGE
    type = "storage-full"


class Problem(msgspec.Struct, omit_defaults=True):
    """Problem details, RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: Annotated[
        tuple[FieldError, ...], Meta(description="What is wrong, place by place.")
    ] = ()
    request_id: Annotated[
        str | None, Meta(description="Only with 500: names the request in the log.")
    ] = None


def message_of(error: Exception) -> Message:
    """Return the reason of a failure as a sentence that pages can translate."""
    if isinstance(error, AppError):
        return Message(error.message, **error.values)
    return Message(str(error))


def problem(error: AppError) -> Problem:
    """Return the error as problem details."""
    return Problem(
        type=f"urn:saywho:problem:{error.type}",
        title=error.status.phrase,
        status=error.status.value,
        detail=error.detail,
        errors=error.errors,
    )
