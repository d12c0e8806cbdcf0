"""The comparison with other programs: a quick run, the database it rests on, the client's check."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.config import Config
from app.db.engine import Database
from app.services.checks import find_faults
from benchmarks import databases
from benchmarks.client import Request, Tally, load
from tests.benchmarks.test_benchmarks import run


def quick(folder: Path, *parts: str) -> tuple[dict[str, Any], str]:
    """Return the figures of a quick run, and what it printed."""
    done = run("__main__", *parts, "--quick", "--out", folder, timeout_s=150)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads((folder / "benchmarks.json").read_text()), done.stdout


@pytest.mark.timeout(170)
@pytest.mark.parametrize(
    ("part", "others"),
    [
        ("hot", {"Flask, gunicorn gthread", "naive Quart + Batch", "bare ASGI, hypercorn"}),
        ("mixed", {"FastAPI, uvicorn", "naive Quart, hypercorn"}),
        ("compare", {"the course's way", "the course's way, lean query"}),
    ],
    ids=["hot", "mixed", "compare"],
)
def test_a_quick_run_compares_and_writes_a_table(
    tmp_path: Path, part: str, others: set[str]
) -> None:
    results, printed = quick(tmp_path, part)
    ours = results[part]["saywho"]
    assert others <= set(results[part])
    assert (ours["errors"], ours["stale"]) == (0, 0)
    assert ours["per_second"][0] > 0
    assert (ours["checked"] > 0) == (part == "mixed")
    if part == "mixed":
        assert "nginx 1 s, Flask" in results[part] or "skipped: nginx" in printed
    assert "| saywho |" in (tmp_path / "benchmarks.md").read_text()


@pytest.mark.timeout(170)
def test_a_quick_run_of_streams_and_of_a_start(tmp_path: Path) -> None:
    results, _ = quick(tmp_path, "live", "start")
    (live,) = results["live"]
    assert (live["lost"], live["twice"], live["deliveries"]) == (0, 0, 400)
    assert results["start"]["ready_s"] > 0
    assert "| 20 clients, 20 posts/s |" in (tmp_path / "benchmarks.md").read_text()


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


def page(*ids: int) -> bytes:
    posts = [{"id": each, "created_at": "2026-11-20T06:00:00Z"} for each in ids]
    return json.dumps({"items": posts}).encode()


@asynccontextmanager
async def answering(*bodies: bytes) -> AsyncIterator[str]:
    """Serve one connection, with these bodies in turn and the last one for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        left = list(bodies)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                _, found, rest = head.partition(b"Content-Length: ")
                await reader.readexactly(int(rest.partition(b"\r\n")[0]) if found else 0)
                body = left.pop(0) if len(left) > 1 else left[0]
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1") as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def checked(*bodies: bytes) -> Tally:
    """Return the tally of a client that posts once, and then reads."""
    async with answering(*bodies) as address:
        path = "/api/v1/users/a/tweets"
        lines = [f'POST\t{path}\t{{"text": "x"}}', *[f"GET\t{path}"] * 10_000]
        requests = [Request.from_line(line, "localhost", "token") for line in lines]
        tally, _ = await load(address, requests, connections=1, seconds=0.1, checks=True)
    return tally


async def test_the_client_tells_stale_answers_from_fresh_ones() -> None:
    posted = json.dumps({"id": 9, "created_at": "2026-11-20T06:00:00Z"}).encode()
    fresh = await checked(posted, page(9, 8, 7))
    assert (fresh.stale, fresh.errors, fresh.checked > 1) == (0, 0, True)
    stale = await checked(posted, page(8, 7, 6), page(9, 8, 7))
    assert (stale.stale, stale.errors, stale.checked > 1) == (1, 0, True)
    # Newer posts of others have moved it to the next page.
    moved = await checked(posted, page(12, 11, 10))
    assert (moved.stale, moved.checked > 1) == (0, True)
