"""an index of the messages of a room by their ids, and links of answers to other people's messages

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
LOST: dict[str, str] = {}


def upgrade() -> None:
    has_both = sa.text("room_id IS NOT NULL AND source_id IS NOT NULL")
    op.create_index(
        "ix_Tweet_room_id_source_id",
        "Tweet",
        ["room_id", "source_id"],
        sqlite_where=has_both,
        postgresql_where=has_both,
    )
    # Until now an answer was only linked to a message of the same person.
    op.execute("""
        UPDATE "Tweet" SET reply_to_id = (
            SELECT min(answered.id) FROM "Tweet" AS answered
            WHERE answered.room_id = "Tweet".room_id
            AND answered.source_id = "Tweet".reply_to_source_id
        )
        WHERE room_id IS NOT NULL AND reply_to_source_id IS NOT NULL
        AND reply_to_username IS NULL AND reply_to_id IS NULL
    """)


def downgrade() -> None:
    op.drop_index("ix_Tweet_room_id_source_id", "Tweet")
