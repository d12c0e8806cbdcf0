"""Archives of Mastodon: zip, tar, folder, and a lone outbox."""

import json
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.errors import BrokenFileError, UnrecognisedFileError
from saywho.formats.post import Medium, Reactions, ReplyTarget
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Account, Item, Record
from tests.archives import damaged, tar as saved_tar, x_zip as saved_zip
from tests.formats.files import read_broken, read_file_records as read, read_one, saved_folder

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
MINA = "https://sea.example/users/mina"
FOLLOWERS = f"{MINA}/followers"
ACCOUNT = Account("mina@sea.example", "미나", "mastodon")
ACTOR = {
    "@context": "https://www.w3.org/ns/activitystreams",
    "id": MINA,
    "type": "Person",
    "preferredUsername": "mina",
    "name": "미나",
    "url": "https://sea.example/@mina",
    "outbox": "outbox.json",
}


def post(number: int, content: str | None, /, **fields: Any) -> dict[str, Any]:
    address = f"{MINA}/statuses/{number}"
    note = {
        "id": address,
        "type": "Note",
        "summary": None,
        "inReplyTo": None,
        "published": "2023-01-02T03:04:05Z",
        "url": f"https://sea.example/@mina/{number}",
        "attributedTo": MINA,
        "to": [PUBLIC],
        "cc": [FOLLOWERS],
        "conversation": None,
        "content": content,
        "contentMap": {"en": content},
        "attachment": [],
        "tag": [],
    } | fields
    activity = {"id": f"{address}/activity", "type": "Create", "actor": MINA}
    return activity | {"published": note["published"], "to": note["to"], "object": note}


BOOST = {
    "id": f"{MINA}/statuses/9/activity",
    "type": "Announce",
    "actor": MINA,
    "published": "2023-01-02T03:04:05Z",
    "to": [PUBLIC],
    "object": "https://elsewhere.example/users/a/statuses/1",
}


def outbox(*items: Any) -> bytes:
    whole = {
        "@context": ["https://www.w3.org/ns/activitystreams", {"toot": "http://joinmastodon.org/"}],
        "id": "outbox.json",
        "type": "OrderedCollection",
        "totalItems": len(items),
        "orderedItems": items,
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def members(*items: Any, top: str = "") -> dict[str, bytes]:
    files = {
        "media_attachments/files/1/original/a.png": b"\x89PNG" * 500,
        "outbox.json": outbox(*items),
        "likes.json": b'{"orderedItems": ["https://elsewhere.example/1"]}',
        "bookmarks.json": b'{"orderedItems": []}',
        "actor.json": json.dumps(ACTOR).encode(),
    }
    return {top + name: data for name, data in files.items()}


def saved_plain_tar(path: Path, files: dict[str, bytes]) -> Path:
    return saved_tar(path, files, is_packed=False)


SAVED: list[Callable[..., Path]] = [saved_zip, saved_tar, saved_plain_tar, saved_folder]


def lone(*items: Any, include_restricted: bool = False) -> list[Item]:
    return read(outbox(*items), include_restricted=include_restricted)[1]


def only(**fields: Any) -> Record:
    return read_one(outbox(post(1, fields.pop("content", "<p>hi</p>"), **fields)))


@pytest.mark.parametrize("save", SAVED)
@pytest.mark.parametrize("top", ["", "./", "archive-20230102/", "a" * 90 + "/" + "b" * 90 + "/"])
def test_whole_archives(tmp_path: Path, save: Callable[..., Path], top: str) -> None:
    archive, items = read(save(tmp_path / "archive", members(post(1, "<p>hi</p>"), BOOST, top=top)))
    assert (archive.format, archive.unit, archive.account) == ("mastodon", "record", ACCOUNT)
    assert items == [
        Record(
            place=1,
            text="hi",
            username="mina@sea.example",
            display_name="미나",
            platform="mastodon",
            created_at=datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC),
            lang="en",
            source_id="1",
            url="https://sea.example/@mina/1",
            visibility="public",
        ),
        Skipped(2, "repost"),
        Skipped(1, "like"),
    ]


@pytest.mark.parametrize(
    ("likes", "count"),
    [(b'{"orderedItems": ["https://a.example/1", "b", {}]}', 4), (b"{", 1), (b"", 1), (b"[]", 1)],
)
def test_likes_and_bookmarks_are_counted_whatever_they_hold(
    tmp_path: Path, likes: bytes, count: int
) -> None:
    files = members(post(1, "hi")) | {"likes.json": likes}
    files["bookmarks.json"] = b'{"orderedItems": ["https://a.example/1"]}'
    items = read(saved_zip(tmp_path / "archive", files))[1]
    assert [type(item) for item in items] == [Record, *[Skipped] * count]


@pytest.mark.parametrize(
    ("actor", "url", "username"),
    [
        (MINA, None, "mina@sea.example"),
        ("https://sea.example/ap/users/115", "https://sea.example/@mina/1", "mina@sea.example"),
        ("https://sea.example/ap/users/115", None, None),
        ("https://Sea.Example:3000/@mina", None, "mina@sea.example:3000"),
        (None, None, None),
        ("https://[oops/users/mina", None, None),
    ],
)
def test_the_name_in_addresses(actor: str | None, url: str | None, username: str | None) -> None:
    activity = post(1, "hi", url=url, attributedTo=actor, id="https://sea.example/objects/1")
    archive, items = read(outbox(activity | {"actor": actor}))
    assert archive.account == Account(username, None, "mastodon")
    assert len(items) == 1


def test_an_empty_outbox_needs_no_name() -> None:
    assert read(outbox())[0].account is None
    assert lone() == []


def test_warning_then_content_then_a_polls_options() -> None:
    poll = {
        "type": "Question",
        "oneOf": [{"type": "Note", "name": "tea &amp; milk"}, {"type": "Note", "name": "coffee"}],
        "summary": "food &amp; co",
    }
    assert only(content="<p>tea or coffee?</p><p>tell me</p>", **poll).text == (
        "food & co\n\ntea or coffee?\n\ntell me\ntea & milk\ncoffee"
    )
    assert only(summary="  ", content="<p>hi</p>").text == "hi"
    assert only(summary="alone", content="").text == "alone"


@pytest.mark.parametrize("name", ["quote", "quoteUrl"])
def test_quotes(name: str) -> None:
    assert only(**{name: "https://sea.example/1"}).kind == "quote"


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (None, None),
        (f"{MINA}/statuses/5", ReplyTarget("5", "mina@sea.example")),
        ("https://land.example/users/jiho/statuses/5", ReplyTarget("5", "jiho@land.example")),
        ("https://land.example/@jiho/5", ReplyTarget("5", "jiho@land.example")),
        ("https://land.example/notes/5", ReplyTarget("5")),
        ("https://[broken/5", ReplyTarget("5")),
    ],
)
def test_the_target_of_a_reply_is_read(answered: str | None, expected: ReplyTarget | None) -> None:
    record = only(inReplyTo=answered)
    assert (record.kind, record.reply_to) == ("reply" if answered else "post", expected)


def test_media_and_counts() -> None:
    photo = {
        "type": "Document",
        "mediaType": "image/jpeg",
        "url": "/media_attachments/files/1/original/a.jpg",
        "name": "a lamp",
        "width": 640,
        "height": 480,
    }
    film = {"type": "Document", "mediaType": "video/mp4", "url": "https://sea.example/b.mp4"}
    page = {"type": "Document", "mediaType": "text/html", "url": "https://sea.example/c.html"}
    counts = {"likes": {"totalItems": 5}, "shares": {"totalItems": 2}}
    record = only(content="", attachment=[photo, film, page], **counts)
    assert record.media == (
        Medium("photo", "/media_attachments/files/1/original/a.jpg", "a lamp", 640, 480),
        Medium("video", "https://sea.example/b.mp4"),
    )
    assert (record.text, record.counts) == ("", Reactions(5, 2))
    assert lone(post(1, "")) == [Skipped(1, "empty")]


@pytest.mark.parametrize(
    ("to", "cc", "is_open"),
    [
        ([PUBLIC], [FOLLOWERS], True),
        ([FOLLOWERS], [PUBLIC], True),
        (PUBLIC, None, True),
        (["as:Public"], [], True),
        ([FOLLOWERS], [], False),
        (["https://sea.example/users/bo"], [], False),
        ([], [], False),
        (None, None, False),
        ([{"id": PUBLIC}], 5, False),
    ],
)
def test_posts_for_a_few_are_left_out_unless_asked_for(to: Any, cc: Any, is_open: bool) -> None:
    activity = post(1, "hi", to=to, cc=cc)
    everything = lone(activity, include_restricted=True)
    assert isinstance(everything[0], Record)
    assert lone(activity) == (everything if is_open else [Skipped(1, "restricted")])


def test_a_post_without_readers_has_those_of_its_activity() -> None:
    assert lone(post(1, "hi", directMessage=True)) == [Skipped(1, "restricted")]
    activity = post(1, "hi")
    del activity["object"]["to"], activity["object"]["cc"]
    assert isinstance(lone(activity)[0], Record)


@pytest.mark.parametrize(
    ("fields", "source_id"),
    [
        ({"id": f"{MINA}/statuses/109"}, "109"),
        ({"id": "https://sea.example/objects/0a1b-2c/"}, "0a1b-2c"),
        ({"id": None}, "1"),
    ],
)
def test_the_last_part_of_the_address_is_the_id(fields: Any, source_id: str) -> None:
    assert only(**fields).source_id == source_id


def test_language_and_content_out_of_the_map() -> None:
    assert only(content="b", contentMap={"en": "a", "ko": "b"}).lang == "ko"
    assert only(contentMap={"und": "x"}).lang is None
    assert only(contentMap=None).lang is None
    only_mapped = only(content=None, contentMap={"ko": "<p>안녕</p>"})
    assert (only_mapped.text, only_mapped.lang) == ("안녕", "ko")


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        (post(1, "<" * 5_000), "the content is too long"),
        (post(1, "x") | {"object": "https://sea.example/1"}, "not a post or a repost"),
        ({"type": "Post", "object": {}}, "not a post or a repost"),
        (None, "not a JSON object"),
    ],
    ids=range(4),
)
def test_a_bad_activity_does_not_stop_the_rest(bad: Any, detail: str) -> None:
    good = post(2, "hi")
    if isinstance(bad, dict):
        bad = bad | {"to": [PUBLIC]}
    items = lone(good, bad, good)
    assert items[1] == BadRecord(2, detail)
    assert [type(item) for item in items] == [Record, BadRecord, Record]


def test_several_outboxes_are_refused(tmp_path: Path) -> None:
    files = members(post(1, "a"), top="one/") | members(post(1, "a"), top="two/")
    with pytest.raises(UnrecognisedFileError, match=r"one/outbox.json, two/outbox.json"):
        read(saved_zip(tmp_path / "two", files))


MANY = [post(number, "word " * 40) for number in range(400)]


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_beginning_of_a_truncated_tar_is_read(tmp_path: Path, share: float) -> None:
    data = saved_tar(tmp_path / "a.tar.gz", members(*MANY)).read_bytes()
    items = read_broken(data[: int(len(data) * share)], "truncated or damaged")
    assert len(items) > 50
    assert {getattr(item, "username", None) for item in items} == {"mina@sea.example"}


def test_a_header_of_any_size_is_not_read_into_memory() -> None:
    for kind in (b"L", b"x"):
        info = tarfile.TarInfo("././@LongLink")
        info.type, info.size = kind, 10**9
        with pytest.raises(BrokenFileError, match="damaged"):
            read(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 10_000)


def test_an_outbox_without_a_readable_beginning_is_damaged(tmp_path: Path) -> None:
    path = saved_zip(tmp_path / "archive.zip", {"outbox.json": outbox(post(1, "lost"))})
    with pytest.raises(BrokenFileError, match=r"outbox\.json is truncated or damaged"):
        read(damaged(path, b"outbox.json"))


def test_an_unreadable_actor_costs_only_the_name(tmp_path: Path) -> None:
    kept = post(1, "kept", url=None, attributedTo=None, id=None) | {"actor": None}
    path = saved_zip(tmp_path / "archive.zip", members(kept))
    archive, items = read(damaged(path, b"actor.json"))
    assert archive.account == Account(None, None, "mastodon", unread="actor.json")
    assert [type(item) for item in items] == [Record, Skipped]


@pytest.mark.parametrize("actor", [b"{", b"", b"[]", b'{"preferredUsername": "mi na", "id": "%b"}'])
def test_addresses_name_the_account_of_a_damaged_actor(tmp_path: Path, actor: bytes) -> None:
    files = members(post(1, "kept")) | {"actor.json": actor.replace(b"%b", MINA.encode())}
    archive, items = read(saved_zip(tmp_path / "archive.zip", files))
    assert archive.account == Account("mina@sea.example", None, "mastodon", unread="actor.json")
    assert [type(item) for item in items] == [Record, Skipped]
