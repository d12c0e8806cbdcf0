"""imports know the right of the person or program that imports

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0045"
down_revision = "0044"
LOST: dict[str, str] = {}


def upgrade() -> None:
    op.add_column("ImportJob", sa.Column("scope", sa.String(8), nullable=True))


def downgrade() -> None:
    with remade("ImportJob") as batch:
        batch.drop_column("scope")
