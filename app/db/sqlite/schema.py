"""The objects of a database file: saywho's own, and those of other programs.

A file may come from a stranger, in a backup or in an unpacked folder. A trigger in it would change
what saywho stores, for example put a revoked token back.
"""

# `PRAGMA trusted_schema = OFF` is no help: our triggers call our function, which Python cannot mark
# as innocuous, and an index calls json_extract, which SQLite 3.40 does not mark either.

import re
import sqlite3
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import Connection, create_engine

from app.db.sqlite.fts5 import STATEMENTS
from app.models import Base

ELEMENTS: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master"
KEYS: Final = "SELECT * FROM pragma_foreign_key_list(?)"
_CREATED: Final = re.compile(r'CREATE (?:VIRTUAL )?(\w+) "(\w+)"', re.I)


def _in_one_line(sql: str | None) -> str:
    return " ".join((sql or "").split())


def _words() -> dict[str, str]:
    statements = map(_in_one_line, STATEMENTS)
    return {match[2].lower(): sql for sql in statements if (match := _CREATED.match(sql))}


_WORDS: Final = _words()
"""Statements of the word index, by the lower-case names of what they create."""
_TABLES: Final = frozenset(name.lower() for name in (*Base.metadata.tables, "alembic_version"))
_MADE_WITH_THEM: Final = re.compile(r"sqlite_\w+|tweetwords_(data|idx|content|docsize|config)")
"""Names of tables that SQLite and its word index make."""


def _is_ours(name: str) -> bool:
    name = name.lower()
    return name in _TABLES or name in _WORDS or _MADE_WITH_THEM.fullmatch(name) is not None


def _shown(name: str) -> str:
    """Return a name for one line; a stranger may have chosen it."""
    return repr(name[:60])


def find_danger(connection: sqlite3.Connection) -> str | None:
    """Return how the objects of a database could change stored data behind saywho, else None.

    The database may be of any revision.
    """
    missing = dict(_WORDS)
    for kind, name, table, sql in connection.execute(ELEMENTS).fetchall():
        key = name.lower()
        if statement := missing.pop(key, None):
            if _in_one_line(sql) != statement:
                return f"has a changed {kind} {_shown(name)}"
        elif kind == "trigger" and _is_ours(table):
            return f"has a foreign trigger {_shown(name)} on {_shown(table)}"
        elif key in _TABLES and (kind != "table" or _is_virtual(sql)):
            return f"has a foreign {kind} {_shown(name)}"
        elif kind == "table" and not _is_ours(name):
            # Actions of its foreign keys would reach its own triggers, or keep what is deleted.
            for _, _, referred, *_ in connection.execute(KEYS, (name,)).fetchall():
                if _is_ours(referred):
                    return f"has a foreign table {_shown(name)} that refers to {_shown(referred)}"
    return f"has no word index ({', '.join(missing)} is missing)" if missing else None


def _is_virtual(sql: str | None) -> bool:
    return _in_one_line(sql).upper().startswith("CREATE VIRTUAL")


class Fact(NamedTuple):
    """A property of one of saywho's tables, such as a column's type."""

    kind: str
    name: str
    value: str


_FACTS: Final = {
    "column": """
        SELECT m.name || '.' || c.name, upper(c.type), c."notnull", c.dflt_value, c.pk, c.hidden
        FROM sqlite_master AS m, pragma_table_xinfo(m.name) AS c WHERE m.type = 'table'
    """,
    "foreign key": """
        SELECT m.name || '.' || k."from", k."table", k."to", k.on_update, k.on_delete
        FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS k WHERE m.type = 'table'
    """,
    "unique key": """
        SELECT m.name || '.' || (
            SELECT group_concat(name || ' ' || coll) FROM pragma_index_xinfo(l.name) WHERE key
        ) FROM sqlite_master AS m, pragma_index_list(m.name) AS l
        WHERE m.type = 'table' AND l.origin <> 'c'
    """,
}
"""Queries for facts; a name begins with its table and a dot."""
_OPTIONS: Final = re.compile(
    r"\b(CHECK|CONFLICT|COLLATE|GENERATED|AUTOINCREMENT|WITHOUT|STRICT|DEFERRABLE)\b"
)
"""Words of a table's statement that change which rows it takes."""


def _is_compared(table: str) -> bool:
    return table.lower() in _TABLES and table != "alembic_version"  # Which Alembic makes.


def _facts(connection: Connection) -> set[Fact]:
    facts = {
        Fact(kind, name, repr(values))
        for kind, query in _FACTS.items()
        for name, *values in connection.exec_driver_sql(query)
        if _is_compared(name.partition(".")[0])
    }
    for kind, name, table, sql in connection.exec_driver_sql(ELEMENTS):
        if _is_compared(table) and kind == "table":
            facts.add(Fact("table", name, repr(sorted(_OPTIONS.findall(sql.upper())))))
        elif _is_compared(table) and kind == "index" and sql is not None:
            facts.add(Fact(kind, name, _in_one_line(sql)))
    return facts


@cache
def _fresh_facts() -> frozenset[Fact]:
    from app.migrations.tables import make_tables  # It imports Alembic, which takes long.

    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        make_tables(connection)
        facts = frozenset(_facts(connection))
    engine.dispose()
    return facts


class Findings(NamedTuple):
    faults: list[str]
    additions: list[str]


def examine(connection: Connection) -> Findings:
    """Compare the tables of a database of the newest revision with those of a fresh one."""
    facts, fresh = _facts(connection), _fresh_facts()
    changed = {fact[:2] for fact in fresh - facts}
    faults = [
        f"the {kind} {_shown(name)} differs from a fresh database" for kind, name in sorted(changed)
    ]
    elements = connection.exec_driver_sql(ELEMENTS).all()
    additions = [
        f"{kind} {_shown(name)}" for kind, name, table, _ in elements if not _is_ours(table)
    ]
    for kind, name, value in sorted(facts - fresh):
        if (kind, name) in changed:
            continue
        if kind == "column" or (kind == "index" and not value.upper().startswith("CREATE UNIQUE")):
            additions.append(f"{kind} {_shown(name)}")
        else:
            faults.append(f"the {kind} {_shown(name)} is not in a fresh database")
    return Findings(faults, additions)
