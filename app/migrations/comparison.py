"""The tables of a file that may be a stranger's, compared with those of a fresh database."""

import re
from functools import cache
from typing import Final, NamedTuple

from sqlalchemy import Connection, create_engine

from app.db.sqlite.schema import ELEMENTS, TABLES, in_one_line, is_own, quoted
from app.migrations.tables import make_tables


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
    return table.lower() in TABLES and table != "alembic_version"  # Which Alembic makes.


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
            facts.add(Fact(kind, name, in_one_line(sql)))
    return facts


@cache
def _fresh_facts() -> frozenset[Fact]:
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
        f"the {kind} {quoted(name)} differs from a fresh database" for kind, name in sorted(changed)
    ]
    elements = connection.exec_driver_sql(ELEMENTS).all()
    additions = [f"{kind} {quoted(name)}" for kind, name, table, _ in elements if not is_own(table)]
    for kind, name, value in sorted(facts - fresh):
        if (kind, name) in changed:
            continue
        if kind == "column" or (kind == "index" and not value.upper().startswith("CREATE UNIQUE")):
            additions.append(f"{kind} {quoted(name)}")
        else:
            faults.append(f"the {kind} {quoted(name)} is not in a fresh database")
    return Findings(faults, additions)
