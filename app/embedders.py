"""Embedders: texts in, unit vectors of their meaning out, off the event loop."""

import asyncio
import importlib.util
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx
import numpy as np
from numpy.typing import NDArray

from app.config import Config
from app.errors import StartError
from app.runtime.extras import install_command
from app.runtime.http_client import Transport
from saywho.sizes import MIB

TIMEOUT_S: Final = 30.0
MOST_BYTES: Final = 32 * MIB
"""Largest response; a batch of long vectors takes half."""
LIBRARY: Final = "sentence_transformers"
Vectors = NDArray[np.float32]


class EmbedderError(Exception):
    """The embedder does not respond with vectors, but may later."""


class Embedder(Protocol):
    name: str
    """Only vectors of the same name can be compared."""
    batch: int
    query_s: float
    """Seconds that a search waits for the vector of its query."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return a unit vector (d,), or zeros, of each text: (n, d). Raises EmbedderError."""
        ...

    async def close(self) -> None: ...


def open_embedder(config: Config) -> Embedder | None:
    """Return the embedder of the settings, which loads or connects at its first use; None for
    `builtin`, which needs no vectors.

    Raises StartError if it can never work here.
    """
    provider, _, where = config.embedder.partition(":")
    if provider == "sentence-transformers":
        return SentenceModel(where)
    if provider == "http":
        return Remote(where, key=config.embedder_key)
    return None


def unit_rows(values: Any) -> Vectors:
    """Return the rows (n, d) at length one; zeros stay. Raises EmbedderError for anything else."""
    try:
        rows: Vectors = np.asarray(values, dtype=np.float32)
        if rows.ndim != 2 or not rows.shape[1] or not np.isfinite(rows).all():
            raise ValueError("no vectors")
    except (TypeError, ValueError) as error:
        message = "the embedder's vectors must be finite numbers of the same length"
        raise EmbedderError(message) from error
    lengths: Vectors = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return rows / lengths


class Remote:
    """Client of a service with OpenAI's interface; where: its address, perhaps with `#MODEL`."""

    batch = 64
    query_s = 3.0

    def __init__(self, where: str, *, key: str = "") -> None:
        parts = urlsplit(where)
        path = parts.path.rstrip("/").removesuffix("/embeddings") + "/embeddings"
        self._url = parts._replace(path=path, fragment="").geturl()
        self._model = parts.fragment
        # Passwords in the address are no part of the name, which the database keeps.
        host = parts.netloc.rpartition("@")[2]
        self.name = f"http:{parts.scheme}://{host}{path}#{self._model}"
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        # A proxy of the environment is httpx's own matter, which says too whom it is not for.
        is_proxied = bool(getproxies().keys() & {"all", urlsplit(self._url).scheme})
        transport = None if is_proxied else Transport(httpx.create_ssl_context(), most_kept=20)
        self._client = httpx.AsyncClient(headers=headers, timeout=TIMEOUT_S, transport=transport)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        # Services refuse texts of very many tokens.
        body = {"input": [text[:8_000] for text in texts], "model": self._model or "default"}
        try:
            async with asyncio.timeout(TIMEOUT_S):
                status, answer = await self._ask(body)
        except (TimeoutError, httpx.HTTPError) as error:
            raise EmbedderError(
                f"the embedder cannot be reached: {type(error).__name__}"
            ) from error
        if status != 200:
            raise EmbedderError(f"the embedder responded with status {status}")
        try:
            data = sorted(json.loads(answer)["data"], key=lambda item: item["index"])
            rows = unit_rows([item["embedding"] for item in data])
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise EmbedderError("the embedder's response is not a list of embeddings") from error
        if len(rows) != len(texts):
            raise EmbedderError(f"the embedder returned {len(rows)} vectors for {len(texts)} texts")
        return rows

    async def _ask(self, body: dict[str, Any]) -> tuple[int, bytes]:
        content = bytearray()
        async with self._client.stream("POST", self._url, json=body) as answer:
            async for piece in answer.aiter_bytes():  # Unpacked, piece by piece.
                content += piece
                if len(content) > MOST_BYTES:
                    limit = MOST_BYTES // MIB
                    raise EmbedderError(f"the embedder's response is larger than {limit} MB")
            return answer.status_code, bytes(content)

    async def close(self) -> None:
        await self._client.aclose()


class SentenceModel:
    """A model of sentence-transformers, by name or folder, loaded at its first use."""

    batch = 32
    query_s = 60.0

    def __init__(self, where: str) -> None:
        if importlib.util.find_spec(LIBRARY) is None:
            command = install_command("sentence-transformers")
            raise StartError(f"SAYWHO_EMBEDDER needs {LIBRARY}; run: {command}")
        folder = Path(where).expanduser()
        if where.startswith(("/", ".", "~")) and not folder.is_dir():
            raise StartError(f"SAYWHO_EMBEDDER names {where}, which is not a folder")
        self._where = str(folder.resolve()) if folder.is_dir() else where
        self.name = f"sentence-transformers:{self._where}"
        # One thread: a model gains nothing from two texts at once, and must not take all cores.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        self._model: Any = None

    async def embed(self, texts: Sequence[str]) -> Vectors:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._embed, list(texts))

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _embed(self, texts: list[str]) -> Vectors:
        try:
            if self._model is None:
                self._model = importlib.import_module(LIBRARY).SentenceTransformer(self._where)
            made = self._model.encode(texts, batch_size=self.batch, show_progress_bar=False)
            return unit_rows(made)
        except (OSError, RuntimeError, ValueError) as error:
            # What the library says may be a page long.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise EmbedderError(f"the model {self._where} cannot be used: {reason}") from error
