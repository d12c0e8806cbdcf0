"""the order of day and month in which the dates of a room are read

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0038"
down_revision = "0037"
LOST = {
    "orders of day and month of chats": 'SELECT count(*) FROM "Room" WHERE date_order IS NOT NULL'
}


def upgrade() -> None:
    op.add_column("Room", sa.Column("date_order", sa.String(16), nullable=True))


def downgrade() -> None:
    with remade("Room") as batch:
        batch.drop_column("date_order")
