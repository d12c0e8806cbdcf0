"""Databases of the last revision before the first one, taken over in place."""

from typing import Any, Final

import msgspec
import sqlalchemy as sa
from alembic import op

from app.migrations.fresh import MOST_LIKED
from app.models.base import BigId, Vector

FIRST: Final = "0024"


def take_over() -> None:
    """Change the tables of revision 0023 to those of the first revision; all data stays."""
    op.drop_table("IdempotencyRecord")
    op.drop_index("ix_Tweet_thread_id", "Tweet")
    for column in ("thread_id", "thread_first_id"):  # Chains of replies are found when asked for.
        op.drop_column("Tweet", column)
    op.create_index("ix_PostCount_slot_lang_posts", "PostCount", ["slot", "lang", "posts"])
    _index_the_archive()
    _keep_one_set_of_vectors()
    if op.get_bind().dialect.name == "postgresql":
        # Events become visible in the order of their ids, so none needs its transaction's.
        op.drop_index("ix_Event_xact", "Event")
        op.drop_column("Event", "xact")
        op.execute("DROP FUNCTION saywho_notify CASCADE")  # The log is read some times a second.
    op.drop_column("LoginSession", "seen_at")  # Sessions last 90 days, however they are used.
    op.execute('DELETE FROM "Token" WHERE revoked_at IS NOT NULL')
    op.drop_column("Token", "revoked_at")  # Who revokes a token deletes it.
    op.drop_table("Lease")  # Locks of the system or the server tell who works.
    for column in ("epoch", "beat_at", "detail"):  # Errors hold the reason.
        op.drop_column("ImportJob", column)
    op.drop_column("LiveSource", "rejected")  # Without the reasons nobody could use the number.
    _join_options()
    op.add_column(
        "Users", sa.Column("is_of_chat", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.drop_table("BackgroundSnapshot")  # Made again from the posts.
    op.drop_table("ModelCard")  # Each process makes them when they are asked for.
    _create_background()
    op.execute(f"UPDATE alembic_version SET version_num = '{FIRST}'")  # noqa: S608 - ours


def _join_options() -> None:
    """Keep in one column how the files of imports are read."""
    op.add_column("ImportJob", sa.Column("options", sa.LargeBinary()))
    named: list[sa.ColumnClause[Any]] = [
        sa.column("username"),
        sa.column("with_media", sa.Boolean()),
        sa.column("decode_entities", sa.Boolean()),
    ]
    jobs = sa.table("ImportJob", sa.column("id"), sa.column("options"), *named)
    connection = op.get_bind()
    for number, *values in connection.execute(sa.select(jobs.c.id, *named)).all():
        options = dict(zip((column.name for column in named), values, strict=True))
        row = sa.update(jobs).where(jobs.c.id == number)
        connection.execute(row.values(options=msgspec.json.encode(options)))
    for column in named:
        op.drop_column("ImportJob", column.name)


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
        sa.Column(
            "tweet_id", BigId, sa.ForeignKey("Tweet.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("model", sa.String(length=2100), nullable=False),
        sa.Column("vector", Vector(), nullable=False),
    )
    op.execute('INSERT INTO "Embedding" SELECT tweet_id, model, vector FROM kept')
    op.execute("DROP TABLE kept")


def _index_the_archive() -> None:
    """Index an author's pictures, and posts by their likes."""
    present = sa.text("media IS NOT NULL")
    op.create_index(
        "ix_Tweet_user_id_media",
        "Tweet",
        ["user_id", "created_at", "id"],
        sqlite_where=present,
        postgresql_where=present,
    )
    op.execute(MOST_LIKED[op.get_bind().dialect.name])


def _create_background() -> None:
    op.create_table(
        "BackgroundSnapshot",
        sa.Column("version", BigId, autoincrement=False, primary_key=True),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("authors", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("temperature", sa.Double(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("population", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
