"""`saywho restore` of backups by strangers, and after an interruption."""

import tempfile
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from tests.archives import picture, x_media, x_media_members, x_zip
from tests.installation import Installation, lines
from tests.trust.restores import ADDED, ADDITIONS, REFUSED, STEPS, change, changed_backup, killed_at


@pytest.fixture(scope="module")
def original(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation with posts, a picture and all kinds of access, with backups beside it."""
    installation = Installation.made(tmp_path_factory.mktemp("original") / "instance", template)
    folder = installation.data_dir.parent
    records = [{"username": "mina", "text": f"number {n}", "id": str(n)} for n in range(30)]
    installation.done("import", lines(folder / "posts.jsonl", *records))
    media = x_media_members({1: [x_media("https://p.example/1.png")]}, {"1-1.png": picture(0)})
    installation.done("import", x_zip(folder / "1.zip", media), "--username", "jun")
    installation.done("backup", folder / "without.tar")
    installation.done("operator", "add", "boss", "--password-stdin", stdin="a long password\n")
    installation.done("operator", "add", "second")
    installation.done("token", "add", "ci", "--scope", "admin")
    (installation.data_dir / "secret_key").write_text("k" * 40)
    installation.done("backup", folder / "with.tar", "--with-secrets")
    return installation


@pytest.fixture
def with_secrets(original: Installation) -> Path:
    return original.data_dir.parent / "with.tar"


@pytest.fixture
def other(tmp_path: Path) -> Installation:
    """A place to restore to."""
    return Installation(tmp_path / "other")


@pytest.mark.parametrize(("statements", "words"), REFUSED.values(), ids=REFUSED)
def test_a_backup_whose_tables_a_stranger_changed_is_refused(
    original: Installation, other: Installation, tmp_path: Path, statements: str, words: str
) -> None:
    result = other.run("restore", changed_backup(original, tmp_path, statements))
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1), result.output
    assert result.stderr.startswith("saywho: the backup's database ")
    assert words in result.stderr
    assert other.files() == {}


@pytest.mark.parametrize(
    "command", [("users",), ("db", "upgrade"), ("backup", "b.tar"), ("check",)]
)
def test_a_foreign_trigger_stops_the_start(
    installation: Installation, command: tuple[str, ...]
) -> None:
    change(installation.database, REFUSED["a trigger that keeps tokens"][0])
    result = installation.run(*command)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert f"{installation.database} has a foreign trigger 'spy' on 'Token'" in result.stderr


def test_harmless_additions_are_restored_and_reported(
    original: Installation, other: Installation, tmp_path: Path
) -> None:
    other.done("restore", changed_backup(original, tmp_path, ADDITIONS))
    result = other.run("check")
    assert (result.exit_code, result.stdout) == (0, "ok\n")
    for added in ADDED:
        assert (
            f"warning: the database has the {added}, which saywho did not create" in result.stderr
        )
    other.done("user", "add", "later")


def test_a_restore_names_the_access_that_comes_along(
    with_secrets: Path, other: Installation, tmp_path: Path
) -> None:
    assert other.done("restore", with_secrets).splitlines()[1:] == [
        "came with the backup: accounts boss (operator); tokens ci (admin);"
        " open invitations and set-up links: 1"
    ]
    third = Installation(tmp_path / "third")
    restored = third.json("restore", with_secrets.with_name("without.tar"))
    assert [restored[each] for each in ("accounts", "tokens", "invitations")] == [[], [], 0]
    fourth = Installation(tmp_path / "fourth")
    said = fourth.done("restore", with_secrets.with_name("without.tar")).splitlines()
    assert said[1:] == ["came with the backup: no accounts and no tokens"]


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A folder on another disk than the data folder, where the tests run in memory."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        yield Path(name)


def on_disk(folder: Path, data_dir: Path) -> Installation:
    """Return an installation whose database is in another folder than its data."""
    url = f"sqlite+aiosqlite:///{folder / data_dir.name}.db"
    return Installation(data_dir, {"SAYWHO_DATABASE_URL": url})


@pytest.mark.full
def test_a_restore_that_was_killed_is_finished(
    original: Installation, with_secrets: Path, tmp_path: Path, elsewhere: Path
) -> None:
    expected = original.done("export"), original.json("token", "list")
    refused = 0
    for number in count(1):
        other = on_disk(elsewhere, tmp_path / str(number))
        staging = other.data_dir / ".restore"
        if not killed_at(number, STEPS, partial(other.run, "restore", with_secrets)):
            break
        if staging.exists() and any(staging.iterdir()):
            refused += 1
            result = other.run("users")
            assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
            assert "finish it with the same backup: saywho restore FILE" in result.stderr
        if refused or not staging.exists():
            other.run("restore", with_secrets)
        assert (other.done("export"), other.json("token", "list")) == expected
        assert other.done("check") == "ok\n"
        assert {path.name for path in other.data_dir.iterdir()} == {"media", "secret_key"}
    assert refused > 6


@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        pytest.param(("db", "vacuum"), marks=pytest.mark.full),
        pytest.param(("backup", "b.tar"), marks=pytest.mark.full),
        pytest.param(("db", "upgrade"), marks=pytest.mark.full),
    ],
)
def test_no_command_runs_before_a_restore_is_finished(
    with_secrets: Path, tmp_path: Path, elsewhere: Path, command: tuple[str, ...]
) -> None:
    other = interrupted(with_secrets, tmp_path, elsewhere)
    before = other.files()
    result = other.run(*command)
    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 1)
    assert "was interrupted" in result.stderr
    assert other.files() == before


def test_another_backup_does_not_finish_a_restore(
    with_secrets: Path, tmp_path: Path, elsewhere: Path
) -> None:
    other = interrupted(with_secrets, tmp_path, elsewhere)
    before = other.files()
    result = other.run("restore", with_secrets.with_name("without.tar"))
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "the restore of another backup" in result.stderr
    assert other.files() == before
    other.done("restore", with_secrets)
    assert other.done("check") == "ok\n"


def interrupted(backup: Path, folder: Path, elsewhere: Path) -> Installation:
    """Return an installation whose restore was killed between its moves."""
    for number in count(1):
        other = on_disk(elsewhere, folder / str(number))
        assert killed_at(number, STEPS, partial(other.run, "restore", backup))
        if (other.data_dir / "secret_key").exists():
            return other
    raise AssertionError
