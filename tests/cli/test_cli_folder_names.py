"""Data folders whose names have signs that mean something in a URL."""

import shutil
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from app.config import Config
from app.db.sqlite.connection import database_path
from tests.browsing import missing_in
from tests.installation import Installation, lines
from tests.server import HYPERCORN, serving

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1)


@given(st.lists(NAMES.filter(lambda name: name not in {".", ".."}), min_size=1, max_size=3))
def test_the_database_is_in_the_data_folder_whatever_its_name(names: list[str]) -> None:
    config = Config(data_dir=Path("/srv", *names))
    assert database_path(config.database_url) == config.data_dir / "development.db"


@pytest.mark.parametrize("name", ["my%20chats", "50%25 off", "who? a", "100%", "a#b&c=%41+d"])
def test_all_commands_keep_to_the_data_folder(tmp_path: Path, name: str) -> None:
    site, copy = Installation(tmp_path / name), Installation(tmp_path / "copies" / name)
    posts = lines(tmp_path / "posts.jsonl", {"username": "mina", "text": "hello", "id": "1"})
    site.done("import", posts)
    site.done("backup", tmp_path / "all.tar")
    copy.done("restore", tmp_path / "all.tar")
    for each in (site, copy):
        assert each.database.stat().st_size
        assert [user["username"] for user in each.json("users")["items"]] == ["mina"]
        each.done("check")
        each.done("publish", tmp_path / "website", "-u", "mina")
    expected = {name, "copies", "posts.jsonl", "all.tar", "website"}
    assert {path.name for path in tmp_path.iterdir()} == expected


@pytest.fixture
def misled(tmp_path: Path, template: Path) -> Installation:
    """An installation whose database version 1.1 kept in another folder."""
    site = Installation(tmp_path / "my%20chats")
    site.data_dir.mkdir()
    (tmp_path / "my chats").mkdir()
    shutil.copy(template, tmp_path / "my chats" / "testing.db")
    (tmp_path / "my chats" / "testing.db.lock").touch()
    Installation(tmp_path / "my chats").done("user", "add", "mina")
    return site


def test_a_database_that_was_kept_elsewhere_is_moved(misled: Installation, tmp_path: Path) -> None:
    (misled.data_dir / "secret_key").write_text("k" * 40)
    result = misled.run("users")
    assert result.exit_code == 0, result.stderr
    assert "mina" in result.stdout
    strayed = tmp_path / "my chats" / "testing.db"
    assert f"moved the database from {strayed} to {misled.database}" in result.stderr
    assert not strayed.parent.exists()
    assert "moved" not in misled.run("users").stderr


@pytest.mark.parametrize("has_key", [True, False])
def test_a_database_that_may_be_of_another_folder_stops_the_start(
    misled: Installation, tmp_path: Path, has_key: bool
) -> None:
    (misled.data_dir / "media").mkdir(exist_ok=True)
    other = tmp_path / "my chats"
    if has_key:
        (other / "secret_key").write_text("k" * 40)
    else:
        (misled.data_dir / "media").rmdir()
    for command in (["users"], ["check"], ["backup", tmp_path / "b.tar"]):
        result = misled.run(*command)
        assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
        assert not missing_in(result.stderr, str(other / "testing.db"), str(misled.database))
    assert not misled.database.exists()
    misled.database.touch()
    assert "mina" not in misled.done("users")


BARE = (sys.executable, "-m", *HYPERCORN, "--workers", "2")
"""The app on a server of its own, without `saywho serve`."""


def test_another_server_moves_it_too(misled: Installation, tmp_path: Path) -> None:
    (misled.data_dir / "secret_key").write_text("k" * 40)
    with serving(misled, *BARE) as server:
        _, _, found = server.send("GET", "/api/v1/users")
        assert [user["username"] for user in found["items"]] == ["mina"]
        assert server.log().count("moved the database from") == 1
    assert misled.database.stat().st_size
    assert not (tmp_path / "my chats").exists()


def test_another_server_does_not_begin_an_empty_one(misled: Installation, tmp_path: Path) -> None:
    result = misled.process(*BARE, "--bind", "127.0.0.1:0")
    told = [line for line in result.stderr.splitlines() if line.startswith("saywho: ")]
    assert not missing_in(told[0], str(tmp_path / "my chats" / "testing.db"), str(misled.database))
    assert "Traceback" not in result.stderr
    assert not misled.database.exists()
