"""Child processes that a task waits for, and memory that is given back."""

import asyncio
import contextlib
import ctypes
import gc
import logging
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

from saywho.errors import Message
from saywho.processes import child_environment

logger = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 10.0
"""Seconds between looks at a child; one that is stopped at two is killed, before others have waited
30 s for its lock.
"""
WORKER_SCORE: Final = 100
"""Score of workers for `be_expendable`: the site would end with the supervisor, not with them."""


def stood_still(name: str, seconds: float) -> Message:
    """Return why the system ended a process that read a file, by SIGPROF."""
    return Message(
        "{name}: reading was stopped, because {seconds} seconds of processor time brought no new"
        " byte or record",
        name=name,
        seconds=f"{seconds:g}",
    )


async def run_child(
    module: str,
    *arguments: str,
    settings: Mapping[str, str],
    streams: tuple[int | None, int | None, int | None] = (None, None, None),
) -> int:
    """Run a module in a child process, killed if this is cancelled; return its status.

    A child that somebody has stopped (SIGSTOP) is killed, too, as it may hold a lock.

    Its environment has only the given settings of the program. It shares standard streams that are
    not given.
    """
    stdin, stdout, stderr = streams
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        env={**child_environment(), **settings},
        start_new_session=True,  # The parent hears Ctrl+C, and ends it.
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
    )
    try:
        return await _end_of(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _end_of(process: asyncio.subprocess.Process) -> int:
    was_stopped = False
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                return await process.wait()
        is_stopped = _is_stopped(process.pid)
        if was_stopped and is_stopped:
            logger.warning("the process %d was stopped by a signal; it is killed", process.pid)
            process.kill()
        was_stopped = is_stopped


def _is_stopped(child: int) -> bool:
    # Windows has no `waitid`, nor has macOS before Python 3.13.
    with contextlib.suppress(AttributeError, ChildProcessError):
        asked = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, child, asked) is not None
    return False


TRIM_EVERY_S: Final = 10.0


def collect_seldom() -> None:
    """Collect garbage less often where thousands of objects are made at a time: it took a fifth of
    an import's time, though reference counts free them.
    """
    gc.set_threshold(20_000, 20, 20)
    gc.freeze()  # Modules stay, so that no full collection looks at their objects.


def share_heap() -> None:
    """Let all threads allocate from one heap, in a process with threads that take turns anyway.

    Call it before the first thread starts: existing heaps stay in use, also after a fork, and each
    would keep its freed memory (some 40 MiB). Large blocks are returned when freed; glibc would
    take them from the heap after the first, and scatter small ones among the holes.
    """
    with contextlib.suppress(AttributeError):  # Only glibc has several.
        set_option = ctypes.CDLL(None).mallopt
        arena_max, mmap_threshold, trim_threshold = -8, -3, -1
        set_option(arena_max, 1)
        # Larger blocks, such as the background's tables, are apart from the heap. With 4 MiB, a
        # comparison of 50,000 characters takes 2.5 ms less, but hostile uploads leave 5 MiB more.
        set_option(mmap_threshold, 1024 * 1024)
        set_option(trim_threshold, 2 * 1024 * 1024)  # Spare memory at the end of the heap.


def trim_heap() -> None:
    """Return freed memory to the system; call it in a thread.

    Other threads that allocate wait .1 to 1.5 ms, 8 ms after 180 MB were freed.
    """
    with contextlib.suppress(AttributeError):  # Only glibc keeps it.
        ctypes.CDLL(None).malloc_trim(0)


def seal_heap() -> None:
    """Return freed memory to the system and take the rest, before workers are forked.

    Forked processes share a page until one of them writes to it. Their own data would go between
    the data that they share, and copy 6 MiB more in each. What is taken is 1.3 MiB in small pieces.
    """
    with contextlib.suppress(AttributeError):  # As in `trim_heap`.
        libc = ctypes.CDLL(None)
        libc.malloc_trim(0)
        libc.malloc.restype = libc.sbrk.restype = ctypes.c_void_p
        libc.malloc.argtypes, libc.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
        end = libc.sbrk(0)
        for size in (2**power - 8 for power in range(19, 4, -1)):  # With a head of 8 bytes.
            while (block := libc.malloc(size)) and block < end:
                pass
            libc.free(block)


async def keep_heap_trimmed(release: Callable[[], None]) -> None:
    """Return memory that requests and jobs have freed, and what `release` gives up, repeatedly.

    glibc keeps it between small blocks: 35 MiB after a background of 2,500 posts, 5 MiB in a worker
    that answers pages.
    """
    while True:
        await asyncio.sleep(TRIM_EVERY_S)
        await asyncio.to_thread(release)
        await asyncio.to_thread(trim_heap)
