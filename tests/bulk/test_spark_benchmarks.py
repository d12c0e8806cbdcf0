"""A quick run of each measurement of bulk jobs: it ends well and prints its figures."""

import json
from pathlib import Path

import pytest

pytest.importorskip("pyspark", reason="bulk jobs are tested by make test-spark")

from tests.benchmarks.test_benchmarks import run
from tests.bulk.conftest import JOB_S

pytestmark = pytest.mark.timeout(2 * JOB_S)


def posts(path: Path) -> Path:
    made = [
        {
            "author": f"author{number % 3}",
            "id": str(number),
            "text": f"Boat {number % 50} came back with the fog, 항구 이야기 {number}",
            "created_at": f"2024-05-{number % 28 + 1:02}T10:00:00Z",
        }
        for number in range(90)
    ]
    path.write_text("\n".join(map(json.dumps, made)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "arguments", "printed"),
    [
        ("spark", ["--copies", "2"], "\nload against import: "),
        ("spark", ["--skewed", "20", "300"], " MiB in the largest worker\n"),
        ("spark_equal", ["--copies", "2"], "\n180 posts by import, and by prepare and load; both"),
        ("spark_equal", ["--texts", "50"], "\n  0 answers differ "),
    ],
    ids=["speed", "memory", "posts", "texts"],
)
def test_a_quick_run_prints_its_figures(
    tmp_path: Path, name: str, arguments: list[str], printed: str
) -> None:
    done = run(name, posts(tmp_path / "posts.jsonl"), *arguments, timeout_s=JOB_S)
    assert done.returncode == 0, done.stderr
    assert printed in done.stdout
