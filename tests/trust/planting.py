"""A bug planted in a copy of the program, where a test must fail."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from tests.house import ROOT

NEEDED: Final = ("app", "saywho", "tests")
TIMEOUT_S: Final = 600
TEST_S: Final = 60
"""Of one test: some wait for what a bug never lets happen."""
FAILED: Final = 1
"""What pytest ends with where a test fails; an error of its own has another status."""


class Mutant(NamedTuple):
    """A bug that somebody might make: other lines in place of some."""

    bug: str
    tests: str
    """The file of tests that finds it, or one test, which may be one of `make soak`."""
    path: str
    old: str
    new: str

    @property
    def has_its_place(self) -> bool:
        return (ROOT / self.path).read_text().count(self.old) == 1


def find(mutant: Mutant) -> str | None:
    """Return the first test that fails by the bug; None if none does."""
    assert mutant.has_its_place, f"has no place any more: {mutant.bug}"
    with tempfile.TemporaryDirectory(prefix="saywho-mutant-") as folder:
        copy = Path(folder)
        for name in NEEDED:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("*.pyc"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        changed = copy / mutant.path
        changed.write_text(changed.read_text().replace(mutant.old, mutant.new))
        result = subprocess.run(
            (
                *(sys.executable, "-m", "pytest", "-x", "-q", "-n", "0"),
                *("--timeout", str(TEST_S), mutant.tests),
                *(("-m", "soak or not soak") if "::" in mutant.tests else ()),
            ),
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    # A bug that ends every test with a NameError is not the one that was meant.
    if result.returncode not in {0, FAILED} or "NameError" in result.stdout:
        raise RuntimeError(result.stderr + result.stdout)
    lines = result.stdout.splitlines()
    if "Timeout (>" in result.stdout:
        lines = [f"{line} (by its time limit)" for line in lines]
    failed = [line for line in lines if line.startswith(("FAILED tests", "ERROR tests"))]
    return failed[0] if result.returncode == FAILED else None
