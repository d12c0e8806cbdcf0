"""A reader follows a request through few files; `make house` prints how many."""

import json
import subprocess
import sys

import pytest

from tests.installation import ROOT

MOST_FILES = {
    "front page": 47,
    "author": 90,
    "year": 52,
    "chat's overview": 63,
    "chat's messages": 40,
    "comparison": 63,
    "search": 45,
    "dashboard": 43,
    "a post": 37,
    "zip to rows": 69,
}


@pytest.mark.full
@pytest.mark.timeout(600)  # It starts a site and imports an archive under a profiler.
def test_a_request_runs_few_files() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.footprint"], cwd=ROOT, capture_output=True, check=True
    )
    files = json.loads(ran.stdout.splitlines()[-1])
    assert files.keys() == MOST_FILES.keys()
    more = {name: ran for name, ran in files.items() if len(ran) > MOST_FILES[name]}
    assert more == {}
