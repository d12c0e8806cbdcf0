"""the posts of profiles are summed up from an index

Revision ID: 0023_since_0022
Revises: 0022
"""

from alembic import op

revision = "0023_since_0022"
down_revision = "0022"


def upgrade() -> None:
    op.create_index("ix_Profile_posts", "Profile", ["posts"])


def downgrade() -> None:
    op.drop_index("ix_Profile_posts", "Profile")
