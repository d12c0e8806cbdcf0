"""Work that must not hold up others, or must not be left half done."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Final, TypeVar

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


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await work that must not be left half done, even if the caller is cancelled meanwhile.

    The cancellation takes effect afterwards.
    """
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and not task.cancelled():
        task.exception()  # Retrieved, though the caller gets the cancellation.
        raise cancelled
    task.result()


async def opened(
    opening: Awaitable[Result], close: Callable[[Result], Coroutine[Any, Any, None]]
) -> Result:
    """Return what was opened; if cancelled meanwhile, close it before this returns."""
    work = asyncio.ensure_future(opening)

    async def undo() -> None:
        await asyncio.wait([work])
        if not work.cancelled() and work.exception() is None:
            await close(work.result())

    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await to_the_end(undo())
        raise
