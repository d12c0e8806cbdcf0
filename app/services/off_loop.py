"""Work on texts, which may be long: on the loop, or in a thread where that would hold up others."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

INLINE_CHARACTERS: Final = 5_000
"""Characters of which features are counted within 10 ms, the longest that the loop may wait."""
Result = TypeVar("Result")


async def worked_on(
    texts: Iterable[str], work: Callable[[], Result], *, inline_characters: int = INLINE_CHARACTERS
) -> Result:
    """Return the result of the work, done in a thread if the texts have more characters."""
    if sum(map(len, texts)) <= inline_characters:
        return work()
    return await asyncio.to_thread(work)
