"""A real site whose memory is short, so that the kernel kills its processes."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.trust.limits import memory_limit
from tests.trust.memory import run

SHORT_MIB = 320


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_where_memory_is_short_the_site_answers_and_nothing_is_lost(tmp_path: Path) -> None:
    with ExitStack() as stack:
        try:
            limit = stack.enter_context(memory_limit(SHORT_MIB))
        except OSError:
            pytest.skip("only root may limit memory, where control groups can be made")
        report = run(limit, tmp_path, posts=20_000)
    assert report.kills
    assert not report.faults, report
