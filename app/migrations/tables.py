"""The tables of a fresh database: the models, and parts that only one kind of database has."""

from typing import cast

from sqlalchemy import Connection, Table, insert, text

from app.compute.words import WORDS_RECIPE
from app.models import SITE_ID, Base, Site, Tweet, Vocabulary

# Of equally many likes the newest comes first: on SQLite each index ends with the id.
_LIKES = {
    "sqlite": "json_extract(counts, '$.likes')",
    "postgresql": "(CAST(CAST(counts AS json) ->> 'likes' AS bigint)), id",
}


def most_liked(dialect: str) -> tuple[str, str]:
    """Return the indexes of an author's posts and of a room's messages by their likes."""
    return (
        f"""
        CREATE INDEX "ix_Tweet_user_id_likes"
        ON "Tweet" (user_id, {_LIKES[dialect]}) WHERE counts IS NOT NULL
        """,
        f"""
        CREATE INDEX "ix_Tweet_room_id_likes"
        ON "Tweet" (room_id, {_LIKES[dialect]})
        WHERE counts IS NOT NULL AND room_id IS NOT NULL
        """,
    )


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


def _make_last(connection: Connection, name: str) -> None:
    """Make an index of posts again after all others, which SQLAlchemy makes in any order.

    If two indexes serve a query equally well, SQLite uses the newer index.
    """
    (index,) = (index for index in cast(Table, Tweet.__table__).indexes if index.name == name)
    index.drop(connection)
    index.create(connection)


def make_tables(connection: Connection) -> None:
    """Make all tables, as every revision together would leave them."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    Base.metadata.create_all(connection)
    _make_last(connection, "ix_Tweet_room_id_media")
    statements = POSTGRESQL if dialect == "postgresql" else SQLITE
    for statement in (*most_liked(dialect), *statements):
        connection.exec_driver_sql(statement)
    nothing = {"id": 1, "recipe": WORDS_RECIPE, "tweets": 0, "terms": 0}
    connection.execute(insert(Vocabulary), nothing)
    connection.execute(insert(Site), {"id": SITE_ID})
