"""All that a database consists of, to be compared."""

from pathlib import Path
from typing import Any, Final

from tests.databases import Databases

COLUMNS = """
    SELECT m.name || '.' || c.name, upper(c.type), c."notnull", c.dflt_value, c.pk
    FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'
"""
OTHERS = """
    SELECT type || ' ' || name, sql FROM sqlite_master
    WHERE type <> 'table' OR sql LIKE 'CREATE VIRTUAL%'
"""
KEYS = """
    SELECT m.name, k."from", k."table", k."to", k.on_delete
    FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS k WHERE m.type = 'table'
"""
POSTGRESQL = (
    """
    SELECT table_name || '.' || column_name, data_type, character_maximum_length, collation_name,
        is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0"
    " AND connamespace = 'public'::regnamespace",
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'public'",
)

NEWEST_IDS: Final = {
    "sqlite": "SELECT name, seq FROM sqlite_sequence WHERE seq > 0 ORDER BY name",
    "postgresql": """
        SELECT sequencename, last_value FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL ORDER BY 1
    """,
}


def newest_ids(databases: Databases, folder: Path) -> list[tuple[Any, ...]]:
    """Return the newest id of each table, also that of a deleted row."""
    return databases.fetch(folder, NEWEST_IDS[databases.kind])


def schema(databases: Databases, folder: Path) -> set[tuple[object, ...]]:
    """Return all that a database consists of, without the order of columns and blanks."""
    queries = POSTGRESQL if databases.kind == "postgresql" else (COLUMNS, OTHERS, KEYS)
    return {
        tuple(" ".join(each.split()) if isinstance(each, str) else each for each in row)
        for query in queries
        for row in databases.fetch(folder, query)
    }
