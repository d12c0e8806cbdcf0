"""`saywho db …`: migrations there and back, and a vacuum."""

import sqlite3
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from app.db.migrate import alembic_config
from app.db.sqlite import backend
from tests.installation import Installation, lines

REVISIONS = [
    script.revision
    for script in ScriptDirectory.from_config(alembic_config("")).walk_revisions("base", "heads")
]
"""The newest first."""
HEAD = REVISIONS[0]


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation without a data folder."""
    monkeypatch.chdir(tmp_path)
    return Installation(tmp_path / "instance")


def test_there_is_no_revision_before_the_first_command(fresh: Installation) -> None:
    assert fresh.done("db", "current") == "no revision yet\n"
    assert fresh.json("db", "current") == {"revision": None}
    assert not fresh.data_dir.exists()


def test_an_upgrade_makes_a_database_that_is_current(fresh: Installation) -> None:
    assert fresh.done("db", "upgrade") == f"{HEAD}\n"
    assert fresh.json("db", "upgrade") == {"revision": HEAD}
    assert fresh.json("db", "current") == {"revision": HEAD}
    assert fresh.done("check") == "ok\n"


def test_commands_make_the_tables_of_a_fresh_database(fresh: Installation) -> None:
    assert fresh.json("users")["items"] == []
    assert fresh.done("db", "current") == f"{HEAD}\n"


def test_a_downgrade_goes_back_by_one_and_an_upgrade_forward_again(
    installation: Installation, tmp_path: Path
) -> None:
    installation.done("import", lines(tmp_path / "p.jsonl", {"username": "a", "text": "kept"}))
    before = [*REVISIONS[1:], None][0]
    assert installation.json("db", "downgrade") == {"revision": before}
    assert installation.json("db", "upgrade") == {"revision": HEAD}
    if before is not None:
        assert installation.json("search", "kept")["items"][0]["username"] == "a"
    assert installation.done("check") == "ok\n"


def test_all_the_way_down_and_up_again_all_that_is_derived_agrees(
    installation: Installation, tmp_path: Path
) -> None:
    records = [{"username": "a", "text": f"number {n} of the kept"} for n in range(30)]
    installation.done("import", lines(tmp_path / "p.jsonl", *records))
    installation.done("db", "downgrade", REVISIONS[-1])
    installation.done("db", "upgrade")
    assert installation.done("check") == "ok\n"
    found = installation.json("search", "kept", "--limit", "200")["items"]
    assert sorted(hit["id"] for hit in found) == list(range(1, 31))


@pytest.mark.parametrize("revision", REVISIONS[1:])
def test_a_database_that_is_behind_is_not_used_before_an_upgrade(
    fresh: Installation, revision: str
) -> None:
    assert fresh.json("db", "upgrade", revision) == {"revision": revision}
    for command in (("users",), ("demo",), ("check",), ("db", "vacuum")):
        result = fresh.run(*command)
        assert result.exit_code == 1
        assert "saywho db upgrade" in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert fresh.json("db", "current") == {"revision": revision}
    for newer in REVISIONS[: REVISIONS.index(revision)][::-1]:
        assert fresh.json("db", "upgrade", newer) == {"revision": newer}
    assert fresh.done("check") == "ok\n"


@pytest.mark.parametrize(
    "command",
    [("users",), ("db", "upgrade"), ("db", "upgrade", "0003"), ("db", "downgrade"), ("serve",)],
)
def test_a_database_of_a_newer_program_is_left_alone(
    installation: Installation, command: tuple[str, ...]
) -> None:
    connection = sqlite3.connect(installation.database)
    with connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffff'")
    connection.close()
    result = installation.run(*command)
    assert result.exit_code == 1
    assert "newer saywho" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_an_unknown_revision_is_status_2(installation: Installation) -> None:
    for command in ("upgrade", "downgrade"):
        result = installation.run("db", command, "nonsense")
        assert result.exit_code == 2
        assert "nonsense" in result.stderr


def test_a_downgrade_of_nothing_is_status_2(fresh: Installation) -> None:
    result = fresh.run("db", "downgrade")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_a_revision_needs_a_message(installation: Installation) -> None:
    assert installation.run("db", "revision").exit_code == 2


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
