"""Child processes, and the resources that they may take."""

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

NICENESS: Final = 5
WORKER_SCORE: Final = 100
"""Score of workers for `be_expendable`: a new one takes less memory than the supervisor, with which
the site would end.
"""


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
    close_inherited_files()
    end_with_parent()
    be_expendable(400)  # More than workers.


def end_with_parent() -> None:
    """Let Linux kill this process when its parent dies: one stuck in a regular expression could not
    look for its parent.
    """
    with contextlib.suppress(AttributeError):
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


@contextlib.contextmanager
def limited_memory(most_bytes: int) -> Iterator[None]:
    """Limit the process on Linux to this much more memory than it has mapped; beyond it,
    MemoryError is raised.
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
    """Close a child's open files except its standard streams.

    uvloop (0.22) lets a process inherit files: a killed server's port would stay in use while a
    child outlives it.
    """
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
