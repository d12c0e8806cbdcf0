"""the first revision: fresh databases are made from the models, in `app/migrations/tables.py`

Revision ID: 0024
Revises:
"""

from alembic.util import CommandError

revision = "0024"
down_revision = None


def upgrade() -> None:
    """Do nothing: what is at no revision is fresh."""


def downgrade() -> None:
    raise CommandError("0024 is the first revision; there is none before it")
