"""readers of one chat; a downgrade removes them, who would then read the whole site

Revision ID: 0039
Revises: 0038
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0039"
down_revision = "0038"
LOST = {
    "readers of one chat": 'SELECT count(*) FROM "Operator" WHERE room_id IS NOT NULL',
    "invitations to one chat": 'SELECT count(*) FROM "Invitation" WHERE room_id IS NOT NULL',
}

TABLES = ("Operator", "Invitation")


def upgrade() -> None:
    # SQLite adds a column with a foreign key only by itself.
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    for table in TABLES:
        op.execute(
            f'ALTER TABLE "{table}" ADD COLUMN room_id {kind} CONSTRAINT'
            f' "fk_{table}_room_id_Room" REFERENCES "Room" (id) ON DELETE CASCADE'
        )


def downgrade() -> None:
    operators = sa.table("Operator", sa.column("id"), sa.column("room_id"))
    sessions = sa.table("LoginSession", sa.column("operator_id"))
    limited = sa.select(operators.c.id).where(operators.c.room_id.is_not(None))
    # The foreign keys of SQLite are off while its tables change.
    op.execute(sa.delete(sessions).where(sessions.c.operator_id.in_(limited)))
    invitations = sa.table("Invitation", sa.column("room_id"))
    op.execute(sa.delete(invitations).where(invitations.c.room_id.is_not(None)))
    op.execute(sa.delete(operators).where(operators.c.room_id.is_not(None)))
    for table in TABLES:
        with remade(table) as batch:
            batch.drop_column("room_id")
