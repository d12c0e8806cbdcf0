"""posts know the import that brought them, and imports can be undone

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0042"
down_revision = "0041"
LOST = {"imports that can be undone": "SELECT count(*) FROM \"ImportJob\" WHERE undo = 'possible'"}


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("Tweet", sa.Column("import_id", big, nullable=True))
    op.add_column(
        "Tweet", sa.Column("is_met_again", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    has_value = sa.text("import_id IS NOT NULL")
    op.create_index(
        "ix_Tweet_import_id",
        "Tweet",
        ["import_id"],
        sqlite_where=has_value,
        postgresql_where=has_value,
    )
    # Posts of earlier imports stay without a number, so these imports have no `undo`.
    op.add_column("ImportJob", sa.Column("undo", sa.String(8), nullable=True))
    op.add_column(
        "ImportJob", sa.Column("removed", sa.Integer(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("ImportJob", sa.Column("command", sa.Integer(), nullable=True))


def downgrade() -> None:
    # An earlier version would wait for the file of a command's import.
    jobs = sa.table("ImportJob", sa.column("state"), sa.column("command"))
    is_open = sa.and_(jobs.c.command.is_not(None), jobs.c.state == "running")
    op.execute(sa.update(jobs).where(is_open).values(state="cancelled"))
    op.drop_index("ix_Tweet_import_id", "Tweet")
    for table, columns in (
        ("Tweet", ("import_id", "is_met_again")),
        ("ImportJob", ("undo", "removed", "command")),
    ):
        with remade(table) as batch:
            for column in columns:
                batch.drop_column(column)
