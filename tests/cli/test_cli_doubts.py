"""Doubts on the command line: told, asked about on a terminal, and in the way of an import."""

import json
from pathlib import Path

import pytest

from app.services.imports.storing_batch import BATCH
from app.services.imports.storing_reading import READ_AHEAD, WHOLE_BYTES
from tests.archives import x_members, zip_bytes
from tests.chats import kakaotalk, said, telegram
from tests.installation import Installation, lines
from tests.uploading import jsonl

JUMPING = (
    "[1/15/24, 10:00:00] Mina: hi\n[1/15/24, 10:01:00] Jun: ok\n"
    "[2/20/24, 10:02:00] Mina: so\n[1/16/24, 10:02:00] Jun: yes\n"
)


def test_a_grave_doubt_stops_an_import_until_it_is_accepted(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(JUMPING)
    ways = path, "--publish", "--timezone", "UTC"
    for dry in ((), ("--dry-run",)):
        stopped = installation.run("import", *ways, *dry, "--json")
        report = json.loads(stopped.stdout)
        assert (stopped.exit_code, report["accepted"]) == (2, 0)
        assert report["errors"][0]["detail"].endswith(" (--accept-doubts)")
        (doubt,) = report["doubts"]
        assert (doubt["kind"], doubt["count"], doubt["grave"]) == ("times", 1, True)
        assert (doubt["file"], doubt["examples"]) == (str(path), ["2024-02-20 → 2024-01-16"])
    told = installation.done("import", *ways, "--accept-doubts")
    assert "stored 4 messages" in told
    assert "grave doubt: The chat jumps by weeks inside its file: 1" in told


@pytest.mark.full
def test_a_grave_doubt_is_asked_about_on_a_terminal(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "chat.txt"
    path.write_text(JUMPING)
    command = "import", path, "--publish", "--timezone", "UTC"
    for typed, status, posts in (("n", 2, 0), ("y", 0, 4)):
        ended = installation.asked(typed, *command)
        assert (ended.returncode, installation.count_posts()) == (status, posts), ended
        assert "The chat jumps by weeks inside its file: 1 (such as" in ended.stderr
        assert "Is the file read rightly? Store it all the same?" in ended.stderr


@pytest.mark.full
def test_a_grave_doubt_stops_a_large_file_or_stream_where_it_is(
    installation: Installation, tmp_path: Path
) -> None:
    path, bad = tmp_path / "posts.jsonl", {"username": "mina", "text": 5}
    for way, padding in ((path, "." * (WHOLE_BYTES // READ_AHEAD)), ("-", "")):
        good = 0
        with path.open("w") as file:
            for n in range(2 * READ_AHEAD + 3 * BATCH):
                is_good = n >= 2 * READ_AHEAD or (n < READ_AHEAD and n % 20 < 11)
                good += is_good
                record = {"username": "mina", "text": f"안개 {n}"} if is_good else bad
                file.write(json.dumps(record | {"padding": padding * (n < READ_AHEAD)}) + "\n")
        assert (path.stat().st_size > WHOLE_BYTES) == bool(padding)
        stdin = path.read_bytes() if way == "-" else None
        ended = installation.run("import", way, "--json", stdin=stdin)
        report = json.loads(ended.stdout)
        assert ended.exit_code == 2
        assert "so the import stops" in report["errors"][0]["detail"]
        assert [(part["kind"], part["grave"]) for part in report["doubts"]] == [("left_out", True)]
        assert 0 < report["accepted"] == installation.count_posts() < good
        (imported,) = report["imports"]
        installation.done("import", "--undo", str(imported["id"]))
        assert installation.count_posts() == 0


def test_a_doubt_is_told_and_the_import_goes_on(installation: Installation, tmp_path: Path) -> None:
    path = lines(tmp_path / "posts.jsonl", {"username": "mina", "text": "<p>Fog</p>"})
    told = installation.done("import", path)
    assert "doubt: Texts with tags, which can be taken off: 1 (--strip-tags) (such as" in told


def test_one_message_of_a_chat_is_told_as_one_message(
    installation: Installation, tmp_path: Path
) -> None:
    path, other = tmp_path / "chat.txt", tmp_path / "other.json"
    path.write_bytes(kakaotalk("우리", ("2024-03-05 15:02", "Dora", "<b>only</b> one &amp; more")))
    first = installation.done("import", path, "--publish")
    assert "stored 1 message\n" in first
    assert "doubt: Messages with tags or other markup: 1 (such as" in first
    assert installation.done("import", "--undo", "1") == "removed 1 message of import 1\n"
    installation.done("import", path, "--publish")
    again = installation.done("import", path, "--publish")
    assert "stored 0 messages; 1 already stored\n" in again
    assert "The message of this file is here already" in again
    compared = installation.done("compare", "-u", "Dora", "hello there my friend")
    assert "Dora has fewer than ten messages with words here." in compared
    output = tmp_path / "report.html"
    refused = installation.run("report", "-u", "Dora", "--year", "1999", "-o", output)
    assert "There are no messages by 'Dora' in 1999" in refused.stderr
    for words in ("fog", "wind"):
        other.write_bytes(telegram(5, "tele", ("2024-03-05 15:02", "Jun", words)))
        told = installation.run("import", other, "--publish").stderr
    assert "messages with an id that is here with other words or times: 1" in told


def test_a_longer_export_is_not_doubted_and_other_posts_with_its_ids_are(
    installation: Installation, tmp_path: Path
) -> None:
    posts, whole = said(("미나", "준"), times=10), x_members()
    others = said(("미나", "준"), times=10, day="2024-02-20")
    part = {name: data for name, data in whole.items() if "part1" not in name}

    def table(word: str) -> bytes:
        ids = range(71, 80)
        numbered = ({"username": "ara", "id": f"{n}", "text": f"{word} {n}번째"} for n in ids)
        return jsonl({"username": "ara", "id": "70", "text": "그대로인 글"}, *numbered)

    files = {
        "short.txt": kakaotalk("바다", *posts[:15]),
        "long.txt": kakaotalk("바다", *posts),
        "short.json": telegram(7, "하늘", *others[:15]),
        "long.json": telegram(7, "하늘", *others),
        "short.zip": zip_bytes(part),
        "long.zip": zip_bytes(whole),
        "first.jsonl": table("안개"),
        "again.jsonl": table("안개"),
        "other.jsonl": table("바람"),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    paths = [tmp_path / name for name in files]
    report = installation.json("import", *paths, "--publish", "--timezone", "UTC")
    assert (report["accepted"], report["duplicates"]) == (20 + 20 + 5 + 10, 15 + 15 + 3 + 20)
    (doubt,) = report["doubts"]
    assert (doubt["file"], doubt["kind"]) == (str(paths[-1]), "known")
    assert (doubt["count"], doubt["grave"]) == (9, False)
