"""model cards

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "ModelCard",
        sa.Column("authors", sa.String(length=64), nullable=False),
        sa.Column("user_ids", sa.Text(), nullable=False),
        sa.Column("posts", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("authors", name=op.f("pk_ModelCard")),
    )


def downgrade() -> None:
    op.drop_table("ModelCard")
