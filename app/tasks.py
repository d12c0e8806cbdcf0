"""Work that must not hold up others, or must not be left half done."""

import asyncio
import contextlib
import contextvars
import ctypes
import gc
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, Final, TypeVar

from app.config import PREFIX
from app.errors import overloaded

INLINE_CHARACTERS: Final = 5_000
"""Characters of which features are counted within 10 ms, the longest that the loop may wait."""
M_ARENA_MAX: Final = -8
M_MMAP_THRESHOLD: Final = -3
M_TRIM_THRESHOLD: Final = -1
LARGE_BYTES: Final = 1024 * 1024
"""Size from which a block of memory is apart from the heap, as the background's tables are. With
4 MiB a comparison of 50,000 characters takes 2.5 ms less, but hostile uploads leave 5 MiB more."""
MOST_SPARE_BYTES: Final = 2 * 1024 * 1024
"""Memory that is kept at the end of the heap, to be used again, until it is trimmed."""
TRIM_EVERY_S: Final = 10.0
PR_SET_PDEATHSIG: Final = 1
NICENESS: Final = 5
POOL_THREADS: Final = 3
MOST_PENDING: Final = 1_000
"""Pieces of work that may wait for a WorkPool; a request has one at a time."""
Result = TypeVar("Result")
Runner = Callable[..., Awaitable[Any]]
"""Runs a function with its arguments in a thread: `asyncio.to_thread`, or a pool's `run`."""


def collect_seldom() -> None:
    """Collect garbage less often, in a process that makes thousands of objects at a time.

    They are freed by their counts; looking through them took a fifth of the time of an import.
    """
    gc.set_threshold(20_000, 20, 20)


def be_nice() -> None:
    """Lower the priority: on Linux of this thread alone, elsewhere of the process."""
    nice = max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
    with contextlib.suppress(PermissionError):  # A sandbox may deny even a lower priority.
        os.setpriority(os.PRIO_PROCESS, 0, nice)


def share_heap() -> None:
    """Let all threads allocate from one heap, in a process whose threads take turns anyway.

    Call it before the first thread begins: heaps that exist stay in use, also in forked processes.
    Each would keep what it freed for itself: in an import or a worker some 40 MiB. Large blocks are
    apart, and given back when they are freed. glibc takes them from the heap after the first that
    was freed, and small ones that stay are scattered among the holes that they leave.
    """
    with contextlib.suppress(AttributeError):  # Only glibc has several.
        set_option = ctypes.CDLL(None).mallopt
        set_option(M_ARENA_MAX, 1)
        set_option(M_MMAP_THRESHOLD, LARGE_BYTES)
        set_option(M_TRIM_THRESHOLD, MOST_SPARE_BYTES)


def trim_heap() -> None:
    """Give back to the system what was freed, wherever in the heap; call it in a thread.

    Other threads that allocate wait meanwhile: .1 to 1.5 ms, 8 ms after 180 MB were freed.
    """
    with contextlib.suppress(AttributeError):  # Only glibc keeps it.
        ctypes.CDLL(None).malloc_trim(0)


async def keep_heap_trimmed() -> None:
    """Give back all the while what requests and jobs have freed.

    glibc keeps what lies between small blocks that stay. A background of 2,500 posts leaves 35 MiB,
    and a worker that only answers pages while others import keeps 5 MiB.
    """
    while True:
        await asyncio.sleep(TRIM_EVERY_S)
        await asyncio.to_thread(trim_heap)


async def run_child(
    module: str,
    *arguments: str,
    settings: Mapping[str, str],
    streams: tuple[int | None, int | None, int | None] = (None, None, None),
) -> int:
    """Run a module in a process of its own, killed if this is cancelled; return its status.

    Of the environment it has all but the program's settings; others stand in `settings`. It shares
    the standard streams that are not given.
    """
    stdin, stdout, stderr = streams
    others = {name: each for name, each in os.environ.items() if not name.startswith(PREFIX)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        env={**others, **settings},
        start_new_session=True,  # The parent hears Ctrl+C, and ends it.
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )
    try:
        return await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def end_with_parent() -> None:
    """Let the system kill this process when its parent dies; on Linux alone.

    A process that is held by a regular expression could not look for its parent.
    """
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def limited_memory(most_bytes: int) -> Iterator[None]:
    """Deny the process more memory than this beside what it has mapped; on Linux alone.

    What needs more raises MemoryError.
    """
    if sys.platform != "linux":
        yield
        return
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    limits = [mapped + most_bytes, *(limit for limit in before if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def close_inherited_files() -> None:
    """Close what a child has open beside its standard streams.

    uvloop (0.22) starts a process with all inheritable files open, the server's sockets too. The
    port of a server that was killed would stay in use for as long as a child outlives it.
    """
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))


async def worked_on(
    texts: Iterable[str], work: Callable[[], Result], *, inline_characters: int = INLINE_CHARACTERS
) -> Result:
    """Return the result of the work, done in a thread if the texts have more characters."""
    if sum(map(len, texts)) <= inline_characters:
        return work()
    return await asyncio.to_thread(work)


class WorkPool:
    """Threads for work that a stranger can prolong: uploads, exports, pictures, drawings.

    Searches and comparisons use the threads of `asyncio.to_thread`, and never wait for these.
    """

    def __init__(self, threads: int = POOL_THREADS) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="pool")
        self._pending = 0

    async def run(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Return the result of the work, as `asyncio.to_thread` does.

        Raises UnavailableError where too much waits already.
        """
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
        """Drop the work that waits, and end the threads after theirs."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class Slots:
    """A number of slots for long requests."""

    def __init__(self, most: int) -> None:
        self.number = most
        """Slots that are free."""

    def take(self) -> None:
        """Take a slot until the current task has ended. Raises UnavailableError without any."""
        task = asyncio.current_task()
        if not self.number or task is None:
            raise overloaded()
        self.number -= 1
        task.add_done_callback(self._give_back)

    def _give_back(self, _task: "asyncio.Task[Any]") -> None:
        self.number += 1


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


class DaemonThread:
    """Runs work in one thread, in the order given; a program ends without waiting for it.

    A pool of one thread would take 1 to 4 us more for a statement, of 26.
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
        """Return the result of work; release what a caller that was cancelled does not get."""
        future = self.submit(work, *arguments)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(
                lambda done: done.cancelled() or done.exception() or release(done.result())
            )
            raise

    def stop(self) -> None:
        """End the thread after the work that it has."""
        self._jobs.put(None)


def _work(jobs: "SimpleQueue[Callable[[], None] | None]") -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # It refers to the rows of its statement.
