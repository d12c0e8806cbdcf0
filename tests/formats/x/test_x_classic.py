"""X archives up to 2018, a file for each month."""

import json
from pathlib import Path

from app.formats.records import Account, Item, Record, Skipped
from tests.archives import x_zip
from tests.formats.reading import read_archive, saved_folder


def month(name: str, *items: object) -> bytes:
    return f"Grailbird.data.tweets_{name} = \n ".encode() + json.dumps(items).encode()


MEMBERS = {
    "data/js/tweets/2012_04.js": month(
        "2012_04",
        {"id_str": "2", "text": "RT @a: b", "created_at": "2012-04-01 00:00:00 +0000"},
        {"id_str": "3", "text": "words", "retweeted_status": {"id_str": "9"}},
    ),
    "data/js/tweets/2012_03.js": month(
        "2012_03", {"id_str": "1", "text": "첫 글 &lt;3", "created_at": "2012-03-17 17:50:56 +0000"}
    ),
    "data/js/user_details.js": b"var user_details =  "
    + json.dumps({"screen_name": "mina", "full_name": "미나 🌱", "id": "77"}).encode(),
    "data/js/tweet_index.js": b"var tweet_index =  []",
    "tweets.csv": b"tweet_id,text\n1,first\n",
}


def read(path: Path) -> tuple[Account | None, list[Item]]:
    archive, found = read_archive(path)
    assert archive.format == "x"
    return archive.account, found


def check(path: Path) -> None:
    account, found = read(path)
    assert account == Account("mina", "미나 🌱", "x", "77")
    assert isinstance(found[0], Record)
    assert (found[0].text, str(found[0].created_at)) == ("첫 글 <3", "2012-03-17 17:50:56+00:00")
    assert found[1:] == [Skipped(2, "repost"), Skipped(3, "repost")]


def test_zipped_under_a_top_folder(tmp_path: Path) -> None:
    x_zip(tmp_path / "old.zip", {f"12345_abc/{name}": data for name, data in MEMBERS.items()})
    check(tmp_path / "old.zip")


def test_unpacked_and_a_month_alone(tmp_path: Path) -> None:
    check(saved_folder(tmp_path, MEMBERS))
    account, found = read(tmp_path / "data" / "js" / "tweets" / "2012_03.js")
    assert account == Account(None, None, "x")
    assert [item.text for item in found if isinstance(item, Record)] == ["첫 글 <3"]
