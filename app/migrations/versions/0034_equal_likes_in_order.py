"""likes in the order of lists on PostgreSQL: of equally many the newest first

Revision ID: 0034
Revises: 0033
"""

from alembic import op

revision = "0034"
down_revision = "0033"
LOST: dict[str, str] = {}
_LIKES = "(CAST(CAST(counts AS json) ->> 'likes' AS bigint))"
_WHERE = {"user_id": "counts IS NOT NULL", "room_id": "counts IS NOT NULL AND room_id IS NOT NULL"}


def upgrade() -> None:
    _make_again(", id")


def downgrade() -> None:
    _make_again("")


def _make_again(end: str) -> None:
    """Make both indexes with this behind the likes; those of SQLite end with the id anyway."""
    if op.get_context().dialect.name != "postgresql":
        return
    for column, where in _WHERE.items():
        name = f"ix_Tweet_{column}_likes"
        op.drop_index(name, "Tweet")
        op.execute(f'CREATE INDEX "{name}" ON "Tweet" ({column}, {_LIKES}{end}) WHERE {where}')
