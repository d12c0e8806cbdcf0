"""A database of the last revision before the first one is taken over with all its data."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from app.db.sqlite.indexes import register
from app.formats.records import ReadOptions
from tests.archives import picture, tar
from tests.cli.test_cli_backup import assert_refused
from tests.databases import Databases
from tests.installation import Installation

OLD = Path(__file__).with_name("revision_0023")
"""What the version before made: authors, a deleted post and author, an upload, a source, a
token, an operator, a model card, vectors and media."""
TOKEN_NAME = "script"
COLUMNS = """
    SELECT m.name || '.' || c.name, upper(c.type), c."notnull", c.dflt_value, c.pk
    FROM sqlite_master AS m, pragma_table_info(m.name) AS c WHERE m.type = 'table'
"""
OTHERS = """
    SELECT type || ' ' || name, sql FROM sqlite_master
    WHERE type <> 'table' OR sql LIKE 'CREATE VIRTUAL%'
"""
KEYS = """
    SELECT m.name, k."from", k."table", k."to", k.on_delete
    FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS k WHERE m.type = 'table'
"""
POSTGRESQL = (
    """
    SELECT table_name || '.' || column_name, data_type, character_maximum_length, collation_name,
        is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0"
    " AND connamespace = 'public'::regnamespace",
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "SELECT sequencename, data_type::text FROM pg_sequences WHERE schemaname = 'public'",
)


@pytest.fixture
def old(databases: Databases, tmp_path: Path) -> Iterator[Installation]:
    """An installation that the version of before has left."""
    folder = tmp_path / "instance"
    (folder / "media").mkdir(parents=True)
    (folder / "media" / f"{sha256(picture(0)).hexdigest()}.png").write_bytes(picture(0))
    made = Installation(folder, {"SAYWHO_DATABASE_URL": databases.make_bare(folder)})
    if databases.kind == "postgresql":
        databases.execute(folder, (OLD / "postgresql.sql").read_text())
    else:
        build(made.database)
    yield made
    databases.drop(folder)


def build(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        register(connection)
        connection.executescript((OLD / "sqlite.sql").read_text())


def schema(databases: Databases, folder: Path) -> set[tuple[object, ...]]:
    """Return all that a database consists of, without the order of columns and blanks."""
    queries = POSTGRESQL if databases.kind == "postgresql" else (COLUMNS, OTHERS, KEYS)
    return {
        tuple(" ".join(each.split()) if isinstance(each, str) else each for each in row)
        for query in queries
        for row in databases.fetch(folder, query)
    }


def assert_whole(installation: Installation) -> None:
    assert installation.done("check") == "ok\n"
    exported = [json.loads(line) for line in installation.done("export").splitlines()]
    assert len(exported) == 14
    texts = {each["text"] for each in exported}
    assert {"the ferry leaves at dawn", "by upload", "answered once", ""} <= texts
    assert "a lamp in the harbour" not in texts  # It was deleted.
    (boat,) = (each for each in exported if each["source_id"] == "77")
    assert (boat["media"][0]["alt"], boat["counts"]["likes"]) == ("a red boat", 3)
    reply = next(each for each in exported if each["source_id"] == "4")
    assert reply["reply_to"]["source_id"] == "2"
    assert [each["username"] for each in installation.json("users")["items"]] == [
        *("ann", "ben", "bo", "mina")
    ]
    assert installation.json("follow", "list")["items"][0]["source"].startswith("rss:")
    found = installation.json("search", "boat")["items"]
    assert [each["source_id"] for each in found] == ["77"]


def test_it_has_the_schema_of_a_fresh_database_and_all_data(
    old: Installation, databases: Databases, tmp_path: Path
) -> None:
    before = databases.fetch(old.data_dir, 'SELECT id, text FROM "Tweet" ORDER BY id')
    vectors = databases.fetch(old.data_dir, 'SELECT count(*) FROM "Embedding"')
    databases.execute(old.data_dir, "UPDATE \"ImportJob\" SET username = 'bo', with_media = false")
    folder = tmp_path / "fresh"
    fresh = Installation(folder, {"SAYWHO_DATABASE_URL": databases.make_bare(folder)})
    revision = fresh.done("db", "upgrade")
    assert old.run("users").exit_code == 1  # Not without being told.
    assert old.done("db", "upgrade") == revision
    assert schema(databases, old.data_dir) == schema(databases, fresh.data_dir)
    assert databases.fetch(old.data_dir, 'SELECT id, text FROM "Tweet" ORDER BY id') == before
    assert databases.fetch(old.data_dir, 'SELECT count(*) FROM "Embedding"') == vectors
    assert [each["name"] for each in old.json("token", "list")["items"]] == [TOKEN_NAME]
    assert databases.fetch(old.data_dir, 'SELECT name FROM "Operator"') == [("op",)]
    (job,) = databases.fetch(old.data_dir, 'SELECT state, accepted, options FROM "ImportJob"')
    assert job[:2] == ("done", 1)
    options = msgspec.json.decode(job[2], type=ReadOptions)
    assert options == ReadOptions("bo", with_media=False)
    assert_whole(old)
    # It goes on with ids that nothing ever had.
    old.done("user", "add", "next")
    (ids,) = databases.fetch(old.data_dir, 'SELECT max(id), count(*) FROM "Users"')
    assert ids == (6, 5)


def test_it_is_taken_over_wholly_or_not_at_all(old: Installation, databases: Databases) -> None:
    databases.execute(old.data_dir, 'ALTER TABLE "VectorSet" RENAME TO "Away"')
    before = schema(databases, old.data_dir)
    assert old.run("db", "upgrade").exit_code == 1
    assert schema(databases, old.data_dir) == before
    assert old.json("db", "current") == {"revision": "0023_since_0022"}


@pytest.mark.databases("sqlite")
def test_it_is_taken_over_out_of_a_backup(databases: Databases, tmp_path: Path) -> None:
    build(tmp_path / "old.db")
    members = {
        f"media/{sha256(picture(0)).hexdigest()}.png": picture(0),
        "database.db": (tmp_path / "old.db").read_bytes(),
    }
    files = [
        {"name": name, "sha256": sha256(content).hexdigest()} for name, content in members.items()
    ]
    members["manifest.json"] = json.dumps({"layout": 2, "files": files}).encode()
    tar(tmp_path / "whole.tar", members, is_packed=False)
    tar(tmp_path / "part.tar", dict(list(members.items())[1:]), is_packed=False)
    restored = Installation(tmp_path / "instance")
    assert "is not as it was" in assert_refused(restored, tmp_path / "part.tar")
    restored.done("restore", tmp_path / "whole.tar")
    assert_whole(restored)
