"""A write, sync, change of a name or opening fails: the whole effect or none, and a sentence."""

import re

import pytest

from tests.trust.disk_faults import run

EACH = 5
"""Calls of each command, and of requests."""


@pytest.mark.timeout(600)
def test_a_call_of_the_disk_fails_in_each_command_and_in_requests(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert (
        run(f"{EACH}"),
        re.sub(r"(4[5-9]|50) faults", "most faults", capfd.readouterr().out.splitlines()[-1]),
    ) == (0, "most faults, 0 wrong")
