"""Commands in a folder that someone else has filled: its modules and settings do not count."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app import cli
from tests.foreign_folder import ForeignFolder
from tests.installation import PROGRAM, Installation

COMMANDS: dict[str, tuple[str, ...]] = {
    "backup": ("b.tar",),
    "check": (),
    "compare": ("hello",),
    "completion": ("bash",),
    "db": ("current",),
    "demo": (),
    "embed": (),
    "export": (),
    "follow": ("list",),
    "import": ("posts.jsonl",),
    "mcp": ("--allow",),
    "operator": ("add", "mina"),
    "publish": ("website", "-u", "mina", "--yes"),
    "report": ("--room", "1", "-o", "chat.html"),
    "restore": ("posts.jsonl",),
    "room": ("delete", "1", "--yes"),
    "rooms": (),
    "search": ("hello",),
    "serve": ("--bind", "unix:/nowhere/socket"),
    "shell": (),
    "spark": ("fit", "posts.jsonl", "-o", "a.model"),
    "token": ("list",),
    "user": ("add", "ann"),
    "users": (),
}
FAILING = {*("compare", "publish", "report", "restore", "room", "serve", "spark")}
"""Commands without what they need; the server's own tests start it in such a folder."""


@pytest.fixture
def installation(installation: Installation) -> Installation:
    return installation.with_settings_files()


@pytest.fixture
def folder(installation: Installation) -> ForeignFolder:
    return ForeignFolder.filled(installation.data_dir.parent)


def test_each_command_is_tried_here() -> None:
    assert COMMANDS.keys() == cli.COMMANDS.keys() - {"read"}  # It uses no site, and no settings.


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "import" else pytest.mark.full)
        for name in sorted(COMMANDS)
    ],
)
def test_a_command_runs_no_module_and_reads_no_settings_of_the_folder(
    installation: Installation, folder: ForeignFolder, name: str
) -> None:
    ended = installation.process(PROGRAM, name, *COMMANDS[name])
    assert (ended.returncode == 0) == (name not in FAILING), ended
    assert "Traceback" not in ended.stderr
    assert installation.count_posts() == {"import": 1, "demo": 480}.get(name, 0)
    folder.assert_ignored(ended.stderr)


@pytest.mark.full
def test_settings_of_the_folder_count_once_they_are_named(
    installation: Installation, folder: ForeignFolder
) -> None:
    named = replace(installation, settings={"SAYWHO_ENV_FILE": ".env"})
    ended = named.process(PROGRAM, "import", "posts.jsonl")
    assert (ended.returncode, folder.note in ended.stderr) == (0, False)
    assert (folder.path / "foreign.db").exists()
    assert installation.count_posts() == 0


@pytest.mark.full
def test_quart_does_not_run_a_command_by_settings_of_a_folder(installation: Installation) -> None:
    settings = installation.data_dir.parent / ".env"
    settings.write_text("SAYWHO_LOCALE=ko\n")
    quart = (sys.executable, "-P", "-m", "quart", "--app", "app", "users")
    refused = installation.process(*quart)
    assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1)
    assert f"settings from {settings}, which do not count" in refused.stderr
    without = replace(installation, settings=installation.settings | {"QUART_SKIP_DOTENV": "1"})
    ended = without.process(*quart)
    assert (ended.returncode, "is not read" in ended.stderr) == (0, True)


def test_settings_of_the_data_folder_count_in_every_folder(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (installation.data_dir / ".env").write_text("SAYWHO_DATABASE_URL=sqlite+aiosqlite:///own.db\n")
    assert installation.run("user", "add", "ann").exit_code == 0
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert _users(installation, elsewhere) == "ann"
    assert (installation.data_dir / "own.db").exists()
    assert list(elsewhere.iterdir()) == []


def _users(installation: Installation, folder: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return str(installation.json("users")["items"][0]["username"])
