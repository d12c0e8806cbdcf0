"""Databases of the last revision before the first one, taken over in place."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from app.models.base import BigId, Vector

FIRST: Final = "0024"
MOST_LIKED: Final = {
    "sqlite": """
        CREATE INDEX "ix_Tweet_user_id_likes"
        ON "Tweet" (user_id, json_extract(counts, '$.likes')) WHERE counts IS NOT NULL
    """,
    "postgresql": """
        CREATE INDEX "ix_Tweet_user_id_likes"
        ON "Tweet" (user_id, (CAST(CAST(counts AS json) ->> 'likes' AS bigint)))
        WHERE counts IS NOT NULL
    """,
}


def take_over() -> None:
    """Change the tables of revision 0023 to those of the first revision; all data stays."""
    _drop_idempotency_keys()
    _drop_threads()
    op.create_index("ix_PostCount_slot_lang_posts", "PostCount", ["slot", "lang", "posts"])
    _index_the_archive()
    _keep_one_set_of_vectors()
    if op.get_bind().dialect.name == "postgresql":
        # Events become visible in the order of their ids, so none needs its transaction's.
        op.drop_index("ix_Event_xact", "Event")
        op.drop_column("Event", "xact")
    op.drop_column("LoginSession", "seen_at")  # Sessions last 90 days, however they are used.
    op.execute('DELETE FROM "Token" WHERE revoked_at IS NOT NULL')
    op.drop_column("Token", "revoked_at")  # Who revokes a token deletes it.
    for column in ("epoch", "beat_at"):  # The lease has both.
        op.drop_column("ImportJob", column)
    op.add_column("ImportJob", sa.Column("chat", sa.LargeBinary()))
    _renew_derived()
    op.execute(f"UPDATE alembic_version SET version_num = '{FIRST}'")  # noqa: S608 - ours


def _index_the_archive() -> None:
    """Make the newest pictures of an author and the posts liked most quick to find."""
    with_media = sa.text("media IS NOT NULL")
    op.create_index(
        "ix_Tweet_user_id_media",
        "Tweet",
        ["user_id", "created_at", "id"],
        sqlite_where=with_media,
        postgresql_where=with_media,
    )
    op.execute(MOST_LIKED[op.get_bind().dialect.name])


def _drop_idempotency_keys() -> None:
    op.drop_index(op.f("ix_IdempotencyRecord_touched_at"), "IdempotencyRecord")
    op.drop_table("IdempotencyRecord")


def _drop_threads() -> None:
    """Chains of replies are found when they are asked for."""
    op.drop_index("ix_Tweet_thread_id", "Tweet")
    op.drop_column("Tweet", "thread_id")
    op.drop_column("Tweet", "thread_first_id")


def _keep_one_set_of_vectors() -> None:
    """Keep the vectors that answered until now, each with the name of its model."""
    op.execute(
        'CREATE TEMPORARY TABLE kept AS SELECT tweet_id, model, vector FROM "Embedding"'
        ' JOIN "VectorSet" ON "VectorSet".id = set_id WHERE set_id = ('
        ' SELECT id FROM "VectorSet" WHERE is_complete ORDER BY id DESC LIMIT 1)'
    )
    op.drop_table("Embedding")
    op.drop_table("VectorSet")
    op.create_table(
        "Embedding",
        sa.Column("tweet_id", BigId, nullable=False),
        sa.Column("model", sa.String(length=2100), nullable=False),
        sa.Column("vector", Vector(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tweet_id"], ["Tweet.id"], name=op.f("fk_Embedding_tweet_id_Tweet"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tweet_id", name=op.f("pk_Embedding")),
    )
    op.execute('INSERT INTO "Embedding" SELECT tweet_id, model, vector FROM kept')
    op.execute("DROP TABLE kept")


def _renew_derived() -> None:
    """Backgrounds and model cards are made anew from the posts, in another form."""
    op.drop_table("BackgroundSnapshot")
    op.create_table(
        "BackgroundSnapshot",
        sa.Column("version", BigId, autoincrement=False, nullable=False),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("authors", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("temperature", sa.Double(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("population", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_BackgroundSnapshot")),
    )
    op.drop_table("ModelCard")
    op.create_table(
        "ModelCard",
        sa.Column("authors", sa.String(length=64), nullable=False),
        sa.Column("user_ids", sa.Text(), nullable=False),
        sa.Column("posts", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("authors", name=op.f("pk_ModelCard")),
    )
