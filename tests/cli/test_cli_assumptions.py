"""`saywho import` says what it assumed and did not read, asks, and takes options that settle it."""

import zipfile
from pathlib import Path

import pytest

from tests.chats import kakaotalk
from tests.installation import Installation

VAGUE = "author,text,date,posted\nmina,hello there,sometime,2024-03-05\njun,bye,later,2024-03-06\n"
WAYS_OUT = ("most times cannot be read", "--column time=NAME", "--dates", "--accept-unread")


@pytest.fixture
def vague(tmp_path: Path) -> Path:
    path = tmp_path / "vague.csv"
    path.write_text(VAGUE)
    return path


def test_times_that_cannot_be_read_store_nothing_until_it_is_settled(
    installation: Installation, vague: Path
) -> None:
    for options in ((), ("--dry-run",)):
        answer = installation.run("import", vague, *options)
        assert answer.exit_code == 2
        assert all(words in answer.stderr for words in WAYS_OUT)
        assert "Times that cannot be read: 2 (field date)" in answer.stdout
    assert installation.json("users")["items"] == []
    report = installation.json("import", vague, "--column", "time=posted")
    assert (report["accepted"], report["assumptions"], report["unread"]) == (2, [], [])


def test_unread_times_may_be_accepted(installation: Installation, vague: Path) -> None:
    report = installation.json("import", vague, "--accept-unread")
    assert report["accepted"] == 2
    assert {"file": str(vague), "kind": "time", "what": "date", "count": 2} in report["unread"]


def test_an_encoding_is_an_assumption_unless_it_is_said(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "brief.csv"
    text = "author,text,date\nmina,L’été à la plage… « déjà »,2024-03-05\n"
    path.write_bytes(text.encode("cp1252"))
    (assumption,) = installation.json("import", path, "--dry-run")["assumptions"]
    assert (assumption["file"], assumption["kind"]) == (str(path), "encoding")
    assert assumption["value"] == "cp1252"
    assert isinstance(assumption["evidence"], str)
    told = installation.done("import", path, "--dry-run")
    assert "Encoding: Western European (Windows-1252), a guess" in told
    assert "--encoding NAME chooses" in told
    report = installation.json("import", path, "--encoding", "windows-1252")
    assert report["assumptions"] == []
    assert installation.json("search", "plage")["items"][0]["text"].startswith("L’été")


@pytest.mark.parametrize(
    "options",
    [
        ("--encoding", "base64"),
        ("--encoding", "no such"),
        ("--dates", "year-last"),
        ("--column", "text"),
        ("--column", "colour=text"),
        ("--column", "text=essay"),
    ],
)
def test_a_choice_that_cannot_be_is_bad_usage(
    installation: Installation, vague: Path, options: tuple[str, str]
) -> None:
    answer = installation.run("import", vague, *options)
    assert answer.exit_code == 2
    assert "Traceback" not in answer.stderr
    assert installation.json("users")["items"] == []


def test_the_zone_of_a_chat_and_unread_files_are_said(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "chat.zip"
    with zipfile.ZipFile(path, "w") as archive:
        chat = kakaotalk("우리", ("2024-03-05 오후 3:02", "미나", "안녕"))
        archive.writestr("KakaoTalk.txt", chat)
        archive.writestr("diary.html", "<p>dear diary</p>")
    report = installation.json("import", path, "--publish", "--dry-run")
    assert {"file": str(path), "kind": "file", "what": "diary.html", "count": 1} in report["unread"]
    explained = installation.done("import", path, "--explain")
    assert "Files not read: xxxxx.html" in explained
    assert "everything was understood" not in explained
    zone = installation.json("import", path, "--publish", "--timezone", "Asia/Seoul")
    assert "timezone" not in {part["kind"] for part in zone["assumptions"]}
