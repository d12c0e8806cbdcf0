"""imports know the bytes of their file

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0044"
down_revision = "0043"
LOST: dict[str, str] = {}


def upgrade() -> None:
    # The files of earlier imports are gone, so that these stay without it.
    op.add_column("ImportJob", sa.Column("digest", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with remade("ImportJob") as batch:
        batch.drop_column("digest")
