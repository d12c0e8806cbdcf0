"""Processes that are stopped, and go on."""

from pathlib import Path

import pytest

from tests.trust.stopped import run


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "of_imports",
    [False, pytest.param(True, marks=pytest.mark.full)],
    ids=["worker", "worker and import"],
)
def test_a_process_that_was_stopped_is_not_stale(tmp_path: Path, of_imports: bool) -> None:
    stops = run("serve", tmp_path, 3.0, 1, of_imports=of_imports)
    assert stops.faults == []
    assert len(stops.stored) > 5
    assert all(follower.events for follower in stops.followers)
