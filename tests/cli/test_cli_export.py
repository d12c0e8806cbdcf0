"""`saywho export`: what it writes, where, and how it ends."""

import json
import stat
import subprocess
from pathlib import Path

import pytest

from app.services.posts import exporting
from saywho.formats.tables.csv import OWN_HEADER
from tests.installation import PROGRAM, TIMEOUT_S, Installation, lines

POSTS = [
    {"username": "mina", "text": "good", "id": "1", "platform": "x"},
    {"username": "mina", "text": "=1+1", "platform": "x"},
    {"username": "지호", "text": "두\n줄", "created_at": "2024-05-01T12:00:00Z"},
]


@pytest.fixture
def filled(installation: Installation, tmp_path: Path) -> Installation:
    installation.json("import", lines(tmp_path / "posts.jsonl", *POSTS))
    return installation


def test_posts_go_to_standard_output_and_nothing_else(filled: Installation) -> None:
    for arguments in ((), ("-o", "-")):
        written = filled.done("export", *arguments).splitlines()
        assert [json.loads(line)["text"] for line in written] == ["good", "=1+1", "두\n줄"]
    csv = filled.done("export", "--username", "MINA", "--format", "csv")
    assert csv.startswith(OWN_HEADER)
    assert csv.count("mina") == 2
    assert "'=1+1" in csv
    assert json.loads(filled.done("export", "--username", "지호", "--format", "mongo"))["_id"] == 3


def test_a_file_is_replaced_only_by_a_whole_one(
    filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, link = tmp_path / "out.jsonl", tmp_path / "link"
    path.write_text("old")
    link.symlink_to(path)
    monkeypatch.setattr(exporting, "_part", lambda *_: 1 / 0)
    assert isinstance(filled.run("export", "-o", link).exception, ZeroDivisionError)
    assert path.read_text() == "old"
    monkeypatch.undo()
    assert "wrote 3 posts" in filled.done("export", "-o", link)
    assert link.is_symlink()
    assert len(path.read_text().splitlines()) == 3
    assert not list(tmp_path.glob(".saywho*"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_device_is_written_to_and_stays(filled: Installation) -> None:
    assert filled.json("export", "-o", "/dev/null")["posts"] == 3
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("--username", "nobody"), 2),
        (("--format", "xml"), 2),
        (("--json",), 2),
        (("--username", "nobody", "-o", "{tmp}/kept"), 2),
        (("-o", "{tmp}"), 2),
        (("-o", "{tmp}/missing/out"), 1),
        (("-o", "/dev/full"), 1),
    ],
)
def test_a_failed_export_ends_with_a_line(
    filled: Installation, tmp_path: Path, arguments: tuple[str, ...], status: int
) -> None:
    (tmp_path / "kept").write_text("old")
    result = filled.run(
        "export", *(argument.replace("{tmp}", str(tmp_path)) for argument in arguments)
    )
    assert result.exit_code == status, result.output
    assert result.stdout == ""
    assert result.stderr
    assert "Traceback" not in result.stderr
    assert (tmp_path / "kept").read_text() == "old"
    assert not list(tmp_path.glob(".saywho*"))


@pytest.mark.full
def test_a_reader_that_has_enough_ends_it_quietly(filled: Installation, tmp_path: Path) -> None:
    rows = ({"username": "mina", "text": f"{number} " * 100} for number in range(600))
    filled.json("import", lines(tmp_path / "more.jsonl", *rows))  # More than a pipe takes.
    with subprocess.Popen(
        [PROGRAM, "export"],
        env=filled.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(TIMEOUT_S) == 1


def test_an_export_to_a_file_shows_its_progress(filled: Installation, tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    assert filled.run("export", "-o", path).stderr == ""
    shown = filled.asked("", "export", "-o", path, "--username", "mina").stderr
    assert "exporting posts" in shown
    assert "2 of 2" in shown
    # Standard output is a stream of its own.
    assert filled.run("export").stderr == ""


def test_a_deletion_shows_its_progress(filled: Installation) -> None:
    # Two posts and their author.
    assert "3 of 3 rows" in filled.asked("", "user", "delete", "mina", "--yes").stderr


CHAT = (
    b"KakaoTalk Chats with us\n\n"
    b"January 15, 2024, 3:10 PM, Anna Kim : at the harbour\n"
    b"January 15, 2024, 3:11 PM, bo : on my way\n"
    b"January 15, 2024, 3:11 PM, bo : on my way\n"
)


def test_a_chat_goes_out_and_comes_in_again_in_every_format(
    installation: Installation, tmp_path: Path
) -> None:
    chat, posts = tmp_path / "chat.txt", lines(tmp_path / "posts.jsonl", *POSTS)
    chat.write_bytes(CHAT)
    installation.json("import", posts)
    installation.json("import", chat, "--publish", "--timezone", "UTC")
    for name in ("jsonl", "csv", "mongo", "chatlab"):
        path = tmp_path / f"room.{name}"
        written = installation.json("export", "--room", "1", "--format", name, "-o", path)
        assert written["posts"] == 3
        again = installation.json("import", path, "--publish")
        assert (again["accepted"], again["duplicates"]) == (0, 3)
    header, *rows = map(json.loads, path.read_text().splitlines())
    assert header["meta"] == {"name": "us", "platform": "kakaotalk", "type": "private"}
    assert [row["accountName"] for row in rows if row["_type"] == "member"] == ["bo", "Anna Kim"]
    assert next(row for row in rows if row["_type"] == "message") == {
        "_type": "message",
        "sender": "Anna_Kim",
        "accountName": "Anna Kim",
        "timestamp": 1705331400,
        "type": 0,
        "content": "at the harbour",
    }


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--format", "chatlab"), "--format chatlab needs --room ID"),
        (("--room", "7"), "There is no chat 7"),
        (("--room", "7", "--format", "chatlab"), "There is no chat 7"),
    ],
)
def test_a_chat_that_is_not_there_is_told(
    filled: Installation, arguments: tuple[str, ...], told: str
) -> None:
    assert told in filled.refused("export", *arguments)
