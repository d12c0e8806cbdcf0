"""The tables of a fresh database, and changes that SQLite cannot make to a table.

A fresh table is the model, with parts that only one kind of database has. For such a change the
table and its dependents are made again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple, cast

from alembic import op
from alembic.operations import BatchOperations
from sqlalchemy import Connection, MetaData, Table, insert, text

from app.db.sqlite.fts5 import STATEMENTS
from app.models import SITE_ID, Base, Site, Tweet, Vocabulary
from saywho.words import WORDS_RECIPE

# Of equally many likes the newest comes first: on SQLite each index ends with the id.
_LIKES = {
    "sqlite": "json_extract(counts, '$.likes')",
    "postgresql": "(CAST(CAST(counts AS json) ->> 'likes' AS bigint)), id",
}


def most_liked(dialect: str) -> tuple[str, str]:
    """Return the indexes of an author's posts and of a room's messages by their likes."""
    return (
        f"""
        CREATE INDEX "ix_Tweet_user_id_likes"
        ON "Tweet" (user_id, {_LIKES[dialect]}) WHERE counts IS NOT NULL
        """,
        f"""
        CREATE INDEX "ix_Tweet_room_id_likes"
        ON "Tweet" (room_id, {_LIKES[dialect]})
        WHERE counts IS NOT NULL AND room_id IS NOT NULL
        """,
    )


POSTGRESQL = (
    "SELECT '한'",  # It fails where the database cannot hold all languages.
    'CREATE INDEX "ix_Tweet_newest" ON "Tweet" (created_at DESC NULLS LAST, id DESC)',
    """
    CREATE INDEX "ix_Tweet_user_id_newest"
    ON "Tweet" (user_id, created_at DESC NULLS LAST, id DESC)
    """,
    """
    CREATE TABLE "TweetWords" (
        id bigint PRIMARY KEY REFERENCES "Tweet" (id) ON DELETE CASCADE,
        terms tsvector NOT NULL
    )
    """,
    'CREATE INDEX "ix_TweetWords_terms" ON "TweetWords" USING gin (terms)',
)


def _make_last(connection: Connection, name: str) -> None:
    """Make an index of posts again after all others, which SQLAlchemy makes in any order.

    If two indexes serve a query equally well, SQLite uses the newer index.
    """
    (index,) = (index for index in cast(Table, Tweet.__table__).indexes if index.name == name)
    index.drop(connection)
    index.create(connection)


def make_tables(connection: Connection) -> None:
    """Make all tables, as every revision together would leave them."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    Base.metadata.create_all(connection)
    _make_last(connection, "ix_Tweet_room_id_media")
    statements = POSTGRESQL if dialect == "postgresql" else STATEMENTS
    for statement in (*most_liked(dialect), *statements):
        connection.exec_driver_sql(statement)
    nothing = {"id": 1, "recipe": WORDS_RECIPE, "tweets": 0, "terms": 0}
    connection.execute(insert(Vocabulary), nothing)
    connection.execute(insert(Site), {"id": SITE_ID})


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
    sql = str(connection.exec_driver_sql(TABLE, (table,)).scalar_one()).upper()
    # Options of a table that SQLAlchemy does not read from the database.
    options = {
        "sqlite_autoincrement": "AUTOINCREMENT" in sql,
        "sqlite_with_rowid": "WITHOUT ROWID" not in sql,
    }
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
        # Ids of deleted rows are never allocated again.
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
        statement = "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)"
        connection.exec_driver_sql(statement, (table, newest))
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
