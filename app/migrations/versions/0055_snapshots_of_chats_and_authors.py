"""snapshots of chats and authors

Revision ID: 0055
Revises: 0054
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0055"
down_revision = "0054"
LOST: dict[str, str] = {}


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "Snapshot",
        sa.Column("id", big, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject_id", big, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("event", big, nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("people", sa.LargeBinary(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("kind", "subject_id", "zone"),
        sqlite_autoincrement=True,
    )
    with remade("Room") as batch:
        batch.drop_column("told")


def downgrade() -> None:
    op.drop_table("Snapshot")
    op.add_column("Room", sa.Column("told", sa.LargeBinary(), nullable=True))
    # Maintenance judges the people of each chat again, and keeps the first sentence then.
    op.execute('UPDATE "Room" SET judged_messages = 0 WHERE judged_messages > 0')
