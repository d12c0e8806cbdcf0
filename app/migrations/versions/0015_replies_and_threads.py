"""the post that a reply answers, and the author's own chain of replies

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS = ("reply_to_source_id", "reply_to_username", "reply_to_id", "thread_id")
INDEXED = ("reply_to_source_id", "thread_id")


def upgrade() -> None:
    op.add_column("Tweet", sa.Column("reply_to_source_id", sa.String(length=512), nullable=True))
    op.add_column("Tweet", sa.Column("reply_to_username", sa.String(length=320), nullable=True))
    op.add_column("Tweet", sa.Column("reply_to_id", BIG_ID, nullable=True))
    op.add_column("Tweet", sa.Column("thread_id", BIG_ID, nullable=True))
    for name in INDEXED:
        has_value = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_Tweet_{name}", "Tweet", [name], sqlite_where=has_value, postgresql_where=has_value
        )


def downgrade() -> None:
    for name in INDEXED:
        op.drop_index(f"ix_Tweet_{name}", "Tweet")
    for name in COLUMNS:
        op.drop_column("Tweet", name)
