"""what was said of each post that a model card was measured on

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("ModelCard", sa.Column("answers", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("ModelCard") as batch:
        batch.drop_column("answers")
