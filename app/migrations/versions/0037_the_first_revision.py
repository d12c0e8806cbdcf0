"""the first revision, of version 1.0.0: fresh databases are made from the models

Revision ID: 0037
Revises:
"""

from alembic.util import CommandError

revision = "0037"
down_revision = None


def upgrade() -> None:
    """Do nothing: what is at no revision is fresh."""


def downgrade() -> None:
    raise CommandError("0037 is the first revision; there is none before it")
