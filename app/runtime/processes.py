"""Child processes that a task waits for, and memory that is given back."""

import asyncio
import contextlib
import ctypes
import gc
import sys
from collections.abc import Mapping
from typing import Final

from saywho.processes import child_environment

WORKER_SCORE: Final = 100
"""Score of workers for `be_expendable`: the site would end with the supervisor, not with them."""


async def run_child(
    module: str,
    *arguments: str,
    settings: Mapping[str, str],
    streams: tuple[int | None, int | None, int | None] = (None, None, None),
) -> int:
    """Run a module in a child process, killed if this is cancelled; return its status.

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
        return await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


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


async def keep_heap_trimmed() -> None:
    """Return memory that requests and jobs have freed, repeatedly.

    glibc keeps it between small blocks: 35 MiB after a background of 2,500 posts, 5 MiB in a worker
    that answers pages.
    """
    while True:
        await asyncio.sleep(TRIM_EVERY_S)
        await asyncio.to_thread(trim_heap)
