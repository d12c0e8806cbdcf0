"""Embedders behind HTTP, with the interface that OpenAI's `/embeddings` made usual."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from app.embedders.base import EmbedderError, RefusedError, Vectors, unit_rows
from app.errors import StartError

TIMEOUT_S: Final = 30.0
QUERY_TIMEOUT_S: Final = 3.0
"""Shorter, since a search waits for the answer."""
ATTEMPTS: Final = 4
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 20.0
LONGEST_TEXT: Final = 8_000
"""Characters; services refuse texts of very many tokens."""
PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
ABOUT_TEXTS: Final = frozenset({400, 413, 422})


class Remote:
    """Asks a service; `where` is its base address, perhaps with `#MODEL`."""

    batch = 64

    def __init__(self, where: str, *, key: str = "", pause_s: float = FIRST_PAUSE_S) -> None:
        parts = urlsplit(where)
        if not parts.hostname:
            raise StartError("SAYWHO_EMBEDDER names no host after http:")
        path = parts.path.rstrip("/").removesuffix("/embeddings") + "/embeddings"
        self._url = parts._replace(path=path, fragment="").geturl()
        self._model = parts.fragment
        self._pause_s = pause_s
        # Passwords in the address are no part of the name, which the database keeps.
        host = parts.netloc.rpartition("@")[2]
        self.name = f"http:{parts.scheme}://{host}{path}#{self._model}"
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.AsyncClient(headers=headers, timeout=TIMEOUT_S)

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        body = {"input": [text[:LONGEST_TEXT] for text in texts], "model": self._model or "default"}
        if is_query:
            return await self._ask_within(QUERY_TIMEOUT_S, body, len(texts))
        pause_s = self._pause_s
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._ask_within(TIMEOUT_S, body, len(texts))
            except _PassingError as error:
                if attempt == ATTEMPTS:
                    raise
                wait_s = min(max(error.retry_after_s, pause_s), LONGEST_PAUSE_S)
            await asyncio.sleep(wait_s * random.uniform(0.8, 1.2))  # noqa: S311 - no secret
            pause_s *= 2
        raise AssertionError("unreachable")

    async def close(self) -> None:
        await self._client.aclose()

    async def _ask_within(self, seconds: float, body: dict[str, Any], count: int) -> Vectors:
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(body, count)
        except TimeoutError as error:
            raise _PassingError("the embedder does not answer") from error

    async def _ask(self, body: dict[str, Any], count: int) -> Vectors:
        try:
            answer = await self._client.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise _PassingError(
                f"the embedder cannot be reached: {type(error).__name__}"
            ) from error
        if answer.status_code in PASSING:
            value = answer.headers.get("Retry-After", "")
            seconds = float(value) if value.isdecimal() and value.isascii() else 0.0
            raise _PassingError(f"the embedder answered {answer.status_code}", seconds)
        if answer.status_code in ABOUT_TEXTS:
            raise RefusedError(f"the embedder answered {answer.status_code}")
        if answer.status_code != 200:
            raise EmbedderError(f"the embedder answered {answer.status_code}")
        try:
            data = sorted(answer.json()["data"], key=lambda item: item["index"])
            rows = unit_rows([item["embedding"] for item in data])
        except (ValueError, KeyError, TypeError) as error:
            raise EmbedderError("the embedder's answer is not a list of embeddings") from error
        if len(rows) != count:
            raise EmbedderError(f"the embedder gave {len(rows)} vectors for {count} texts")
        return rows


class _PassingError(EmbedderError):
    """Worth another try."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
