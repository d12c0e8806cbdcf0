"""whose posts an import stored, and of which time

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("ImportJob", sa.Column("stored", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("ImportJob", "stored")
