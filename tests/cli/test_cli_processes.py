"""The commands as people start them: processes with exit statuses and lines."""

import asyncio
import contextlib
import json
import os
import pty
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config import Config
from app.db.engine import Database
from app.errors import ConflictError
from app.models import Tweet
from app.runtime.processes import stood_still
from app.services.deletion import delete_room
from app.services.imports.storing_batch import BATCH
from app.services.imports.undo import request_undo
from tests.archives import x_members, x_zip
from tests.chats import kakaotalk, said, telegram
from tests.house import sources
from tests.installation import PROGRAM, ROOT, TIMEOUT_S, Installation, lines
from tests.never_ending import AT_ONCE, LATER, plant
from tests.selection import first_of
from tests.server import children_of
from tests.waiting import eventually

QUART = PROGRAM.with_name("quart")


@pytest.mark.full
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
    ended = installation.on_terminal("n", *command)
    assert ended.returncode == 1
    return ended.stdout


def test_on_a_terminal_a_deletion_is_asked_about(installation: Installation) -> None:
    installation.done("user", "add", "mina")
    assert "all their posts?" in refused(installation, "user", "delete", "mina")
    assert len(installation.json("users")["items"]) == 1


@pytest.mark.full
def test_on_a_terminal_the_deletion_of_a_chat_says_what_goes(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "chat.txt").write_bytes(kakaotalk("우리", *said(("민준", "하늘"), times=3)))
    installation.done("import", "chat.txt", "--publish")
    assert "Delete 우리 and all 6 messages?" in refused(installation, "room", "delete", "1")
    assert len(installation.json("rooms")["items"]) == 1


@pytest.mark.full
def test_a_new_revision_puts_databases_behind_until_the_upgrade(
    installation: Installation, tmp_path: Path
) -> None:
    # A copy of the program, so that the revision is not written among the real ones.
    for package in ("app", "saywho"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
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


POSTS = 6 * BATCH

ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="what is open is told by Linux's /proc"
)


@contextlib.contextmanager
def importing(installation: Installation, *arguments: str | Path) -> Iterator[Any]:
    """Start an import whose standard input is silent."""
    process: Any = subprocess.Popen(
        [PROGRAM, "import", *arguments],
        env=installation.environment(),
        cwd=installation.data_dir.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def target_of(descriptor: Path) -> str:
    with contextlib.suppress(FileNotFoundError):  # The process has closed it meanwhile.
        return os.readlink(descriptor)
    return ""


def interrupted(process: Any) -> str:
    """Wait for the end of an import, though nothing comes in; return its only line."""
    assert process.wait(TIMEOUT_S) == 130
    assert process.stdout.read() == b""
    return str(process.stderr.read().decode())


@ON_LINUX
@pytest.mark.full
@pytest.mark.parametrize(
    "options",
    [pytest.param((), id="real"), pytest.param(("--dry-run",), id="dry", marks=pytest.mark.full)],
)
def test_a_signal_ends_an_import_whose_input_is_silent(
    installation: Installation, options: tuple[str, ...]
) -> None:
    with importing(installation, "-", *options) as process:

        def reads() -> bool:
            assert process.poll() is None, process.communicate()
            # What comes in is put into a file without a name.
            (reader,) = children_of(process.pid) or [process.pid]
            opened = map(target_of, Path(f"/proc/{reader}/fd").iterdir())
            return any(target.endswith("(deleted)") for target in opened)

        installation.wait_until(reads)
        process.send_signal(signal.SIGINT)
        said = interrupted(process)
    assert said.startswith("saywho: interrupted")
    assert ("stored posts are kept" in said) == (not options)


LIMITED = """
from app.cli import importer, saywho
importer.MOST_MEMORY = 24 * 2**20
saywho(["import", "--dry-run", "--json", {path!r}])
"""
"""Imports a file with less memory."""


@ON_LINUX
@pytest.mark.full
def test_an_import_by_the_command_has_the_memory_of_an_upload(
    installation: Installation, tmp_path: Path
) -> None:
    posts = ({"username": "ann", "text": f"{number:04} lamp " * 2_400} for number in range(1_500))
    path = lines(tmp_path / "posts.jsonl", *posts)
    ended = installation.process(sys.executable, "-c", LIMITED.format(path=str(path)))
    assert (ended.returncode, ended.stderr) == (1, "")
    detail = "reading the file takes more than 24 MB of memory"
    assert json.loads(ended.stdout)["errors"] == [{"file": str(path), "detail": detail}]


IMPATIENT = """
import re
from app.cli import apart, main
from app.services import backup
apart.STILL_S = 1.0
backup.content_type = lambda name: re.fullmatch("(?:a|b|ab)*", "ab" * 100 + "c")
main()
"""
"""Runs a command that may read for a second of processor time without progress, and in which a
pattern about the pictures of a backup does not end.
"""


@ON_LINUX
@pytest.mark.parametrize(
    ("command", "data"),
    [
        (("import", "--json"), AT_ONCE),
        (("import",), LATER),
        (("import", "--dry-run"), AT_ONCE),
        (("read",), AT_ONCE),
        (("read", "--json"), LATER),
        (("restore",), b""),
    ],
)
def test_a_command_whose_reading_does_not_end_is_ended(
    command: tuple[str, ...],
    data: bytes,
    installation: Installation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(tmp_path, monkeypatch)
    path = tmp_path / "notes.txt"
    path.write_bytes(data)
    if command[0] == "restore":
        installation.database.unlink()
        with tarfile.open(path, "w") as tar:
            tar.addfile(tarfile.TarInfo("media/picture"))
    ended = installation.process(sys.executable, "-c", IMPATIENT, *command, path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"saywho: {stood_still(str(path), 1)}\n"
    if command[0] != "restore":
        good = lines(tmp_path / "good.jsonl", {"username": "ann", "text": "one"})
        installation.done("import", good)
        assert installation.count_posts() == 1


@ON_LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_ends_a_command_ends_its_reader(installation: Installation, number: int) -> None:
    with importing(installation, "-") as process:
        installation.wait_until(lambda: children_of(process.pid))
        (reader,) = children_of(process.pid)
        process.send_signal(number)
        assert process.wait(TIMEOUT_S) == -number
        installation.wait_until(lambda: not Path(f"/proc/{reader}").exists())


async def strike_within(
    installation: Installation, strike: Callable[[AsyncSession], Awaitable[object]]
) -> None:
    """Do something as soon as an import has stored some posts, and long before it has all."""

    async def is_done() -> int:
        # While it waits for this transaction, it can come to no end.
        async with db.write() as session:
            stored = await session.scalar(select(func.count()).select_from(Tweet)) or 0
            if stored:
                await strike(session)
        return stored

    db = Database(Config(env="testing", data_dir=installation.data_dir))
    await eventually(is_done)
    await db.close()


@ON_LINUX
@pytest.mark.parametrize(
    ("number", "status"),
    first_of([(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)], (signal.SIGINT, 130)),
)
@pytest.mark.full
def test_an_import_that_is_ended_keeps_its_posts_and_resumes(
    number: int, status: int, installation: Installation, tmp_path: Path
) -> None:
    records = ({"username": "a", "text": f"post {n}"} for n in range(POSTS))
    path = lines(tmp_path / "posts.jsonl", *records)
    installation.done("db", "upgrade")
    with importing(installation, path) as process:

        async def end(session: AsyncSession) -> None:
            with pytest.raises(ConflictError, match="still running"):
                await request_undo(session, 1, scope="admin")
            process.send_signal(number)

        asyncio.run(strike_within(installation, end))
        assert process.wait(TIMEOUT_S) == status
    stored = installation.count_posts()
    assert 0 < stored < POSTS
    again = installation.json("import", path)
    assert (again["accepted"], again["duplicates"]) == (POSTS - stored, stored)
    # The second import has met what the first one brought, so that it goes with the second one.
    for job_id, removed, left in ((1, 0, stored), (2, POSTS, 0)):
        undone = installation.json("import", "--undo", str(job_id))
        assert undone == {"id": job_id, "removed": removed, "left": left}
    assert installation.count_posts() == 0
    assert installation.run("check").exit_code == 0


@ON_LINUX
@pytest.mark.full
@pytest.mark.parametrize("share", [0, 1], ids=["begun", "read to the end"])
def test_a_replacement_that_is_killed_leaves_all_rows_as_they_were(
    share: int, installation: Installation, tmp_path: Path
) -> None:
    def look(query: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(installation.database, timeout=10)) as connection:
            return connection.execute(query).fetchall()

    def rows() -> list[list[Any]]:
        tables = "Tweet", "Users", "RoomPerson", "Room", "Profile", "Event"
        return [look(f'SELECT * FROM "{table}" ORDER BY 1, 2') for table in tables]  # noqa: S608

    value = json.loads(telegram(7, "모임", *said(["민준", "지우"], times=12) * (3 * BATCH // 24)))
    for message in value["messages"][1::2]:
        message["reply_to_message_id"] = message["id"] - 1
    (longer := tmp_path / "longer.json").write_text(json.dumps(value))
    value["messages"] = value["messages"][:100]
    (first := tmp_path / "first.json").write_text(json.dumps(value))
    choices = "--publish", "--accept-doubts", "--timezone", "UTC"
    installation.done("import", first, *choices)
    before = rows()
    with importing(installation, longer, "--replace", "1", *choices) as process:
        read = f"bytes_read > 0 AND bytes_read >= {share} * bytes_total"
        due = f'SELECT 1 FROM "ImportJob" WHERE id = 2 AND {read}'  # noqa: S608
        installation.wait_until(lambda: look(due))
        process.kill()
        assert process.wait(TIMEOUT_S) == -signal.SIGKILL
    assert rows() == before
    assert installation.done("check") == "ok\n"
    installation.done("import", longer, "--replace", "1", *choices)
    assert installation.count_posts() == 3 * BATCH


@ON_LINUX
@pytest.mark.full
def test_an_import_ends_when_its_chat_is_deleted_and_the_next_file_begins(
    installation: Installation, tmp_path: Path
) -> None:
    said = {"username": "a", "room": {"name": "pier"}}
    path = lines(tmp_path / "p.jsonl", *(said | {"text": f"post {n}"} for n in range(POSTS)))
    other = lines(tmp_path / "other.jsonl", {"username": "b", "text": "one"})
    installation.done("db", "upgrade")
    with importing(installation, "--publish", path, other) as process:
        asyncio.run(strike_within(installation, lambda session: delete_room(session, 1)))
        assert process.wait(TIMEOUT_S) == 1
        assert f"{path}: the chat was deleted during its import\n" in process.stderr.read().decode()
    assert installation.json("rooms")["items"] == []
    assert [user["username"] for user in installation.json("users")["items"]] == ["b"]
    assert installation.run("check").exit_code == 0


def test_every_line_for_people_is_printed_by_one_function() -> None:
    """It takes out what controls a terminal."""
    calls = re.compile(r"click\.(?:s?echo|confirm|prompt)\(|(?<![\w.])print\(")
    found = {str(path.relative_to(ROOT)): calls.findall(text) for path, text in sources().items()}
    assert {name: each for name, each in found.items() if each} == {
        "app/cli/completion.py": ["click.echo("],  # A script for a shell.
        "app/cli/outputs.py": [
            "click.echo(",
            "click.confirm(",
            "click.echo(",
        ],  # say, confirm, --json
        "app/cli/serve.py": ["click.echo("],  # A drawing of the own link.
    }


@pytest.mark.parametrize("sign", ["\x1b[2K\r", "\x07", "\x9b", "\u202e", "\u2066", "\x1b]0;x\x07"])
def test_signs_in_names_of_files_do_not_reach_the_terminal(
    installation: Installation, tmp_path: Path, sign: str
) -> None:
    (tmp_path / f"a{sign}b.txt").write_text("no posts")
    result = installation.run("import", tmp_path / f"a{sign}b.txt")
    assert result.exit_code == 2
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", result.output)
