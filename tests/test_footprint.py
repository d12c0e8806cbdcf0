"""A reader follows a request through few files; `make house` prints how many."""

import json
import subprocess
import sys

import pytest

from tests.installation import ROOT

MOST_FILES = {
    "front page": 54,
    "author": 75,
    "year": 67,
    "chat's overview": 68,
    "chat's messages": 43,
    "comparison": 68,
    "search": 53,
    "dashboard": 55,
    "a post": 40,
    "zip to rows": 77,
}
MOST_CALLS = {
    "front page": 2_700,
    "front page, one more post": 2_800,
    "front page, after a restart": 6_000,
    "author": 16_000,
    "author, one more post": 16_500,
    "author, after a restart": 25_000,
    "chat's overview": 5_900,
    "chat's overview, one more post": 6_000,
    "chat's overview, after a restart": 7_100,
}
"""Of functions of both packages: what was counted of many posts is counted once."""


@pytest.mark.timeout(600)  # It starts a site and imports an archive under a profiler.
def test_a_request_runs_few_files() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.footprint"], cwd=ROOT, capture_output=True, check=True
    )
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found.keys() == MOST_FILES.keys() | MOST_CALLS.keys()
    for most, place in ((MOST_FILES, 0), (MOST_CALLS, 1)):
        counts = {name: [len(found[name][0]), found[name][1]][place] for name in most}
        assert {name: count for name, count in counts.items() if count > most[name]} == {}
