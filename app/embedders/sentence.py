"""Embedders of the library sentence-transformers, an optional extra: they know meaning."""

import asyncio
import importlib.util
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from app.embedders.base import EmbedderError, Vectors, unit_rows
from app.errors import StartError

LIBRARY: Final = "sentence_transformers"


class SentenceModel:
    """A model by its name, or in a folder; a thread of its own loads it when it is first asked."""

    batch = 32

    def __init__(self, where: str) -> None:
        if importlib.util.find_spec(LIBRARY) is None:
            raise StartError(
                "SAYWHO_EMBEDDER needs an extra: pip install 'saywho[sentence-transformers]'"
            )
        folder = Path(where).expanduser()
        if (where.startswith(("/", ".", "~"))) and not folder.is_dir():
            raise StartError(f"SAYWHO_EMBEDDER names {where}, which is not a folder")
        self._where = str(folder) if folder.is_dir() else where
        self.name = f"sentence-transformers:{folder.resolve() if folder.is_dir() else where}"
        # One thread: a model gains nothing from two texts at once, and must not take all cores.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        self._model: Any = None

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._embed, list(texts))

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _embed(self, texts: list[str]) -> Vectors:
        try:
            if self._model is None:
                self._model = importlib.import_module(LIBRARY).SentenceTransformer(self._where)
            return unit_rows(
                self._model.encode(texts, batch_size=self.batch, show_progress_bar=False)
            )
        except (OSError, RuntimeError, ValueError) as error:
            # What the library says may be a page long.
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise EmbedderError(f"the model {self._where} cannot be used: {reason}") from error
