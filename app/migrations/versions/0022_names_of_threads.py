"""the first post of a thread that is named by another one

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("Tweet", sa.Column("thread_first_id", BIG_ID, nullable=True))


def downgrade() -> None:
    op.execute("""
        UPDATE "Tweet" SET thread_id = (
            SELECT coalesce(name.thread_first_id, name.id) FROM "Tweet" AS name
            WHERE name.id = "Tweet".thread_id
        ) WHERE thread_id IS NOT NULL
    """)
    op.drop_column("Tweet", "thread_first_id")
