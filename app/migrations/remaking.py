"""Changes that SQLite cannot make to a table: the table and its dependents are made again."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from alembic import op
from alembic.operations import BatchOperations
from sqlalchemy import Connection, MetaData, Table

TABLE: Final = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?"
DEPENDENT: Final = """
    SELECT type, name, sql FROM sqlite_master
    WHERE sql IS NOT NULL AND (type = 'view' OR (tbl_name = ? AND type IN ('index', 'trigger')))
    ORDER BY type = 'view' DESC
"""
"""Query for all views, which may read the table from elsewhere, then its indexes and triggers."""
KEYS: Final = 'SELECT "from", "table", on_delete FROM pragma_foreign_key_list(?)'
SEQUENCE: Final = "SELECT seq FROM sqlite_sequence WHERE name = ?"


class Dependent(NamedTuple):
    """A view, an index or a trigger, and the statement that makes it."""

    kind: str
    name: str
    sql: str


@contextmanager
def remade(table: str) -> Iterator[BatchOperations]:
    """Yield a batch of changes to a table, for both kinds of databases.

    On SQLite the table is copied. A plain batch would fail while a view reads the table. It would
    lose the triggers, the indexes of expressions, and the newest allocated id. Drop the index of a
    column before the column.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        with op.batch_alter_table(table) as batch:
            yield batch
        return
    options = _options(connection, table)
    dependents = [Dependent(*row) for row in connection.exec_driver_sql(DEPENDENT, (table,))]
    for dependent in dependents:
        connection.exec_driver_sql(f'DROP {dependent.kind} "{dependent.name}"')
    newest = connection.exec_driver_sql(SEQUENCE, (table,)).scalar()
    existing = _existing(connection, table)
    with op.batch_alter_table(
        table, recreate="always", copy_from=existing, table_kwargs=options
    ) as batch:
        yield batch
    if newest is not None:
        _restore_sequence(connection, table, newest)
    for dependent in dependents:
        connection.exec_driver_sql(dependent.sql)


def _existing(connection: Connection, name: str) -> Table:
    """Return the table as the database has it.

    SQLAlchemy (2.1) reads neither name nor action of a foreign key that was added with its column.
    """
    table = Table(name, MetaData(), autoload_with=connection, resolve_fks=False)
    actions = {
        column: (f"fk_{name}_{column}_{referred}", action)
        for column, referred, action in connection.exec_driver_sql(KEYS, (name,))
    }
    for key in table.foreign_key_constraints:
        (column,) = key.column_keys
        key.name, key.ondelete = actions[column]
    return table


def _options(connection: Connection, table: str) -> dict[str, Any]:
    """Return the options of a table that SQLAlchemy does not read from the database."""
    sql = str(connection.exec_driver_sql(TABLE, (table,)).scalar_one()).upper()
    return {
        "sqlite_autoincrement": "AUTOINCREMENT" in sql,
        "sqlite_with_rowid": "WITHOUT ROWID" not in sql,
    }


def _restore_sequence(connection: Connection, table: str, newest: int) -> None:
    """Restore the newest allocated id, so that ids of deleted rows are never allocated again."""
    connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
    statement = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)"
    connection.exec_driver_sql(statement, (table, newest))
