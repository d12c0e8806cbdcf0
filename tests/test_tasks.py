"""Long work leaves the loop."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app import create_app, tasks
from app.tasks import be_nice, worked_on
from tests.conftest import MakeConfig
from tests.installation import ROOT
from tests.waiting import eventually


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


def pages() -> int:
    """Return how many pages of memory this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's /proc tells what is in memory")
async def test_an_app_gives_back_what_was_freed_between_blocks_that_stay(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tasks.TRIM_EVERY_S <= 60
    monkeypatch.setattr(tasks, "TRIM_EVERY_S", 0.02)

    kept, most = [], 0

    async def are_given_back() -> bool:
        return pages() < most

    async with create_app(make_config()).test_app():
        for _ in range(2):
            blocks = [bytearray(2_000) for _ in range(20_000)]
            most = pages() - 5_000
            kept += blocks[::100]
            blocks.clear()
            await eventually(are_given_back)
