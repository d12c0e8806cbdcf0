"""Files that are made to take long: eight times the size takes about eight times as long."""

import gc
import gzip
import io
import json
import tarfile
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from app.errors import BrokenFileError, FileError
from saywho.formats import registry
from saywho.formats.reading import BadRecord
from saywho.formats.records import Record
from saywho.formats.registry import open_records
from saywho.formats.source import containers, json as source_json
from saywho.formats.source.file import Content, Meter, Source
from saywho.formats.source.members import Member
from tests.archives import SMALL_FILES, x_file, x_tweet, zip_bytes
from tests.formats.chatlab_variants import in_lines
from tests.formats.files import lines, only_records, read_broken, read_file_records
from tests.growth import FACTOR, MOST_GROWTH, growth
from tests.trust.hostile_files import large_values, many_headers, namesakes
from tests.trust.hostile_uploads import hostile_upload

TIME_MS = 1_767_225_601_000


def read(data: bytes) -> None:
    """Read all that can be read, until it is refused."""
    with suppress(FileError), Source(io.BytesIO(data)) as source:
        for _ in open_records(source).items:
            pass


def extended(said: bytes) -> bytes:
    """Return a tar with one extended header."""
    head = tarfile.TarInfo("x")
    head.type, head.size = tarfile.XHDTYPE, len(said)
    body = said + bytes(-len(said) % 512)
    return head.tobuf(tarfile.USTAR_FORMAT) + body + tarfile.TarInfo("f").tobuf() + bytes(1024)


def long_posts(count: int) -> bytes:
    """Return an archive of X of posts and long posts that begin alike, at different times."""
    notes = [
        {"noteTweet": {"createdAt": f"2023-02-18T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"}}
        for n in range(count)
    ]
    for note in notes:
        note["noteTweet"]["core"] = {"text": "a" * 50}  # type: ignore[assignment]
    tweets = [x_tweet(n, "a" * 49 + "…") for n in range(count)]
    return zip_bytes(
        {"data/tweets.js": x_file("tweets", *tweets), "data/note-tweet.js": x_file("n", *notes)}
    )


def half_links(count: int) -> bytes:
    """Return a post of Bluesky with links that end inside a character."""
    link = {"$type": "app.bsky.richtext.facet#link", "uri": "http://a.example"}
    facet = {"index": {"byteStart": 0, "byteEnd": 20 * count + 1}, "features": [link]}
    record = {"text": "é" * (20 * count), "facets": [facet] * count}
    return json.dumps({"post": {"uri": "at://did:plc:a/b/1", "record": record}}).encode()


def marked_host(count: int) -> bytes:
    address = "https://a" + "\u0315\u0300" * count
    post = {"type": "Note", "content": "hi", "to": ["as:Public"], "attributedTo": address}
    return json.dumps({"orderedItems": [{"type": "Create", "object": post}]}).encode()


def shared_addresses(count: int) -> bytes:
    """Return a room of ChatLab with a link whose text is many."""
    said = {"type": 7, "content": "a://" * count + " b", "timestamp": TIME_MS}
    return in_lines([{"sender": "ida", "accountName": "Ida"} | said])


def words_beside_files(count: int) -> bytes:
    """Return a chat of WhatsApp in which all notes about files differ."""
    line = "[01.02.24, 10:00:00] Ida: \u200ea.jpg ({:060})\n"
    return "".join(map(line.format, range(count))).encode()


GROWING: dict[str, tuple[Callable[[int], bytes], int]] = {
    "digits of a header": (lambda n: extended(b"1" * n), 4_000),
    "records in a header": (lambda n: extended(b"2 " * (n // 2) + b"="), 8_000),
    "headers for all": (lambda n: many_headers(2 * n, n), 300),
    "one name": (namesakes, 500),
    "bad values": (lambda n: b'["' + b"a" * (600 * n) + b'"' + b",x" * n + b"]", 1_000),
    "bad values in blanks": (lambda n: b"[x" + b" 1" * n + b"]", 40_000),
    "bad strings": (lambda n: b"[x" + b' "a\\q"' * n + b"]", 20_000),
    "bad lists": (lambda n: b"[x" + b",[tru]" * n + b"]", 20_000),
    "values before a list": (lambda n: gzip.decompress(large_values(n)), 2_000),
    "long posts": (long_posts, 300),
    "half links": (half_links, 400),
    "a host's name": (marked_host, 1_500),
    "links of a room": (shared_addresses, 2_000),
}
SELDOM_SLOW = ("bad values", "long posts", "half links")
"""The files of a size that only a slow reader minds."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.full] if name in SELDOM_SLOW else [])
        for name in GROWING
    ],
)
def test_time_grows_as_the_file_does(name: str) -> None:
    make, size = GROWING[name]
    assert growth(partial(read, make(size)), partial(read, make(FACTOR * size))) < MOST_GROWTH


def peak(data: bytes) -> int:
    """Return the most bytes that Python's objects take while a file is read."""
    tracemalloc.start()
    try:
        read(data)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: many_headers(12_000, 60), id="headers for all"),
        pytest.param(lambda: extended(b"2 " * 15_000 + b"="), id="records in a header"),
        pytest.param(
            lambda: lines(*[{"text": "a" * 900_000}] * 40), id="long texts", marks=pytest.mark.full
        ),
        pytest.param(
            lambda: lines(
                {
                    "id_str": "1",
                    "full_text": "http://t.co/a " * 3_000,
                    "user": {"screen_name": "mina"},
                    "entities": {
                        "urls": [{"url": "http://t.co/a", "expanded_url": "http://" + "a" * 20_000}]
                    },
                }
            ),
            id="an address many times",
        ),
        pytest.param(
            lambda: words_beside_files(200_000), id="words beside files", marks=pytest.mark.full
        ),
    ],
)
def test_memory_stays_small(make: Callable[[], bytes]) -> None:
    assert peak(make()) < 25 * 2**20


@pytest.mark.full
def test_a_long_line_is_kept_once() -> None:
    """Each format that finds no end of the line would keep its beginning until a collection."""
    gc.disable()  # Imports collect seldom.
    try:
        assert peak(lines({"text": "a" * 12 * 2**20})) < 80 * 2**20
    finally:
        gc.enable()


def test_values_beside_a_list_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_json, "MAX_VALUE", 2**12)
    data = gzip.decompress(large_values(600))
    file = Content("room", Member(len(data), partial(io.BytesIO, data)), Meter("room", 2**30))
    (document,) = source_json.Window(file).values(["messages"])
    assert str(document).startswith("longer than")


DEEP = 1_200
MESSAGE = '{"id":1,"type":"message","date":"2024-01-01","text":%s}'


@pytest.mark.parametrize("depth", [300, 480, 900, DEEP, 20_000])
@pytest.mark.parametrize(
    ("before", "inside", "after"),
    [
        ("", '{"chats":', ""),
        ("", '{"chats":{"list":[', ""),
        ("", "[", "]"),
        ('{"id":1,"type":"message","date":"2024-01-01","messages":[{"text":', "[", "]}]}"),
        ('{"_id":1,"text":"a","b":', "[", "]}"),
        ('{"text":"a","is_repost":', "[", "]}"),
        ('{"text":"a","created_at":', '{"a":', "}}"),
        ('{"text":"a","media":', "[", "]}"),
        ('{"orderedItems":[{"type":"Note","content":"a","attachment":', "[", "]}]}"),
        ('{"feed":[{"post":{"uri":"at://a","record":{"text":"a","facets":', "[", "]}}}]}"),
        ('{"id_str":"1","text":"a","user":{"screen_name":"b"},"entities":', "[", "]}"),
        ("window.YTD.tweets.part0 = [", '{"tweet":', "}]"),
    ],
)
def test_deep_values_are_read_or_refused(depth: int, before: str, inside: str, after: str) -> None:
    closing = {"[": "]", "{": "}"}
    ends = "".join(closing[mark] for mark in reversed(inside) if mark in closing)
    deep = before + inside * depth + "1" + (ends * depth + after[1:] if after else "")
    read(deep.encode())
    read(zip_bytes({"result.json": deep.encode(), "data/tweets.js": deep.encode()}))


def test_chats_in_chats_are_refused_in_one_line() -> None:
    deep = b'{"chats":' * DEEP
    read_broken(b'{"list":[' + SMALL_FILES["telegram"] + b"," + deep, "nested too deeply")


@pytest.mark.parametrize("place", [0, 100])
@pytest.mark.parametrize(("depth", "kind"), [(199, Record), (200, BadRecord), (20_000, BadRecord)])
def test_a_record_that_is_too_deep_spoils_no_other(depth: int, kind: type, place: int) -> None:
    """The limit is the same in all versions of Python, and for the records that tell the format."""
    deep = b'{"_id":1,"text":"a","b":' + b"[" * depth + b"]" * depth + b"}"
    records = [b'{"_id":1,"text":"a"}'] * 102
    records[place] = deep
    for data in (b"[" + b",".join(records) + b"]", b"\n".join(records)):
        assert [type(item) for item in read_file_records(data, "mongo")[1]] == [
            kind if number == place else Record for number in range(len(records))
        ]


def test_a_record_that_no_post_could_hold_is_bad() -> None:
    long = "a" * registry.MOST_CHARACTERS
    items = read_file_records(lines({"text": "a"}, {"text": "b", "url": long}))[1]
    assert items[1] == BadRecord(2, "longer than 120 KB")


def test_numbers_of_any_length_are_read() -> None:
    number = "1" * 5_000
    post = {"type": "Note", "content": "a", "summary": f"&#{number};", "to": ["as:Public"]}
    (item,) = only_records(read_file_records(lines({"orderedItems": [post]}), "mastodon")[1])
    assert item.text == f"&#{number};\n\na"
    tweets = x_file("tweets", x_tweet(1, f"&#{number}; &amp;"))
    (item,) = only_records(read_file_records(tweets, "x")[1])
    assert item.text == f"&#{number}; &"
    members = {"data/tweets.js": tweets, f"data/tweets-part{number}.js": tweets}
    with suppress(FileError), Source(io.BytesIO(zip_bytes(members))) as source:
        assert len(list(open_records(source).items)) == 1


def test_a_zip_of_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "MOST_FILES", 49)
    data = zip_bytes({f"{number}.js": b"" for number in range(50)})
    with pytest.raises(BrokenFileError, match="too many files"):
        Source(io.BytesIO(data))


def test_sizes_that_an_archive_only_states_do_not_count() -> None:
    data = bytearray(zip_bytes({"data/tweets.js": x_file("tweets", x_tweet(1, "hi"))}))
    at = data.find(b"PK\x01\x02") + 24
    data[at : at + 4] = b"\xfe\xff\xff\xff"
    with Source(io.BytesIO(bytes(data)), limit_bytes=2**20) as source:
        with suppress(FileError):
            list(open_records(source).items)
        assert source.bytes_total == 2**20


@pytest.mark.full
@pytest.mark.parametrize("seed", range(40))
def test_a_hostile_file_is_read_or_refused(seed: int) -> None:
    read(hostile_upload(seed)[1])
