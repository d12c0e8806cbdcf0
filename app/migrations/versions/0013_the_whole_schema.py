"""the whole schema, in place of the revisions before it

Revision ID: 0013
Revises:
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

from app.compute.words import WORDS_RECIPE
from app.models.base import Vector

revision = "0013"
down_revision = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CODE_POINTS = sa.String().with_variant(sa.String(collation="C"), "postgresql")
NAME_KEY = sa.String(960).with_variant(sa.String(960, collation="C"), "postgresql")
TIME = sa.DateTime(timezone=True)
DELETED = sa.text("deleted_at IS NOT NULL")

# The word index keeps no copy of the texts. Triggers keep it in step with the posts, whatever
# changes these.
SQLITE = (
    """
    CREATE VIEW "TweetTerms" AS
        SELECT id, saywho_terms(text, user_id) AS terms FROM "Tweet"
    """,
    """
    CREATE VIRTUAL TABLE "TweetWords" USING fts5(
        terms, content='TweetTerms', content_rowid='id', tokenize='ascii', columnsize=0
    )
    """,
    """
    CREATE TRIGGER "TweetWords_insert" AFTER INSERT ON "Tweet" BEGIN
        INSERT INTO "TweetWords" (rowid, terms)
            VALUES (new.id, saywho_terms(new.text, new.user_id));
    END
    """,
    """
    CREATE TRIGGER "TweetWords_delete" AFTER DELETE ON "Tweet" BEGIN
        INSERT INTO "TweetWords" ("TweetWords", rowid, terms)
            VALUES ('delete', old.id, saywho_terms(old.text, old.user_id));
    END
    """,
    """
    CREATE TRIGGER "TweetWords_update" AFTER UPDATE OF text, user_id ON "Tweet" BEGIN
        INSERT INTO "TweetWords" ("TweetWords", rowid, terms)
            VALUES ('delete', old.id, saywho_terms(old.text, old.user_id));
        INSERT INTO "TweetWords" (rowid, terms)
            VALUES (new.id, saywho_terms(new.text, new.user_id));
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
    # Followers of the log tell by the transaction what they have not seen yet.
    """
    ALTER TABLE "Event" ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id()
    """,
    'CREATE INDEX "ix_Event_xact" ON "Event" (xact)',
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
    _word_counts()
    _counts_and_profiles()
    _vectors()
    _work()
    _access()
    for statement in POSTGRESQL if is_postgresql else SQLITE:
        op.execute(statement)


def downgrade() -> None:
    raise CommandError("0013 is the first revision; there is none before it")


def _posts() -> None:
    """Create authors, posts and the log of events."""
    op.create_table(
        "Users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("username", sa.String(length=320), nullable=False),
        sa.Column("username_key", NAME_KEY, nullable=False),
        sa.Column("display_name", sa.String(length=320), nullable=True),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("tweet_count", sa.Integer(), nullable=False),
        sa.Column("deletion_count", sa.Integer(), nullable=False),
        sa.Column("deleted_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Users")),
        sa.UniqueConstraint("username_key", name=op.f("uq_Users_username_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_Users_deleted_at",
        "Users",
        ["deleted_at"],
        sqlite_where=DELETED,
        postgresql_where=DELETED,
    )
    op.create_table(
        "Tweet",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("event_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("created_at", TIME, nullable=True),
        sa.Column("lang", sa.String(length=35), nullable=True),
        sa.Column("source_id", sa.String(length=512), nullable=True),
        sa.Column("url", sa.String(length=2048), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["Users.id"], name=op.f("fk_Tweet_user_id_Users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Tweet")),
        sa.UniqueConstraint("user_id", "source_id", name=op.f("uq_Tweet_user_id_source_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_Tweet_user_id_event_id", "Tweet", ["user_id", "event_id"])
    op.create_table(
        "Event",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("tweet_id", BIG_ID, nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Event")),
        sqlite_autoincrement=True,
    )


def _word_counts() -> None:
    """Create the counts of words; nothing is counted yet."""
    op.create_table(
        "Word",
        sa.Column("word", CODE_POINTS, nullable=False),
        sa.Column("tweets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_Word")),
        sqlite_with_rowid=False,
    )
    vocabulary = op.create_table(
        "Vocabulary",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("as_of_event", BIG_ID, nullable=False),
        sa.Column("tweets", sa.Integer(), nullable=False),
        sa.Column("terms", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Vocabulary")),
    )
    nothing = {"id": 1, "recipe": WORDS_RECIPE, "as_of_event": 0, "tweets": 0, "terms": 0}
    op.bulk_insert(vocabulary, [nothing])


def _counts_and_profiles() -> None:
    """Create what is derived from the posts of each author."""
    op.create_table(
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
    op.create_table(
        "Profile",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("as_of_event", BIG_ID, nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("texts", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["Users.id"], name=op.f("fk_Profile_user_id_Users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_Profile")),
    )
    op.create_table(
        "BackgroundSnapshot",
        sa.Column("version", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("calibration", sa.LargeBinary(), nullable=True),
        sa.Column("impostors", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_BackgroundSnapshot")),
    )
    op.create_table(
        "ModelCard",
        sa.Column("authors", sa.String(length=64), nullable=False),
        sa.Column("user_ids", sa.Text(), nullable=False),
        sa.Column("posts", sa.String(length=64), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("card", sa.LargeBinary(), nullable=True),
        sa.Column("answers", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("authors", name=op.f("pk_ModelCard")),
    )


def _vectors() -> None:
    """Create the vectors of posts, kept apart by the model that made them."""
    op.create_table(
        "VectorSet",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("model", sa.String(length=2100), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=True),
        sa.Column("embedded_to", BIG_ID, nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.Column("is_stopped", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("began_at", TIME, nullable=True),
        sa.Column("began_to", BIG_ID, server_default=sa.text("0"), nullable=False),
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
            ["set_id"],
            ["VectorSet.id"],
            name=op.f("fk_Embedding_set_id_VectorSet"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tweet_id"], ["Tweet.id"], name=op.f("fk_Embedding_tweet_id_Tweet"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("tweet_id", "set_id", name=op.f("pk_Embedding")),
    )


def _work() -> None:
    """Create imports, answered requests and leases."""
    op.create_table(
        "ImportJob",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("spool", sa.String(length=255), nullable=False),
        sa.Column("username", sa.String(length=320), nullable=True),
        sa.Column("bytes_total", BIG_ID, nullable=False),
        sa.Column("bytes_read", BIG_ID, nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("reposts", sa.Integer(), nullable=False),
        sa.Column("restricted", sa.Integer(), nullable=False),
        sa.Column("errors", sa.LargeBinary(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=True),
        sa.Column("finished_at", TIME, nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("beat_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ImportJob")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_ImportJob_state"), "ImportJob", ["state"])
    op.create_table(
        "IdempotencyRecord",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=2048), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("resource_id", BIG_ID, nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("event_id", BIG_ID, nullable=True),
        sa.Column("touched_at", TIME, nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_IdempotencyRecord")),
        sa.UniqueConstraint(
            "holder",
            "method",
            "path",
            "key",
            name=op.f("uq_IdempotencyRecord_holder_method_path_key"),
        ),
    )
    op.create_index(op.f("ix_IdempotencyRecord_touched_at"), "IdempotencyRecord", ["touched_at"])
    op.create_table(
        "Lease",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=100), nullable=True),
        sa.Column("epoch", BIG_ID, nullable=False),
        sa.Column("beat", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_Lease")),
    )


def _access() -> None:
    """Create tokens, operators and their sessions."""
    op.create_table(
        "Token",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_Token_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "Operator",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Operator")),
        sa.UniqueConstraint("name_key", name=op.f("uq_Operator_name_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "LoginSession",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("operator_id", BIG_ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["Operator.id"],
            name=op.f("fk_LoginSession_operator_id_Operator"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_LoginSession")),
        sa.UniqueConstraint("sha256", name=op.f("uq_LoginSession_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_LoginSession_operator_id"), "LoginSession", ["operator_id"])
    op.create_table(
        "LoginFailure",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("subject", sa.LargeBinary(length=32), nullable=False),
        sa.Column("failed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_LoginFailure")),
    )
    op.create_index("ix_LoginFailure_subject_failed_at", "LoginFailure", ["subject", "failed_at"])
    op.create_table(
        "SetupLink",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_SetupLink")),
        sa.UniqueConstraint("sha256", name=op.f("uq_SetupLink_sha256")),
    )
