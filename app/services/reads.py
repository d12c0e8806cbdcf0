"""Reads by key: requests that arrive together share one session and one query."""

from collections.abc import Sequence
from typing import Final

from app.compute.text import username_key
from app.db.batch import Batch
from app.db.engine import Database
from app.memo import depends_on
from app.security import digest
from app.services.access.rights import TokenFacts, tokens_by_digest
from app.services.posts.tweets import Page, as_page, newest_posts
from app.services.posts.users import Author, authors_by_key, unknown_user

MOST_KEYS: Final = 200
MOST_WAITING: Final = 5_000
TIMEOUT_S: Final = 30

FirstPage = tuple[int, Page]
"""An author's id, and the newest posts."""


class Reads:
    """The batched reads of one process; each read begins after its request."""

    def __init__(self, db: Database) -> None:
        self._db = db
        limits = {"max_size": MOST_KEYS, "max_waiting": MOST_WAITING, "timeout_s": TIMEOUT_S}
        self._tokens: Batch[bytes, TokenFacts | None] = Batch(self._read_tokens, **limits)
        self._authors: Batch[str, Author | None] = Batch(self._read_authors, **limits)
        self._pages: Batch[tuple[str, int], FirstPage | None] = Batch(self._read_pages, **limits)

    async def close(self) -> None:
        for batch in (self._tokens, self._authors, self._pages):
            await batch.close()

    async def token(self, secret: str) -> TokenFacts | None:
        """Return the token of this secret unless it is unknown or revoked."""
        return await self._tokens(digest(secret))

    async def author(self, username: str) -> Author:
        """Return the author of that name. Raises NotFoundError."""
        author = await self._authors(username_key(username))
        if author is None:
            raise unknown_user(username)
        depends_on(author.id)
        return author

    async def newest_posts(self, username: str, *, limit: int) -> Page:
        """Return an author's newest posts, and the place of the next page. Raises NotFoundError."""
        found = await self._pages((username_key(username), limit))
        if found is None:
            raise unknown_user(username)
        user_id, page = found
        depends_on(user_id)
        return page

    async def _read_tokens(self, digests: Sequence[bytes]) -> list[TokenFacts | None]:
        async with self._db.read() as session:
            found = await tokens_by_digest(session, digests)
        return [found.get(each) for each in digests]

    async def _read_authors(self, keys: Sequence[str]) -> list[Author | None]:
        async with self._db.read() as session:
            found = await authors_by_key(session, keys)
        return [found.get(key) for key in keys]

    async def _read_pages(self, asked: Sequence[tuple[str, int]]) -> list[FirstPage | None]:
        most = max(limit for _, limit in asked)
        async with self._db.read() as session:
            found = await newest_posts(session, {key for key, _ in asked}, limit=most + 1)
        return [
            (found[key][0], as_page(found[key][1], limit)) if key in found else None
            for key, limit in asked
        ]
