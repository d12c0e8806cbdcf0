"""Requests at random, and hostile sources and uploads, at a real server of two workers.

Each test imports what it needs: schemathesis takes a second in every process that collects tests.
"""

import statistics
from pathlib import Path

import pytest


@pytest.mark.full
@pytest.mark.timeout(600)
def test_no_request_is_an_error_of_the_server(tmp_path: Path) -> None:
    from tests.trust.hostile import Calls, hostile_site

    with hostile_site(tmp_path) as server:
        calls = Calls(server)
        calls.run(660, first_seed=0)
    assert not calls.report.faults, calls.report
    assert calls.report.statuses[200] > 33


@pytest.mark.full
@pytest.mark.timeout(300)
def test_hostile_sources_replace_no_worker_and_hold_up_no_request(tmp_path: Path) -> None:
    from tests.trust.feeds import follow

    report = follow(12, tmp_path)
    assert report.replaced == 0, report
    assert report.outcomes.total() == 12, report
    assert report.median_s < 0.5, report  # Of a busy machine; `python -m tests.trust.feeds` tells.


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_hostile_uploads_replace_no_worker_and_hold_up_no_request(tmp_path: Path) -> None:
    from tests.trust.uploads import upload_all

    report = upload_all(6, tmp_path)
    assert not report.faults, report
    assert report.replaced == 0, report
    assert min(report.previews["refused"], report.imports["failed"]) > 0, report
    assert report.grown_mib[-1] < 100, report
    assert statistics.median(report.waits_s) < 0.5, report  # Of a busy machine.
