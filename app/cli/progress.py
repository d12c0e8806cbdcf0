"""Progress of long commands on standard error: a bar on a terminal, lines elsewhere."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import click

from app.clock import monotonic

if TYPE_CHECKING:
    from app.formats.source.file import Source
    from app.services.imports.bulk import ImportReport

LINE_EVERY_S: Final = 5.0
"""Seconds between two lines."""


class _Lines:
    """Prints at most one line in LINE_EVERY_S."""

    def __init__(self) -> None:
        self._next = monotonic() + LINE_EVERY_S

    def show(self, line: str) -> None:
        if monotonic() >= self._next:
            self._next = monotonic() + LINE_EVERY_S
            click.echo(line, err=True)


@contextlib.contextmanager
def counted(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows how much of the total is done."""
    if total and sys.stderr.isatty():
        with click.progressbar(length=total, label=label, show_pos=True, file=sys.stderr) as bar:
            yield lambda done: bar.update(done - bar.pos)
        return
    lines = _Lines()
    yield lambda done: lines.show(f"{label}: {done:,} of {total:,}")


class ImportProgress:
    """Shows how far the import of a file is."""

    def __init__(self, report: "ImportReport") -> None:
        self.unit = "record"
        self.report = report
        """The counts of the posts that are stored for good."""
        self._lines = _Lines()
        self._bar: Any = None

    @contextlib.contextmanager
    def of(self, source: "Source") -> Iterator[None]:
        """Show the progress of this source in the context."""
        self._source = source
        with contextlib.ExitStack() as self._stack:
            yield

    def show(self, report: "ImportReport") -> None:
        """Show the counts of the report."""
        # The report itself counts a batch before it is stored.
        self.report = deepcopy(report)
        counts = (
            f"{report.accepted:,} new, {report.duplicates:,} known, {report.rejected:,} rejected"
        )
        if sys.stderr.isatty():
            self._show_bar(counts)
        else:
            self._lines.show(f"{self._source.name}: {counts}")

    def _show_bar(self, counts: str) -> None:
        # Created late: the members of an archive that are read are known once it is open.
        if self._bar is None:
            self._bar = self._stack.enter_context(
                click.progressbar(
                    length=self._source.bytes_total or 0,
                    label=self._source.name,
                    item_show_func=lambda item: item,
                    file=sys.stderr,
                )
            )
        self._bar.update(self._source.bytes_read - self._bar.pos, counts)
