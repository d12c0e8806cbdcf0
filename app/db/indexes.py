"""What both databases search: an index of words, and vectors."""

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Subquery, TextClause, bindparam, column
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.words import terms
from app.models import MAX_ID

OpenSession = Callable[[], AbstractAsyncContextManager[AsyncSession]]
AUTHOR_MARK: Final = "\ue000"
"""First character of the term that names a post's author; texts have no private characters."""


class _Described(msgspec.Struct):
    alt: str | None = None


_decoder = msgspec.json.Decoder(list[_Described])


def searched_text(text: str, media: str | None) -> str:
    """Return what is searched of a post: its text, and a line for each description of its media."""
    if not media or '"alt"' not in media:
        return text
    return "\n".join([text, *(medium.alt for medium in _decoder.decode(media) if medium.alt)])


def index_terms(text: str, user_id: int, media: str | None = None) -> str:
    """Return the terms of a post in their order, the author's last, joined by blanks."""
    return " ".join([*terms(searched_text(text, media)), author_term(user_id)])


def author_term(user_id: int) -> str:
    return f"{AUTHOR_MARK}{user_id}"


@dataclass(frozen=True, slots=True)
class Terms:
    """Consecutive terms; with `is_prefix` the last one may continue."""

    terms: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Matches posts that match all of these."""

    of: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Matches posts that match any of these."""

    of: tuple["Expression", ...]


Expression = Terms | All | Either


class IndexedPost(NamedTuple):
    """A post to index."""

    id: int
    user_id: int
    text: str
    media: str | None


class TermCount(NamedTuple):
    """A term of the index: the number of posts with it, and of its occurrences."""

    term: str
    doc: int
    cnt: int


Vector = NDArray[np.float32]


class WordIndex(Protocol):
    """Finds posts by their terms, the same on both databases."""

    postings: str
    """Query for the ids of posts that match `:{term}`, those of deleted authors too."""
    matched: TextClause
    """Query for the ids below `:before` of posts that match `:match`."""
    conjunction: str
    """The operators of the database's query language."""
    either: str
    neither: str

    async def add(self, session: AsyncSession, posts: Iterable[IndexedPost]) -> None:
        """Index posts that the session has just stored, where no trigger does; deletions do."""
        return

    async def renew(self, session: AsyncSession, ids: Sequence[int]) -> None:
        """Index posts anew whose media the session has just changed, where no trigger does."""
        return

    def render_terms(self, expression: Terms) -> str:
        """Return consecutive terms in the query language of the database."""

    def render(self, expression: Expression) -> str:
        """Return the expression in the query language of the database."""
        if isinstance(expression, Terms):
            return self.render_terms(expression)
        operator = self.conjunction if isinstance(expression, All) else self.either
        return "(" + operator.join(dict.fromkeys(map(self.render, expression.of))) + ")"

    def matching(
        self,
        expression: Expression,
        without: Sequence[Expression] = (),
        *,
        user_id: int | None = None,
        before: int = MAX_ID + 1,
    ) -> Subquery:
        """Return the ids below `before` of posts with the expression and nothing of `without`.

        `user_id`: only this author's.
        """
        if user_id is not None:
            expression = All((expression, Terms((author_term(user_id),))))
        match = self.render(expression)
        if without:
            match += self.neither + self.render(Either(tuple(without)))
        bound = self.matched.bindparams(bindparam("match", match, unique=True), before=before)
        return bound.columns(column("id", BigInteger)).subquery("found")

    def vocabulary(self, read: OpenSession, page: int) -> AsyncGenerator[list[TermCount], None]:
        """Yield pages of all terms of the index, in the order of code points."""

    async def rebuild(self, session: AsyncSession) -> None:
        """Rebuild the index, in a session that may write."""

    async def find_faults(self, session: AsyncSession) -> list[str]:
        """Compare the index with the posts, in a session that may write."""
