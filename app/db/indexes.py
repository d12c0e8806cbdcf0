"""The interface of the word index and the vectors."""

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
"""First character of the term of a post's author, which no text has."""


class _Described(msgspec.Struct):
    alt: str | None = None


_decoder = msgspec.json.Decoder(list[_Described])


def searched_text(text: str, media: str | None) -> str:
    """Return a post's searched text: text, and a line by media description."""
    if not media or '"alt"' not in media:
        return text
    return "\n".join([text, *(medium.alt for medium in _decoder.decode(media) if medium.alt)])


def index_terms(text: str, user_id: int, media: str | None = None) -> str:
    """Return a post's terms in order, then the author's, joined by blanks."""
    return " ".join([*terms(searched_text(text, media)), author_term(user_id)])


def author_term(user_id: int) -> str:
    return f"{AUTHOR_MARK}{user_id}"


@dataclass(frozen=True, slots=True)
class Terms:
    """Consecutive terms; with `is_prefix` the last may continue."""

    terms: tuple[str, ...]
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    of: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Either:
    of: tuple["Expression", ...]


Expression = Terms | All | Either


class IndexedPost(NamedTuple):
    id: int
    user_id: int
    text: str
    media: str | None


class TermCount(NamedTuple):
    """A term, with its number of posts and occurrences."""

    term: str
    doc: int
    cnt: int


Vector = NDArray[np.float32]


class WordIndex(Protocol):
    """The index of posts' terms, with equal results on both databases."""

    postings: str
    """Query for ids of posts that match `:{term}`, including deleted authors'."""
    matched: TextClause
    conjunction: str
    either: str
    neither: str

    async def add(self, session: AsyncSession, posts: Iterable[IndexedPost]) -> None:
        """Index new posts of the session, unless a trigger does, as always for deletions."""
        return

    async def renew(self, session: AsyncSession, ids: Sequence[int]) -> None:
        """Index posts again after changes of media, unless a trigger does."""
        return

    def render_terms(self, expression: Terms) -> str:
        """Return consecutive terms in the database's query language."""

    def render(self, expression: Expression) -> str:
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
        """Return ids below `before` of posts with the expression and nothing of `without`.

        user_id: the posts' author; None for all.
        """
        if user_id is not None:
            expression = All((expression, Terms((author_term(user_id),))))
        match = self.render(expression)
        if without:
            match += self.neither + self.render(Either(tuple(without)))
        bound = self.matched.bindparams(bindparam("match", match, unique=True), before=before)
        return bound.columns(column("id", BigInteger)).subquery("found")

    def vocabulary(self, read: OpenSession, page: int) -> AsyncGenerator[list[TermCount], None]:
        """Yield pages of all terms, in the order of code points."""

    async def rebuild(self, session: AsyncSession) -> None:
        """Rebuild the index, in a session that may write."""

    async def find_faults(self, session: AsyncSession) -> list[str]:
        """Compare the index with the posts, in a session that may write."""
