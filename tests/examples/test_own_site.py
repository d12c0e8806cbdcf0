"""A project that is built on saywho: its tests pass in a folder elsewhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples.test_examples import EXAMPLES
from tests.installation import ROOT, TIMEOUT_S, Installation

PROJECT = EXAMPLES / "12_own_site"
BLOCK = re.compile(r"^```(?:python|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.full
def test_the_tests_of_the_project_pass(tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "project")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=tmp_path / "project",
        env=Installation(tmp_path / "data").environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert "3 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("page", ["testing-an-app.md", "extending.md"])
def test_the_documents_show_the_project_as_it_is(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    blocks = BLOCK.findall(text.partition("12_own_site")[2].partition("## A part in")[0])
    files = [file.read_text() for file in PROJECT.iterdir() if file.is_file()]
    assert blocks
    for block in blocks:
        assert any(block in file for file in files), block
