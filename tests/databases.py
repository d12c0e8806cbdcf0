"""Migrated, empty databases for tests: files, or databases of one server for the whole run."""

import asyncio
import os
import shutil
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg

from app.config import Config
from app.db.migrate import prepare

KINDS = ("sqlite", "postgresql")
STOCK: Final = "aiosqlite"
"""SQLite by aiosqlite as it comes, without `app.db.sqlite.connection.DriverConnection`."""
_KEEP = """
    CREATE SCHEMA first;
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('CREATE TABLE first.%1$I AS TABLE public.%1$I', name);
        END LOOP;
    END $$
"""
"""Keeps what a migrated, empty database holds."""
EMPTY = """
    SET session_replication_role = replica; SET lock_timeout = '2s';
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'first' LOOP
            EXECUTE format('DELETE FROM public.%I', name);
            EXECUTE format('INSERT INTO public.%1$I SELECT * FROM first.%1$I', name);
        END LOOP;
    END $$;
    SELECT setval(oid, 1, false) FROM pg_class
    WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace;
    RESET session_replication_role
"""
"""Lets all tables be as they were, and ids begin anew."""
PATIENCE_S: Final = 60.0
"""Seconds for what others hold at the moment."""
T = TypeVar("T")


class Databases(ABC):
    """Makes a database for each data folder that asks for one."""

    kind: str

    @abstractmethod
    def make(self, folder: Path) -> str:
        """Return the URL of the folder's database, a copy of the template at the first call."""

    @abstractmethod
    def make_bare(self, folder: Path) -> str:
        """Return the URL of a database without tables."""

    @abstractmethod
    def drop(self, folder: Path) -> None:
        """Remove the databases of this folder and of those in it."""

    @abstractmethod
    def execute(self, folder: Path, statement: str) -> None:
        """Change the folder's database from outside of the program."""

    @abstractmethod
    def fetch(self, folder: Path, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query from outside of the program."""


class SqliteDatabases(Databases):
    kind = "sqlite"

    def __init__(self, template: Path) -> None:
        self._template = template

    def make(self, folder: Path) -> str:
        path = folder / "testing.db"
        if not path.exists():
            shutil.copy(self._template, path)
        return self.make_bare(folder)

    def make_bare(self, folder: Path) -> str:
        return f"sqlite+aiosqlite:///{folder / 'testing.db'}"

    def drop(self, folder: Path) -> None:
        """Leave the files: they go with the folder."""

    def execute(self, folder: Path, statement: str) -> None:
        with (
            closing(sqlite3.connect(folder / "testing.db", timeout=PATIENCE_S)) as connection,
            connection,
        ):
            connection.execute(statement)

    def fetch(self, folder: Path, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(folder / "testing.db", timeout=PATIENCE_S)) as connection:
            return connection.execute(query).fetchall()


class PostgresqlDatabases(Databases):
    """Copies a template database, and empties and reuses the copies, which is much faster."""

    kind = "postgresql"

    def __init__(self, url: str, worker: str, folder: Path) -> None:
        self._url = url
        self._prefix = f"{worker}_{os.getpid()}"
        self._used: dict[Path, str] = {}
        self._free: list[str] = []
        self._changed: set[str] = set()
        self._made = 0
        self._thread = LoopThread()
        self._connections: dict[str, asyncpg.Connection[Any]] = {}
        self._template = self._create("template1")
        config = Config(env="testing", data_dir=folder, database_url=self._of(self._template))
        prepare(config, upgrade_old=False)
        self._execute(self._template, _KEEP)
        # Nobody may be connected to what is copied.
        self._thread.run(self._connections.pop(self._template).close())

    def make(self, folder: Path) -> str:
        if folder not in self._used:
            self._used[folder] = self._free.pop() if self._free else self._create(self._template)
        return self._of(self._used[folder])

    def make_bare(self, folder: Path) -> str:
        if folder not in self._used:
            self._used[folder] = self._create("template1")
            self._changed.add(self._used[folder])
        return self._of(self._used[folder])

    def drop(self, folder: Path) -> None:
        for each in [each for each in self._used if each.is_relative_to(folder)]:
            name = self._used.pop(each)
            if name not in self._changed:
                # It fails where a table is gone, or a transaction was left open.
                with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                    self._execute(name, EMPTY)
                    self._free.append(name)
                    continue
            if connection := self._connections.pop(name, None):
                connection.terminate()
            self._execute("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')

    def execute(self, folder: Path, statement: str) -> None:
        self._execute(self._used[folder], statement)
        if statement.split()[0] in {"ALTER", "CREATE", "DROP"}:
            self._changed.add(self._used[folder])

    def fetch(self, folder: Path, query: str) -> list[tuple[Any, ...]]:
        connection = self._connection(self._used[folder])
        return [tuple(row) for row in self._thread.run(connection.fetch(query))]

    def close(self) -> None:
        for connection in self._connections.values():
            connection.terminate()
        self._thread.close()

    def _of(self, name: str) -> str:
        return self._url.replace("/postgres?", f"/{name}?")

    def _create(self, template: str) -> str:
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        self._execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def _connection(self, name: str) -> "asyncpg.Connection[Any]":
        if name not in self._connections:
            source = self._of(name).replace("postgresql+asyncpg:", "postgresql:", 1)
            self._connections[name] = self._thread.run(asyncpg.connect(source))
        return self._connections[name]

    def _execute(self, name: str, statement: str) -> None:
        self._thread.run(self._connection(name).execute(statement))


class LoopThread:
    """An event loop of its own, for what has to be awaited while another loop runs."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
