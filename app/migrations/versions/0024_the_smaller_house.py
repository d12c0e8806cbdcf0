"""the smaller house: tables and columns of what was withdrawn go

Revision ID: 0024
Revises: 0023_since_0022
"""

from alembic import op
from alembic.util import CommandError

revision = "0024"
down_revision = "0023_since_0022"


def upgrade() -> None:
    """Call what each subject drops or changes, in this order."""
    _drop_idempotency_keys()
    _drop_threads()
    op.create_index("ix_PostCount_slot_lang_posts", "PostCount", ["slot", "lang", "posts"])
    op.drop_column("LoginSession", "seen_at")  # Sessions last 90 days, however they are used.


def downgrade() -> None:
    raise CommandError("0024 is the first revision; there is none before it")


def _drop_idempotency_keys() -> None:
    op.drop_index(op.f("ix_IdempotencyRecord_touched_at"), "IdempotencyRecord")
    op.drop_table("IdempotencyRecord")


def _drop_threads() -> None:
    """Chains of replies are found when they are asked for."""
    op.drop_index("ix_Tweet_thread_id", "Tweet")
    op.drop_column("Tweet", "thread_id")
    op.drop_column("Tweet", "thread_first_id")
