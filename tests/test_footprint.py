"""A reader follows a request through few files; `make house` prints how many."""

import json
import subprocess
import sys

from tests.installation import ROOT

MOST_FILES = {
    "front page": 56,
    "author": 80,
    "author's portrait": 88,
    "year": 69,
    "chat's overview": 79,
    "chat's messages": 45,
    "chat's portrait": 58,
    "comparison": 69,
    "search": 53,
    "dashboard": 51,
    "a post": 42,
    "zip to rows": 65,
}


def test_a_request_runs_few_files() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.footprint"], cwd=ROOT, capture_output=True, check=True
    )
    files = json.loads(ran.stdout.splitlines()[-1])
    assert files.keys() == MOST_FILES.keys()
    more = {name: ran for name, ran in files.items() if len(ran) > MOST_FILES[name]}
    assert more == {}
