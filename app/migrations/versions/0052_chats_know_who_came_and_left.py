"""chats know who came and left, by the lines of their files

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
LOST = {"lines of people who came to a chat or left it": 'SELECT count(*) FROM "RoomMove"'}


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "RoomMove",
        sa.Column("id", big, primary_key=True),
        *(
            sa.Column(column, big, sa.ForeignKey(f"{table}.id", ondelete="CASCADE"), nullable=False)
            for column, table in (("room_id", "Room"), ("user_id", "Users"))
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("has_left", sa.Boolean(), nullable=False),
        sa.Column("import_id", big, nullable=False),
        sqlite_autoincrement=True,
    )
    for column in ("room_id", "user_id", "import_id"):
        op.create_index(f"ix_RoomMove_{column}", "RoomMove", [column])


def downgrade() -> None:
    op.drop_table("RoomMove")
