"""SQLite as this program sets it up, for the engines of the peers."""

import os
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, event

from app.db.sqlite import fts5

IMMEDIATE: Final = {"sqlite_begin": "IMMEDIATE"}
"""Options of a connection that will write: reading first and writing then would fail with
"database is locked" as soon as another one wrote in between."""


def database() -> Path:
    return Path(os.environ["PEER_DATABASE"])


def set_up(engine: Engine) -> None:
    """Give the engine's connections the settings that this program's have."""

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        # The word index is a trigger's work, whoever inserts a post.
        fts5.register(connection)
        cursor = connection.cursor()
        for pragma in (
            "busy_timeout = 15000",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "temp_store = MEMORY",
            "cache_size = -16000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")
