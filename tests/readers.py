"""What a process that reads what strangers wrote may be made to do.

Each starts with what this imports, which is therefore as little as a format does.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from app.runtime.sandbox import MOST_BYTES, MOST_MEMORY


def kill(_body: bytes) -> Iterator[str]:
    yield "a value"
    os.kill(os.getpid(), signal.SIGKILL)


def wait(_body: bytes) -> Iterator[str]:
    time.sleep(0.5)
    yield "a value"


def fill(_body: bytes) -> Iterator[str]:
    # More by an eighth: what was freed since the start of the process may be taken anew.
    yield "x" * len([b"x" * 2**20 for _ in range(MOST_MEMORY // 2**20 * 9 // 8)])


def flood(_body: bytes) -> Iterator[str]:
    for _ in range(MOST_BYTES // 2**20 + 1):
        yield "x" * 2**20


def whisper(_body: bytes) -> Iterator[str]:
    yield "half a pair: \ud800."


def tell(_body: bytes) -> Iterator[object]:
    yield [name for name in os.environ if name.startswith("SAYWHO_")]
    yield os.listdir("/proc/self/fd")
    yield list(sys.modules)


def rank(_body: bytes) -> Iterator[int]:
    yield int(Path("/proc/self/oom_score_adj").read_text())
