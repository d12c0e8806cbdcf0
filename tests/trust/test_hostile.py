"""Requests at random, at a real server of two workers."""

from pathlib import Path

import pytest

from tests.trust.hostile import Calls, hostile_site


@pytest.mark.timeout(600)
def test_no_request_is_an_error_of_the_server(tmp_path: Path) -> None:
    with hostile_site(tmp_path) as server:
        calls = Calls(server)
        calls.run(1_320, first_seed=0)
    assert not calls.report.faults, calls.report
    assert calls.report.statuses[200] > 66
