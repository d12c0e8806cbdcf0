"""The process that runs imports: beside a server, and where the system allows little."""

import asyncio
import ctypes
import os
import platform
import struct
import sys
from pathlib import Path
from typing import Final

import pytest

from app.db.lease import FencingToken
from app.services.imports.process import NICENESS, run_job
from tests.conftest import MakeConfig
from tests.installation import Installation

SETPRIORITY: Final = {"x86_64": 141, "aarch64": 140}
NO_NEW_PRIVILEGES: Final = 38
SECCOMP, FILTER = 22, 2


def deny_priorities() -> None:
    """Make the kernel refuse every change of a priority to this process, by a filter in BPF."""
    steps = (
        (0x20, 0, 0, 0),  # Load the number of the system call.
        (0x15, 0, 1, SETPRIORITY[platform.machine()]),
        (0x06, 0, 0, 0x0005_0001),  # EPERM.
        (0x06, 0, 0, 0x7FFF_0000),  # Allowed.
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HL", len(steps), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.prctl(SECCOMP, FILTER, program):
        raise OSError(ctypes.get_errno(), "no filter")


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in SETPRIORITY,
    reason="needs seccomp of Linux",
)
def test_an_import_runs_where_it_may_not_lower_its_priority(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "data")
    installation.done("db", "upgrade")
    command = (sys.executable, "-m", "app.services.imports.process", "1", "nobody", "1")
    done = installation.process(*command, preexec_fn=deny_priorities)
    assert "another process has taken over the import" in done.stderr
    assert done.returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process has one priority")
async def test_only_the_threads_of_an_import_yield_to_requests(make_config: MakeConfig) -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    await run_job(make_config(), FencingToken(1, "another holder"), 1)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    of_thread = await asyncio.to_thread(os.getpriority, os.PRIO_PROCESS, 0)
    assert of_thread == max(before, NICENESS)
