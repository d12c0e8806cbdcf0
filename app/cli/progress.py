"""Progress of long commands on standard error: a bar on a terminal, lines elsewhere."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

import click

from app.clock import monotonic

LINE_EVERY_S: Final = 5.0
"""Seconds between two lines."""


class Progress(contextlib.ExitStack):
    """Shows how far a piece of work is; a bar gets the options of click's."""

    def __init__(self, label: str, **options: Any) -> None:
        super().__init__()
        self._label = label
        self._options = options
        self._next_line = monotonic() + LINE_EVERY_S
        self._bar: Any = None

    def show(self, done: int, total: int, text: str) -> None:
        """Show how much of the total is done, and the same in words."""
        if sys.stderr.isatty():
            # Created late: some totals are known only once the work has begun.
            self._bar = self._bar or self.enter_context(
                click.progressbar(length=total, label=self._label, file=sys.stderr, **self._options)
            )
            self._bar.update(done - self._bar.pos, text)
        elif monotonic() >= self._next_line:
            self._next_line = monotonic() + LINE_EVERY_S
            click.echo(f"{self._label}: {text}", err=True)


@contextlib.contextmanager
def counted(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that shows how much of the total is done."""
    with Progress(label, show_pos=True) as progress:
        yield lambda done: progress.show(done, total, f"{done:,} of {total:,}")
