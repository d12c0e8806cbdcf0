"""Python's `sqlite3.connect` over apsw, on files that forget what was not synced when power is cut.

Python's own module has an SQLite to which no file system of ours can be given.
"""

import os
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any, Final

import apsw

NAME: Final = "forgetful"
Write = tuple[int, bytes, bytes, int]
"""Where, what was there, what is there now, and the file's size before."""


class Power:
    """Counts the operations of all files, and cuts the power before one of them."""

    def __init__(self, random: Random, operations: int, *, keeps_some: bool) -> None:
        self.lock = threading.RLock()
        self.unsynced: defaultdict[str, list[Write]] = defaultdict(list)
        self._random = random
        self._left = operations
        self._keeps_some = keeps_some

    def spend(self) -> None:
        self._left -= 1
        if self._left <= 0:
            self._cut()

    def _cut(self) -> None:
        """Undo what was not synced, or all but a random part; nothing of the process runs on."""
        for path, writes in self.unsynced.items():
            descriptor = os.open(path, os.O_RDWR)
            for where, before, _, size in reversed(writes):
                os.pwrite(descriptor, before, where)
                os.ftruncate(descriptor, size)
            for where, _, after, _ in writes:
                if self._keeps_some and self._random.random() < 0.5:
                    os.pwrite(descriptor, after, where)
        os._exit(9)


class ForgetfulFile(apsw.VFSFile):
    def __init__(self, power: Power, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._power = power
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name, as below
        with self._power.lock:
            self._power.spend()
            self._note(offset, bytes(data), len(data))
            super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        with self._power.lock:
            self._power.spend()
            self._note(newsize, b"", super().xFileSize())
            super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        with self._power.lock:
            self._power.spend()
            super().xSync(flags)
            self._power.unsynced.pop(self._path, None)

    def _note(self, offset: int, after: bytes, most: int) -> None:
        size = super().xFileSize()
        length = min(most, size - offset)
        before = super().xRead(length, offset) if length > 0 else b""
        self._power.unsynced[self._path].append((offset, before, after, size))


class ForgetfulFiles(apsw.VFS):
    def __init__(self, power: Power) -> None:
        super().__init__(NAME, "")
        self._power = power

    def xOpen(self, name: Any, flags: list[int]) -> ForgetfulFile:  # noqa: N802
        return ForgetfulFile(self._power, name, flags)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        is_conflict = isinstance(error, apsw.ConstraintError)
        raised = (sqlite3.IntegrityError if is_conflict else sqlite3.OperationalError)(str(error))
        raised.sqlite_errorcode = getattr(error, "extendedresult", 0)
        raise raised from error


class Cursor:
    """The part of a cursor that the program uses; it has all rows at once."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid = 0

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> "Cursor":
        return self.executemany(sql, [parameters])

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> "Cursor":
        def describe(cursor: apsw.Cursor, *_: object) -> bool:
            named = cursor.get_description()
            self.description = tuple((name, *[None] * 6) for name, *_ in named) or None
            return True

        before = self._connection.total_changes()
        with _errors():
            cursor = self._connection.cursor()
            cursor.exec_trace = describe
            self._rows = list(cursor.executemany(sql, map(tuple, parameters)))
        if self.description is None:
            self.rowcount = self._connection.total_changes() - before
        self.lastrowid = self._connection.last_insert_rowid()
        return self

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())

    def fetchmany(self, count: int) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[:count], self._rows[count:]
        return rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(iter(self.fetchmany(1)), None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.fetchmany(len(self._rows))

    def close(self) -> None:
        self._rows = []


class Connection:
    """The part of a connection that the program uses."""

    isolation_level = None

    def __init__(self, path: Any, timeout: float = 5.0, **_: Any) -> None:
        with _errors():
            self._connection = apsw.Connection(str(path), vfs=NAME)
        self._connection.set_busy_timeout(int(timeout * 1000))

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    @property
    def total_changes(self) -> int:
        return int(self._connection.total_changes())

    def cursor(self) -> Cursor:
        return Cursor(self._connection)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Cursor:
        return self.cursor().executemany(sql, parameters)

    def commit(self) -> None:
        if self.in_transaction:
            self.execute("COMMIT")

    def rollback(self) -> None:
        if self.in_transaction:
            self.execute("ROLLBACK")

    def create_function(
        self, name: str, count: int, function: Callable[..., Any], *, deterministic: bool = False
    ) -> None:
        self._connection.create_scalar_function(name, function, count, deterministic=deterministic)

    def close(self) -> None:
        self._connection.close()
