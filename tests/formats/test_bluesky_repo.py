"""The repository of a Bluesky account as a CAR file, and DAG-CBOR."""

import struct
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import ImportFileError, RecordError
from app.formats.post import Medium, ReplyTarget
from app.formats.records import Account, BadRecord, Item, Record, Skipped
from app.formats.source.dag_cbor import Link, decode
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats.files import read_broken, read_file_records, texts

DID = "did:plc:mina"
POST, PROFILE = "app.bsky.feed.post", "app.bsky.actor.profile"
TIME = "2026-01-31T22:04:05.678Z"


def _head(kind: int, number: int) -> bytes:
    if number < 24:
        return bytes([kind << 5 | number])
    low, size = next(
        each for each in ((24, 1), (25, 2), (26, 4), (27, 8)) if number < 256 ** each[1]
    )
    return bytes([kind << 5 | low]) + number.to_bytes(size, "big")


def _by_length(key: str) -> tuple[int, bytes]:
    return len(key.encode()), key.encode()


def encode(value: Any) -> bytes:
    """Return a value as DAG-CBOR."""
    if value is None or isinstance(value, bool):
        return {False: b"\xf4", True: b"\xf5", None: b"\xf6"}[value]
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, Link):
        return b"\xd8\x2a" + encode(b"\0" + value.cid)
    if isinstance(value, str | bytes):
        data = value.encode() if isinstance(value, str) else value
        return _head(3 if isinstance(value, str) else 2, len(data)) + data
    parts = value
    if isinstance(value, dict):
        parts = [part for key in sorted(value, key=_by_length) for part in (key, value[key])]
    return _head(5 if isinstance(value, dict) else 4, len(value)) + b"".join(map(encode, parts))


def cid_of(data: bytes) -> Link:
    return Link(b"\x01\x71\x12\x20" + sha256(data).digest())


def section(data: bytes) -> bytes:
    size, written = len(data), b""
    while size >= 0x80:
        size, written = size >> 7, written + bytes([size & 0x7F | 0x80])
    return written + bytes([size]) + data


def car(*values: Any) -> bytes:
    """Return a CAR file with a block for each value; bytes are a block as they are."""
    blocks = [value if isinstance(value, bytes) else encode(value) for value in values]
    parts = [encode({"version": 1, "roots": [cid_of(blocks[0])]})]
    parts += [cid_of(block).cid + block for block in blocks]
    return b"".join(map(section, parts))


def post(text: str, **fields: Any) -> dict[str, Any]:
    return {"$type": POST, "text": text, "createdAt": TIME} | fields


def repo(records: Mapping[str, Any], *more: Any) -> bytes:
    """Return the repository of records by their keys, with the tree in one node."""
    entries: list[Any] = []
    before = b""
    for name in sorted(records):
        key = name.encode()
        shared = next(
            (n for n, pair in enumerate(zip(before, key, strict=False)) if len({*pair}) > 1),
            min(len(before), len(key)),
        )
        link = cid_of(encode(records[name]))
        entries.append({"p": shared, "k": key[shared:], "v": link, "t": None})
        before = key
    node = {"e": entries, "l": None}
    commit = {"did": DID, "version": 3, "rev": "3k", "prev": None, "sig": b"s"}
    return car(commit | {"data": cid_of(encode(node))}, node, *records.values(), *more)


def read(data: bytes, **options: Any) -> list[Item]:
    records, items = read_file_records(data, **options)
    assert (records.format, records.is_chat) == ("bluesky-repo", False)
    return items


def test_posts_have_their_keys_texts_times_answers_and_pictures() -> None:
    parent = {"uri": f"at://{DID}/{POST}/3a", "cid": "x"}
    image = {"alt": "a pier", "image": {"$type": "blob", "ref": cid_of(b"x"), "size": 5}}
    quoted = {"$type": "app.bsky.embed.record", "record": {"uri": f"at://did:plc:x/{POST}/3z"}}
    data = repo(
        {
            f"{POST}/3a": post("fog again", langs=["en"]),
            f"{POST}/3b": post("and wind", reply={"root": parent, "parent": parent}),
            f"{POST}/3c": post("", embed={"$type": "app.bsky.embed.images", "images": [image]}),
            f"{POST}/3d": post("see this", embed=quoted),
            "app.bsky.actor.profile/self": {
                "$type": "app.bsky.actor.profile",
                "displayName": "미나",
            },
            "app.bsky.feed.like/3e": {"$type": "app.bsky.feed.like", "createdAt": TIME},
            "app.bsky.feed.repost/3f": {"$type": "app.bsky.feed.repost", "createdAt": TIME},
            "app.bsky.graph.follow/3g": {"$type": "app.bsky.graph.follow", "subject": "did:x"},
        }
    )
    records, items = read_file_records(data)
    assert records.account == Account(DID, "미나", "bluesky")
    posts = [item for item in items if isinstance(item, Record)]
    assert [(each.source_id, each.text, each.kind) for each in posts] == [
        ("3a", "fog again", "post"),
        ("3b", "and wind", "reply"),
        ("3c", "", "post"),
        ("3d", "see this", "quote"),
    ]
    assert posts[0].created_at == datetime(2026, 1, 31, 22, 4, 5, tzinfo=UTC)
    assert (posts[0].lang, posts[0].username) == ("en", DID)
    assert posts[0].url == f"https://bsky.app/profile/{DID}/post/3a"
    assert posts[1].reply_to == ReplyTarget("3a", DID)
    assert posts[2].media == (Medium("photo", alt="a pier"),)
    assert [item.reason for item in items if isinstance(item, Skipped)] == ["like", "repost"]


def test_a_repository_in_a_zip_is_read() -> None:
    data = zip_bytes({"export/repo.car": repo({f"{POST}/3a": post("fog")})})
    assert texts(read(data)) == ["fog"]


def test_a_record_that_the_tree_does_not_name_is_deleted() -> None:
    items = read(repo({f"{POST}/3a": post("kept")}, post("taken back")))
    assert items == [items[0], Skipped(4, "deleted")]
    assert texts(items) == ["kept"]


def test_records_without_a_tree_are_posts_without_ids() -> None:
    records, items = read_file_records(car(post("fog"), post("안개")))
    assert (records.account, texts(items)) == (Account(None, None, "bluesky"), ["fog", "안개"])
    assert {item.source_id for item in items if isinstance(item, Record)} == {None}


def test_a_file_that_breaks_off_keeps_the_posts_before() -> None:
    whole = repo({f"{POST}/3{n}": post(f"fog {n}") for n in range(5)})
    for at in range(whole.index(b"fog 1"), len(whole), 7):
        kept = texts(read_broken(whole[:at], "truncated or damaged"))
        assert kept == [f"fog {n}" for n in range(len(kept))]
        assert len(kept) >= 1


def test_keys_that_are_lost_cost_the_posts_and_are_named() -> None:
    node = {"e": [{"p": 0, "k": f"{POST}/3a".encode(), "v": cid_of(encode(post("a")))}], "l": None}
    items = read_broken(car(post("a"), post("b"), node, post("c"))[:-4], "truncated or damaged")
    assert texts(items) == ["a"]
    assert items[1] == BadRecord(2, "its id is missing, because the file is truncated")


@pytest.mark.parametrize(
    "block",
    [
        b"\xa2" + encode("$type") + encode(POST) + encode("text") + b"\x9f",
        encode(post("x")) + b"\0",
        encode(post("x"))[:-1],
        b"\x81" * 5_000 + encode(POST),
        b"\x9b" + b"\xff" * 8 + encode(POST),
        b"\xc1" + encode(post("x")),
        b"\xd8\x23" + encode(POST),
        b"\xbf" + encode(POST),
        b"\xd8\x2a" + encode(b"\0" + b"\x12\x20" * 100) + encode(POST),
        b"\xa1\x01" + encode(POST),
        b"\x63\xff\xff\xff" + encode(POST),
    ],
)
def test_a_block_that_is_no_value_costs_no_other(block: bytes) -> None:
    _, items = read_file_records(car(post("fog"), block, post("wind")))
    assert texts(items) == ["fog", "wind"]
    assert isinstance(items[1], BadRecord)


@pytest.mark.parametrize(
    "rest",
    [
        section(b"\x12\x20" + b"x" * 40),
        section(b"\x01\x71\x12\x20" + b"x" * 20),
        section(b"\x01" + b"\xff" * 20),
        b"\xff" * 20,
        b"\xff\xff\xff\xff\x7f" + b"x" * 300,
        b"\0",
    ],
)
def test_what_is_no_block_ends_the_file(rest: bytes) -> None:
    assert texts(read_broken(car(post("fog")) + rest, "truncated or damaged")) == ["fog"]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
    | st.binary(min_size=32, max_size=32).map(lambda data: Link(b"\x01\x71\x12\x20" + data)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_values_come_out_as_they_were_written(value: Any) -> None:
    assert decode(encode(value)) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_our_error(data: bytes) -> None:
    with suppress(RecordError):
        decode(data)


@given(st.data())
def test_a_damaged_file_gives_items_or_our_error(data: st.DataObject) -> None:
    whole = SMALL_FILES["bluesky-repo"]
    at = data.draw(st.integers(0, len(whole) - 1))
    spoiled = whole[:at] + data.draw(st.binary(max_size=6)) + whole[at + 1 :]
    with suppress(ImportFileError):
        read_file_records(spoiled)
