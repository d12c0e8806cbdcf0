"""version 1.1.0: readers of one chat and who they are, the order of a chat's dates and of its
messages of one time, imports that can be undone; recognition in chats is measured again

Revision ID: 0043
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0043"
down_revision = "0037"
LOST = {
    "orders of day and month of chats": 'SELECT count(*) FROM "Room" WHERE date_order IS NOT NULL',
    "readers of one chat": 'SELECT count(*) FROM "Operator" WHERE room_id IS NOT NULL',
    "invitations to one chat": 'SELECT count(*) FROM "Invitation" WHERE room_id IS NOT NULL',
    "the order of messages with the same time": 'SELECT count(*) FROM "Tweet" WHERE place <> 0',
    "imports that can be undone": "SELECT count(*) FROM \"ImportJob\" WHERE undo = 'possible'",
    "choices of readers who they are": (
        'SELECT count(*) FROM "Operator" WHERE person_id IS NOT NULL'
    ),
}

# In this order, since of two that serve alike SQLite takes the one that was made last.
INDEXES = {"ix_Tweet_room_id_created_at_{end}": "room_id", "ix_Tweet_room_id_media": "media"}


def _make_index(name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "Tweet", columns, sqlite_where=where, postgresql_where=where)


def _make_indexes(*end: str) -> None:
    for name, of in INDEXES.items():
        columns = ["room_id", "created_at", *end]
        _make_index(name.format(end="_".join(end)), columns, f"{of} IS NOT NULL")


def _drop_indexes(*end: str) -> None:
    for name in INDEXES:
        op.drop_index(name.format(end="_".join(end)), "Tweet")


def _refer(table: str, column: str, referred: str, action: str) -> None:
    # SQLite adds a column with a foreign key only by itself.
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(
        f'ALTER TABLE "{table}" ADD COLUMN {column} {kind} CONSTRAINT'
        f' "fk_{table}_{column}_{referred}" REFERENCES "{referred}" (id) ON DELETE {action}'
    )


def upgrade() -> None:
    op.add_column("Room", sa.Column("date_order", sa.String(16), nullable=True))
    for table in ("Operator", "Invitation"):
        _refer(table, "room_id", "Room", "CASCADE")
    _drop_indexes("id")
    op.add_column("Tweet", sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    _make_indexes("place", "id")
    _make_index("ix_Tweet_moved", ["room_id", "created_at", "place", "id"], "place < 0")
    # Earlier versions also read what these people wrote elsewhere. Maintenance measures again.
    op.execute('UPDATE "RoomPerson" SET asked = 0, recognised = 0 WHERE asked > 0')
    op.execute('UPDATE "Room" SET judged_messages = 0 WHERE judged_messages > 0')
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("Tweet", sa.Column("import_id", big, nullable=True))
    is_no = sa.false()
    op.add_column(
        "Tweet", sa.Column("is_met_again", sa.Boolean(), nullable=False, server_default=is_no)
    )
    _make_index("ix_Tweet_import_id", ["import_id"], "import_id IS NOT NULL")
    # Posts of earlier imports stay without a number, so these imports have no `undo`.
    op.add_column("ImportJob", sa.Column("undo", sa.String(8), nullable=True))
    op.add_column(
        "ImportJob", sa.Column("removed", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("ImportJob", sa.Column("command", sa.Integer(), nullable=True))
    _refer("Operator", "person_id", "Users", "SET NULL")
    op.add_column(
        "Operator",
        sa.Column("is_person_chosen", sa.Boolean(), nullable=False, server_default=is_no),
    )


def downgrade() -> None:
    # An earlier version would wait for the file of a command's import.
    jobs = sa.table("ImportJob", sa.column("state"), sa.column("command"))
    is_open = sa.and_(jobs.c.command.is_not(None), jobs.c.state == "running")
    op.execute(sa.update(jobs).where(is_open).values(state="cancelled"))
    # Readers of one chat would then read the whole site. The foreign keys of SQLite are off while
    # its tables change.
    operators = sa.table("Operator", sa.column("id"), sa.column("room_id"))
    sessions = sa.table("LoginSession", sa.column("operator_id"))
    limited = sa.select(operators.c.id).where(operators.c.room_id.is_not(None))
    op.execute(sa.delete(sessions).where(sessions.c.operator_id.in_(limited)))
    invitations = sa.table("Invitation", sa.column("room_id"))
    op.execute(sa.delete(invitations).where(invitations.c.room_id.is_not(None)))
    op.execute(sa.delete(operators).where(operators.c.room_id.is_not(None)))
    for name in ("ix_Tweet_import_id", "ix_Tweet_moved"):
        op.drop_index(name, "Tweet")
    _drop_indexes("place", "id")
    for table, columns in {
        "Operator": ("is_person_chosen", "person_id", "room_id"),
        "Invitation": ("room_id",),
        "ImportJob": ("undo", "removed", "command"),
        "Tweet": ("import_id", "is_met_again", "place"),
        "Room": ("date_order",),
    }.items():
        with remade(table) as batch:
            for column in columns:
                batch.drop_column(column)
    _make_indexes("id")
