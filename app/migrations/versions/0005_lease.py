"""the lease

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "Lease",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=True),
        sa.Column("epoch", BIG_ID, nullable=False),
        sa.Column("beat", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_Lease")),
    )


def downgrade() -> None:
    op.drop_table("Lease")
