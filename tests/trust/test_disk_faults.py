"""A write, sync, change of a name or opening fails: the whole effect or none, and a sentence."""

import pytest

from tests.trust.disk_faults import run

EACH = 5


@pytest.mark.timeout(600)
def test_a_call_of_the_disk_fails_in_each_command_and_in_requests(
    capfd: pytest.CaptureFixture[str],
) -> None:
    status = run(EACH)
    assert (status, capfd.readouterr().out.splitlines()[-1]) == (0, "50 faults, 0 wrong")
