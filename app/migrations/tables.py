"""The tables: those of a fresh database, and of one of the last revision before the first one.

A fresh one has the tables of the models, and what only one kind of database has. Another is taken
over in place.
"""

from typing import Any, Final

import msgspec
import sqlalchemy as sa
from alembic import op
from sqlalchemy import Connection, insert, text

from app.compute.words import WORDS_RECIPE
from app.models import Base, Vocabulary
from app.models.base import BigId, Vector

FIRST: Final = "0024"
MOST_LIKED = {
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

# The word index keeps no copy of the texts. Triggers keep it in step with the posts, whatever
# changes these; counts are renewed together with media that stay as they are.
SQLITE = (
    """
    CREATE VIEW "TweetTerms" AS
        SELECT id, saywho_terms(text, user_id, media) AS terms FROM "Tweet"
    """,
    """
    CREATE VIRTUAL TABLE "TweetWords" USING fts5(
        terms, content='TweetTerms', content_rowid='id', tokenize='ascii', columnsize=0
    )
    """,
    """
    CREATE TRIGGER "TweetWords_insert" AFTER INSERT ON "Tweet" BEGIN
        INSERT INTO "TweetWords" (rowid, terms)
            VALUES (new.id, saywho_terms(new.text, new.user_id, new.media));
    END
    """,
    """
    CREATE TRIGGER "TweetWords_delete" AFTER DELETE ON "Tweet" BEGIN
        INSERT INTO "TweetWords" ("TweetWords", rowid, terms)
            VALUES ('delete', old.id, saywho_terms(old.text, old.user_id, old.media));
    END
    """,
    """
    CREATE TRIGGER "TweetWords_update" AFTER UPDATE OF text, user_id, media ON "Tweet"
    WHEN new.text IS NOT old.text OR new.user_id IS NOT old.user_id OR new.media IS NOT old.media
    BEGIN
        INSERT INTO "TweetWords" ("TweetWords", rowid, terms)
            VALUES ('delete', old.id, saywho_terms(old.text, old.user_id, old.media));
        INSERT INTO "TweetWords" (rowid, terms)
            VALUES (new.id, saywho_terms(new.text, new.user_id, new.media));
    END
    """,
    """
    CREATE VIRTUAL TABLE "TweetWordsVocabulary" USING fts5vocab('TweetWords', 'row')
    """,
)

POSTGRESQL = (
    "SELECT '한'",  # It fails where the database cannot hold all languages.
    'CREATE INDEX "ix_Tweet_newest" ON "Tweet" (created_at DESC NULLS LAST, id DESC)',
    """
    CREATE INDEX "ix_Tweet_user_id_newest"
    ON "Tweet" (user_id, created_at DESC NULLS LAST, id DESC)
    """,
    """
    CREATE TABLE "TweetWords" (
        id bigint PRIMARY KEY REFERENCES "Tweet" (id) ON DELETE CASCADE,
        terms tsvector NOT NULL
    )
    """,
    'CREATE INDEX "ix_TweetWords_terms" ON "TweetWords" USING gin (terms)',
)


def make_tables(connection: Connection) -> None:
    """Make all tables, as every revision together would leave them."""
    kind = connection.dialect.name
    if kind == "postgresql":
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    Base.metadata.create_all(connection)
    for statement in (MOST_LIKED[kind], *(POSTGRESQL if kind == "postgresql" else SQLITE)):
        connection.exec_driver_sql(statement)
    nothing = {"id": 1, "recipe": WORDS_RECIPE, "tweets": 0, "terms": 0}
    connection.execute(insert(Vocabulary), nothing)


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
    op.drop_column("Vocabulary", "as_of_event")  # It is old by the number of posts.
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
