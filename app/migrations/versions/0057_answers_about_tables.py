"""answers about tables, kept for their headings

Revision ID: 0057
Revises: 0056
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0057"
down_revision = "0056"
LOST = {"answers about tables": 'SELECT count(*) FROM "ImportJob" WHERE heading IS NOT NULL'}


def upgrade() -> None:
    op.add_column("ImportJob", sa.Column("heading", sa.String(64), nullable=True))
    op.create_index("ix_ImportJob_heading", "ImportJob", ["heading"])


def downgrade() -> None:
    op.drop_index("ix_ImportJob_heading", "ImportJob")
    with remade("ImportJob") as batch:
        batch.drop_column("heading")
