"""embeddings: a table of their own, kept apart by model

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from app.models.base import Vector

revision = "0008"
down_revision = "0007"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "VectorSet",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("model", sa.String(length=2100), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=True),
        sa.Column("embedded_to", BIG_ID, nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_VectorSet")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_VectorSet_model"), "VectorSet", ["model"])
    op.create_table(
        "Embedding",
        sa.Column("tweet_id", BIG_ID, nullable=False),
        sa.Column("set_id", BIG_ID, nullable=False),
        sa.Column("vector", Vector(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tweet_id"], ["Tweet.id"], name=op.f("fk_Embedding_tweet_id_Tweet"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["set_id"],
            ["VectorSet.id"],
            name=op.f("fk_Embedding_set_id_VectorSet"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("tweet_id", "set_id", name=op.f("pk_Embedding")),
    )
    # It was always empty.
    op.drop_column("Tweet", "embedding")


def downgrade() -> None:
    op.add_column("Tweet", sa.Column("embedding", Vector(), nullable=True))
    op.drop_table("Embedding")
    op.drop_index(op.f("ix_VectorSet_model"), "VectorSet")
    op.drop_table("VectorSet")
