"""places of messages among those of the same time in a room

Revision ID: 0040
Revises: 0039
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0040"
down_revision = "0039"
LOST = {"the order of messages with the same time": 'SELECT count(*) FROM "Tweet" WHERE place <> 0'}

# In this order, since of two that serve alike SQLite takes the one that was made last.
INDEXES = {"ix_Tweet_room_id_created_at_{end}": "room_id", "ix_Tweet_room_id_media": "media"}


def _make_indexes(*end: str) -> None:
    for name, of in INDEXES.items():
        has_value = sa.text(f"{of} IS NOT NULL")
        op.create_index(
            name.format(end="_".join(end)),
            "Tweet",
            ["room_id", "created_at", *end],
            sqlite_where=has_value,
            postgresql_where=has_value,
        )


def _drop_indexes(*end: str) -> None:
    for name in INDEXES:
        op.drop_index(name.format(end="_".join(end)), "Tweet")


def upgrade() -> None:
    _drop_indexes("id")
    op.add_column("Tweet", sa.Column("place", sa.Integer(), nullable=False, server_default="0"))
    _make_indexes("place", "id")
    is_moved = sa.text("place < 0")
    op.create_index(
        "ix_Tweet_moved",
        "Tweet",
        ["room_id", "created_at", "place", "id"],
        sqlite_where=is_moved,
        postgresql_where=is_moved,
    )


def downgrade() -> None:
    op.drop_index("ix_Tweet_moved", "Tweet")
    _drop_indexes("place", "id")
    with remade("Tweet") as batch:
        batch.drop_column("place")
    _make_indexes("id")
