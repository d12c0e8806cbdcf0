"""Processes of our own beside this one, and what they may take."""

import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from app.config import PREFIX, PROGRAM_FOLDER

PR_SET_PDEATHSIG: Final = 1
NICENESS: Final = 5
WORKER_SCORE: Final = 100
CHILD_SCORE: Final = 400
"""How far workers, and beyond these their children, are put forward where memory is short. Freshly
forked, a worker takes less than its supervisor, with which the whole site would end."""


def be_nice() -> None:
    """Lower the priority: on Linux of this thread alone, elsewhere of the process."""
    nice = max(NICENESS, os.getpriority(os.PRIO_PROCESS, 0))
    with contextlib.suppress(PermissionError):  # A sandbox may deny even a lower priority.
        os.setpriority(os.PRIO_PROCESS, 0, nice)


def be_expendable(score: int) -> None:
    """Let the system kill this process rather than its parent where memory is short; on Linux.

    It counts as if it took so many thousandths of all memory more.
    """
    with contextlib.suppress(OSError):  # No such file elsewhere; a sandbox may deny it.
        file = Path("/proc/self/oom_score_adj")
        file.write_text(str(min(1000, int(file.read_text()) + score)))


def python_path() -> dict[str, str]:
    """Return variables with which another Python imports `app` from where this process did.

    It imports nothing from the current folder, whose files may be someone else's.
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
    """Run a module in a process of its own, killed if this is cancelled; return its status.

    Of the environment it has all but the program's settings; others stand in `settings`. It shares
    the standard streams that are not given.
    """
    stdin, stdout, stderr = streams
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        env={**environment, **python_path(), **settings},
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


def begin_child() -> None:
    """Begin a process that `run_child` starts."""
    close_inherited_files()
    end_with_parent()
    be_expendable(CHILD_SCORE)


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
