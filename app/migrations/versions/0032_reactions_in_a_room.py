"""an index of the messages of a room by their reactions

Revision ID: 0032
Revises: 0031
"""

from alembic import op

revision = "0032"
down_revision = "0031"
LOST: dict[str, str] = {}
_LIKES = {
    "sqlite": "json_extract(counts, '$.likes')",
    "postgresql": "(CAST(CAST(counts AS json) ->> 'likes' AS bigint))",
}


def upgrade() -> None:
    op.execute(f"""
        CREATE INDEX "ix_Tweet_room_id_likes"
        ON "Tweet" (room_id, {_LIKES[op.get_context().dialect.name]})
        WHERE counts IS NOT NULL AND room_id IS NOT NULL
    """)


def downgrade() -> None:
    op.drop_index("ix_Tweet_room_id_likes", "Tweet")
