"""word index of our own terms, and the vocabulary

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from app.compute.words import WORDS_RECIPE

revision = "0006"
down_revision = "0005"

CODE_POINTS = sa.String().with_variant(sa.String(collation="C"), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

REBUILD = """INSERT INTO "TweetWords" ("TweetWords") VALUES ('rebuild')"""
WORD_INDEX = (
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
)
TRIGGERS = ("TweetWords_insert", "TweetWords_delete", "TweetWords_update")
OLD_INDEX = (
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


# On PostgreSQL there is no earlier one; the program fills it, since only it knows the terms.
POSTGRESQL = (
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
        for statement in POSTGRESQL:
            op.execute(statement)
    else:
        _drop_triggers()
        op.execute('DROP TABLE "TweetWords"')
        for statement in WORD_INDEX:
            op.execute(statement)
        op.execute(REBUILD)
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
    # Maintenance builds an index of another recipe anew, which posts of before need.
    has_posts = op.get_bind().scalar(sa.text('SELECT EXISTS (SELECT 1 FROM "Tweet")'))
    recipe = 0 if is_postgresql and has_posts else WORDS_RECIPE
    nothing = {"id": 1, "recipe": recipe, "as_of_event": 0, "tweets": 0, "terms": 0}
    op.bulk_insert(vocabulary, [nothing])


def downgrade() -> None:
    op.drop_table("Vocabulary")
    op.drop_table("Word")
    if op.get_context().dialect.name == "postgresql":
        op.execute('DROP TABLE "TweetWords"')
        return
    _drop_triggers()
    op.execute('DROP TABLE "TweetWordsVocabulary"')
    op.execute('DROP TABLE "TweetWords"')
    op.execute('DROP VIEW "TweetTerms"')
    for statement in OLD_INDEX:
        op.execute(statement)
    op.execute(REBUILD)


def _drop_triggers() -> None:
    for trigger in TRIGGERS:
        op.execute(f'DROP TRIGGER "{trigger}"')
