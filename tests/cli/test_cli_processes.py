"""The commands as people start them: processes with exit statuses and lines."""

import os
import pty
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archives import x_members, x_zip
from tests.chats import kakaotalk, said
from tests.installation import PROGRAM, ROOT, TIMEOUT_S, Installation, lines

QUART = PROGRAM.with_name("quart")


def test_an_argument_that_is_not_utf_8_is_a_status_and_one_line(installation: Installation) -> None:
    ended = installation.process(PROGRAM, "search", "x", "-u", b"\xff")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)


@pytest.mark.full
def test_the_commands_are_there_under_quart(installation: Installation) -> None:
    installation.process(PROGRAM, "user", "add", "미나")
    current = installation.process(QUART, "--app", "app", "db", "current")
    assert (current.returncode, current.stderr) == (0, "")
    assert current.stdout == installation.done("db", "current")
    users = installation.process(QUART, "--app", "app", "users", "--json")
    assert users.returncode == 0
    assert '"미나"' in users.stdout
    failed = installation.process(QUART, "--app", "app", "user", "add", "x/y")
    assert (failed.returncode, len(failed.stderr.splitlines())) == (2, 1)


@pytest.mark.full
def test_a_pipe_too_large_for_temporary_files_is_one_line(
    installation: Installation, tmp_path: Path
) -> None:
    installation.done("user", "add", "미나")
    archive = x_zip(tmp_path / "x.zip", x_members() | {"data/film": os.urandom(2_000_000)})
    room = installation.database.stat().st_size + 300_000
    with archive.open("rb") as file:
        ended = subprocess.run(
            [PROGRAM, "import", "-"],
            env=installation.environment(),
            stdin=file,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
        )
    assert ended.returncode == 1
    assert "cannot be copied to a temporary file: File too large" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert installation.count_posts() == 0


def test_on_a_terminal_progress_is_a_bar(installation: Installation, tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl", *({"username": "a", "text": f"hi {n}"} for n in range(10)))
    terminal, screen = pty.openpty()
    with os.fdopen(screen, "wb") as errors:
        ended = subprocess.run(
            [PROGRAM, "import", path, "--json"],
            env=installation.environment(),
            stdout=subprocess.PIPE,
            stderr=errors,
            check=False,
            timeout=TIMEOUT_S,
        )
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert ended.returncode == 0
    assert ended.stdout.startswith(b'{"accepted":10,')
    assert "#" in shown
    assert "10 new, 0 known, 0 rejected" in shown


def refused(installation: Installation, *command: str) -> str:
    """Return what a command asks on a terminal, where it is told not to do it."""
    terminal, keyboard = pty.openpty()
    os.write(terminal, b"n\n")
    with os.fdopen(keyboard, "rb") as keys:
        ended = installation.process(PROGRAM, *command, stdin=keys)
    os.close(terminal)
    assert ended.returncode == 1
    return ended.stdout


def test_on_a_terminal_a_deletion_is_asked_about(installation: Installation) -> None:
    installation.done("user", "add", "mina")
    assert "all their posts?" in refused(installation, "user", "delete", "mina")
    assert len(installation.json("users")["items"]) == 1


def test_on_a_terminal_the_deletion_of_a_chat_says_what_goes(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "chat.txt").write_bytes(kakaotalk("우리", *said(("민준", "하늘"), times=3)))
    installation.done("import", "chat.txt", "--publish")
    asked = refused(installation, "room", "delete", "1")
    assert "Delete 우리 and all 6 messages?" in asked
    assert len(installation.json("rooms")["items"]) == 1


@pytest.mark.full
def test_a_new_revision_puts_databases_behind_until_the_upgrade(
    installation: Installation, tmp_path: Path
) -> None:
    # A copy of the program, so that the revision is not written among the real ones.
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    program = (sys.executable, "-c", "from app.cli import main; main()")
    made = installation.process(*program, "db", "revision", "-m", "invented")
    assert made.returncode == 0, made.stderr
    before = installation.done("db", "current")
    late = installation.process(*program, "users")
    assert late.returncode == 1
    assert "saywho db upgrade" in late.stderr
    upgraded = installation.process(*program, "db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert upgraded.stdout.splitlines()[-1] not in {"", before.strip()}
    assert installation.process(*program, "check").stdout == "ok\n"
    assert "newer saywho" in installation.run("users").stderr
    assert installation.process(*program, "db", "downgrade").stdout.endswith(before)
    installation.done("users")
