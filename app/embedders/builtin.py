"""The built-in embedder: similar wording, without anything to download."""

import asyncio
from collections.abc import Sequence
from typing import Final

from app.compute.wording import WORDING_RECIPE, wording_vectors
from app.embedders.base import Vectors

INLINE: Final = 2_000
"""Characters that are embedded on the loop; more of them in a thread."""


class Builtin:
    """Vectors of hashed words and parts of words; texts are near if they are worded alike."""

    name = f"builtin:{WORDING_RECIPE}"
    knows_meaning = False
    is_instant = True
    batch = 256

    async def embed(self, texts: Sequence[str], *, is_query: bool = False) -> Vectors:
        if sum(map(len, texts)) <= INLINE:
            return wording_vectors(texts)
        return await asyncio.to_thread(wording_vectors, texts)

    async def close(self) -> None:
        pass
