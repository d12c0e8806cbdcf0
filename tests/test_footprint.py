"""A reader follows a request through few files; `make house` prints how many."""

import json
import subprocess
import sys

import pytest

from tests.installation import ROOT

MOST_FILES = {
    "front page": 50,
    "author": 97,
    "year": 53,
    "chat's overview": 67,
    "chat's messages": 43,
    "comparison": 68,
    "search": 48,
    "dashboard": 47,
    "a post": 39,
    "zip to rows": 72,
}


@pytest.mark.timeout(600)  # It starts a site and imports an archive under a profiler.
def test_a_request_runs_few_files() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.footprint"], cwd=ROOT, capture_output=True, check=True
    )
    files = json.loads(ran.stdout.splitlines()[-1])
    assert files.keys() == MOST_FILES.keys()
    more = {name: ran for name, ran in files.items() if len(ran) > MOST_FILES[name]}
    assert more == {}
