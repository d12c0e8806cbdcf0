"""the time zone in which the people of a room wrote

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0029"
down_revision = "0028"
LOST = {"time zones of chats": 'SELECT count(*) FROM "Room" WHERE tz IS NOT NULL'}


def upgrade() -> None:
    op.add_column("Room", sa.Column("tz", sa.String(64), nullable=True))


def downgrade() -> None:
    with remade("Room") as batch:
        batch.drop_column("tz")
