"""Answers of the ASGI layers from the cache, without a wait, by the layers' own rules.

A server that has the whole head of a request asks here first, and then the app.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from app.asgi.cached import NOTES, Cached, CachedRequest, CachedResponse
from app.asgi.edge import Edge, Scope
from app.db.result_cache import Memo

Pairs = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """What the head of a response depends on besides the response; equal for most requests."""

    method: str
    others: Pairs
    """Headers of the response besides the request's id."""


kind_of = lru_cache(maxsize=100)(Kind)


class Prompt(NamedTuple):
    """A request that the cache may answer, now or later: nothing in it depends on time."""

    question: CachedRequest
    asked: str
    """The path as the client wrote it, decoded."""
    given_id: str
    """The client's id for the request, or empty."""
    kind: Kind


class AtOnce:
    """The layers, for a server that asks them without the app."""

    def __init__(self, edge: Edge, cached: Cached) -> None:
        self.edge = edge
        self._cached = cached
        self.current_memo = cached.current_memo
        """Ask for it before `find`, so that an answer includes every commit until then."""
        self.note = edge.note
        """Counts and logs answers that took so long; those of `find` are hits."""

    def prompt(self, scope: Scope) -> Prompt | None:
        """Read a request; None if the app always answers it."""
        judged = self.edge.plain(scope)
        if judged is None or (question := self._cached.question(judged.scope)) is None:
            return None
        kind = kind_of(judged.method, tuple(judged.headers))
        return Prompt(question, judged.asked, judged.given_id, kind)

    def find(self, memo: Memo[CachedResponse], prompt: Prompt) -> CachedResponse | None:
        """Return what answers the request as things are; None if that is for the app to say."""
        return self._cached.find(memo, prompt.question)

    @staticmethod
    def head(response: CachedResponse, prompt: Prompt, identifier: bytes) -> tuple[int, Pairs]:
        """Return the status and all headers with which the layers send a response."""
        status, headers, _ = response.answer(prompt.question.tags)
        own = NOTES["hit"], (b"x-request-id", identifier)
        return status, (*headers, *own, *prompt.kind.others)
