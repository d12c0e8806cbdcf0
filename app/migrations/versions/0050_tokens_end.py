"""tokens may have an end

Revision ID: 0050
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade
from app.models.base import UtcDateTime

revision = "0050"
down_revision = "0049"
LOST = {"tokens with an end": 'SELECT count(*) FROM "Token" WHERE ends_at IS NOT NULL'}


def upgrade() -> None:
    op.add_column("Token", sa.Column("ends_at", UtcDateTime, nullable=True))


def downgrade() -> None:
    op.execute('DELETE FROM "Token" WHERE ends_at IS NOT NULL')
    with remade("Token") as batch:
        batch.drop_column("ends_at")
