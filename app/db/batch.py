"""Batches: simultaneous requests share a run, each with its own result."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextvars import Context
from itertools import islice
from typing import Generic, TypeVar

from app.errors import overloaded, stopping

Item = TypeVar("Item", bound=Hashable)
Result = TypeVar("Result")


class Batch(Generic[Item, Result]):
    """A run shared by callers of one turn of the event loop, or during the previous run.

    `run` gets up to `max_size` items, each once, and returns results or exceptions in order, or
    raises for all. Runs follow one another, so no data is read before a caller asks for it.

    A cancelled caller removes only itself. An item without callers is not run, unless its run has
    begun.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Item]], Awaitable[Sequence[Result | Exception]]],
        *,
        max_size: int,
        max_waiting: int,
        timeout_s: float,
    ) -> None:
        self._run = run
        self._max_size = max_size
        self._max_waiting = max_waiting
        self._timeout_s = timeout_s
        self._callers: dict[Item, list[asyncio.Future[Result]]] = {}
        """Callers of each waiting item."""
        self._worker: asyncio.Task[None] | None = None
        self._is_closing = False

    async def __call__(self, item: Item) -> Result:
        """Return an item's result, or raise its run's error.

        Raises UnavailableError if too many items wait, the result takes too long, or after `close`.
        """
        if self._is_closing:
            raise stopping()
        callers = self._callers.get(item)
        if callers is None:
            if len(self._callers) >= self._max_waiting:
                raise overloaded()
            callers = self._callers[item] = []
        if self._worker is None:
            # Run in a fresh context, so that context variables of the first caller do not leak into
            # the work for the others.
            self._worker = asyncio.create_task(self._work(), context=Context())
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        callers.append(future)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await future
        except TimeoutError:
            if future.done() and not future.cancelled():
                return future.result()  # A late result, or the run's own TimeoutError.
            raise overloaded() from None
        finally:
            if future.done() and not future.cancelled():
                future.exception()  # Mark it as retrieved: the caller may have been cancelled.
            callers.remove(future)
            if not callers and self._callers.get(item) is callers:
                del self._callers[item]

    async def close(self) -> None:
        """Refuse new items, and wait for waiting items' results."""
        self._is_closing = True
        if self._worker is not None:
            await asyncio.wait([self._worker])

    async def _work(self) -> None:
        try:
            await asyncio.sleep(0)  # Items of this turn of the loop are included.
            while self._callers:
                items = list(islice(self._callers, self._max_size))
                await self._run_once({item: self._callers.pop(item) for item in items})
        finally:
            self._worker = None

    async def _run_once(self, callers: dict[Item, list[asyncio.Future[Result]]]) -> None:
        results: Sequence[Result | BaseException]
        try:
            results = await self._run(list(callers))
            if len(results) != len(callers):
                raise RuntimeError(f"{len(callers)} items ran, and {len(results)} results came")
        except asyncio.CancelledError:
            _settle(callers, [overloaded()] * len(callers))
            raise
        except Exception as error:
            results = [error] * len(callers)
        _settle(callers, results)


def _settle(
    callers: dict[Item, list[asyncio.Future[Result]]], results: Sequence[Result | BaseException]
) -> None:
    for futures, result in zip(callers.values(), results, strict=True):
        for future in futures:
            if future.done():
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)
