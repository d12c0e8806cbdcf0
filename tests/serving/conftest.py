"""What tests of the server share: a site whose processes run first what a test gives."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.server import SERVE, Server, serving


@pytest.fixture
def server(
    request: pytest.FixtureRequest, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    """A site of two workers, whose Python runs first what a test gives."""
    (tmp_path / "sitecustomize.py").write_text(getattr(request, "param", ""))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    installation = Installation.made(tmp_path / "instance", template)
    with serving(installation, *SERVE, "--workers", "2") as server:
        yield server
