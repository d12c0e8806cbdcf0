"""posts keep a time in the future that was given with them

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

DATED_AHEAD = sa.text("dated_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("Tweet", sa.Column("dated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_Tweet_user_id_dated_at",
        "Tweet",
        ["user_id", "dated_at"],
        sqlite_where=DATED_AHEAD,
        postgresql_where=DATED_AHEAD,
    )


def downgrade() -> None:
    op.drop_index("ix_Tweet_user_id_dated_at", "Tweet")
    op.drop_column("Tweet", "dated_at")
