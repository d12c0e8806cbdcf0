"""A whole database copied to PostgreSQL and back: nothing is lost, and nothing is half done."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.databases import Databases, PostgresqlDatabases
from tests.installation import Installation, lines

pytestmark = pytest.mark.databases("postgresql")

VECTOR = np.linspace(-1, 1, 8).astype("<f2").tobytes()
RECORDS = [
    {
        "username": f"author{n % 3}",
        "text": f"post {n} of the sea 등대 🌊",
        "created_at": None if n % 7 == 0 else f"2024-05-{n % 28 + 1:02}",
        "source_id": str(n),
        "reply_to": {"source_id": str(n - 3)} if n % 5 == 0 else None,
        "media": [{"kind": "photo", "source_url": f"https://a.example/{n}.png"}] if n % 4 else [],
        "counts": {"likes": n, "reposts": 0, "replies": None, "quotes": None, "as_of": None},
    }
    for n in range(700)
]


def execute(installation: Installation, *statements: str) -> None:
    with closing(sqlite3.connect(installation.database)) as connection, connection:
        for statement in statements:
            connection.execute(statement, (VECTOR,) * statement.count("?"))


@pytest.fixture
def filled(installation: Installation, tmp_path: Path) -> Installation:
    """Posts of all kinds, vectors, a token, an operator, and ids of what was deleted."""
    installation.done("import", lines(tmp_path / "posts.jsonl", *RECORDS))
    installation.done("user", "add", "leaver")
    installation.done("user", "delete", "leaver", "--yes")
    installation.done("token", "add", "reader", "--scope", "read")
    installation.done("operator", "add", "op", "--password-stdin", stdin="a long pass phrase\n")
    execute(
        installation,
        'INSERT INTO "VectorSet" (id, model, dimension, embedded_to, is_complete, began_to)'
        " SELECT 1, 'm', 8, max(id), 1, max(id) FROM \"Tweet\"",
        'INSERT INTO "Embedding" (tweet_id, set_id, vector) SELECT id, 1, ? FROM "Tweet"',
    )
    assert installation.json("check") == {"ok": True, "faults": []}
    return installation


@pytest.fixture
def empty(databases: Databases, tmp_path: Path) -> Iterator[Installation]:
    """An installation on a PostgreSQL database without tables."""
    assert isinstance(databases, PostgresqlDatabases)
    folder = tmp_path / "there"
    yield Installation(folder, {"SAYWHO_DATABASE_URL": databases.make_bare(folder)})
    databases.drop(tmp_path)


def url_of(installation: Installation) -> str:
    file = f"sqlite+aiosqlite:///{installation.database}"
    return installation.settings.get("SAYWHO_DATABASE_URL", file)


def test_there_and_back_is_the_same(
    filled: Installation, empty: Installation, tmp_path: Path
) -> None:
    back = Installation(tmp_path / "back")
    there = filled.json("db", "copy", url_of(empty))["tables"]
    assert there == empty.json("db", "copy", url_of(back))["tables"]
    assert there["Tweet"]["rows"] == there["Embedding"]["rows"] == 700
    assert min(there[name]["rows"] for name in ("Token", "Operator", "Profile", "Event")) > 0
    export = filled.done("export")
    assert export.count("\n") == 700
    for copy in (empty, back):
        assert copy.done("export") == export
        assert copy.json("check") == {"ok": True, "faults": []}
        assert copy.json("search", "등대", "--limit", "5") == filled.json(
            "search", "등대", "--limit", "5"
        )
    # The newest author was deleted: nobody else gets the id.
    ids = [each.json("user", "add", "zoe")["id"] for each in (filled, empty, back)]
    assert len(set(ids)) == 1
    assert {each.json("token", "add", "t", "--scope", "read")["id"] for each in (empty, back)} == {
        2
    }


def test_a_copy_that_is_refused_leaves_the_target_empty(
    filled: Installation, empty: Installation, tmp_path: Path
) -> None:
    for change, reason in (
        ("platform = 'longer than it may be'", "the target refused a row"),
        ("platform = 'x', display_name = 'a' || char(0)", "Users did not arrive as it was"),
    ):
        execute(filled, f'UPDATE "Users" SET {change}')  # noqa: S608
        refused = filled.run("db", "copy", url_of(empty))
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
        assert reason in refused.stderr
        assert empty.json("users")["items"] == []
    execute(filled, 'UPDATE "Users" SET display_name = NULL')
    filled.done("db", "copy", url_of(empty))
    again = filled.run("db", "copy", url_of(empty))
    assert again.exit_code == 2
    assert again.stderr.startswith("saywho: the target is not empty: ")
    behind = Installation(tmp_path / "behind")
    behind.done("db", "upgrade", "0014")
    for source, target in ((filled, behind), (behind, filled)):
        result = source.run("db", "copy", url_of(target))
        assert result.exit_code == 2
        assert "run saywho db upgrade" in result.stderr


@pytest.mark.parametrize(
    ("url", "status", "reason"),
    [
        ("postgresql+asyncpg://nobody@127.0.0.1:1/posts", 1, "cannot be reached"),
        ("mysql://a/b", 2, "must begin with sqlite"),
        ("sqlite+aiosqlite:////proc/none/posts.db", 1, "cannot be made"),
    ],
)
def test_a_target_that_cannot_be_is_named(
    installation: Installation, url: str, status: int, reason: str
) -> None:
    result = installation.run("db", "copy", url)
    assert (result.exit_code, result.stderr.count("\n")) == (status, 1)
    assert reason in result.stderr
    assert "Traceback" not in result.output


def test_without_a_database_there_is_nothing_to_copy(tmp_path: Path) -> None:
    nothing = Installation(tmp_path / "nothing")
    result = nothing.run("db", "copy", f"sqlite+aiosqlite:///{tmp_path}/other.db")
    assert result.exit_code == 2
    assert not nothing.data_dir.exists()
