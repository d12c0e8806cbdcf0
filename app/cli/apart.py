"""Commands that read files run in a process of their own, which the system may end.

The process that was started waits for it, and says which file it read.
"""

import contextlib
import mmap
import os
import signal
import sys
from typing import Final, NoReturn

from app.cli.outputs import FAILED, fail
from app.runtime.processes import stood_still
from saywho.processes import STILL_S, die_with_parent, watched

_FILE: Final = mmap.mmap(-1, mmap.PAGESIZE)
"""Name of the file that is read; both processes see it."""


def now_reading(name: str) -> None:
    _FILE[:] = name.encode(errors="replace")[: len(_FILE)].ljust(len(_FILE), b"\0")


def run_apart() -> None:
    """Go on in a child process, in which reading may be ended; call it before any thread begins.

    Only Linux tells who has sent a signal. Elsewhere, the shell says that the process was ended.
    """
    if sys.platform == "linux":
        signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        parent = os.getpid()
        if child := os.fork():
            _end_as(child, signals)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        die_with_parent()
        if os.getppid() != parent:  # It died before the system was told.
            os._exit(FAILED)
    watched.allow(STILL_S)


def _end_as(child: int, signals: set[signal.Signals]) -> NoReturn:
    """Hand on signals, and end with the child's status."""
    ended = 0
    while not ended:
        told = signal.sigwaitinfo(signals)
        if told.si_signo == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
        elif told.si_code <= 0:  # A terminal tells the child itself.
            os.kill(child, told.si_signo)
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGPROF:
        fail(str(stood_still(_FILE[:].rstrip(b"\0").decode(errors="replace"), STILL_S)))
    if code < 0:
        with contextlib.suppress(OSError):  # SIGKILL has no other action.
            signal.signal(-code, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
        os.kill(os.getpid(), -code)
    os._exit(code)
