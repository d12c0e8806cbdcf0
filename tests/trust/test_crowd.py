"""A dear address keeps nobody else from an answer; how long others wait is measured by hand."""

from pathlib import Path

import pytest

from tests.installation import Installation
from tests.server import SERVE, serving
from tests.trust.crowd import DEAR, NOBODY, OTHERS, crowding, fill

POSTS = 400


@pytest.mark.full
def test_others_get_answers_beside_each_dear_address(tmp_path: Path) -> None:
    settings = {"SAYWHO_ACCESS_LOG": "0", "SAYWHO_PUBLIC": "1"}
    installation = Installation(tmp_path / "instance", settings)
    fill(installation, POSTS)
    with serving(installation, *SERVE, "--workers", "1") as server:
        for name in (NOBODY, *DEAR):
            report = crowding("127.0.0.1", server.port, name, clients=1, seconds=0.01)
            assert report.faults == []
            assert report.others.keys() == set(OTHERS)
            assert sum(report.asked.values()) >= (name != NOBODY)
