"""A limit of the memory of processes: where they need more, the kernel kills one of them."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from saywho.sizes import MIB

CONTROL: Final = Path("/sys/fs/cgroup")
FIRST: Final = ("memory.limit_in_bytes", "total_rss", "memory.oom_control")
SECOND: Final = ("memory.max", "anon", "memory.events")
"""Of the versions of control groups: the limit's file, what counts of memory.stat, the kills'."""
LEAVE_S: Final = 10.0
"""Seconds in which processes that were killed leave their group."""


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """A control group of processes; what they start belongs to it too."""

    folder: Path
    names: tuple[str, str, str]

    def set(self, mib: int) -> None:
        """Set the limit. Raises OSError where it cannot be."""
        (self.folder / self.names[0]).write_text(str(mib * MIB))

    def taken_mib(self) -> float:
        """Return what is taken now, without pages of files, which the kernel can drop."""
        return self._number("memory.stat", self.names[1]) / MIB

    def kills(self) -> int:
        """Return how many processes the kernel killed."""
        return self._number(self.names[2], "oom_kill")

    def _number(self, file: str, name: str) -> int:
        lines = (self.folder / file).read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name} "))

    def under(self, *command: str) -> tuple[str, ...]:
        """Return the command in a process that enters the group first."""
        enter = 'echo $$ > "$0" && exec "$@"'
        return ("sh", "-c", enter, str(self.folder / "cgroup.procs"), *command)

    def take(self, pid: int) -> None:
        """Count what a process takes from now on."""
        (self.folder / "cgroup.procs").write_text(f"{pid}")

    def clear(self) -> None:
        """Kill what is in the group, as systemd does with what a server leaves."""
        for pid in (self.folder / "cgroup.procs").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


@contextmanager
def memory_limit(mib: int) -> Iterator[MemoryLimit]:
    """Give a group with this limit. Raises OSError where nobody may make one."""
    is_first = (CONTROL / "memory").is_dir()
    place = CONTROL / "memory" if is_first else CONTROL
    if not is_first:
        (place / "cgroup.subtree_control").write_text("+memory")
    folder = place / f"saywho-{os.getpid()}"
    folder.mkdir()
    limit = MemoryLimit(folder, FIRST if is_first else SECOND)
    try:
        limit.set(mib)
        yield limit
    finally:
        limit.clear()
        until = time.monotonic() + LEAVE_S
        while folder.exists() and time.monotonic() < until:
            with suppress(OSError):
                folder.rmdir()
