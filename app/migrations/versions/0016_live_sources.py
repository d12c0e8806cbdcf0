"""live sources: accounts and feeds that are asked for new posts

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
INDEXED = ("host", "username_key", "next_visit_at")


def upgrade() -> None:
    op.create_table(
        "LiveSource",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("source", sa.String(length=2100), nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("username", sa.String(length=320), nullable=False),
        sa.Column("username_key", sa.String(length=960), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("visited_at", TIME, nullable=True),
        sa.Column("success_at", TIME, nullable=True),
        sa.Column("posts_at", TIME, nullable=True),
        sa.Column("next_visit_at", TIME, nullable=False),
        sa.Column("not_before", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_LiveSource")),
        sa.UniqueConstraint("source", name=op.f("uq_LiveSource_source")),
        sqlite_autoincrement=True,
    )
    for name in INDEXED:
        op.create_index(op.f(f"ix_LiveSource_{name}"), "LiveSource", [name])


def downgrade() -> None:
    for name in INDEXED:
        op.drop_index(op.f(f"ix_LiveSource_{name}"), "LiveSource")
    op.drop_table("LiveSource")
