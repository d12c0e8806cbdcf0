"""Work that must not hold up other work, or be left half done."""

import asyncio
import contextvars
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from app.errors import overloaded

INLINE_CHARACTERS: Final = 5_000
"""Characters to count features of within 10 ms, the longest that the loop may wait."""
POOL_THREADS: Final = 3
MOST_PENDING: Final = 1_000
"""Largest number of jobs waiting for a WorkPool; a request has one job at a time."""
MOST_WAITING: Final = 200
LONGEST_WAIT_S: Final = 25.0
"""Longest wait of a request for its turn, in seconds."""
Result = TypeVar("Result")
Runner = Callable[..., Awaitable[Any]]


async def worked_on(
    texts: Iterable[str], work: Callable[[], Result], *, inline_characters: int = INLINE_CHARACTERS
) -> Result:
    """Return the result of the work, done in a thread for more characters."""
    if sum(map(len, texts)) <= inline_characters:
        return work()
    return await asyncio.to_thread(work)


class WorkPool:
    """Threads for work that a stranger can prolong: uploads, exports, pictures.

    Searches have their own pool and comparisons `asyncio.to_thread`, so that they do not wait for
    these threads.
    """

    def __init__(self, threads: int = POOL_THREADS) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="pool")
        self._pending = 0

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of the work. Raises UnavailableError if too many jobs wait."""
        if self._pending >= MOST_PENDING:
            raise overloaded()
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        self._pending += 1
        try:
            return await loop.run_in_executor(
                self._executor, partial(context.run, work, *arguments)
            )
        finally:
            self._pending -= 1

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


class Slots:
    def __init__(self, most: int) -> None:
        self.number = most

    def take(self) -> None:
        """Take a slot until the current task ends. Raises UnavailableError without a free slot."""
        task = asyncio.current_task()
        if not self.number or task is None:
            raise overloaded()
        self.number -= 1
        task.add_done_callback(self._give_back)

    def _give_back(self, _task: "asyncio.Task[Any]") -> None:
        self.number += 1


class Turns:
    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)
        self._waiting = 0

    @property
    def is_free(self) -> bool:
        """Whether a turn would be taken at once."""
        return not self._free.locked()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Take a turn until the block ends. Raises UnavailableError if no turn is free soon."""
        if self._waiting >= MOST_WAITING:
            raise overloaded()
        self._waiting += 1
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                await self._free.acquire()
        except TimeoutError as error:
            raise overloaded() from error
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()


async def to_the_end(work: Coroutine[Any, Any, None]) -> None:
    """Await work that must not be left half done; cancellation takes effect afterwards."""
    task, ended = asyncio.create_task(work), asyncio.Event()
    task.add_done_callback(lambda _: ended.set())
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await ended.wait()  # `asyncio.wait` would make twice the calls, for each session.
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and not task.cancelled():
        task.exception()  # Retrieved, though the caller gets the cancellation.
        raise cancelled
    task.result()


class DaemonThread:
    """A thread that runs work in order, and for which the program does not wait at its end.

    A pool of one thread would take 1 to 4 µs more for a statement of 26 µs.
    """

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        Thread(target=_work, args=(self._jobs,), daemon=True, name=name).start()

    def submit(self, work: Callable[..., Result], *arguments: Any) -> Future[Result]:
        future: Future[Result] = Future()

        def job() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work(*arguments))
                except BaseException as error:
                    future.set_exception(error)

        self._jobs.put(job)
        return future

    async def obtain(
        self, work: Callable[..., Result], *arguments: Any, release: Callable[[Result], object]
    ) -> Result:
        """Return the result of work; release a result if its caller was cancelled."""
        future = self.submit(work, *arguments)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(
                lambda done: done.cancelled() or done.exception() or release(done.result())
            )
            raise

    def stop(self) -> None:
        self._jobs.put(None)


def _work(jobs: "SimpleQueue[Callable[[], None] | None]") -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # It refers to the rows of its statement.
