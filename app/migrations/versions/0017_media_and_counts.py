"""media and counts of posts, and what an import skipped

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("Tweet", sa.Column("media", sa.Text(), nullable=True))
    op.add_column("Tweet", sa.Column("counts", sa.Text(), nullable=True))
    none = sa.text("0")
    op.add_column(
        "ImportJob", sa.Column("skipped", sa.Integer(), server_default=none, nullable=False)
    )


def downgrade() -> None:
    op.drop_column("ImportJob", "skipped")
    op.drop_column("Tweet", "counts")
    op.drop_column("Tweet", "media")
