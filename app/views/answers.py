"""Answers in JSON."""

from typing import Any

import msgspec
from quart import Response

_encoder = msgspec.json.Encoder()


class Page(msgspec.Struct, frozen=True):
    """A page of a list; `next` is the cursor of the following one."""

    items: list[Any]
    next: str | None


def json_answer(
    value: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """Return the value as JSON: structs as objects, times as RFC 3339."""
    return Response(_encoder.encode(value), status, headers, content_type="application/json")


def no_content() -> Response:
    """Return the answer to a deletion: 204, without a body and its type."""
    response = Response(b"", 204)
    del response.headers["Content-Type"]
    return response


def as_of(event_id: int | None) -> dict[str, str]:
    """Return the header that says how far an answer made from vectors has come."""
    return {} if event_id is None else {"Saywho-As-Of": str(event_id)}
