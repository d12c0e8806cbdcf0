"""calibration and impostors beside the background counts

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("BackgroundSnapshot", sa.Column("calibration", sa.LargeBinary(), nullable=True))
    op.add_column("BackgroundSnapshot", sa.Column("impostors", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("BackgroundSnapshot") as batch:
        batch.drop_column("impostors")
        batch.drop_column("calibration")
