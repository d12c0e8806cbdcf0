"""How far long work is, for whoever waits at a terminal or reads a log."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

import click

LINE_EVERY_S: Final = 5.0


@contextlib.contextmanager
def counted(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Give what is to be called with how much is done: a bar on a terminal, else some lines."""
    if total and sys.stderr.isatty():
        with click.progressbar(length=total, label=label, show_pos=True, file=sys.stderr) as bar:
            yield lambda done: bar.update(done - bar.pos)
        return
    next_line = time.monotonic() + LINE_EVERY_S

    def tell(done: int) -> None:
        nonlocal next_line
        if time.monotonic() >= next_line:
            next_line = time.monotonic() + LINE_EVERY_S
            click.echo(f"{label}: {done:,} of {total:,}", err=True)

    yield tell
