"""PostgreSQL's indexes: GIN of `tsvector` for words, and pgvector."""

# Terms come from `compute.words`, since the parsers of PostgreSQL's text search know neither pairs
# of syllables nor emoji. Positions are stored to match consecutive terms.

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa
from pgvector.sqlalchemy import HALFVEC
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import backend
from app.models import Embedding, Tweet
from app.runtime.work_pool import worked_on
from saywho.words import index_terms

INDEX: Final = sa.table("TweetWords", sa.column("id", sa.BigInteger), sa.column("terms"))
_VECTORS: Final = "unnest(CAST(:ids AS bigint[]), CAST(:vectors AS text[])) AS new (id, vector)"
_ADD: Final = sa.text(
    f'INSERT INTO "TweetWords" (id, terms) SELECT id, CAST(vector AS tsvector) FROM {_VECTORS}'  # noqa: S608
    " ON CONFLICT (id) DO UPDATE SET terms = excluded.terms"
)
_POSTS: Final = sa.select(Tweet.id, Tweet.user_id, Tweet.text, Tweet.media)


class PostgresqlWords(backend.WordIndex):
    """The word index as a `tsvector` of own lexemes."""

    postings = 'SELECT id FROM "TweetWords" WHERE terms @@ CAST(:{term} AS tsquery)'
    matched = sa.text(
        'SELECT id FROM "TweetWords" WHERE terms @@ CAST(:match AS tsquery) AND id < :before'
    )
    conjunction, either, neither = " & ", " | ", " & !"

    def render_terms(self, expression: backend.Terms) -> str:
        row = " <-> ".join(map(_quoted, expression.terms))
        return f"({row}{':*' if expression.is_prefix else ''})"

    async def add(self, session: AsyncSession, posts: Iterable[backend.IndexedPost]) -> None:
        if batch := list(posts):
            await session.execute(_ADD, await _vectors(batch))

    async def renew(self, session: AsyncSession, ids: Sequence[int]) -> None:
        rows = await session.execute(_POSTS.where(backend.is_among(session, Tweet.id, ids)))
        await self.add(session, [backend.IndexedPost(*row) for row in rows])

    async def vocabulary(
        self, read: backend.OpenSession, page: int
    ) -> AsyncGenerator[list[backend.TermCount], None]:
        # One statement counts all terms; its rows are streamed, and writers do not wait for it.
        async with read() as session:
            await session.execute(sa.text("SET LOCAL statement_timeout = 0"))
            counted = sa.text(
                "SELECT word, ndoc, nentry FROM ts_stat('SELECT terms FROM \"TweetWords\"')"
                ' ORDER BY word COLLATE "C"'
            )
            rows = await session.stream(counted)
            try:
                async for partition in rows.partitions(page):
                    yield [backend.TermCount(*row) for row in partition]
            finally:
                await rows.close()

    async def rebuild(self, session: AsyncSession) -> None:
        await session.execute(sa.delete(INDEX))
        async for posts in _pages(session):
            await self.add(session, posts)

    async def find_faults(self, session: AsyncSession) -> list[str]:
        indexed = await session.scalar(sa.select(sa.func.count()).select_from(INDEX))
        is_wrong = indexed != await session.scalar(sa.select(sa.func.count()).select_from(Tweet))
        wrong = sa.text(
            f"SELECT count(*) FROM {_VECTORS}"  # noqa: S608
            ' LEFT JOIN "TweetWords" AS w ON w.id = new.id'
            " WHERE w.terms IS DISTINCT FROM CAST(vector AS tsvector)"
        )
        async for posts in _pages(session):
            is_wrong = is_wrong or bool(await session.scalar(wrong, await _vectors(posts)))
        return ["the word index does not agree with the posts"] if is_wrong else []


async def _pages(session: AsyncSession) -> AsyncIterator[list[backend.IndexedPost]]:
    after = 0
    while True:
        query = _POSTS.where(Tweet.id > after).order_by(Tweet.id).limit(1_000)
        rows = (await session.execute(query)).all()
        if not rows:
            return
        yield [backend.IndexedPost(*row) for row in rows]
        after = rows[-1].id


async def _vectors(posts: Sequence[backend.IndexedPost]) -> dict[str, Any]:
    def values() -> dict[str, Any]:
        return {"ids": [post.id for post in posts], "vectors": list(map(vector, posts))}

    return await worked_on((post.text for post in posts), values)


def vector(post: backend.IndexedPost) -> str:
    # A `tsvector` has at most 1 MiB, and a character needs up to 20 bytes.
    post_terms = index_terms(backend.searched_text(post.text, post.media)[:40_000]).split()
    # Positions start again at 1 after PostgreSQL's limit, so that consecutive terms of a very long
    # post stay consecutive. Ranking removes false matches.
    return " ".join(
        f"{_quoted(term)}:{place % 16_383 + 1}"
        for place, term in enumerate([*post_terms, backend.author_term(post.user_id)])
    )


def _quoted(term: str) -> str:
    # A lexeme has at most 2,046 bytes.
    escaped = term[:500].replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


async def nearest(
    session: AsyncSession,
    compared: sa.Select[int, backend.Vector],
    sought: backend.Vector,
    count: int,
) -> list[tuple[float, int]]:
    vector = sa.bindparam("sought", sought, type_=HALFVEC())
    distance = Embedding.vector.op("<#>", return_type=sa.Float())(vector).label("distance")
    query = compared.with_only_columns(Embedding.tweet_id, distance)
    rows = await session.execute(query.order_by(distance, Embedding.tweet_id.desc()).limit(count))
    return [(-row.distance, row.tweet_id) for row in rows]
