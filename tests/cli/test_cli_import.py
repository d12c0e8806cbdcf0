"""`saywho import`: what it counts, what it stores, and how it ends."""

import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.services.imports.storing_batch import BATCH
from saywho.sizes import MIB
from tests.archives import (
    EMAIL,
    LONG,
    VIDEO,
    damaged,
    picture,
    x_file,
    x_media,
    x_media_members,
    x_members,
    x_tweet,
    x_zip,
    zip_bytes,
)
from tests.browsing import found_in, missing_in
from tests.chats import kakaotalk, said
from tests.installation import Installation, lines
from tests.mounting import fill, in_memory, mounted
from tests.refusals import FULL, READ_ONLY, connections_take

COUNTS = ("accepted", "duplicates", "rejected", "reposts", "restricted", "skipped")
MIXED = [
    {"username": "mina", "text": "good", "id": "1"},
    {"username": "mina", "text": "good again", "id": "2"},
    {"username": "mina", "text": "good", "id": "1"},
    {"username": "mina", "text": "theirs", "kind": "repost"},
    {"text": "whose?"},
    {"username": "mina", "text": " "},
]


def counts(report: dict[str, Any]) -> tuple[int, ...]:
    assert set(report) == {*COUNTS, "errors", "assumptions", "doubts", "unread", "imports", "seen"}
    return tuple(report[name] for name in COUNTS)


def test_the_report_counts_what_became_of_each_record(
    installation: Installation, tmp_path: Path
) -> None:
    path = lines(tmp_path / "mixed.jsonl", *MIXED)
    told = installation.run("import", path, "--only", "noa", "--dry-run")
    assert f"{path} is not a chat, so --only has no effect\n" in told.stderr
    assert "--rename" not in told.stderr
    report = installation.json("import", path)
    assert counts(report) == (2, 1, 1, 1, 0, 1)
    assert [(error["file"], error["line"]) for error in report["errors"]] == [(str(path), 5)]
    assert "the author is missing" in report["errors"][0]["detail"]
    assert report["assumptions"] == []
    assert report["unread"] == []
    shown = installation.run("import", path)
    assert shown.exit_code == 0
    assert "stored 0 posts; 3 already stored, 1 rejected, 1 reposts" in shown.stdout
    assert f"{path}: line 5: " in shown.stderr


def test_a_dry_run_counts_like_the_real_run_and_stores_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    first = lines(tmp_path / "first.jsonl", *MIXED)
    dry = installation.json("import", first, x_zip(tmp_path / "x.zip"), "--dry-run")
    assert installation.json("users")["items"] == []
    assert dry["imports"] == []
    real = installation.json("import", first, tmp_path / "x.zip")
    assert real == dry | {"imports": real["imports"]}
    assert counts(installation.json("import", first, "--dry-run")) == (0, 3, 1, 1, 0, 1)
    assert "would store 0 posts" in installation.done("import", first, "--dry-run")


def test_a_dry_run_of_a_chat_of_several_batches_counts_all_of_it(
    installation: Installation, tmp_path: Path
) -> None:
    """Each batch is undone, the room that it made too."""
    path = tmp_path / "chat.txt"
    said = [("2024-03-05 오후 3:02", f"p{n % 3}", f"number {n}") for n in range(2 * BATCH + 1)]
    path.write_bytes(kakaotalk("우리", *said))
    dry = installation.json("import", path, "--publish", "--dry-run")
    assert counts(dry) == (2 * BATCH + 1, 0, 0, 0, 0, 0)
    real = installation.json("import", path, "--publish")
    assert real == dry | {"imports": [{"file": str(path), "id": 1}]}
    told = installation.done("import", "--undo", "1")
    assert told == f"removed {2 * BATCH + 1:,} messages of import 1\n"


def test_an_import_that_only_rejects_is_status_1(
    installation: Installation, tmp_path: Path
) -> None:
    path, sound = tmp_path / "posts.jsonl", '{"username": "mina", "text": "fog"}\n'
    path.write_text('{"username": "mina", "text": 5}\n')
    for options in ([], ["--dry-run"], ["--json"]):
        assert installation.run("import", path, *options).exit_code == 1
    path.write_text(path.read_text() + sound)
    assert installation.run("import", path).exit_code == 0
    assert installation.run("import", path).exit_code == 0  # The other post is known.


def test_a_table_without_a_known_column_of_texts_is_status_2(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "말.csv"
    path.write_bytes("작성자,언제,한마디\n미나,2020-01-02,안녕하세요\n".encode("cp949"))
    answer = installation.refused("import", path)
    assert f"{path}: Which column has the texts?: --column 'text=한마디'" in answer
    path.write_text("Grade;Student, name;Essay\n1,5;Ada;tea now\n")
    author, text = installation.run("import", path).stderr.splitlines()
    assert "--column text=Essay; or --column 'text=Student, name' (other columns: Grade)" in text
    assert "--column 'author=Student, name'; or --column author=none --username NAME" in author
    chosen = ["--column", "text=Essay", "--column", "author=Student, name"]
    assert installation.json("import", path, *chosen)["accepted"] == 1
    path.write_text("1614,mina,2019-12-10 20:35:01,the pier\n1614,jun,2019-12-10 20:36:01,fog\n")
    answer = installation.refused("import", path)
    assert "the first row has values, and not the names of columns" in answer
    chosen = ["--column", "text=4", "--column", "author=2", "--column", "time=3"]
    assert installation.json("import", path, *chosen)["accepted"] == 2
    path.write_text("When;Student, name;Essay\n1,5;Ada;tea now\n")
    answer = installation.refused("import", path.rename(tmp_path / "essays.txt"))
    assert "If it is a table, name the column with the texts `text`; or rename" in answer


CHAT = """KakaoTalk Chats with us
Date Saved : 2024-02-20 10:44

January 15, 2024, 3:02 PM, mina : ㅋㅋㅋ
January 15, 2024, 3:02 PM, mina : ㅋㅋㅋ
January 15, 2024, 3:02 PM, Anna Kim : hi
and on
January 15, 2024, 3:03 PM, You : me too
January 15, 2024, 3:03 PM, mina : (emoticon)\x20
"""


def test_a_chat_that_guests_read_needs_a_choice(installation: Installation, tmp_path: Path) -> None:
    installation.settings["SAYWHO_PUBLIC"] = "0"
    (path := tmp_path / "chat.txt").write_text(CHAT)
    installation.done("import", path)
    with closing(sqlite3.connect(installation.database)) as connection, connection:
        connection.execute(
            'INSERT INTO "Operator" (name, name_key, password_hash, created_at, role, room_id)'
            " VALUES ('hana', 'hana', '', '2024-01-01', 'reader', 1)"
        )
    path.write_text(CHAT.replace("January", "February"))
    for extra in ([], ["--dry-run"]):
        refused = installation.run("import", path, *extra)
        assert refused.exit_code == 2
        assert "guests may read (hana), so nothing is stored. Import the file again" in (
            refused.stderr
        )
        assert "Chat: not chosen yet (us, 3 messages; guests: hana)" in refused.stdout
    assert installation.count_posts() == 3
    assert installation.run("import", path, "--room", "us").exit_code == 2
    assert counts(installation.json("import", path, "--room", "new"))[0] == 3
    path.write_text(CHAT.replace("January", "March"))
    assert counts(installation.json("import", path, "--room", "1"))[0] == 3
    assert [room["messages"] for room in installation.json("rooms")["items"]] == [6, 3]
    assert "contains no chat, so --room has no effect" in (
        installation.run("import", lines(tmp_path / "posts.jsonl", *MIXED), "--room", "1").stderr
    )


def test_an_import_has_a_number_by_which_it_is_undone(
    installation: Installation, tmp_path: Path
) -> None:
    posts = [{"username": "mina", "text": f"number {n}", "id": str(n)} for n in range(3)]
    first, second = (lines(tmp_path / name, *posts[:n]) for name, n in (("1", 2), ("2", 3)))
    told = installation.done("import", first)
    assert f"{first}: import 1; saywho import --undo 1 undoes it" in told
    assert installation.json("import", second)["imports"] == [{"file": str(second), "id": 2}]
    assert installation.run("import").exit_code == 2
    assert installation.run("import", first, "--undo", "1").exit_code == 2
    unknown = installation.run("import", "--undo", "9")
    assert (unknown.exit_code, unknown.stderr) == (2, "saywho: There is no import 9\n")
    assert installation.json("import", "--undo", "1") == {"id": 1, "removed": 0, "left": 2}
    told = installation.done("import", "--undo", "2")
    # Nothing but an import that is undone, too, has sent the first two.
    assert told == "removed 3 posts of import 2\n"
    assert installation.count_posts() == 0
    assert installation.done("check") == "ok\n"


def test_a_chat_needs_consent_where_reading_is_open(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "chat.txt").write_text(CHAT)
    refused = installation.run("import", tmp_path / "chat.txt")
    assert refused.exit_code == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "--publish" in refused.stderr
    installation.settings["SAYWHO_PUBLIC"] = "0"
    assert counts(installation.json("import", tmp_path / "chat.txt")) == (3, 0, 0, 0, 0, 2)
    # By the switch too, unless the setting has the last word.
    with closing(sqlite3.connect(installation.database)) as connection, connection:
        connection.execute('UPDATE "Site" SET public = 0')
    installation.settings["SAYWHO_PUBLIC"] = "1"
    assert installation.run("import", tmp_path / "chat.txt").exit_code == 2
    del installation.settings["SAYWHO_PUBLIC"]
    assert counts(installation.json("import", tmp_path / "chat.txt")) == (0, 3, 0, 0, 0, 2)


def test_a_name_that_nobody_in_a_chat_has_is_said(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "chat.txt").write_text(CHAT)
    arguments = (tmp_path / "chat.txt", "--publish", "--only", "mina", "--only", "Anna Kim")
    assert installation.run("import", *arguments).stderr == ""
    renamed = ("--only", "minna", "--rename", "mina=min", "--room", "new")
    answer = installation.run("import", *arguments, *renamed)
    assert answer.exit_code == 0
    assert answer.stderr == f"no one in {tmp_path / 'chat.txt'} is called minna\n"


def test_nobody_of_a_chat_is_an_author_of_a_platform(
    installation: Installation, tmp_path: Path
) -> None:
    post = {"username": "mina", "platform": "x", "text": "on X"}
    installation.done("import", lines(tmp_path / "x.jsonl", post))
    (tmp_path / "chat.txt").write_text(CHAT)
    refused = installation.run("import", tmp_path / "chat.txt", "--publish", "--json")
    assert refused.exit_code == 1
    report = json.loads(refused.stdout)
    assert counts(report) == (1, 0, 2, 0, 0, 2)
    assert "--rename mina=NAME" in report["errors"][0]["detail"]
    renamed = ("--publish", "--rename", "mina=mina of us")
    assert counts(installation.json("import", tmp_path / "chat.txt", *renamed))[0] == 2
    # Neither does an archive that comes later take over who spoke in the chat.
    (tmp_path / "room.txt").write_text(CHAT.replace("Anna Kim", "zoe"))
    installation.done("import", tmp_path / "room.txt", "--publish", "--rename", "mina=mina of us")
    archive = x_zip(tmp_path / "x.zip")
    assert installation.run("import", archive, "--username", "zoe").exit_code == 2
    assert installation.run("import", archive, "--username", "zoe_x").exit_code == 0
    platforms = {item["username"]: item["platform"] for item in installation.json("users")["items"]}
    assert (platforms["zoe"], platforms["zoe_x"]) == ("local", "x")
    for bad in (("--timezone", "Asia/Nowhere"), ("--rename", "mina")):
        result = installation.run("import", tmp_path / "chat.txt", *bad)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_an_archive_comes_in_whole_and_without_the_email(
    installation: Installation, tmp_path: Path
) -> None:
    report = installation.json("import", x_zip(tmp_path / "twitter.zip"))
    assert counts(report) == (5, 0, 0, 1, 0, 1)
    (author,) = installation.json("users")["items"]
    assert (author["username"], author["display_name"]) == ("mina", "미나")
    assert (author["platform"], author["tweets"]) == ("x", 5)
    (hit,) = installation.json("search", "커피")["items"]
    assert hit["text"] == "빵 & 커피 <3 오늘도"
    assert hit["source_id"] == "101"
    (long,) = installation.json("search", "바다")["items"]
    assert long["text"] == LONG
    (reply,) = installation.json("search", "고마워요")["items"]
    assert reply["kind"] == "reply"
    for content in installation.files().values():
        assert not found_in(content, EMAIL.encode(), b"somebody else's")


def test_restricted_posts_come_in_only_when_asked_for(
    installation: Installation, tmp_path: Path
) -> None:
    circle = x_file("twitter_circle_tweet", x_tweet(300, "only for friends"))
    path = x_zip(tmp_path / "x.zip", x_members() | {"data/twitter-circle-tweet.js": circle})
    assert counts(installation.json("import", path)) == (5, 0, 0, 1, 1, 1)
    assert counts(installation.json("import", path, "--include-restricted")) == (1, 5, 0, 1, 0, 1)


def test_entities_are_decoded_once_if_wanted_and_a_second_import_adds_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    text = "Enceladus &amp; Tethys &amp;lt; 3 &lt; AT&T &copy 한&#44544;"
    path = lines(
        tmp_path / "p.jsonl", {"username": "mina", "text": text}, {"username": "zoe", "text": text}
    )
    assert (
        installation.done("import", path, "--dry-run").splitlines()[1]
        == "2 posts contain HTML entities such as &amp;. To decode them, use --decode-entities"
    )
    for expected in ((2, 0, 0, 0, 0, 0), (0, 2, 0, 0, 0, 0)):
        assert counts(installation.json("import", path, "--decode-entities")) == expected
    assert "HTML entities" not in installation.done("import", path, "--decode-entities")
    exported = installation.done("export", "--username", "mina")
    assert json.loads(exported)["text"] == "Enceladus & Tethys &lt; 3 < AT&T &copy 한글"


def test_a_file_of_one_account_without_a_name_is_status_2_naming_username(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "tweets.js"
    path.write_bytes(x_file("tweets", x_tweet(1, "whose?")))
    assert "--username" in installation.refused("import", path)
    assert counts(installation.json("import", path, "--username", "mina")) == (1, 0, 0, 0, 0, 0)
    members = {"data/tweets.js": path.read_bytes(), "data/account.js": x_file("account", {})}
    archive = damaged(x_zip(tmp_path / "x.zip", members), b"data/account.js")
    assert "data/account.js cannot be read" in installation.refused("import", archive)
    assert counts(installation.json("import", archive, "--username", "mina"))[:2] == (0, 1)


def test_a_name_known_from_another_platform_stops_a_file_of_one_account(
    installation: Installation, tmp_path: Path
) -> None:
    installation.done("user", "add", "Mina", "--platform", "mastodon")
    path = x_zip(tmp_path / "x.zip")
    assert "--username" in installation.refused("import", path)
    assert installation.count_posts() == 0
    assert installation.run("import", path, "--username", "MINA").exit_code == 2
    # `local` yields to any.
    installation.done("user", "add", "mina_x")
    assert counts(installation.json("import", path, "--username", "mina_x")) == (5, 0, 0, 1, 0, 1)
    assert installation.json("users")["items"][1]["platform"] == "x"


def test_an_unrecognised_file_is_status_2_and_an_empty_one_0(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"just some words\nand more of them\n")
    assert installation.run("import", tmp_path / "file").exit_code == 2
    (tmp_path / "file").write_bytes(b"[[[[")
    result = installation.run("import", tmp_path / "file")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "file is truncated or damaged in line 1, column 2: a value is not clo" in result.stderr
    (tmp_path / "file").write_bytes(b"")
    assert counts(installation.json("import", tmp_path / "file")) == (0,) * 6
    assert (
        "file contains no posts to store\n" in installation.run("import", tmp_path / "file").stderr
    )


@pytest.mark.parametrize("has_manifest", [True, False], ids=["named", "nameless"])
def test_a_damaged_file_of_the_owner_is_named_and_costs_nothing(
    installation: Installation, tmp_path: Path, has_manifest: bool
) -> None:
    members = {
        name: data for name, data in x_members().items() if has_manifest or "manifest" not in name
    }
    path = damaged(x_zip(tmp_path / "x.zip", members), b"data/account.js")
    name = [] if has_manifest else ["--username", "mina"]
    report = installation.json("import", path, *name)
    assert counts(report) == (5, 0, 0, 1, 0, 1)
    (error,) = report["errors"]
    detail = "data/account.js is damaged or contains no names; no posts are missing because of that"
    assert error == {"file": str(path), "detail": detail}
    assert f"{path}: {detail}" in installation.run("import", path, *name).stderr


@pytest.mark.parametrize(
    ("pragma", "reason"),
    [(FULL, "The disk is full"), (READ_ONLY, "The database cannot be written")],
)
def test_posts_before_an_error_of_the_database_stay_and_are_counted(
    installation: Installation, tmp_path: Path, pragma: str, reason: str
) -> None:
    posts = [{"username": "mina", "text": f"post {n}"} for n in range(3 * BATCH)]
    first = lines(tmp_path / "first.jsonl", *posts[:BATCH])
    second = lines(tmp_path / "second.jsonl", *posts)
    third = lines(tmp_path / "third.jsonl", *posts)
    with connections_take(pragma, from_posts=2 * BATCH):
        result = installation.run("import", first, second, third, "--json")
        shown = installation.run("import", third)
    assert (result.exit_code, shown.exit_code) == (1, 1)
    report = json.loads(result.stdout)
    # The first thousand of the second file are known, and no later file was begun.
    assert (report["accepted"], report["duplicates"]) == (2 * BATCH, BATCH)
    assert installation.count_posts() == 2 * BATCH
    ((name, detail),) = [(error["file"], error["detail"]) for error in report["errors"]]
    assert (name, detail.startswith(reason)) == (str(second), True)
    assert shown.stdout.startswith("stored 0 posts")
    assert f"{third}: {reason}" in shown.stderr
    assert installation.json("import", third)["accepted"] == BATCH


def test_files_without_posts_go_before_an_import_on_a_full_disk(
    template: Path, tmp_path: Path
) -> None:
    with mounted(tmp_path, *in_memory(8 * MIB)) as place:
        shutil.copy(template, place / "testing.db")
        installation = Installation(place)
        path = lines(
            tmp_path / "p.jsonl", *({"username": "mina", "text": f"{n}"} for n in range(9))
        )
        (place / "media").mkdir()
        (place / "media" / "left.gif").write_bytes(bytes(4 * MIB))
        fill(place, but=MIB // 4)  # Without any the database cannot be opened.
        assert installation.json("import", path, "--no-media")["accepted"] == 9
        assert not any((place / "media").iterdir())


def test_the_worst_of_several_files_decides_the_status(
    installation: Installation, tmp_path: Path
) -> None:
    good = lines(tmp_path / "good.jsonl", {"username": "a", "text": "one"})
    other = lines(tmp_path / "other.jsonl", {"username": "b", "text": "two"})
    broken = tmp_path / "broken.csv"
    broken.write_text('username,text\na,fine\na,"never closed\n')
    result = installation.run("import", good, broken, tmp_path / "missing", other, "--json")
    assert result.exit_code == 2
    report = json.loads(result.stdout)
    assert report["accepted"] == 3
    assert {error["file"] for error in report["errors"]} == {str(broken), str(tmp_path / "missing")}
    assert installation.run("import", good, broken).exit_code == 1


def test_a_file_whose_name_is_no_utf8_is_named_in_the_report(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "posts-\udcff.jsonl"
    lines(path, {"text": "whose?"})
    report = json.loads(installation.run("import", path, "--json").stdout)
    assert report["errors"][0]["file"].endswith("posts-\ufffd.jsonl")


def test_what_unpacks_to_more_than_the_limit_is_status_1_and_what_came_before_stays(
    installation: Installation, tmp_path: Path
) -> None:
    installation.settings["SAYWHO_MAX_IMPORT_MB"] = "1"
    posts = lines(tmp_path / "posts.jsonl", *MIXED[:2]).read_bytes()
    path = tmp_path / "posts.jsonl.gz"
    path.write_bytes(gzip.compress(posts + b" " * (50 * 2**20)))
    result = installation.refused("import", path, status=1)
    assert f"{path} is larger than 1 MB, the limit of an import" in result
    assert installation.count_posts() == 2


def test_names_in_an_archive_do_nothing_to_a_terminal(
    installation: Installation, tmp_path: Path
) -> None:
    path = x_zip(tmp_path / "x.zip", x_members() | {"../\x1b[2J\x9bevil\n.js": b""})
    result = installation.run("import", path)
    assert result.exit_code == 0
    assert f"{path}: ../\ufffd[2J\ufffdevil\ufffd.js: left out" in result.stderr


def test_media_are_kept_unless_they_are_to_be_left_out(
    installation: Installation, tmp_path: Path
) -> None:
    media = [x_media("https://p.example/a.png")]
    path = x_zip(tmp_path / "x.zip", x_media_members({1: media}, {"1-a.png": picture(1)}))
    folder = installation.data_dir / "media"
    for options in (["--no-media"], ["--dry-run"]):
        installation.json("import", path, *options)
        assert not folder.exists()
    assert counts(installation.json("import", path)) == (0, 1, 0, 0, 0, 0)
    assert [file.read_bytes() for file in folder.iterdir()] == [picture(1)]
    assert installation.run("check").exit_code == 0
    # As an earlier version kept what a link led to, and under a name of another type.
    (file,) = folder.iterdir()
    for data, reason in ((b"root:x:0:0", "remove it"), (VIDEO, "is no image/png")):
        file.write_bytes(data)
        told = installation.run("check")
        assert (told.exit_code, told.stderr.count(str(file))) == (1, 1)
        assert not missing_in(told.stderr, f"{file} (of post 1) is no image/png", reason)
    file.unlink()
    missing = f"1 kept files are missing, such as {file} (of post 1)"
    assert missing in installation.refused("check", status=1)
    installation.done("user", "delete", "mina", "--yes")
    assert list(folder.iterdir()) == []
    (folder / "left").write_bytes(b"over")
    installation.done("db", "vacuum")
    assert list(folder.iterdir()) == []


VAGUE = "author,text,date,posted\nmina,hello there,sometime,2024-03-05\njun,bye,later,2024-03-06\n"
WAYS_OUT = ("most times cannot be read", "--column time=", "--dates", "--accept-unread")


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
    report = installation.json("import", vague, "--accept-unread", "--dry-run")
    assert report["accepted"] == 2
    assert {"file": str(vague), "kind": "time", "what": "date", "count": 2} in report["unread"]
    report = installation.json("import", vague, "--column", "time=posted")
    assert (report["accepted"], report["assumptions"], report["unread"]) == (2, [], [])


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
    assert installation.json("import", path, "--encoding", "windows-1252")["assumptions"] == []
    assert installation.json("search", "plage")["items"][0]["text"].startswith("L’été")


@pytest.mark.parametrize(
    "options",
    [
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
    assert "Traceback" not in installation.refused("import", vague, *options)
    assert installation.json("users")["items"] == []


def test_the_zone_of_a_chat_and_unread_files_are_said(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "chat.zip"
    chat = kakaotalk("우리", ("2024-03-05 오후 3:02", "미나", "안녕"))
    path.write_bytes(zip_bytes({"KakaoTalk.txt": chat, "diary.html": b"<p>dear diary</p>"}))
    report = installation.json("import", path, "--publish", "--dry-run")
    assert {"file": str(path), "kind": "file", "what": "diary.html", "count": 1} in report["unread"]
    zone = installation.json("import", path, "--publish", "--timezone", "Asia/Seoul")
    assert "timezone" not in {part["kind"] for part in zone["assumptions"]}


def test_table_without_authors_is_refused_before_it_starts(
    installation: Installation, tmp_path: Path
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("crew,text\n" + "".join(f"{'AB'[n % 2]},text {n}\n" for n in range(40)))
    told = installation.refused("import", table)
    assert "--column author=crew; or --column author=none --username NAME" in told
    named = "import", table, "--username", "mina"
    assert "--column author=crew" in installation.run(*named).stderr
    assert installation.json(*named, "--column", "author=none")["accepted"] == 40


def test_what_is_here_is_told_and_the_old_options_name_the_new(
    installation: Installation, tmp_path: Path
) -> None:
    path, messages = tmp_path / "chat.txt", said(("미나", "준"), times=10)
    path.write_bytes(kakaotalk("바다", *messages[:15]))
    arguments = path, "--publish", "--timezone", "Asia/Seoul"
    (seen,) = installation.json("import", *arguments)["seen"]
    assert (seen["file"], seen["state"], seen["new"]) == (str(path), "new", 15)
    path.write_bytes(kakaotalk("바다", *messages))
    (seen,) = installation.json("import", *arguments, "--dry-run")["seen"]
    assert (seen["state"], seen["known"], seen["new"], seen["room"]) == ("longer", 15, 5, 1)
    assert seen["since"] == "2024-01-15T06:15:00Z"
    told = installation.done("import", *arguments)
    assert "15 of 20 messages are here already; new: 5, from 2024-01-15 on" in told
    assert "import 2)" in installation.done("import", *arguments, "--dry-run")
    other = path, "--publish", "--timezone", "Europe/London"
    refused = installation.run("import", *other)
    assert (refused.exit_code, "--times file" in refused.stderr) == (2, True)
    told = installation.json("import", *other, "--times", "here")
    assert (told["accepted"], told["duplicates"], told["seen"][0]["shifted"]) == (0, 20, 540)
    for replaced in ("9", "x", "0"):
        assert installation.run("import", *arguments, "--replace", replaced).exit_code == 2
    assert installation.run("import", path, path, "--replace", "file").exit_code == 2
    result = installation.run("import", *other, "--replace", "file", "--room", "new")
    assert "This file replaces import 2: it has 5 messages, and its messages" in result.stderr
    assert (result.exit_code, installation.count_posts()) == (0, 15 + 20)
    refused = installation.run("import", *other, "--replace", "2")
    told = "The import 2 was undone, so nothing of it is left to replace"
    assert (refused.exit_code, told in refused.stderr) == (2, True)


def test_who_may_read_is_answered_with_the_column_and_its_values(
    installation: Installation, tmp_path: Path
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("username,text,state\nmina,the fog,1\nmina,the pier,0\n")
    asked = installation.run("import", path)
    assert (asked.exit_code, "--column audience=state --public-values VALUE" in asked.stdout) == (
        2,
        True,
    )
    option = ("--column", "audience=state", "--public-values", "1")
    report = installation.json("import", path, *option)
    assert (report["accepted"], report["restricted"]) == (1, 1)
    read = installation.json("read", path, *option)
    assert [post["text"] for post in read["posts"]] == ["the fog"]
