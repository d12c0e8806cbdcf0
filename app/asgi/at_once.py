"""Answers of the ASGI layers from the cache, without a wait, by the layers' own rules.

A server that has the whole head of a request asks here first, and then the app.
"""

from typing import NamedTuple

from app.asgi.cached import NOTES, Cached, CachedRequest, CachedResponse
from app.asgi.edge import Edge, Scope

Pairs = tuple[tuple[bytes, bytes], ...]


class Prompt(NamedTuple):
    """A request that the cache may answer, now or later: nothing in it depends on time."""

    question: CachedRequest
    asked: str
    """The path as the client wrote it, decoded."""
    given_id: str
    """The client's id for the request, or empty."""
    kind: tuple[str, Pairs]
    """Method, and headers of the response besides the request's id; equal for most requests."""


class AtOnce:
    """The layers, for a server that asks them without the app."""

    def __init__(self, edge: Edge, cached: Cached) -> None:
        self.edge = edge
        self._cached = cached
        self.catch_up = cached.catch_up_at_once
        """Call it before `find`, so that an answer includes every commit until then."""

    def prompt(self, scope: Scope) -> Prompt | None:
        """Read a request; None if the app always answers it."""
        judged = self.edge.plain(scope)
        if judged is None or (question := self._cached.question(judged.scope)) is None:
            return None
        kind = judged.method, tuple(judged.headers)
        return Prompt(question, judged.asked, judged.given_id, kind)

    def find(self, prompt: Prompt) -> CachedResponse | None:
        """Return what answers the request as things are; None if that is for the app to say."""
        return self._cached.find(prompt.question)

    @staticmethod
    def head(response: CachedResponse, prompt: Prompt, identifier: bytes) -> tuple[int, Pairs]:
        """Return the status and all headers with which the layers send a response."""
        status, headers, _ = response.answer(prompt.question.tags)
        _, others = prompt.kind
        return status, (*headers, NOTES["hit"], (b"x-request-id", identifier), *others)

    def note(self, prompt: Prompt, status: int, seconds: float, identifier: str) -> None:
        """Count and log an answer, as the layers do."""
        self._cached.note_hit()
        self.edge.note(prompt.question.method, prompt.asked, status, seconds, identifier)
