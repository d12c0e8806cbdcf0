"""Child processes, and the memory, time and output that they may take.

Windows has no such limits: children run there without them.
"""

import contextlib
import ctypes
import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import Final

SETTINGS: Final = "SAYWHO_"
"""Beginning of the names of a site's settings, which children do not have."""
FOLDER: Final = Path(__file__).absolute().parents[1]
"""Folder of the imported packages: a checkout, or installed packages."""
NICENESS: Final = 5
STILL_S: Final = 30.0
"""Processor time after which reading without a new byte or record is ended, in seconds."""


def be_nice() -> None:
    """Lower the priority: on Linux of this thread, elsewhere of the process."""
    if sys.platform == "win32":
        return
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
    """Return variables with which another Python imports the same packages, and nothing from the
    current folder, whose files may be someone else's.
    """
    inherited = os.environ.get("PYTHONPATH")
    folders = [str(FOLDER), *([inherited] if inherited else [])]
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(folders)}


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


class ReadingWatch(contextlib.ContextDecorator):
    """Lets the system end a process in which reading stands still, if the process allows it.

    A regular expression may need hours, and holds the interpreter, so that no thread could look at
    it. The signal of a timer (SIGPROF) ends the process nevertheless. What is done between reading,
    such as storing, may take any time.
    """

    def __init__(self) -> None:
        self._seconds = 0.0
        self._open, self._lock = 0, Lock()

    def allow(self, seconds: float) -> None:
        """Let this process be ended after so much processor time of reading without `renew`."""
        if sys.platform != "win32":
            self._seconds = seconds

    def renew(self) -> None:
        """Count anew, since a byte or a record has come."""
        if self._seconds:
            self._change(0)

    def __enter__(self) -> None:
        self._change(1)

    def __exit__(self, *_: object) -> None:
        self._change(-1)

    def _change(self, by: int) -> None:
        with self._lock:
            self._open += by
            if self._seconds:
                signal.setitimer(signal.ITIMER_PROF, self._seconds if self._open else 0)


watched: Final = ReadingWatch()
"""Around all that reads a file."""


def child_environment() -> dict[str, str]:
    others = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return others | python_path()


def begin_child() -> None:
    """Prepare a process that `run_child` has started."""
    if sys.platform == "win32":
        return
    # uvloop (0.22) lets a process inherit files: a killed server's port would stay in use while a
    # child outlives it.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    die_with_parent()
    be_expendable(400)  # More than workers.


def die_with_parent() -> None:
    """Let Linux kill this process when its parent dies: one stuck in a regular expression could not
    look for its parent.
    """
    with contextlib.suppress(AttributeError):
        set_death_signal = 1
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


def begin_child_here() -> list[str]:
    """Prepare a process that `run_child_here` has started, and return its arguments.

    It writes its output in `cut_at_the_limit`.
    """
    begin_child()
    be_nice()
    most_bytes = int(sys.argv[1])
    if sys.platform != "win32":
        import resource

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
    import resource

    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    limits = [mapped + most_bytes, *(limit for limit in before if limit != resource.RLIM_INFINITY)]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
