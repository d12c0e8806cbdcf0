"""whether others may join a game, and from where and when its players came

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0035"
down_revision = "0034"
LOST = {
    "closings of games, which others could then join": (
        'SELECT count(*) FROM "Game" WHERE is_closed AND ended_at IS NULL'
    )
}
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "Game", sa.Column("is_closed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("GamePlayer", sa.Column("network", sa.String(64), nullable=True))
    op.add_column("GamePlayer", sa.Column("joined_ms", BIG_ID, nullable=True))


def downgrade() -> None:
    with remade("GamePlayer") as batch:
        batch.drop_column("joined_ms")
        batch.drop_column("network")
    with remade("Game") as batch:
        batch.drop_column("is_closed")
