"""Long work leaves the loop."""

import os
import subprocess
import sys
import threading

import pytest

from app.tasks import be_nice, worked_on
from tests.installation import ROOT


async def test_long_texts_are_worked_on_in_a_thread() -> None:
    texts = ["four", "five!"]
    here = threading.current_thread()
    assert await worked_on(texts, threading.current_thread, inline_characters=9) is here
    assert await worked_on(texts, threading.current_thread, inline_characters=8) is not here


def test_where_a_lower_priority_is_denied_work_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", deny)
    be_nice()


KEPT = """
import sys
from pathlib import Path
from app.tasks import share_heap

share_heap()
size = 8 * 1024 * 1024
bytearray(size)
before = int(Path("/proc/self/statm").read_text().split()[1])
large, small = [], []
for _ in range(4):
    large.append(b"x" * size)
    small.append(bytearray(2_000))
del large
grown = int(Path("/proc/self/statm").read_text().split()[1]) - before
sys.exit(grown > size / 4_096)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's /proc tells what is in memory")
def test_what_is_large_leaves_the_memory_whatever_small_is_kept_beside() -> None:
    subprocess.run([sys.executable, "-c", KEPT], check=True, cwd=ROOT)
