"""`bulk compare` answers as `saywho compare --file` does, by an exported model."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark", reason="bulk jobs are tested by make test-spark")

from pyarrow.parquet import read_table

from app.services.compare.model_file import read_model
from tests.bulk.conftest import JOB_S, run
from tests.installation import PROGRAM, Installation

pytestmark = pytest.mark.timeout(1800)


def texts(path: Path) -> Path:
    lines = [
        json.dumps({"id": f"t{n}", "text": f"The harbour of {n} wakes early 항구의 아침 {n % 7}."})
        for n in range(200)
    ]
    lines[10:10] = ["{broken", "", json.dumps({"id": 5, "text": "123"}), json.dumps({"text": 1})]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def answers(folder: Path) -> list[dict[str, Any]]:
    """Return the answers in the order of the texts."""
    rows: list[dict[str, Any]] = [
        row for path in folder.glob("*.parquet") for row in read_table(path).to_pylist()
    ]
    return sorted(rows, key=lambda row: (row["file"], int(row["place"].split()[1])))


def submitted(
    installation: Installation, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """Run a bulk command by `spark-submit`."""
    script = Path("saywho_bulk.py")
    script.write_text(installation.done("bulk", "script"))
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    return subprocess.run(
        [PROGRAM.with_name("spark-submit"), "--master", "local[2]", script, *arguments],
        env=installation.environment() | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=JOB_S,
    )


@pytest.mark.parametrize(
    "names", [["bakery", "observatory", "lighthouse"], []], ids=["named", "all"]
)
def test_answers_are_those_of_the_command(
    installation: Installation, tmp_path: Path, names: list[str]
) -> None:
    installation.done("demo")
    known = {user["username"] for user in installation.json("users")["items"]}
    named = [part for name in sorted(known)[: len(names)] for part in ("-u", name)]
    file, model, folder = texts(tmp_path / "texts.jsonl"), tmp_path / "model", tmp_path / "out"
    installation.done("model", "export", *named, "-o", model)
    single = map(json.loads, installation.done("compare", "--file", file, *named).splitlines())
    arguments: list[str | Path] = ["compare", file, "--model", model, "-o", folder]
    if named:
        result = run(installation, "bulk", *arguments, "--master", "local[2]")
    else:
        result = submitted(installation, *arguments)
    assert result.returncode == 0, result.stderr
    found = answers(folder)
    for one, many in zip(single, found, strict=True):
        assert many["verdict"] == one.get("verdict")
        assert many["error"] == one.get("error")
        assert many["id"] == (None if one.get("id") is None else str(one["id"]))
        ranking, expected = many["ranking"] or [], one.get("ranking", [])
        assert [each["username"] for each in ranking] == [each["username"] for each in expected]
        for got, wanted in zip(ranking, expected, strict=True):
            assert got["probability"] == pytest.approx(wanted["probability"], abs=1e-9)
            assert got["tweets"] == wanted["tweets"]

    content = model.read_bytes()
    assert read_model(content).is_named == bool(named)
    for damaged in (b"", content[:-9], content.replace(b"stacked-counts-", b"stacked-counts_")):
        model.write_bytes(damaged)
        bad = installation.run("bulk", "compare", file, "--model", model, "-o", tmp_path / "new")
        assert (bad.exit_code, bad.stderr.count("\n")) == (2, 1)
