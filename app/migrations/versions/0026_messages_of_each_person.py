"""how many messages of each person a room has

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0026"
down_revision = "0025"
LOST: dict[str, str] = {}


def upgrade() -> None:
    messages = sa.Column("messages", sa.Integer(), server_default="0", nullable=False)
    op.add_column("RoomPerson", messages)


def downgrade() -> None:
    with remade("RoomPerson") as batch:
        batch.drop_column("messages")
