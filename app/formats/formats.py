"""What a format is: one module that can tell and read it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.formats.records import Archive
from app.formats.source.file import Source


class Parse(Protocol):
    """Reads a recognised source; the account is known at once, items are read as they are taken."""

    def __call__(self, source: Source, *, include_restricted: bool) -> Archive: ...


@dataclass(frozen=True, slots=True)
class Format:
    """One importable format, told by content; to add one, write a module and register it."""

    name: str
    recognises: Callable[[Source], bool]
    parse: Parse
