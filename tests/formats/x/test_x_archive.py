"""X archives as people have them: zips, folders, lone files, old and new."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import UnrecognisedFileError
from saywho.formats.post import Medium, Reactions, ReplyTarget
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Account
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from tests.archives import damaged, x_file as js, x_note as note, x_tweet as tweet, x_zip
from tests.formats.files import (
    read_broken,
    read_file_records as read,
    read_one,
    saved_folder,
    texts,
)

MINA = Account("mina", "미나 🌱", "x", "77")
LONG = "긴 글은 이렇게 시작해서 끝날 줄 모르고 계속 이어집니다. A long story that goes on. " * 8
OWNER = {"email": "mina@example.com", "username": "mina", "accountId": "77"}
ACCOUNT_JS = js("account", {"account": OWNER | {"accountDisplayName": "미나 🌱"}})


def manifest(**info: object) -> bytes:
    config = {
        "userInfo": {"accountId": "77", "userName": "mina", "displayName": "미나 🌱"},
        "archiveInfo": {"sizeBytes": "1", "isPartialArchive": False, **info},
    }
    return b"window.__THAR_CONFIG = " + json.dumps(config).encode()


def zip_in(folder: Path, members: dict[str, bytes]) -> Path:
    return x_zip(folder / "archive-of-mina", members)


def folder_in(folder: Path, members: dict[str, bytes]) -> Path:
    return saved_folder(folder / "unpacked", members)


WHOLE = {
    "Your archive.html": b"<html></html>",
    "data/account.js": ACCOUNT_JS,
    "data/tweets.js": js("tweets", tweet(2, "second"), tweet(1, "first")),
    "data/tweets-part1.js": js("tweets", tweet(3, "third"), part=1),
    "data/tweets_media/1-pic.jpg": b"\xff\xd8",
    "data/like.js": js("like", {"like": {"tweetId": "5", "fullText": "liked"}}),
    "data/deleted-tweets.js": js("deleted_tweets", tweet(6, "deleted")),
}


@pytest.mark.parametrize("top", ["", "twitter-2024-11-01-abc/", "a/b/"], ids=["none", "one", "two"])
@pytest.mark.parametrize("save", [zip_in, folder_in])
def test_whole_archives_with_and_without_a_top_folder(tmp_path: Path, save: Any, top: str) -> None:
    members = {top + name: data for name, data in WHOLE.items()}
    members |= {f"__MACOSX/{top}data/._tweets.js": b"junk", f"{top}data/._tweets.js": b"junk"}
    records, items = read(save(tmp_path, members))
    assert (records.format, records.unit, records.account) == ("x", "record", MINA)
    assert texts(items) == ["second", "first", "third"]
    assert [item.place for item in items] == [1, 2, 3, 4, 5]
    assert items[3:] == [Skipped(4, "deleted"), Skipped(5, "like")]


def test_damage_among_the_likes_costs_nothing_else(tmp_path: Path) -> None:
    _, items = read(zip_in(tmp_path, WHOLE | {"data/like.js": WHOLE["data/like.js"][:-20]}))
    assert texts(items) == ["second", "first", "third"]
    assert len(items) == 4


def test_the_account_is_known_before_the_items_and_its_email_is_not_read(tmp_path: Path) -> None:
    with Source(zip_in(tmp_path, WHOLE)) as source:
        records = open_records(source)
        assert records.account == MINA
        assert "example.com" not in repr(records) + repr(list(records.items))
        assert source.bytes_read == source.bytes_total


def test_a_lone_tweets_js_stands_for_its_folder(tmp_path: Path) -> None:
    members = {f"tweets-part{n}.js": js("tweets", tweet(n, f"part {n}")) for n in (10, 2, 1)}
    members |= {
        "tweets.js": js("tweets", tweet(30, LONG[:150] + "…")),
        "note-tweet.js": js("note_tweet", note(30, LONG)),
        "account.js": ACCOUNT_JS,
        "twitter-circle-tweet.js": js("twitter_circle_tweet", tweet(4, "circle")),
    }
    folder = folder_in(tmp_path, members)
    records, items = read(folder / "tweets.js")
    assert records.account == MINA
    assert texts(items) == [LONG, "part 1", "part 2", "part 10"]
    assert items[-1] == Skipped(5, "restricted")
    assert texts(read(folder / "tweets-part2.js")[1]) == ["part 2"]


@pytest.mark.parametrize("name", ["tweets", "tweet", "community_tweet"])
def test_lone_files_are_told_by_content_whatever_their_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "upload.bin").write_bytes(b"\xef\xbb\xbf" + js(name, tweet(1, "hi 👋")) + b";\n")
    (tmp_path / "tweets-part1.js").write_bytes(js("tweets", tweet(2, "not asked for")))
    records, items = read(tmp_path / "upload.bin")
    assert (records.account, texts(items)) == (Account(None, None, "x"), ["hi 👋"])


@pytest.mark.parametrize("name", ["like", "deleted_tweets", "account", "direct_messages"])
def test_files_that_hold_no_own_posts_are_unrecognised(tmp_path: Path, name: str) -> None:
    (tmp_path / "tweets.js").write_bytes(js(name, tweet(1, "hi")))
    with pytest.raises(UnrecognisedFileError):
        read(tmp_path / "tweets.js")


def test_an_empty_file_with_parts_beside_it(tmp_path: Path) -> None:
    alone = {"data/tweets.js": b"", "data/note-tweet.js": b"", "data/account.js": ACCOUNT_JS}
    assert read(zip_in(tmp_path, alone))[1] == []
    members = {"tweets.js": b"", "tweets-part1.js": js("tweets", tweet(1, "hi"))}
    assert texts(read(folder_in(tmp_path, members) / "tweets.js")[1]) == ["hi"]


def test_the_manifest_names_the_account_and_the_time_of_the_counts(tmp_path: Path) -> None:
    counts = {"favorite_count": "12", "retweet_count": "3"}
    members = {
        "data/account.js": b"broken {",
        "data/manifest.js": manifest(generationDate="2024-11-01T10:00:00.000Z"),
        "data/tweets.js": js("tweets", tweet(1, "liked", **counts)),
    }
    path = zip_in(tmp_path, members)
    assert read(path)[0].account == MINA._replace(unread="data/account.js")
    time = datetime(2024, 11, 1, 10, tzinfo=UTC)
    assert read_one(path).counts == Reactions(12, 3, as_of=time)


@pytest.mark.parametrize(
    ("counts", "total"), [(["1200", "34"], 1234), (["1200", None], None), (["9" * 5000], None)]
)
def test_a_manifest_counts_the_posts(
    tmp_path: Path, counts: list[str | None], total: int | None
) -> None:
    files = [{"fileName": "data/tweets.js", "count": count} for count in counts]
    config = {"dataTypes": {"tweets": {"files": files}, "like": {"files": [{"count": "9"}]}}}
    index = b"window.__THAR_CONFIG = " + json.dumps(config).encode()
    path = zip_in(tmp_path, {"data/manifest.js": index, "data/tweets.js": js("tweets")})
    with Source(path) as source:
        assert open_records(source).total == total


def test_own_posts_are_answered_by_todays_name(tmp_path: Path) -> None:
    answered = {"in_reply_to_status_id_str": "5", "in_reply_to_user_id_str": "77"}
    own = tweet(9, "and", **answered, in_reply_to_screen_name="mina_before")
    members = {"data/account.js": ACCOUNT_JS, "data/tweets.js": js("tweets", own)}
    assert read_one(zip_in(tmp_path, members)).reply_to == ReplyTarget("5", "mina")


def test_the_best_of_a_films_files_is_its_medium(tmp_path: Path) -> None:
    variants = [
        {"content_type": "application/x-mpegURL", "url": "https://v.example/list"},
        {"content_type": "video/mp4", "bitrate": "0", "url": "https://v.example/small"},
        {"content_type": "video/mp4", "bitrate": "832000", "url": "https://v.example/big"},
    ]
    film = {
        "type": "animated_gif",
        "url": "https://t.co/pic",
        "media_url_https": "https://pbs.example/still.jpg",
        "video_info": {"variants": variants},
    }
    posts = js("tweets", tweet(1, "https://t.co/pic", extended_entities={"media": [film]}))
    record = read_one(zip_in(tmp_path, {"data/tweets.js": posts}))
    assert (record.text, record.media) == ("", (Medium("gif", "https://v.example/big"),))


CIRCLE = {
    "data/account.js": ACCOUNT_JS,
    "data/tweets.js": js("tweets", tweet(1, "RT @a: b"), tweet(2, "public")),
    "data/twitter-circle-tweet.js": js("tweet", tweet(30, LONG[:150] + "…"), {"tweet": {}}),
    "data/note-tweet.js": js("note_tweet", note(30, LONG)),
}


def test_circle_posts_and_their_long_texts_are_left_out(tmp_path: Path) -> None:
    _, items = read(zip_in(tmp_path, CIRCLE))
    assert texts(items) == ["public"]
    assert items[0] == Skipped(1, "repost")
    assert items[2:] == [Skipped(3, "restricted"), Skipped(4, "restricted")]


def test_circle_posts_come_in_on_request(tmp_path: Path) -> None:
    _, items = read(zip_in(tmp_path, CIRCLE), include_restricted=True)
    assert texts(items) == ["public", LONG]
    assert items[-1] == BadRecord(4, "the text is missing")


def test_long_texts_of_deleted_posts_stay_out(tmp_path: Path) -> None:
    members = {
        "data/tweets.js": js("tweets", tweet(1, "public")),
        "data/note-tweet.js": js("note_tweet", note(30, LONG)),
        "data/deleted-tweets.js": js("deleted_tweets", {}, tweet(30, LONG[:150] + "…")),
    }
    assert texts(read(zip_in(tmp_path, members))[1]) == ["public"]


SHORTENED = LONG[:150] + "… https://t.co/more"


def test_without_their_long_texts_no_post_is_stored_cut(tmp_path: Path) -> None:
    notes = js("note_tweet", note(30, LONG), note(31, "Also " + LONG))
    posts = js("tweets", tweet(1, "short"), tweet(30, SHORTENED), tweet(31, "Also " + SHORTENED))
    members = {"data/tweets.js": posts, "data/note-tweet.js": notes[:-50]}
    items = read_broken(zip_in(tmp_path, members), r"note-tweet\.js is truncated")
    assert texts(items) == ["short", LONG]
    assert items[2] == BadRecord(3, "the whole text is in data/note-tweet.js, which is damaged")
    assert len(items) == 3


def test_an_unreadable_account_costs_only_the_name(tmp_path: Path) -> None:
    members = {"data/account.js": ACCOUNT_JS, "data/tweets.js": js("tweets", tweet(1, "kept"))}
    records, items = read(damaged(zip_in(tmp_path, members), b"data/account.js"))
    assert records.account == Account(None, None, "x", unread="data/account.js")
    assert texts(items) == ["kept"]


@pytest.mark.parametrize("name", [b"mi\xffna", b"mi na", b"mi\\u0000na", b"\\ud83d", b"m" * 321])
def test_a_name_that_nobody_can_have_is_damage(tmp_path: Path, name: bytes) -> None:
    account = ACCOUNT_JS.replace(b'"mina"', b'"%b"' % name)
    members = {"data/account.js": account, "data/tweets.js": js("tweets", tweet(1, "kept"))}
    records, items = read(folder_in(tmp_path, members))
    assert records.account is not None
    assert (records.account.username, records.account.unread) == (None, "data/account.js")
    assert texts(items) == ["kept"]
    records, _ = read(folder_in(tmp_path, members | {"data/manifest.js": manifest()}))
    assert records.account is not None
    assert records.account.username == "mina"


def test_a_damaged_member_ends_itself_alone(tmp_path: Path) -> None:
    parts = {
        f"data/tweets-part{number}.js": js(
            "tweets", *(tweet(10 * number + each, f"{number}.{each}") for each in range(3))
        )
        for number in (1, 2, 3)
    }
    cut = parts["data/tweets-part2.js"][:-30]
    members = {"data/account.js": ACCOUNT_JS, **parts, "data/tweets-part2.js": cut}
    items = read_broken(zip_in(tmp_path, members), r"tweets-part2\.js .*damaged")
    assert texts(items) == ["1.0", "1.1", "1.2", "2.0", "2.1", "3.0", "3.1", "3.2"]


def test_a_part_without_a_readable_beginning_costs_no_other(tmp_path: Path) -> None:
    members = {"data/tweets.js": js("tweets", tweet(1, "lost"))}
    path = zip_in(tmp_path, members | {"data/tweets-part1.js": js("tweets", tweet(2, "kept"))})
    items = read_broken(damaged(path, b"data/tweets.js"), r"tweets\.js is truncated or damaged")
    assert texts(items) == ["kept"]


def test_several_archives_at_once_are_refused_by_name(tmp_path: Path) -> None:
    members = {"a/data/tweets.js": js("tweets"), "b/data/tweets.js": js("tweets")}
    with pytest.raises(UnrecognisedFileError, match="several archives or chats: a/data, b/data"):
        read(zip_in(tmp_path, members))


def test_other_zips_and_folders_are_unrecognised(tmp_path: Path) -> None:
    members = {"tweets.js": b"module.exports = 5", "manifest.js": b"{}", "account.js": b""}
    for save in (zip_in, folder_in):
        with pytest.raises(UnrecognisedFileError):
            read(save(tmp_path, members))
