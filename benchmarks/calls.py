"""Calls of Python functions, which no other program on the machine changes: `python -m
benchmarks.calls [COMMIT]`.

Each request is made of an app in the same process, several times; the fewest calls of all its
threads count. Beside them stand the statements and the bytes of SQLite's log of an insert, and the
figures of a commit.
"""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Final
from urllib.parse import quote

import uvloop
from click.testing import CliRunner
from sqlalchemy import event

from app import create_app
from app.cli import saywho
from app.config import Config
from benchmarks import machine
from benchmarks.databases import TOKEN, Shape, copy, made_texts, username
from benchmarks.paired import checkout, imports_of
from benchmarks.workloads import TEXT, list_path, user_path

SHAPE: Final = Shape("calls", 30, 25, has_profiles=True)
REPEATS: Final = 24
"""At most, until the least was counted twice: what a busy machine does beside is never the same."""
PAUSE_S: Final = 0.2
"""Seconds for what a request has begun in the background."""
LINES: Final = (10, 500, 1_000)
"""Of imports: the first compiles, and the others differ by none of what an import does once."""
LIMITS: Final = {
    "health check": 493,
    "cold list": 979,
    "author": 973,
    "author's page": 32_000,
    "insert": 1_645,
    "comparison": 1_590,
    "line of an import": 220,
    "statements of an insert": 6,
    "bytes of an insert in the log": 53_560,
}
"""What they may be on Python 3.11, up to three percent over what they are.

A commit that raises one says why; one that lowers a figure lowers its limit.
"""


class Counter:
    """Counts calls of Python functions in all threads that start after it, and `here`."""

    def __init__(self) -> None:
        self.calls = 0
        threading.setprofile(self._note)

    @contextmanager
    def here(self) -> Iterator[None]:
        """Count in this thread, too: imports before take a third of the time."""
        sys.setprofile(self._note)
        try:
            yield
        finally:
            sys.setprofile(None)

    def _note(self, _frame: FrameType, kind: str, _argument: object) -> None:
        self.calls += kind == "call"


async def ask(app: Any, method: str, path: str, body: bytes = b"") -> None:
    """Make a request as a server would. Raises AssertionError unless it succeeds."""
    address, _, query = path.partition("?")
    token = [(b"authorization", f"Bearer {TOKEN}".encode())] if body else []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *token,
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    statuses = []
    is_sent = False

    async def receive() -> dict[str, Any]:
        nonlocal is_sent
        if is_sent:
            await asyncio.Event().wait()
        is_sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    await app(scope, receive, send)
    assert statuses in ([200], [201]), (path, statuses)


def requests() -> dict[str, Callable[[int], tuple[str, str, bytes]]]:
    """Return requests by number, each for what was not asked before."""
    texts = made_texts()
    post = json.dumps({"text": TEXT}).encode().removesuffix(b'"}')
    two = f"&username={username(0)}&username={username(1)}"
    return {
        "health check": lambda _: ("GET", "/healthz", b""),
        "cold list": lambda number: ("GET", list_path(number), b""),
        "author": lambda number: ("GET", user_path(number), b""),
        "author's page": lambda number: (
            "GET",
            f"/user/{username(0)}?tz=Etc/GMT{'%2B' if number < 12 else '-'}{number % 12 + 1}",
            b"",
        ),
        "insert": lambda number: ("POST", list_path(0), post + b' %d"}' % number),
        "comparison": lambda number: (
            "GET",
            f"/api/v1/compare?text={quote(texts[number])}{two}",
            b"",
        ),
    }


def is_certain(counts: Sequence[int]) -> bool:
    return len(counts) == REPEATS or (len(counts) > 2 and counts.count(min(counts)) > 1)


async def count_requests(database: Path, counter: Counter) -> dict[str, int]:
    """Return the fewest calls of each request, and what an insert writes."""
    url = f"sqlite+aiosqlite:///{database}"
    folder = database.parent
    app = create_app(Config(env="testing", data_dir=folder, database_url=url, access_log=False))
    found = {}
    async with app.test_app():
        with counter.here():
            for name, made in requests().items():
                counts = list[int]()
                while not is_certain(counts):
                    await asyncio.sleep(PAUSE_S)
                    before = counter.calls
                    await ask(app, *made(len(counts)))
                    counts.append(counter.calls - before)
                found[name] = min(counts)
        statements = list[str]()
        engine = app.extensions["saywho"].db.engine.sync_engine
        event.listen(engine, "before_cursor_execute", lambda *each: statements.append(each[2]))
        log = database.with_name(f"{database.name}-wal")
        counts, sizes = list[int](), list[int]()
        while not is_certain(counts):
            await asyncio.sleep(PAUSE_S)
            statements.clear()
            size = log.stat().st_size
            await ask(app, *requests()["insert"](REPEATS + len(counts)))
            counts.append(len(statements))
            sizes.append(log.stat().st_size - size)
        found["statements of an insert"] = min(counts)
        found["bytes of an insert in the log"] = min(filter(None, sizes))
    return found


def count_import(folder: Path, counter: Counter) -> int:
    """Return the calls of a line of an import."""
    texts, calls = made_texts(), list[int]()
    for lines in LINES:
        own = folder / str(lines)
        own.mkdir()
        posts = [
            json.dumps({"username": username(number % 30), "text": f"{texts[number]} {number}"})
            for number in range(lines)
        ]
        (own / "posts.jsonl").write_text("\n".join(posts))
        before = counter.calls
        settings = {"SAYWHO_ENV": "testing", "SAYWHO_DATA_DIR": str(own)}
        with counter.here() if calls else nullcontext():
            done = CliRunner().invoke(saywho, ["import", str(own / "posts.jsonl")], env=settings)
        assert done.exit_code == 0, done.output
        calls.append(counter.calls - before)
    _, few, many = calls
    return (many - few) // (LINES[2] - LINES[1])


def count() -> dict[str, int]:
    with TemporaryDirectory() as name:
        database = copy(SHAPE, Path(name))
        counter = Counter()
        found = uvloop.run(count_requests(database, counter))
        return found | {"line of an import": count_import(Path(name), counter)}


def of_commit(commit: str) -> dict[str, int]:
    with machine.work_folder() as folder:
        root = checkout(commit, folder)
        shutil.copy(__file__, root / "benchmarks")
        done = subprocess.run(
            (sys.executable, "-m", "benchmarks.calls", "--json"),
            cwd=root,
            env=machine.environment(imports_of(root)),
            check=True,
            stdout=subprocess.PIPE,
        )
    counted: dict[str, int] = json.loads(done.stdout)
    return counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("commit", nargs="?", help="to compare with")
    parser.add_argument("--json", action="store_true", help="print the counts alone")
    arguments = parser.parse_args()
    before = of_commit(arguments.commit) if arguments.commit else {}
    counted = count()
    if arguments.json:
        print(json.dumps(counted))
        return
    print(f"{'calls':<32}{'base':>9}{'new':>9}{'limit':>9}")
    for name, limit in LIMITS.items():
        print(f"{name:<32}{before.get(name, ''):>9}{counted[name]:>9}{limit:>9}")
    if over := [name for name, limit in LIMITS.items() if counted[name] > limit]:
        sys.exit(f"over the limit: {', '.join(over)}")


if __name__ == "__main__":
    main()
