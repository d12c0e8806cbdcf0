"""what an import assumed of its file, and did not use

Revision ID: 0036
Revises: 0035
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0036"
down_revision = "0035"
LOST = {"assumptions of imports": 'SELECT count(*) FROM "ImportJob" WHERE notes IS NOT NULL'}


def upgrade() -> None:
    op.add_column("ImportJob", sa.Column("notes", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with remade("ImportJob") as batch:
        batch.drop_column("notes")
