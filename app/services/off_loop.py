"""Work on texts, which may be long: on the loop, or in a thread where that would hold up others."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

Result = TypeVar("Result")


async def worked_on(
    texts: Iterable[str], work: Callable[[], Result], *, inline_characters: int
) -> Result:
    """Return what the work on the texts gives; texts of more characters are left to a thread."""
    if sum(map(len, texts)) <= inline_characters:
        return work()
    return await asyncio.to_thread(work)
