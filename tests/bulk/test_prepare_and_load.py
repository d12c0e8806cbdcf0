"""What `bulk prepare` and `bulk load` store is what an import stores."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyspark", reason="bulk jobs are tested by make test-spark")

from tests.bulk.conftest import JOB_S, Site, wait_until
from tests.installation import PROGRAM

LOADED = 'SELECT count(*) FROM "Tweet"'
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = '\"Profile\"'::regclass"

pytestmark = pytest.mark.timeout(1800)


def break_and_kill(site: Site, prepared: Path) -> None:
    """Break a load off at a damaged file, and kill the next one while it writes."""
    (file,) = sorted((prepared / "profiles").glob("*.parquet"))[:1]
    content = file.read_bytes()
    file.write_bytes(content[:100])
    broken = site.run("bulk", "load", prepared)
    assert (broken.returncode, broken.stderr.count("\n")) == (2, 1)
    assert file.name in broken.stderr
    serve = ("serve", "--bind", "127.0.0.1:0")
    for command in (("check",), ("import", "posts.jsonl"), serve):
        refused = site.run(*command)
        assert refused.returncode == 1
        assert "saywho bulk load" in refused.stderr

    file.write_bytes(content)
    site.execute("BEGIN")
    site.execute('LOCK TABLE "Profile" IN SHARE MODE')
    loading = [str(PROGRAM), "bulk", "load", str(prepared)]
    with subprocess.Popen(loading, env=site.installation.environment()) as load:
        wait_until(lambda: site.fetch(WAITING) != [(0,)] and site.fetch(LOADED) == [(336,)])
        load.kill()
    site.execute("ROLLBACK")


def done_though_killed(site: Site, *arguments: str | Path) -> str:
    """Run a job, and kill the first of its workers that is seen; return what it prints."""
    command = [str(PROGRAM), *map(str, arguments)]
    environment = site.installation.environment()
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as job:
        wait_until(lambda: job.poll() is not None or workers(job.pid))
        for worker in workers(job.pid):
            os.kill(worker, signal.SIGKILL)
        printed, _ = job.communicate(timeout=JOB_S)
        assert job.returncode == 0
    return printed


def processes_below(root: int) -> dict[int, tuple[int, str]]:
    """Return the parents and commands of the processes that a job started."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    found = {int(pid): (int(parent), command) for pid, parent, command in rows}

    def is_below(pid: int) -> bool:
        return pid == root or (pid in found and pid != 1 and is_below(found[pid][0]))

    return {pid: each for pid, each in found.items() if is_below(pid)}


def workers(root: int) -> list[int]:
    """Return the Python processes of a job in which tasks run: those below the one that forks."""
    below = processes_below(root)
    daemons = {pid for pid, (_, command) in below.items() if "pyspark.daemon" in command}
    return [pid for pid in daemons if below[pid][0] in daemons]


def test_the_end_of_java_ends_a_job_with_one_line(
    make_site: Any, archive: list[Path], tmp_path: Path
) -> None:
    command = [str(PROGRAM), "bulk", "prepare", *map(str, archive), "-o", str(tmp_path / "out")]
    environment = make_site("broken").installation.environment()
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as job:
        wait_until(lambda: job.poll() is not None or workers(job.pid))
        for pid, (_, line) in processes_below(job.pid).items():
            if "java" in line.split()[0]:
                os.kill(pid, signal.SIGKILL)
        _, said = job.communicate(timeout=JOB_S)
    assert (job.returncode, said.count("\n")) == (2, 1), said


def test_prepare_and_load_store_what_an_import_stores(
    make_site: Any, archive: list[Path], tmp_path: Path
) -> None:
    imported, loaded = make_site("imported"), make_site("loaded")
    report = json.loads(imported.done("import", *archive, "--json"))
    prepared = tmp_path / "prepared"
    job: list[str | Path] = ["bulk", "prepare", *archive, "-o", prepared, "--json"]
    found = json.loads(done_though_killed(loaded, *job, "--master", "local[2]"))
    counts = ("accepted", "duplicates", "rejected", "reposts", "restricted", "skipped")
    assert {name: found[name] for name in counts} == {name: report[name] for name in counts}
    break_and_kill(loaded, prepared)
    loaded.done("bulk", "load", prepared)
    assert loaded.done("check") == "ok\n"
    expected, content = imported.content(), loaded.content()
    for name, rows in expected.items():
        assert content[name] == rows, name

    (broken,) = [each for each in found["left_out"] if each["detail"] == "not valid JSON"]
    line = archive[0].read_bytes()[int(broken["first"].removeprefix("byte ")) :]
    assert (broken["file"], broken["records"]) == (str(archive[0]), 1)
    assert line.startswith(b"{broken\n")

    # A second load, of the same or of others, is refused, and an import adds to what is there.
    again = loaded.run("bulk", "load", prepared)
    assert (again.returncode, again.stderr.count("\n")) == (2, 1)
    assert "saywho import" in again.stderr
    assert json.loads(loaded.done("import", *archive, "--json"))["accepted"] == 0
