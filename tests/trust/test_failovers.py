"""A failover under writers and readers."""

from pathlib import Path

import pytest

from tests.databases import Databases
from tests.trust.failovers import BETWEEN, run

pytestmark = pytest.mark.full


@pytest.mark.databases("postgresql")
@pytest.mark.timeout(300)
def test_no_answer_is_an_error_of_the_server_and_each_post_is_stored_once(
    tmp_path: Path, databases: Databases
) -> None:
    report = run(tmp_path, failovers=1)
    assert report.faults == []
    assert report.acknowledged.total() >= 2 * BETWEEN
