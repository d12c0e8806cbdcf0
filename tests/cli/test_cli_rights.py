"""Files and folders that the user of a command may not read or write, or that cannot be made."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.installation import PROGRAM, Installation, bound_by_rights, lines


@pytest.fixture
def place(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which holds the data folder and a file of posts."""
    folder = installation.data_dir.parent
    lines(folder / "posts.jsonl", {"username": "ann", "text": "hello"})
    monkeypatch.chdir(folder)
    return folder


def refused(installation: Installation, *command: str | Path) -> tuple[int, str]:
    """Run a command for which rights hold, and that has to fail; return its status and its line."""
    ended = installation.process(*bound_by_rights(), PROGRAM, *command)
    assert ended.returncode, ended
    (line,) = ended.stderr.splitlines()
    return ended.returncode, line


@pytest.mark.usefixtures("place")
def test_settings_in_another_encoding_are_status_2(installation: Installation) -> None:
    installation = installation.with_settings_files()
    file = installation.data_dir / ".env"
    file.write_bytes("SAYWHO_EMBEDDER_KEY=schlüssel\n".encode("latin-1"))
    for command in (
        ("backup", "b.tar"),
        ("check",),
        ("compare", "hello"),
        ("db", "current"),
        ("demo",),
        ("embed",),
        ("export",),
        ("follow", "list"),
        ("import", "posts.jsonl"),
        ("operator", "list"),
        ("restore", "posts.jsonl"),
        ("search", "hello"),
        ("serve", "--bind", "127.0.0.1:0"),
        ("token", "list"),
        ("user", "add", "ann"),
        ("users",),
    ):
        result = installation.run(*command)
        assert (result.exit_code, result.stderr) == (2, f"saywho: the file {file} is not UTF-8\n")


@pytest.mark.full
def test_settings_that_cannot_be_read_are_status_2(installation: Installation, place: Path) -> None:
    installation = installation.with_settings_files()
    file = installation.data_dir / ".env"
    file.chmod(0o000)
    said = refused(installation, "export")
    assert said == (2, f"saywho: the file {file} cannot be read: Permission denied")
    missing = place / "missing.env"
    installation = replace(installation, settings={"SAYWHO_ENV_FILE": str(missing)})
    said = refused(installation, "export")
    assert said == (2, f"saywho: the file {missing} cannot be read: No such file or directory")


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "commands"),
    [
        ("", ("users", "db current", "db downgrade", "backup b.tar")),
        ("testing.db", ("db current",)),
    ],
)
def test_a_database_of_another_user_is_named(
    installation: Installation, place: Path, name: str, commands: tuple[str, ...]
) -> None:
    closed = installation.data_dir / name
    rights = closed.stat().st_mode
    closed.chmod(0o000)
    said = [refused(installation, *command.split()) for command in commands]
    closed.chmod(rights)
    for status, line in said:
        assert (status, str(closed) in line) == (1, True)
        assert "Permission denied" in line or "unable to open" in line
    assert not (place / "b.tar").exists()


@pytest.mark.full
def test_tables_that_cannot_be_written_are_not_migrated(installation: Installation) -> None:
    installation.database.chmod(0o400)
    status, line = refused(installation, "db", "downgrade")
    assert status == 1
    assert f"{installation.database} cannot be migrated" in line


@pytest.mark.full
def test_media_of_another_user_are_named(installation: Installation) -> None:
    media = installation.data_dir / "media"
    media.mkdir()
    (media / f"{'0' * 64}.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    for rights, command in ((0o000, ("check",)), (0o500, ("db", "vacuum"))):
        media.chmod(rights)
        status, line = refused(installation, *command)
        media.chmod(0o700)
        assert status == 1
        assert str(media) in line
        assert "cannot be read or written: Permission denied" in line


@pytest.mark.full
def test_a_backup_to_a_closed_folder_names_it(installation: Installation, place: Path) -> None:
    (place / "closed").mkdir(0o500)
    said = refused(installation, "backup", "closed/b.tar")
    assert said == (2, "saywho: closed/b.tar cannot be written: Permission denied")


def test_a_backup_whose_name_is_too_long_says_so(installation: Installation) -> None:
    name = "b" * 300
    result = installation.refused("backup", name)
    assert result == f"saywho: {name} cannot be written: File name too long\n"


@pytest.mark.full
def test_a_restore_to_a_place_that_cannot_be_made_is_status_1(
    installation: Installation, place: Path
) -> None:
    installation.done("backup", "b.tar")
    url = {"SAYWHO_DATABASE_URL": "sqlite+aiosqlite:////proc/new/x.db"}
    for other, said in (
        (Installation(Path("/proc/new/data")), "/proc/new cannot be written: No such file"),
        (Installation(place / ("n" * 300)), "nnn cannot be written: File name too long"),
        (Installation(place / "new", url), "/proc/new cannot be written: No such file"),
    ):
        result = other.run("restore", "b.tar")
        assert result.exit_code == 1
        assert said in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert list((place / "new").iterdir()) == []
    (place / "closed").mkdir(0o500)
    status, line = refused(Installation(place / "closed" / "new"), "restore", place / "b.tar")
    assert (status, "closed/new cannot be written: Permission denied" in line) == (1, True)


@pytest.mark.full
def test_a_server_whose_key_cannot_be_read_does_not_start(installation: Installation) -> None:
    (installation.data_dir / "secret_key").touch(0o000)
    status, line = refused(installation, "serve", "--bind", "127.0.0.1:0")
    assert status == 1
    assert "secret_key cannot be created or read: [Errno 13] Permission denied" in line
