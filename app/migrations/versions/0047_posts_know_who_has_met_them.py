"""posts know which imports have met them

Revision ID: 0047
Revises: 0046
"""

import sqlalchemy as sa
from alembic import op

from app.migrations.tables import remade

revision = "0047"
down_revision = "0046"
LOST = {
    "posts that know which imports sent them": (
        'SELECT count(*) FROM "Tweet" WHERE met_by IS NOT NULL'
    )
}
_posts = sa.table("Tweet", sa.column("met_by"), sa.column("is_met_again"))


def upgrade() -> None:
    op.add_column("Tweet", sa.Column("met_by", sa.String(255), nullable=True))
    # Nothing says which import it was: no undo removes these posts, as before.
    op.execute(sa.update(_posts).where(_posts.c.is_met_again).values(met_by=",0,"))
    with remade("Tweet") as batch:
        batch.drop_column("is_met_again")


def downgrade() -> None:
    op.add_column(
        "Tweet", sa.Column("is_met_again", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    is_met = _posts.c.met_by.is_not(None)
    op.execute(sa.update(_posts).where(is_met).values(is_met_again=sa.true()))
    with remade("Tweet") as batch:
        batch.drop_column("met_by")
