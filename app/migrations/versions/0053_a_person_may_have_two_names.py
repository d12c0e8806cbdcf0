"""a person may have two names

Revision ID: 0053
Revises: 0052
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0053"
down_revision = "0052"
LOST = {
    "names joined to another author (part them first)": (
        'SELECT count(*) FROM "Users" WHERE joined_to_id IS NOT NULL'
    ),
    "lines of people who changed their name": (
        'SELECT count(*) FROM "RoomMove" WHERE became_id IS NOT NULL'
    ),
}
_COLUMNS = {"Users": "joined_to_id", "Tweet": "name_id", "RoomMove": "became_id"}
_IS_JOINED = sa.text("joined_to_id IS NOT NULL")


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    for table, column in _COLUMNS.items():
        op.add_column(table, sa.Column(column, big, nullable=True))
    op.create_index(
        "ix_Users_joined_to_id",
        "Users",
        ["joined_to_id"],
        sqlite_where=_IS_JOINED,
        postgresql_where=_IS_JOINED,
    )


def downgrade() -> None:
    op.drop_index("ix_Users_joined_to_id", "Users")
    # An older version would tell that they left.
    op.execute('DELETE FROM "RoomMove" WHERE became_id IS NOT NULL')
    for table, column in _COLUMNS.items():
        with remade(table) as batch:
            batch.drop_column(column)
