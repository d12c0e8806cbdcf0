"""posts counted per author, quarter of an hour and language

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SLOT_S = 900
EPOCH_S = 62_135_596_800


def upgrade() -> None:
    counts = op.create_table(
        "PostCount",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("lang", sa.String(length=35), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["Users.id"], name=op.f("fk_PostCount_user_id_Users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "slot", "lang", name=op.f("pk_PostCount")),
        sqlite_with_rowid=False,
    )
    tweet = sa.table(
        "Tweet",
        sa.column("user_id", BIG_ID),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("lang", sa.String()),
    )
    user = sa.table("Users", sa.column("id", BIG_ID), sa.column("deleted_at", sa.DateTime()))
    seconds = sa.cast(sa.extract("epoch", tweet.c.created_at), sa.BigInteger()) + EPOCH_S
    slot = sa.func.coalesce(seconds // SLOT_S, -1)
    lang = sa.func.coalesce(tweet.c.lang, "")
    stored = (
        sa.select(tweet.c.user_id, slot, lang, sa.func.count())
        .join(user, user.c.id == tweet.c.user_id)
        .where(user.c.deleted_at.is_(None))
        .group_by(tweet.c.user_id, slot, lang)
    )
    op.execute(sa.insert(counts).from_select(["user_id", "slot", "lang", "posts"], stored))


def downgrade() -> None:
    op.drop_table("PostCount")
