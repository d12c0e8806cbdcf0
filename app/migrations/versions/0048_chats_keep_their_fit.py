"""chats keep what takes long to count

Revision ID: 0048
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0048"
down_revision = "0047"
LOST: dict[str, str] = {}


def upgrade() -> None:
    for column in ("fit", "told"):
        op.add_column("Room", sa.Column(column, sa.LargeBinary(), nullable=True))
    # Maintenance judges the people of each chat again, and keeps both then.
    op.execute('UPDATE "Room" SET judged_messages = 0 WHERE judged_messages > 0')


def downgrade() -> None:
    with remade("Room") as batch:
        batch.drop_column("fit")
        batch.drop_column("told")
