"""the making of vectors can be stopped, and knows since when it goes on

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for column in (
        sa.Column("is_stopped", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("began_to", BIG_ID, nullable=False, server_default=sa.text("0")),
    ):
        op.add_column("VectorSet", column)


def downgrade() -> None:
    with op.batch_alter_table("VectorSet") as batch:
        for name in ("is_stopped", "began_at", "began_to"):
            batch.drop_column(name)
