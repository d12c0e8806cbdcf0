"""an index of the messages of a room that have media

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
LOST: dict[str, str] = {}


def upgrade() -> None:
    has_media = sa.text("media IS NOT NULL")
    op.create_index(
        "ix_Tweet_room_id_media",
        "Tweet",
        ["room_id", "created_at", "id"],
        sqlite_where=has_media,
        postgresql_where=has_media,
    )


def downgrade() -> None:
    op.drop_index("ix_Tweet_room_id_media", "Tweet")
