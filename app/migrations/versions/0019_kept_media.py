"""files of media that are kept, and the posts that need them

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INDEXED = ("name", "tweet_id")


def upgrade() -> None:
    op.create_table(
        "MediaUse",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("tweet_id", BIG_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["tweet_id"], ["Tweet.id"], name=op.f("fk_MediaUse_tweet_id_Tweet"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_MediaUse")),
    )
    for name in INDEXED:
        op.create_index(op.f(f"ix_MediaUse_{name}"), "MediaUse", [name])
    op.add_column(
        "ImportJob", sa.Column("with_media", sa.Boolean(), server_default=sa.true(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("ImportJob", "with_media")
    op.drop_table("MediaUse")
