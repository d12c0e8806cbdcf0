"""The word index on SQLite: an FTS5 table without a copy of the texts, updated by triggers.

Its terms come from `compute.words` by a function that every connection knows, so that SQLite's
own commands can rebuild and check it.
"""

from collections.abc import AsyncGenerator
from typing import Any, Final

from sqlalchemy import exc, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.indexes import OpenSession, TermCount, Terms, WordIndex, index_terms

REBUILD: Final = text("""INSERT INTO "TweetWords" ("TweetWords") VALUES ('rebuild')""")
CHECK: Final = text(
    """INSERT INTO "TweetWords" ("TweetWords", rank) VALUES ('integrity-check', 1)"""
)
VOCABULARY: Final = text(
    'SELECT term, doc, cnt FROM "TweetWordsVocabulary" WHERE term > :word LIMIT :limit'
)


def register(connection: Any) -> None:
    """Give a connection, of either driver, the function that the triggers call."""
    connection.create_function("saywho_terms", -1, index_terms, deterministic=True)


class SqliteWords(WordIndex):
    """Queries FTS5."""

    postings = (
        'SELECT rowid AS id FROM "TweetWords" WHERE "TweetWords" MATCH :{term} ORDER BY rowid DESC'
    )
    matched = text(
        'SELECT rowid AS id FROM "TweetWords" WHERE "TweetWords" MATCH :match AND rowid < :before'
    )
    both, either, neither = " AND ", " OR ", " NOT "

    def render_terms(self, expression: Terms) -> str:
        return f'"{" ".join(expression.terms)}"' + (" *" if expression.is_prefix else "")

    async def vocabulary(
        self, read: OpenSession, page: int
    ) -> AsyncGenerator[list[TermCount], None]:
        after = ""
        while True:
            # Sessions of their own, so that others can write in between.
            async with read() as session:
                rows = await session.execute(VOCABULARY, {"word": after, "limit": page})
                counts = [TermCount(*row) for row in rows]
            if not counts:
                return
            yield counts
            after = counts[-1].term

    async def rebuild(self, session: AsyncSession) -> None:
        # An index entry of a deleted word stays in the index until its segments are merged.
        await session.execute(REBUILD)

    async def find_faults(self, session: AsyncSession) -> list[str]:
        # FTS5 compares as a write.
        try:
            async with session.begin_nested():
                await session.execute(CHECK)
        except exc.DatabaseError:
            return ["the word index does not agree with the posts"]
        return []
