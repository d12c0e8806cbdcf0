"""What the API's document may say of an endpoint."""

from dataclasses import dataclass, field
from typing import Any, Final

from msgspec import Struct

from app.views.parsing import NoArgs

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
HTML: Final = "text/html"
STREAM: Final = "text/event-stream"
FILE: Final = "application/octet-stream"
MULTIPART: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A good answer: what it means, and what it holds, nothing if `of` is None."""

    description: str
    of: Any = None
    content_type: str = JSON
    others: dict[str, Any] = field(default_factory=dict)
    """What else it may hold, by content type."""
    has_location: bool = False
    has_retry: bool = False
    """Whether it says when to come again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a request holds, by content type (None: bytes); JSON's example is a value."""

    content: dict[str, Any]
    example: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An endpoint; `errors` are those that no rule gives, `example` is of the parameters."""

    tag: str
    summary: str
    answers: dict[int, Answer]
    args: type[Struct] = NoArgs
    body: Body | None = None
    errors: frozenset[int] = frozenset()
    takes_idempotency_key: bool = False
    has_validator: bool = True
    """Whether the answer to a GET names its state, so that another copy can be spared."""
    example: dict[str, Any] = field(default_factory=dict)

    @property
    def is_stream(self) -> bool:
        """Whether the answer has no end."""
        return any(answer.content_type == STREAM for answer in self.answers.values())
