"""the index of deleted authors holds only these

SQLite took the old one to look up many names at once, and read all authors not deleted.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

INDEX = "ix_Users_deleted_at"
DELETED = sa.text("deleted_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index(INDEX, "Users")
    op.create_index(INDEX, "Users", ["deleted_at"], sqlite_where=DELETED, postgresql_where=DELETED)


def downgrade() -> None:
    op.drop_index(INDEX, "Users")
    op.create_index(INDEX, "Users", ["deleted_at"])
