"""assistants may read

Revision ID: 0051
Revises: 0050
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0051"
down_revision = "0050"
LOST: dict[str, str] = {}


def upgrade() -> None:
    op.add_column("Site", sa.Column("assistants", sa.String(16), nullable=True))


def downgrade() -> None:
    with remade("Site") as batch:
        batch.drop_column("assistants")
