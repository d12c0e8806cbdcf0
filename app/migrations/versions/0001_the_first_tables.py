"""the first tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

from app.models.base import Vector

revision = "0001"
down_revision = None

NAME_KEY = sa.String(960).with_variant(sa.String(960, collation="C"), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# The word index keeps no copy of the texts; triggers hold it to the table, whichever way that
# changes.
WORD_INDEX = (
    """
    CREATE VIRTUAL TABLE "TweetWords" USING fts5(
        text, content='Tweet', content_rowid='id',
        tokenize="unicode61 remove_diacritics 2"
    )
    """,
    """
    CREATE TRIGGER "TweetWords_insert" AFTER INSERT ON "Tweet" BEGIN
        INSERT INTO "TweetWords" (rowid, text) VALUES (new.id, new.text);
    END
    """,
    """
    CREATE TRIGGER "TweetWords_delete" AFTER DELETE ON "Tweet" BEGIN
        INSERT INTO "TweetWords" ("TweetWords", rowid, text) VALUES ('delete', old.id, old.text);
    END
    """,
    """
    CREATE TRIGGER "TweetWords_update" AFTER UPDATE OF text ON "Tweet" BEGIN
        INSERT INTO "TweetWords" ("TweetWords", rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO "TweetWords" (rowid, text) VALUES (new.id, new.text);
    END
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
)


def upgrade() -> None:
    is_postgresql = op.get_context().dialect.name == "postgresql"
    if is_postgresql:
        op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "BackgroundSnapshot",
        sa.Column("version", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_BackgroundSnapshot")),
    )
    op.create_table(
        "Event",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("tweet_id", BIG_ID, nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Event")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "Token",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Token")),
        sa.UniqueConstraint("sha256", name=op.f("uq_Token_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "Users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("username", sa.String(length=320), nullable=False),
        sa.Column("username_key", NAME_KEY, nullable=False),
        sa.Column("display_name", sa.String(length=320), nullable=True),
        sa.Column("platform", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tweet_count", sa.Integer(), nullable=False),
        sa.Column("deletion_count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_Users")),
        sa.UniqueConstraint("username_key", name=op.f("uq_Users_username_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "IdempotencyRecord",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("token_id", BIG_ID, nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.String(length=2048), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("resource_id", BIG_ID, nullable=True),
        sa.Column("report", sa.LargeBinary(), nullable=True),
        sa.Column("event_id", BIG_ID, nullable=True),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"],
            ["Token.id"],
            name=op.f("fk_IdempotencyRecord_token_id_Token"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_IdempotencyRecord")),
        sa.UniqueConstraint(
            "token_id",
            "method",
            "path",
            "key",
            name=op.f("uq_IdempotencyRecord_token_id_method_path_key"),
        ),
    )
    with op.batch_alter_table("IdempotencyRecord", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_IdempotencyRecord_touched_at"), ["touched_at"], unique=False
        )

    op.create_table(
        "Profile",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("recipe", sa.Integer(), nullable=False),
        sa.Column("as_of_event", BIG_ID, nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("counts", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["Users.id"], name=op.f("fk_Profile_user_id_Users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_Profile")),
    )
    op.create_table(
        "Tweet",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("embedding", Vector(), nullable=True),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("event_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=True),
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
    with op.batch_alter_table("Tweet", schema=None) as batch_op:
        if not is_postgresql:
            batch_op.create_index("ix_Tweet_created_at_id", ["created_at", "id"], unique=False)
            batch_op.create_index(
                "ix_Tweet_user_id_created_at_id", ["user_id", "created_at", "id"], unique=False
            )
        batch_op.create_index("ix_Tweet_user_id_event_id", ["user_id", "event_id"], unique=False)
    for statement in POSTGRESQL if is_postgresql else WORD_INDEX:
        op.execute(statement)


def downgrade() -> None:
    is_postgresql = op.get_context().dialect.name == "postgresql"
    if not is_postgresql:
        op.execute('DROP TABLE "TweetWords"')
    op.drop_table("Tweet")
    op.drop_table("Profile")
    with op.batch_alter_table("IdempotencyRecord", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_IdempotencyRecord_touched_at"))

    op.drop_table("IdempotencyRecord")
    op.drop_table("Users")
    op.drop_table("Token")
    op.drop_table("Event")
    op.drop_table("BackgroundSnapshot")
    if is_postgresql:
        op.execute("DROP FUNCTION saywho_notify()")
