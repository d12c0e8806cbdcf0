"""Commands without `SAYWHO_DATA_DIR`: whose `instance` they find in the current folder."""

import asyncio
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app import create_app
from tests.installation import PROGRAM, ROOT, Installation, lines

QUESTION = "Do you know it, and want to use it?"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation in the current folder that no setting names, as its user made it."""
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path / "own")
    settings = {"SAYWHO_DATA_DIR": "", "XDG_STATE_HOME": str(tmp_path / "state")}
    own = Installation(tmp_path / "own" / "instance", settings)
    lines(tmp_path / "posts.jsonl", {"username": "mina", "text": "the lamp is lit"})
    own.done("import", tmp_path / "posts.jsonl")
    own.done("operator", "add", "boss", "--password-stdin", stdin="a long password\n")
    return own


@pytest.fixture
def unpacked(own: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A copy of it with its mark in another folder, as a stranger may hand it back."""
    shutil.copytree(own.data_dir, tmp_path / "unpacked" / "instance")
    monkeypatch.chdir(tmp_path / "unpacked")
    return replace(own, data_dir=tmp_path / "unpacked" / "instance")


def test_the_folder_is_named_on_standard_error(own: Installation) -> None:
    result = own.run("users", "--json")
    assert result.exit_code == 0
    assert result.stderr == f"saywho: the data folder is {own.data_dir}\n"
    own.settings["SAYWHO_DATA_DIR"] = "instance"
    assert own.run("users", "--json").stderr == ""


def test_an_unknown_folder_is_refused_with_the_line_to_set(unpacked: Installation) -> None:
    before = unpacked.files()
    for command in (("users",), ("check",), ("backup", "b.tar"), ("db", "upgrade"), ("serve",)):
        result = unpacked.run(*command)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        assert "set SAYWHO_DATA_DIR to your own folder" in result.stderr
        assert result.stderr.endswith(f": SAYWHO_DATA_DIR={unpacked.data_dir}\n")
    assert unpacked.files() == before
    unpacked.settings["SAYWHO_DATA_DIR"] = str(unpacked.data_dir)
    assert unpacked.json("users")["items"][0]["username"] == "mina"


@pytest.mark.full
def test_a_terminal_is_asked_once_about_an_unknown_folder(unpacked: Installation) -> None:
    with closing(sqlite3.connect(unpacked.database)) as connection, connection:
        connection.execute("UPDATE \"Operator\" SET name = 'bo\x1b[2Jss'")
    before = unpacked.files()
    asked = unpacked.on_terminal("no", "users")
    assert (asked.returncode, asked.stdout) == (2, "")
    assert f"folder: {unpacked.data_dir}" in asked.stderr
    assert "accounts: bo\ufffd[2Jss" in asked.stderr
    assert "mina: the lamp is lit" in asked.stderr
    assert QUESTION in asked.stderr
    assert unpacked.files() == before

    agreed = unpacked.on_terminal("yes", "users")
    assert (agreed.returncode, QUESTION in agreed.stderr) == (0, True)
    again = unpacked.on_terminal("no", "users")
    assert (again.returncode, QUESTION in again.stderr) == (0, False)
    unpacked.done("users")


@pytest.mark.parametrize("content", ["secret_key", "development.db"])
def test_any_file_makes_a_folder_unknown(own: Installation, content: str) -> None:
    shutil.rmtree(own.data_dir)
    own.data_dir.mkdir()
    own.done("users")  # An empty folder is nobody's.
    shutil.rmtree(own.data_dir)
    own.data_dir.mkdir()
    (own.data_dir / content).write_text("k" * 40)
    assert own.run("users").exit_code == 2


def test_a_backup_is_restored_into_the_folder(own: Installation, tmp_path: Path) -> None:
    own.done("backup", tmp_path / "b.tar")
    shutil.rmtree(own.data_dir)
    own.done("restore", tmp_path / "b.tar")
    assert own.json("users")["items"][0]["username"] == "mina"


def test_a_home_that_cannot_be_written_is_reported(own: Installation) -> None:
    own.settings["XDG_STATE_HOME"] = "/proc/nowhere"
    shutil.rmtree(own.data_dir)
    result = own.run("users")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert f"set SAYWHO_DATA_DIR={own.data_dir}" in result.stderr


@pytest.mark.full
async def test_commands_that_start_together_know_their_folder(own: Installation) -> None:
    shutil.rmtree(own.data_dir)
    runs = [asyncio.to_thread(own.process, PROGRAM, "users") for _ in range(2)]
    assert [(done.returncode, done.stdout) for done in await asyncio.gather(*runs)] == [(0, "")] * 2


async def test_an_app_of_the_environment_refuses_an_unknown_folder(
    unpacked: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in unpacked.environment().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BaseException, match="may be someone else's data folder"):
        async with create_app().test_app():
            pass
    monkeypatch.setenv("SAYWHO_DATA_DIR", str(unpacked.data_dir))
    async with create_app().test_app():
        pass


def test_a_checkout_uses_its_own_folder_without_a_mark(unpacked: Installation) -> None:
    (unpacked.data_dir / ".mark").unlink()  # As version 1.0.0 made it.
    checkout = unpacked.data_dir.parent
    shutil.copytree(ROOT / "app", checkout / "app", ignore=shutil.ignore_patterns("__pycache__"))
    done = unpacked.process(*(sys.executable, "-c", "from app.cli import main; main()"), "users")
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"saywho: the data folder is {unpacked.data_dir}\n"
