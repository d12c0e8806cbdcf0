"""Reads by key in batches: simultaneous requests share a session and a query."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.db.result_cache import depends_on
from app.security import digest
from app.services.access.rights import TokenFacts, tokens_by_digest
from app.services.posts.tweets import Page, first_pages
from app.services.posts.users import Author, authors_by_key, unknown_user

Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")


class Reads:
    def __init__(self, db: Database) -> None:
        self._db = db
        self._tokens = self._batch(tokens_by_digest)
        self._authors = self._batch(authors_by_key)
        self._pages = self._batch(first_pages)

    def _batch(
        self, find: Callable[[AsyncSession, Sequence[Key]], Awaitable[Mapping[Key, Found]]]
    ) -> Batch[Key, Found | None]:
        async def run(keys: Sequence[Key]) -> list[Found | None]:
            async with self._db.read() as session:
                values = await find(session, keys)
            return [values.get(key) for key in keys]

        return Batch(run, max_size=200, max_waiting=5_000, timeout_s=30)

    async def close(self) -> None:
        for batch in (self._tokens, self._authors, self._pages):
            await batch.close()

    async def token(self, secret: str) -> TokenFacts | None:
        return await self._tokens(digest(secret))

    async def author(self, username: str) -> Author:
        """Raises NotFoundError."""
        author = await self._authors(username_key(username))
        if author is None:
            raise unknown_user(username)
        depends_on(author.id)
        return author

    async def newest_posts(self, username: str, *, limit: int) -> Page:
        """Return an author's newest posts and the next place. Raises NotFoundError."""
        entry = await self._pages((username_key(username), limit))
        if entry is None:
            raise unknown_user(username)
        user_id, page = entry
        depends_on(user_id)
        return page
