"""Waiting for what other tasks and processes do, with a deadline and without guessing how long."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

T = TypeVar("T")

DEADLINE_S: Final = 90.0
INTERVAL_S: Final = 0.02


async def eventually(look: Callable[[], Awaitable[T]], *, until: Callable[[T], object] = bool) -> T:
    """Look again and again until what is seen is as wanted; return it. Raises TimeoutError."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            seen = await look()
            if until(seen):
                return seen
            await asyncio.sleep(INTERVAL_S)
