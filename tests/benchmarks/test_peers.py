"""The comparison with other programs: a quick run, and the database it rests on."""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import pytest

from app.config import Config
from app.db.engine import Database
from app.services.checks import find_faults
from benchmarks import databases
from tests.benchmarks.test_benchmarks import run


def quick(folder: Path, *parts: str) -> tuple[dict[str, Any], str]:
    """Return the figures of a quick run, and what it printed."""
    done = run("__main__", *parts, "--quick", "--out", folder, timeout_s=150)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "benchmarks.json").read_text()), done.stdout


OTHERS: Final = {
    "hot": {"Flask, gunicorn gthread", "naive Quart + Batch", "bare ASGI, hypercorn"},
    "mixed": {"FastAPI, uvicorn", "naive Quart, hypercorn"},
    "compare": {"the course's way", "the course's way, lean query"},
}
"""Some of the programs with which a part compares."""


@pytest.mark.soak
@pytest.mark.timeout(170)
@pytest.mark.parametrize("part", OTHERS)
def test_a_quick_run_compares_and_writes_a_table(tmp_path: Path, part: str) -> None:
    results, printed = quick(tmp_path, part)
    ours = results[part]["saywho"]
    assert OTHERS[part] <= set(results[part])
    assert (ours["errors"], ours["stale"]) == (0, 0)
    assert ours["per_second"][0] > 0
    assert (ours["checked"] > 0) == (part == "mixed")
    if part == "mixed":
        assert "nginx 1 s, Flask" in results[part] or "skipped: nginx" in printed
    assert "| saywho |" in (tmp_path / "benchmarks.md").read_text()


@pytest.mark.soak
@pytest.mark.timeout(170)
def test_a_quick_run_of_streams_and_of_a_start(tmp_path: Path) -> None:
    results, _ = quick(tmp_path, "live", "start")
    (live,) = results["live"]
    assert (live["lost"], live["twice"], live["deliveries"]) == (0, 0, 400)
    assert results["start"]["ready_s"] > 0
    assert "| 20 clients, 20 posts/s |" in (tmp_path / "benchmarks.md").read_text()


@pytest.mark.full
@pytest.mark.parametrize("has_profiles", [True, False], ids=["profiles", "tails"])
async def test_a_database_filled_by_sqlite3_is_as_the_program_would_have_it(
    tmp_path: Path, has_profiles: bool
) -> None:
    path = tmp_path / "built.db"
    shape = databases.Shape("built", 4, 25, has_profiles)
    await asyncio.to_thread(databases.build, path, shape)
    db = Database(Config(data_dir=tmp_path, database_url=f"sqlite+aiosqlite:///{path}"))
    try:
        # Vectors would take hours to make, and no workload reads one.
        assert [fault for fault in await find_faults(db) if "vector" not in fault] == []
    finally:
        await db.close()
