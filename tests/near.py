"""Print the tests near a change, for `make near`: those of the folders that `git diff` names.

The change is what differs from the branch `main`, committed or not. Templates and code of a package
have their tests in the folder of the same name.
"""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from tests.installation import ROOT

PACKAGES: Final = ("app", "saywho")
ELSEWHERE: Final = {
    "app/drawing": (
        "tests/test_drawings.py",
        "tests/parts/pictures",
        "tests/views/test_posters.py",
    ),
    "app/language": ("tests/test_translations.py",),
    "app/migrations": ("tests/db",),
    "app/models": ("tests/db",),
    "app/static": ("tests/test_static_files.py",),
    "app/templates": ("tests/views",),
    "app/translations": ("tests/test_translations.py",),
    "docs": ("tests/test_docs.py", "tests/guide"),
    "findings": ("tests/test_findings.py",),
}
"""Tests of folders that have none of their own name, by the beginning of a path."""


def near(path: str) -> set[str]:
    """Return the folders and modules with tests of a file; empty if no folder has its tests."""
    place = PurePosixPath(path)
    if place.suffix == ".md" and place.parts[0] not in PACKAGES:
        return set(ELSEWHERE["docs"])
    if place.parts[0] == "tests":
        if place.name.startswith("test_"):
            return {path}
        return {str(place.parent)} if len(place.parts) > 2 else set()
    inside = place.relative_to(place.parts[0]) if place.parts[0] in PACKAGES else place
    if inside.parts[0] == "templates" and len(inside.parts) > 2:
        inside = PurePosixPath("views", *inside.parts[1:])
    beside = [f"tests/test_{place.stem}.py", *(f"tests/{each}" for each in inside.parents[:-1])]
    found = next((each for each in beside if (ROOT / each).exists()), None)
    if found:
        return {found}
    return {place for start in ELSEWHERE if path.startswith(start) for place in ELSEWHERE[start]}


def without_nested(places: Iterable[str]) -> list[str]:
    """Return places without those inside another, in their order by name."""
    kept: list[str] = []
    for place in sorted(set(places)):
        if not any(place.startswith(f"{other}/") for other in kept):
            kept.append(place)
    return kept


def changed() -> set[str]:
    """Return the files that differ from `main`, or from the last commit without such a branch."""

    def lines(*command: str) -> list[str]:
        ran = subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True)
        return ran.stdout.splitlines()

    base = [*lines("merge-base", "HEAD", "main"), "HEAD"][0]
    return {
        *lines("diff", "--name-only", base),
        *lines("ls-files", "--others", "--exclude-standard"),
    }


def main() -> int:
    places = without_nested(place for path in changed() for place in near(path))
    existing = [place for place in places if (ROOT / place).exists()]
    if not existing:
        print("nothing that differs from main has tests of its own", file=sys.stderr)
        return 1
    print(*existing)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
