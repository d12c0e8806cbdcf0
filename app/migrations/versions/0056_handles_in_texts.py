"""handles in texts, by a source's field of mentions

Revision ID: 0056
Revises: 0055
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0056"
down_revision = "0055"
LOST = {
    "posts that know which dotted names in them are handles": (
        'SELECT count(*) FROM "Tweet" WHERE handles IS NOT NULL'
    )
}


def upgrade() -> None:
    op.add_column("Tweet", sa.Column("handles", sa.Text(), nullable=True))


def downgrade() -> None:
    # An older version counts their authors' posts again.
    with_handles = 'SELECT user_id FROM "Tweet" WHERE handles IS NOT NULL'
    op.execute(f'DELETE FROM "Profile" WHERE user_id IN ({with_handles})')  # noqa: S608
    with remade("Tweet") as batch:
        batch.drop_column("handles")
