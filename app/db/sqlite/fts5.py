"""SQLite's indexes: an FTS5 table of words, and vectors for NumPy.

The table has no texts, and triggers update it. Its terms come from an SQL function, so that
SQLite's own commands can rebuild and check it.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

import numpy as np
from sqlalchemy import LargeBinary, Select, String, cast, exc, func, select, text, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import OpenSession, TermCount, Terms, Vector, WordIndex, index_terms
from app.models import Embedding
from saywho.people.signs import is_loud

REBUILD: Final = text("""INSERT INTO "TweetWords" ("TweetWords") VALUES ('rebuild')""")
BLOCK: Final = 1_024
"""Vectors in a block."""

# The word index keeps no copy of the texts. Triggers keep it in step with the posts, whatever
# changes these; counts are renewed together with media that stay as they are.
STATEMENTS: Final = (
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
"""Statements that create the word index; a database whose statements differ is refused."""


def register(connection: Any) -> None:
    """Register the SQL functions of triggers and queries on a connection of either driver."""
    connection.create_function("saywho_terms", -1, index_terms, deterministic=True)
    connection.create_function("saywho_is_loud", 1, is_loud, deterministic=True)


class SqliteWords(WordIndex):
    postings = 'SELECT rowid AS id FROM "TweetWords" WHERE "TweetWords" MATCH :{term}'
    matched = text(
        'SELECT rowid AS id FROM "TweetWords" WHERE "TweetWords" MATCH :match AND rowid < :before'
    )
    conjunction, either, neither = " AND ", " OR ", " NOT "

    def render_terms(self, expression: Terms) -> str:
        return f'"{" ".join(expression.terms)}"' + (" *" if expression.is_prefix else "")

    async def vocabulary(
        self, read: OpenSession, page: int
    ) -> AsyncGenerator[list[TermCount], None]:
        query = 'SELECT term, doc, cnt FROM "TweetWordsVocabulary" WHERE term > :word LIMIT :limit'
        after = ""
        while True:
            # Each page has its own session, so that others can write in between.
            async with read() as session:
                found = await session.execute(text(query), {"word": after, "limit": page})
                counts = [*map(TermCount._make, found.all())]
            if not counts:
                return
            yield counts
            after = counts[-1].term

    async def rebuild(self, session: AsyncSession) -> None:
        # A deleted word stays in the index until its segments are merged or rebuilt.
        await session.execute(REBUILD)

    async def find_faults(self, session: AsyncSession) -> list[str]:
        # FTS5's check is a write statement.
        check = 'INSERT INTO "TweetWords" ("TweetWords", rank) VALUES (\'integrity-check\', 1)'
        try:
            async with session.begin_nested():
                await session.execute(text(check))
        except exc.DatabaseError:
            return ["the word index does not agree with the posts"]
        return []


async def nearest(
    session: AsyncSession, compared: Select[int, Vector], vector: Vector, count: int
) -> list[tuple[float, int]]:
    best: list[tuple[float, int]] = []
    after = 0
    while True:
        page = compared.where(Embedding.tweet_id > after)
        # SQLite joins a block of vectors: as rows, each would wait for the interpreter's lock.
        block = page.order_by(Embedding.tweet_id).limit(BLOCK).subquery()
        values = type_coerce(block.c.vector, String)
        query = select(
            func.group_concat(block.c.tweet_id, type_=String),
            # `group_concat` joins texts, and leaves the bytes as they are.
            cast(func.group_concat(values, "", type_=String), LargeBinary),
        )
        listed, joined = (await session.execute(query)).one()
        if listed is None:
            return best
        ids = [int(tweet_id) for tweet_id in listed.split(",")]
        rows = np.frombuffer(joined, "<f2").reshape(len(ids), -1)
        scores = await asyncio.to_thread(lambda page: page.astype(np.float32) @ vector, rows)
        least = best[-1][0] if len(best) == count else -np.inf
        near = [(float(scores[place]), ids[place]) for place in (scores >= least).nonzero()[0]]
        best = sorted([*best, *near], reverse=True)[:count]
        after = ids[-1]
