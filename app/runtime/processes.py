"""Processes: their memory, their children, and the resources that these may take."""

import asyncio
import contextlib
import ctypes
import errno
import gc
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from app.config import PREFIX, PROGRAM_FOLDER

NICENESS: Final = 5
WORKER_SCORE: Final = 100
"""Score of workers for `be_expendable`: the site would end with the supervisor, not with them."""


def be_nice() -> None:
    """Lower the priority: on Linux of this thread, elsewhere of the process."""
    nice = max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
    with contextlib.suppress(PermissionError):  # A sandbox may deny even a lower priority.
        os.setpriority(os.PRIO_PROCESS, 0, nice)


def be_expendable(score: int) -> None:
    """Let Linux kill this process rather than its parent if memory is short, as if it took `score`
    thousandths more of all memory.
    """
    with contextlib.suppress(OSError):  # No such file elsewhere; a sandbox may deny it.
        file = Path("/proc/self/oom_score_adj")
        file.write_text(str(min(1000, int(file.read_text()) + score)))


def python_path() -> dict[str, str]:
    """Return variables with which another Python imports the same `app`, and nothing from the
    current folder, whose files may be someone else's.
    """
    inherited = os.environ.get("PYTHONPATH")
    folders = [str(PROGRAM_FOLDER), *([inherited] if inherited else [])]
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(folders)}


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


def run_child_here(
    module: str, streams: tuple[int, int], *arguments: str, limit_s: float, most_bytes: int
) -> tuple[int | None, str]:
    """Run a module with arguments in a child process while this thread waits.

    The module calls `begin_child_here`; it can write at most `most_bytes` to the second stream.
    Return its status, None if it took longer and was killed, and its output to standard error.
    """
    stdin, stdout = streams
    try:
        ended = subprocess.run(  # noqa: S603 # a module of this program
            [sys.executable, "-m", module, str(most_bytes), *arguments],
            env=child_environment(),
            stdin=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=limit_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None, ""
    return ended.returncode, ended.stderr.decode(errors="replace")


def child_environment() -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return others | python_path()


def begin_child() -> None:
    """Prepare a process that `run_child` has started."""
    # uvloop (0.22) lets a process inherit files: a killed server's port would stay in use while a
    # child outlives it.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    # Linux kills this process when its parent dies: one stuck in a regular expression could not
    # look for its parent.
    with contextlib.suppress(AttributeError):
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)
    be_expendable(400)  # More than workers.


def begin_child_here() -> list[str]:
    """Prepare a process that `run_child_here` has started, and return its arguments.

    It writes its output in `cut_at_the_limit`.
    """
    begin_child()
    be_nice()
    most_bytes = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    return sys.argv[2:]


@contextlib.contextmanager
def cut_at_the_limit() -> Iterator[None]:
    """Leave out the rest of an output that is too large: an import reads up to its limit, and says
    so.
    """
    try:
        yield
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise


@contextlib.contextmanager
def limited_memory(most_bytes: int) -> Iterator[None]:
    """Limit the process on Linux to this much more memory; beyond it, MemoryError is raised."""
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


TRIM_EVERY_S: Final = 10.0


def collect_seldom() -> None:
    """Collect garbage less often where thousands of objects are made at a time: it took a fifth of
    an import's time, though reference counts free them.
    """
    gc.set_threshold(20_000, 20, 20)


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
