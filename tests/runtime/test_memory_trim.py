"""What was freed is given back."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from app import create_app
from app.runtime import processes
from saywho.engine.languages import scores_of
from tests.conftest import MakeConfig
from tests.installation import ROOT
from tests.waiting import eventually

KEPT = """
import sys
from pathlib import Path
from app.runtime.processes import share_heap

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

SEALED = """
import os, re, sys
from pathlib import Path
from app.runtime.processes import seal_heap, share_heap

def private_kib():
    rollup = Path("/proc/self/smaps_rollup").read_text()
    return int(re.search(r"Private_Dirty: +([0-9]+)", rollup)[1])

share_heap()
holes, kept = [], []
for _ in range(8_000):
    holes.append(bytearray(600))
    kept.append(bytearray(3_400))
del holes
seal_heap()
child = os.fork()
if child == 0:
    own = [bytearray(600) for _ in range(4_000)]
    os._exit(private_kib() > 2 * len(kept))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's /proc tells what is in memory")
def test_forked_process_copies_no_page_for_its_own_data() -> None:
    subprocess.run([sys.executable, "-c", SEALED], check=True, cwd=ROOT)


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
    assert processes.TRIM_EVERY_S <= 60
    monkeypatch.setattr(processes, "TRIM_EVERY_S", 0.02)

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


def model_pages_kib() -> int:
    """Return how much of the files of the languages' model is in this process."""
    maps = Path("/proc/self/smaps").read_text()
    return sum(map(int, re.findall(r"\.npy\b.*\n(?:\w+: .*\n)*?Rss: +(\d+)", maps)))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's /proc tells what is in memory")
async def test_an_app_gives_up_the_model_of_languages(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "TRIM_EVERY_S", 0.02)
    scores_of("Das Museum ist heute geschlossen, morgen aber nicht.")
    assert model_pages_kib() > 0

    async def is_given_up() -> bool:
        return model_pages_kib() == 0

    async with create_app(make_config()).test_app():
        await eventually(is_given_up)
