"""A database that refuses to store anything more, as one on a full disk does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.pool import Pool

FULL: Final = "max_page_count = 1"
"""Clamped to what there is."""
ROOMY: Final = "max_page_count = 1000000"
READ_ONLY: Final = "query_only = ON"
WRITABLE: Final = "query_only = OFF"


@contextmanager
def connections_take(
    pragma: str, *, from_posts: int = 0, once_then: str | None = None
) -> Iterator[None]:
    """Let connections to SQLite take the pragma when they are used, once there are some posts.

    once_then: what they take after the first use.
    """
    taken = [pragma]

    def execute(connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute('SELECT count(*) FROM "Tweet"')
        if cursor.fetchone()[0] >= from_posts:
            cursor.execute(f"PRAGMA {taken[-1]}")
            taken.append(once_then or pragma)

    event.listen(Pool, "checkout", execute)
    try:
        yield
    finally:
        event.remove(Pool, "checkout", execute)
