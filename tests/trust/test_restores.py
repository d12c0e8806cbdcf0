"""Restores by the command itself, killed at each step."""

import sys
from itertools import count
from pathlib import Path

import pytest

from tests.installation import Installation, lines
from tests.trust.restores import EVERY_STEP

pytestmark = pytest.mark.full

KILLED = """
import sys
from app.cli import main
from tests.trust.restores import EVERY_STEP, die_at
number = int(sys.argv.pop(1))
import app.services.backup  # Its imports open hundreds of files.
die_at(number, EVERY_STEP)
main()
"""


@pytest.fixture
def original(installation: Installation) -> Installation:
    """An installation with posts, an operator and a token, and a backup beside it."""
    folder = installation.data_dir.parent
    records = [{"username": "mina", "text": f"number {n}", "id": str(n)} for n in range(30)]
    installation.done("import", lines(folder / "posts.jsonl", *records))
    installation.done("operator", "add", "boss", "--password-stdin", stdin="a long password\n")
    installation.done("token", "add", "ci", "--scope", "admin")
    installation.done("backup", folder / "with.tar", "--with-secrets")
    return installation


@pytest.mark.timeout(600)
def test_a_restore_is_finished_after_a_kill_at_each_step(
    original: Installation, tmp_path: Path
) -> None:
    backup, expected = tmp_path / "with.tar", original.done("export")
    states = set()
    for number in count(1):
        other = Installation(tmp_path / str(number))
        killed = other.process(*(sys.executable, "-c", KILLED, str(number)), "restore", backup)
        if killed.returncode == 0:
            break
        assert (killed.returncode, killed.stderr) == (-9, "")
        staging = other.data_dir / ".restore"
        states.add(tuple(sorted(path.name for path in other.data_dir.glob("*"))))
        if staging.exists() and any(staging.iterdir()):
            served = other.run("serve", "--bind", "127.0.0.1:0")
            assert (served.exit_code, len(served.stderr.splitlines())) == (1, 1)
            assert "finish it with the same backup" in served.stderr
        again = other.run("restore", backup)
        assert again.exit_code == 0 or "is not empty" in again.stderr
        assert other.done("export") == expected
        assert other.done("check") == "ok\n"
        assert not staging.exists()
    assert number > len(EVERY_STEP)
    assert len(states) > 2
