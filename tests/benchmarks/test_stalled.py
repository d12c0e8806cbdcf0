"""Clients of a live stream that read nothing, beside others that read."""

import re
from typing import Final

import pytest

from tests.benchmarks.test_benchmarks import run

STALLED: Final = re.compile(
    r"\n50 clients that read nothing for 1 min: (\d+) disconnected, the oldest after (\d+) s"
    r"\n20 readers: posts after (\d+) ms, .*; 0 lost, 0 twice, 0 cut off\n"
)


@pytest.mark.full
@pytest.mark.timeout(250)
def test_clients_that_read_nothing_are_disconnected_and_hinder_nobody() -> None:
    """Each is gone within 45 s of when it takes no more; most posts reach the others within 1 s.

    All of them do on a machine that does nothing else, as its status says.
    """
    done = run("stalled", "50", "--readers", "20", "--minutes", "1", timeout_s=230)
    told = STALLED.search(done.stdout)
    assert told, done.stdout + done.stderr
    disconnected, oldest_s, usual_ms = map(int, told.groups())
    assert (disconnected > 0, oldest_s <= 45, usual_ms <= 1_000) == (True,) * 3, told[0]
