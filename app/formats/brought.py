"""Formats of other packages, found by entry points in the group `saywho.formats`.

`Brought.faults` names faulty formats, which are left out. A format that fails at a file does not
recognise it, or stops reading it.
"""

import contextlib
import logging
import re
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from threading import Thread
from typing import Any, Final

from app.errors import BrokenFileError, ImportFileError, Message, in_one_line
from app.formats.records import BadRecord, Format, Item, ReadOptions, Record, RecordStream, Skipped
from app.formats.source.file import Source

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_OWN_ERRORS: Final = (ImportFileError, RecursionError, MemoryError)

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Brought:
    formats: list[Format] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def bring_formats(taken: Collection[str], *, within_s: float = 5.0) -> Brought:
    """Load other packages' formats with free names, each in that time."""
    brought = Brought()
    names = {*taken, "auto"}
    for entry in entry_points(group="saywho.formats"):
        form, fault = _loaded(entry, within_s)
        if form is not None and form.name in names:
            fault = "another format has this name"
        if form is None or fault:
            source = entry.dist.name if entry.dist else entry.value
            brought.faults.append(f"the format {entry.name} of {source} is left out: {fault}")
        else:
            names.add(form.name)
            brought.formats.append(replace(form, read=_Reader(form).read, writer=None))
    return brought


def _loaded(entry: EntryPoint, within_s: float) -> tuple[Format | None, str]:
    """Return an entry point's format, or the fault.

    A thread imports it, because the import may never end.
    """
    results: list[tuple[Format | None, str]] = []

    def load() -> None:
        try:
            results.append(_checked(entry.load()))
        except BaseException as error:
            results.append((None, f"{type(error).__name__}: {in_one_line(error)}"))

    thread = Thread(target=load, name=f"loads {entry.name}", daemon=True)
    with contextlib.redirect_stdout(sys.stderr):  # The output is a result that others read.
        thread.start()
        thread.join(within_s)
    return results[0] if results else (None, f"its import takes more than {within_s:g} s")


def _checked(form: Any) -> tuple[Format | None, str]:
    if not isinstance(form, Format):
        return None, f"it is no Format, but of the type {type(form).__name__}"
    if not (isinstance(form.name, str) and _NAME.fullmatch(form.name)):
        return None, "its name is not of small letters, digits and hyphens"
    if not (isinstance(form.label, Message) and isinstance(form.mark, Message)):
        return None, "its label or its mark is no Message"
    return (form, "") if callable(form.read) else (None, "its read cannot be called")


class _Reader:
    """Reads by another package's format, and contains its faults."""

    def __init__(self, form: Format) -> None:
        self._form = form

    def read(self, source: Source, options: ReadOptions) -> RecordStream | None:
        try:
            records = self._form.read(source, options)
            if records is None:
                return None
            items = self._items(source, iter(records.items))
            return replace(records, format=self._form.name, items=items)
        except _OWN_ERRORS:
            raise
        except Exception as error:
            logger.warning("the format %s fails: %s", self._form.name, _reason(error))
            return None

    def _items(self, source: Source, items: Iterator[Item]) -> Iterator[Item]:
        try:
            for item in items:
                if not isinstance(item, Record | BadRecord | Skipped):
                    raise TypeError(f"{type(item).__name__} is no record")
                yield item
        except _OWN_ERRORS:
            raise
        except Exception as error:
            raise BrokenFileError(
                "{name}: reading stopped because the custom format {format} failed ({reason})",
                name=source.name,
                format=self._form.name,
                reason=_reason(error),
            ) from error


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {in_one_line(error)}"
