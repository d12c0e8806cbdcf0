"""Plant bugs: each patch of `mutants/` in a copy of the program, where the simulation must find it.

A clean run proves little by itself. The first line of a patch names the property that it breaks.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.house import ROOT

PATCHES: Final = Path(__file__).parent / "mutants"
SEEDS: Final = 1_000
NEEDED: Final = ("app", "tests/trust", "tests/house.py")
TIMEOUT_S: Final = 1_800


class Mutant(NamedTuple):
    """A bug that somebody might make."""

    name: str
    property: str
    bug: str


def mutants() -> list[Mutant]:
    """Return all planted bugs."""
    return [
        Mutant(path.stem, *path.read_text().splitlines()[0].split(": ", 1))
        for path in sorted(PATCHES.glob("*.patch"))
    ]


@contextmanager
def planted(mutant: Mutant) -> Iterator[Path]:
    """Give a copy of the program that has the bug. Raises LookupError if it has no place."""
    with tempfile.TemporaryDirectory(prefix="saywho-mutant-") as folder:
        copy = Path(folder)
        for name in NEEDED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("*.pyc"))
            else:
                shutil.copy(ROOT / name, copy / name)
        patch = PATCHES / f"{mutant.name}.patch"
        applied = subprocess.run(
            ["git", "apply", str(patch)], cwd=copy, capture_output=True, text=True, check=False
        )
        if applied.returncode:
            raise LookupError(f"{patch.name} fits no more; write it again: {applied.stderr}")
        yield copy


def find(mutant: Mutant, seeds: int = SEEDS) -> str | None:
    """Return what the simulation says of the first seed that finds the bug; None if none does."""
    with planted(mutant) as copy:
        command = [sys.executable, "-m", "tests.trust.simulation", mutant.property, "0", str(seeds)]
        found = subprocess.run(
            command, cwd=copy, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
    # A bug that ends every write with a NameError is not the one that was meant.
    if found.returncode not in {0, 1} or not found.stdout or "NameError" in found.stdout:
        raise RuntimeError(found.stderr or found.stdout)
    return found.stdout.splitlines()[-1] if found.returncode else None


def main() -> int:
    """Find every bug, two at a time; print the seeds."""
    missed = 0
    with ThreadPoolExecutor(2) as pool:
        for mutant, found in zip(mutants(), pool.map(find, mutants()), strict=True):
            missed += found is None
            print(f"{mutant.name}: {mutant.bug}\n    {(found or 'NOT FOUND')[:200]}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
