"""A data folder on a disk that has become read-only: commands that only read still answer."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.installation import Installation, lines
from tests.mounting import read_only


def reads(folder: Path) -> tuple[tuple[str | Path, ...], ...]:
    return (
        ("search", "hello"),
        ("users",),
        ("rooms",),
        ("operator", "list"),
        ("token", "list"),
        ("follow", "list"),
        ("db", "current"),
        ("check",),
        ("export",),
        ("compare", "hello there", "-u", "ann", "-u", "ben"),
        ("compare", "hello there"),
        ("publish", folder / "site", "-u", "ann", "--yes"),
        ("report", "-u", "ann", "-o", folder / "report.html"),
    )


@pytest.mark.parametrize("is_in_use", [False, True], ids=["at rest", "in use"])
def test_commands_that_read_do_not_need_to_write(
    installation: Installation, tmp_path: Path, is_in_use: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    posts = [{"username": name, "text": f"hello {n}"} for name in ("ann", "ben") for n in range(9)]
    installation.done("import", lines(tmp_path / "posts.jsonl", *posts))
    with contextlib.closing(sqlite3.connect(installation.database)) as other:
        other.execute("SELECT 1 FROM Users")
        if is_in_use:  # Its log has the newest rows.
            other.execute("UPDATE Users SET display_name = 'Benjamin' WHERE username = 'ben'")
            other.commit()
        else:
            other.close()
        with read_only(installation.data_dir):
            for command in reads(tmp_path):
                installation.done(*command)
            names = [each["display_name"] for each in installation.json("users")["items"]]
            assert ("Benjamin" in names) == is_in_use
            for command in (
                ("import", "posts.jsonl"),
                ("user", "add", "eve"),
                ("token", "add", "x", "--scope", "read"),
                ("check", "--mend"),
                ("db", "vacuum"),
            ):
                refused = installation.run(*command)
                assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1), command
