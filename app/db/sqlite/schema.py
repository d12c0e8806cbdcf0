"""The objects of a database file: saywho's own, and those of other programs.

A file may come from a stranger, in a backup or in an unpacked folder. A trigger in it would change
what saywho stores, for example put a revoked token back.
"""

# `PRAGMA trusted_schema = OFF` is no help: our triggers call our function, which Python cannot mark
# as innocuous, and an index calls json_extract, which SQLite 3.40 does not mark either.

import re
import sqlite3
from typing import Final

from app.db.sqlite.fts5 import STATEMENTS
from app.models import Base

ELEMENTS: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master"
KEYS: Final = "SELECT * FROM pragma_foreign_key_list(?)"
_CREATED: Final = re.compile(r'CREATE (?:VIRTUAL )?(\w+) "(\w+)"', re.I)


def in_one_line(sql: str | None) -> str:
    return " ".join((sql or "").split())


def _words() -> dict[str, str]:
    statements = map(in_one_line, STATEMENTS)
    return {match[2].lower(): sql for sql in statements if (match := _CREATED.match(sql))}


_WORDS: Final = _words()
"""Statements of the word index, by the lower-case names of what they create."""
TABLES: Final = frozenset(name.lower() for name in (*Base.metadata.tables, "alembic_version"))
_MADE_WITH_THEM: Final = re.compile(r"sqlite_\w+|tweetwords_(data|idx|content|docsize|config)")
"""Names of tables that SQLite and its word index make."""


def is_own(name: str) -> bool:
    name = name.lower()
    return name in TABLES or name in _WORDS or _MADE_WITH_THEM.fullmatch(name) is not None


def quoted(name: str) -> str:
    """Return a name for one line; a stranger may have chosen it."""
    return repr(name[:60])


def find_danger(connection: sqlite3.Connection) -> str | None:
    """Return how the objects of a database could change stored data behind saywho, else None.

    The database may be of any revision.
    """
    missing = dict(_WORDS)
    for kind, name, table, sql in connection.execute(ELEMENTS).fetchall():
        key, is_virtual = name.lower(), in_one_line(sql).upper().startswith("CREATE VIRTUAL")
        if statement := missing.pop(key, None):
            if in_one_line(sql) != statement:
                return f"has a changed {kind} {quoted(name)}"
        elif kind == "trigger" and is_own(table):
            return f"has a foreign trigger {quoted(name)} on {quoted(table)}"
        elif key in TABLES and (kind != "table" or is_virtual):
            return f"has a foreign {kind} {quoted(name)}"
        elif kind == "table" and not is_own(name):
            # Actions of its foreign keys would reach its own triggers, or keep what is deleted.
            for _, _, referred, *_ in connection.execute(KEYS, (name,)).fetchall():
                if is_own(referred):
                    return f"has a foreign table {quoted(name)} that refers to {quoted(referred)}"
    return f"has no word index ({', '.join(missing)} is missing)" if missing else None
