"""how well the people of a room are recognised

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0033"
down_revision = "0032"
LOST: dict[str, str] = {}


def upgrade() -> None:
    op.add_column("Room", _count("judged_messages"))
    op.add_column("RoomPerson", _count("asked"))
    op.add_column("RoomPerson", _count("recognised"))


def downgrade() -> None:
    with remade("RoomPerson") as batch:
        batch.drop_column("recognised")
        batch.drop_column("asked")
    with remade("Room") as batch:
        batch.drop_column("judged_messages")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)
