"""Hostile sources at a real server."""

from pathlib import Path

import pytest

from tests.trust.feeds import follow


@pytest.mark.timeout(300)
def test_hostile_sources_replace_no_worker_and_hold_up_no_request(tmp_path: Path) -> None:
    report = follow(12, tmp_path)
    assert report.replaced == 0, report
    assert report.outcomes.total() == 12, report
    assert report.median_s < 0.5, report  # Of a busy machine; `python -m tests.trust.feeds` tells.
