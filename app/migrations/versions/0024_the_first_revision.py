"""the first revision: the whole schema

Revision ID: 0024
Revises:
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from app.compute.words import WORDS_RECIPE
from app.migrations.takeover import create_background, create_vectors, index_the_archive

revision = "0024"
down_revision = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE_POINTS = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NAME_KEY = sa.String(960).with_variant(sa.String(960, collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)

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
    'CREATE INDEX "ix_Tweet_created_at_id" ON "Tweet" (created_at, id)',
    """
    CREATE INDEX "ix_Tweet_user_id_created_at_id" ON "Tweet" (user_id, created_at, id)
    """,
)

POSTGRESQL = (
    'CREATE INDEX "ix_Tweet_newest" ON "Tweet" (created_at DESC NULLS LAST, id DESC)',
    """
    CREATE INDEX "ix_Tweet_user_id_newest"
    ON "Tweet" (user_id, created_at DESC NULLS LAST, id DESC)
    """,
    """
    CREATE FUNCTION saywho_notify() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_notify('saywho', ''); RETURN NULL; END
    $$
    """,
    """
    CREATE TRIGGER "Event_notify" AFTER INSERT ON "Event"
    FOR EACH STATEMENT EXECUTE FUNCTION saywho_notify()
    """,
    """
    CREATE TABLE "TweetWords" (
        id bigint PRIMARY KEY REFERENCES "Tweet" (id) ON DELETE CASCADE,
        terms tsvector NOT NULL
    )
    """,
    'CREATE INDEX "ix_TweetWords_terms" ON "TweetWords" USING gin (terms)',
)


def upgrade() -> None:
    is_postgresql = op.get_context().dialect.name == "postgresql"
    if is_postgresql:
        op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    _posts()
    _words()
    _models()
    _work()
    _access()
    for statement in POSTGRESQL if is_postgresql else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    raise CommandError("0024 is the first revision; there is none before it")


def _index_present(name: str, table: str, columns: list[str]) -> None:
    """Create an index of the rows that have a value in the last of the columns."""
    present = sa.text(f"{columns[-1]} IS NOT NULL")
    op.create_index(name, table, columns, sqlite_where=present, postgresql_where=present)


def _posts() -> None:
    """Create authors, posts and the log of events."""
    op.create_table(
        "Users",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("username", sa.String(length=320), nullable=False),
        sa.Column("username_key", NAME_KEY, unique=True, nullable=False),
        sa.Column("display_name", sa.String(length=320), nullable=True),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("is_of_chat", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("tweet_count", sa.Integer(), nullable=False),
        sa.Column("deletion_count", sa.Integer(), nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sqlite_autoincrement=True,
    )
    _index_present("ix_Users_deleted_at", "Users", ["deleted_at"])
    op.create_table(
        "Tweet",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("user_id", BIG_ID, sa.ForeignKey("Users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("created_at", TIME, nullable=True),
        sa.Column("dated_at", TIME, nullable=True),
        sa.Column("lang", sa.String(length=35), nullable=True),
        sa.Column("source_id", sa.String(length=512), nullable=True),
        sa.Column("url", sa.String(length=2048), nullable=True),
        sa.Column("reply_to_source_id", sa.String(length=512), nullable=True),
        sa.Column("reply_to_username", sa.String(length=320), nullable=True),
        sa.Column("reply_to_id", BIG_ID, nullable=True),
        sa.Column("media", sa.Text(), nullable=True),
        sa.Column("counts", sa.Text(), nullable=True),
        sa.UniqueConstraint("user_id", "source_id", name=op.f("uq_Tweet_user_id_source_id")),
        sqlite_autoincrement=True,
    )
    _index_present("ix_Tweet_reply_to_source_id", "Tweet", ["reply_to_source_id"])
    _index_present("ix_Tweet_user_id_dated_at", "Tweet", ["user_id", "dated_at"])
    op.create_index("ix_Tweet_user_id_event_id", "Tweet", ["user_id", "event_id"])
    index_the_archive()
    op.create_table(
        "Event",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("tweet_id", BIG_ID, nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "PostCount",
        sa.Column(
            "user_id", BIG_ID, sa.ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("slot", sa.Integer(), primary_key=True),
        sa.Column("lang", sa.String(length=35), primary_key=True),
        sa.Column("posts", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_PostCount_slot_lang_posts", "PostCount", ["slot", "lang", "posts"])
    op.create_table(
        "MediaUse",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column(
            "tweet_id", BIG_ID, sa.ForeignKey("Tweet.id", ondelete="SET NULL"), nullable=True
        ),
    )
    op.create_index("ix_MediaUse_name", "MediaUse", ["name"])
    op.create_index("ix_MediaUse_tweet_id", "MediaUse", ["tweet_id"])
    create_vectors()


def _words() -> None:
    """Create the counts of words; nothing is counted yet."""
    op.create_table(
        "Word",
        sa.Column("word", CODE_POINTS, primary_key=True),
        sa.Column("tweets", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    vocabulary = op.create_table(
        "Vocabulary",
        sa.Column("id", sa.Integer(), autoincrement=False, primary_key=True),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("as_of_event", BIG_ID, nullable=False),
        sa.Column("tweets", sa.Integer(), nullable=False),
        sa.Column("terms", BIG_ID, nullable=False),
    )
    nothing = {"id": 1, "recipe": WORDS_RECIPE, "as_of_event": 0, "tweets": 0, "terms": 0}
    op.bulk_insert(vocabulary, [nothing])


def _models() -> None:
    """Create what comparisons rest on."""
    op.create_table(
        "Profile",
        sa.Column(
            "user_id", BIG_ID, sa.ForeignKey("Users.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("as_of_event", BIG_ID, nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("texts", sa.LargeBinary(), nullable=True),
    )
    op.create_index("ix_Profile_posts", "Profile", ["posts"])
    create_background()


def _work() -> None:
    """Create imports and live sources."""
    op.create_table(
        "ImportJob",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("spool", sa.String(length=255), nullable=False),
        sa.Column("username", sa.String(length=320), nullable=True),
        sa.Column("with_media", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("decode_entities", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("chat", sa.LargeBinary(), nullable=True),
        sa.Column("bytes_total", BIG_ID, nullable=False),
        sa.Column("bytes_read", BIG_ID, nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("reposts", sa.Integer(), nullable=False),
        sa.Column("restricted", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("errors", sa.LargeBinary(), nullable=False),
        sa.Column("stored", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ImportJob_state", "ImportJob", ["state"])
    op.create_table(
        "LiveSource",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("source", sa.String(length=2100), unique=True, nullable=False),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("username", sa.String(length=320), nullable=False),
        sa.Column("username_key", sa.String(length=960), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("visited_at", TIME, nullable=True),
        sa.Column("success_at", TIME, nullable=True),
        sa.Column("posts_at", TIME, nullable=True),
        sa.Column("next_visit_at", TIME, nullable=False),
        sa.Column("not_before", TIME, nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_LiveSource_host", "LiveSource", ["host"])
    op.create_index("ix_LiveSource_next_visit_at", "LiveSource", ["next_visit_at"])
    op.create_index("ix_LiveSource_username_key", "LiveSource", ["username_key"])


def _access() -> None:
    """Create operators, their sessions, and tokens."""
    op.create_table(
        "Operator",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), unique=True, nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "LoginSession",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("sha256", sa.LargeBinary(), unique=True, nullable=False),
        sa.Column(
            "operator_id", BIG_ID, sa.ForeignKey("Operator.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("created_at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_LoginSession_operator_id", "LoginSession", ["operator_id"])
    op.create_table(
        "LoginFailure",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("failed_at", TIME, nullable=False),
    )
    op.create_index("ix_LoginFailure_subject_failed_at", "LoginFailure", ["subject", "failed_at"])
    op.create_table(
        "SetupLink",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("sha256", sa.LargeBinary(), unique=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
    )
    op.create_table(
        "Token",
        sa.Column("id", BIG_ID, primary_key=True),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), unique=True, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sqlite_autoincrement=True,
    )
