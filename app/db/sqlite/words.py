"""The word index on SQLite: an FTS5 table that triggers hold to the posts.

Its terms come from `compute.words` by a function that every connection knows, so that SQLite's
own commands build it anew and check it. It keeps no copy of the texts.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final, Protocol

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    String,
    Subquery,
    bindparam,
    column,
    exc,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.db.word_index import (
    All,
    Either,
    Expression,
    IndexedPost,
    TermCount,
    Terms,
    author_term,
    index_terms,
)
from app.models import MAX_ID

REBUILD: Final = text("""INSERT INTO "TweetWords" ("TweetWords") VALUES ('rebuild')""")
CHECK: Final = text(
    """INSERT INTO "TweetWords" ("TweetWords", rank) VALUES ('integrity-check', 1)"""
)
VOCABULARY: Final = text(
    'SELECT term, doc, cnt FROM "TweetWordsVocabulary" WHERE term > :word LIMIT :limit'
)


class _Connection(Protocol):
    def create_function(
        self, name: str, narg: int, func: Any, /, *, deterministic: bool
    ) -> Any: ...


def register(connection: _Connection) -> None:
    """Let a connection know the function that the triggers call."""
    connection.create_function("saywho_terms", 2, index_terms, deterministic=True)


class SqliteWords:
    """Asks FTS5."""

    postings = (
        'SELECT rowid AS id FROM "TweetWords" WHERE "TweetWords" MATCH :{term} ORDER BY rowid DESC'
    )

    def render(self, expression: Expression) -> str:
        return render(expression)

    async def add(self, session: AsyncSession, posts: Sequence[IndexedPost]) -> None:
        """Do nothing: the triggers did."""

    def matching(
        self,
        expression: Expression,
        without: Sequence[Expression] = (),
        *,
        user_id: int | None = None,
        before: int = MAX_ID + 1,
    ) -> Subquery:
        if user_id is not None:
            expression = All((expression, Terms((author_term(user_id),))))
        match = render(expression)
        if without:
            match += " NOT " + render(Either(tuple(without)))
        found = text(
            'SELECT rowid AS id FROM "TweetWords"'
            ' WHERE "TweetWords" MATCH :match AND rowid < :before'
        )
        bound = found.bindparams(bindparam("match", match, unique=True), before=before)
        return bound.columns(column("id", Integer)).subquery("found")

    async def vocabulary(self, db: Sessions, page: int) -> AsyncGenerator[list[TermCount], None]:
        after = ""
        while True:
            # Sessions of their own, so that others can write in between.
            async with db.read() as session:
                rows = await session.execute(VOCABULARY, {"word": after, "limit": page})
                counts = [TermCount(*row) for row in rows]
            if not counts:
                return
            yield counts
            after = counts[-1].term

    def among(self, column: SQLColumnExpression[str], values: Sequence[str]) -> ColumnElement[bool]:
        listed = text("SELECT value FROM json_each(:listed)").bindparams(
            bindparam("listed", msgspec.json.encode(values).decode(), unique=True)
        )
        return column.in_(listed.columns(Column("value", String)))

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


def render(expression: Expression) -> str:
    """Return the expression in FTS5's query language."""
    if isinstance(expression, Terms):
        return f'"{" ".join(expression.terms)}"' + (" *" if expression.is_prefix else "")
    between = " AND " if isinstance(expression, All) else " OR "
    return "(" + between.join(render(each) for each in expression.of) + ")"
