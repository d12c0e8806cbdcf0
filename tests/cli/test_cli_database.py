"""`saywho db …`: migrations there and back, and a vacuum."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.db.migrate import head_revision
from app.db.sqlite import backend
from tests.installation import Installation, lines

HEAD = head_revision()


def test_a_downgrade_from_the_first_revision_is_refused(installation: Installation) -> None:
    installation.done("db", "upgrade")
    while installation.json("db", "current") != {"revision": "0024"}:
        installation.done("db", "downgrade")
    result = installation.run("db", "downgrade")
    assert result.exit_code == 2
    assert result.stderr == "saywho: 0024 is the first revision; there is none before it\n"
    assert installation.json("db", "current") == {"revision": "0024"}
    installation.done("db", "upgrade")
    assert installation.json("db", "current") == {"revision": HEAD}
    assert installation.done("check") == "ok\n"


def test_a_damaged_database_is_one_line(installation: Installation, tmp_path: Path) -> None:
    records = [{"username": "a", "text": f"number {n}", "id": str(n)} for n in range(50)]
    installation.done("import", lines(tmp_path / "p.jsonl", *records))
    with closing(sqlite3.connect(installation.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'Users'"
        (page,) = connection.execute(query).fetchone()
    with installation.database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    for command in (("users",), ("check",), ("db", "vacuum"), ("backup", tmp_path / "b.tar")):
        result = installation.run(*command)
        assert result.exit_code == 1, command
        assert len(result.stderr.splitlines()) == 1
        assert "damaged" in result.output or "malformed" in result.stderr


def test_a_vacuum_keeps_the_posts_and_their_search(
    installation: Installation, tmp_path: Path
) -> None:
    records = [{"username": "a", "text": f"number {n}", "id": str(n)} for n in range(50)]
    installation.done("import", lines(tmp_path / "p.jsonl", *records))
    before = installation.json("search", "number", "--limit", "200")
    assert installation.json("db", "vacuum") == {"vacuumed": True}
    assert installation.json("search", "number", "--limit", "200") == before


def test_a_vacuum_beside_a_reader_says_that_the_database_is_in_use(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "COMPACT_WAIT_S", 0.1)
    installation.done("import", lines(tmp_path / "p.jsonl", {"username": "a", "text": "hi"}))
    reader = sqlite3.connect(installation.database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute('SELECT count(*) FROM "Tweet"').fetchone()
    result = installation.run("db", "vacuum")
    reader.execute("ROLLBACK")
    reader.close()
    assert result.exit_code == 1
    assert "in use" in result.stderr
    installation.done("db", "vacuum")
