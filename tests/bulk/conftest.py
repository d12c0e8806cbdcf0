"""Bulk jobs: files of many shapes, two databases, and commands in processes of their own."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bulk.content import QUERIES
from tests.databases import PostgresqlDatabases
from tests.installation import PROGRAM, Installation

JOB_S = 900
"""A job takes half a minute, most of it Java's, and many times that on a busy machine."""


class Site:
    """An installation on a PostgreSQL database of its own."""

    def __init__(self, databases: PostgresqlDatabases, folder: Path) -> None:
        folder.mkdir()
        self._databases, self._folder = databases, folder
        settings = {"SAYWHO_DATABASE_URL": databases.make(folder)}
        self.installation = Installation(folder, settings)

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return run(self.installation, *arguments)

    def done(self, *arguments: str | Path) -> str:
        result = self.run(*arguments)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        return self._databases.fetch(self._folder, query)

    def execute(self, statement: str) -> None:
        self._databases.execute(self._folder, statement)

    def content(self) -> dict[str, Any]:
        """Return all that the program shows of the posts, and how the tables are built."""
        rows = {name: self.fetch(query) for name, query in QUERIES.items()}
        return rows | {"export": self.done("export")}


def run(installation: Installation, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, however long it takes."""
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        env=installation.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=JOB_S,
    )


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; fail when a whole job could have ended."""
    deadline = time.monotonic() + JOB_S
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


@pytest.fixture
def make_site(postgresql: PostgresqlDatabases, tmp_path: Path) -> Iterator[Any]:
    yield lambda name: Site(postgresql, tmp_path / name)
    postgresql.drop(tmp_path)


@pytest.fixture
def archive(tmp_path: Path) -> list[Path]:
    """Files of three shapes, with all that makes a post of one depend on another."""
    return [
        _lines(tmp_path / "first.jsonl"),
        _table(tmp_path / "second.csv"),
        _mongo(tmp_path / "third.json"),
    ]


def _lines(path: Path) -> Path:
    hour = "2024-05-01T%02d:30:00Z"
    posts: list[Any] = [
        {"username": "mina", "id": "1", "text": "The ferry is late again.", "created_at": hour % 1},
        {"username": "Mina", "id": "1", "text": "changed", "url": "https://example.org/1"},
        {"username": "mina", "id": "3", "text": "still waiting", "in_reply_to_id": "2"},
        {"username": "mina", "id": "2", "text": "and again", "in_reply_to_id": "1"},
        {"username": "joon", "text": "같은 말 \\ 두 번", "created_at": hour % 3},
        {"username": "joon", "text": "같은 말 \\ 두 번", "created_at": hour % 3},
        {"username": "joon", "id": "9", "text": "a\ttab and\na line"},
        {"username": "joon", "id": "7", "text": "ring a", "in_reply_to_id": "8"},
        {"username": "joon", "id": "8", "text": "ring b", "in_reply_to_id": "7"},
        {
            "username": "joon",
            "id": "10",
            "text": "to mina",
            "in_reply_to_id": "1",
            "in_reply_to_screen_name": "MINA",
        },
        {"username": "lee", "text": "from x", "platform": "x", "author": {"name": "Lee"}},
        {"username": "lee", "text": "from bluesky", "platform": "bluesky"},
        {"username": "lee", "text": "from nowhere", "name": "Lee B"},
        {
            "username": "lee",
            "id": "m",
            "text": "a picture",
            "media": [{"kind": "photo", "alt": "'quoted' \\ 고양이"}],
        },
        {"username": "lee", "text": "other people's", "is_retweet": True},
        {"username": "lee", "text": "   "},
        {"username": "no name", "text": "bad name"},
        {"username": "lee", "text": "half \ud800 a letter"},
        {"username": "lee", "text": "undated", "created_at": "soon"},
    ]
    posts += [
        {
            "username": f"author{n % 4}",
            "id": f"p{n}",
            "text": f"post {n % 50} of the harbour, 항구 이야기 {n}",
            "created_at": f"2023-0{n % 9 + 1}-11T10:00:00Z",
        }
        for n in range(300)
    ]
    lines = [json.dumps(post) for post in posts]
    lines[5:5] = ["{broken", "", "[1]", json.dumps({"username": "mina", "text": "x" * 25_001})]
    path.write_bytes(
        "\n".join(lines).encode()
        + b"\n\xff\xfe{}\n"
        + b'{"username": "last", "text": "no end of line"}'
    )
    return path


def _table(path: Path) -> Path:
    rows = [
        "username,text,created_at",
        'joon,"같은 말 \\ 두 번",2024-05-01T03:30:00Z',
        'joon,"같은 말 \\ 두 번",2024-05-01T03:30:00Z',
        'joon,"같은 말 \\ 두 번",2024-05-01T03:30:00Z',
        "mina,The ferry is late again.,2024-05-01T01:30:00Z",
        'new,"two\nlines",',
        "too,many,fields,here",
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def _mongo(path: Path) -> Path:
    documents = [
        {
            "_id": {"$oid": f"66a000000000000000000{n:03}"},
            "username": "deng",
            "text": f"document {n}",
            "created_at": {"$date": f"2024-06-01T00:{n:02}:00Z"},
        }
        for n in range(20)
    ]
    path.write_text("\n".join(map(json.dumps, [*documents, *documents[:3]])), encoding="utf-8")
    return path
