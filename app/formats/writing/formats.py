"""What a format is: one module that writes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Row(NamedTuple):
    """A post with its author, as it is stored."""

    id: int
    username: str
    platform: str
    text: str
    kind: str
    created_at: datetime | None
    lang: str | None
    source_id: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class Format:
    """One format; a file is its heading and then the rows, however many at a time."""

    name: str
    suffix: str
    content_type: str
    heading: bytes
    encode: Callable[[Sequence[Row]], bytes]
