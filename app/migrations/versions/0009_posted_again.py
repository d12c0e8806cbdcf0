"""digests of texts, so that what is posted again counts once

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("Profile", sa.Column("texts", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    # Without the digests they would be wrong after an upgrade; they are counted anew.
    op.execute('DELETE FROM "Profile"')
    with op.batch_alter_table("Profile") as batch:
        batch.drop_column("texts")
