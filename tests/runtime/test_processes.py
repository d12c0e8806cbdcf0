"""Child processes, and what they may hold up."""

import os
import signal

import pytest

from app.runtime import processes
from app.runtime.processes import run_child


async def test_a_child_that_was_stopped_is_killed_so_that_it_holds_no_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "LOOK_EVERY_S", 0.1)
    assert await run_child("tests.runtime.test_processes", settings={}) == -signal.SIGKILL


if __name__ == "__main__":
    os.kill(os.getpid(), signal.SIGSTOP)
