"""What Bluesky answers: author feeds, records, and the repository of an account as a CAR file."""

import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from app.errors import RecordError
from saywho.formats.post import Medium, Reactions, ReplyTarget
from saywho.formats.reading import BadRecord, Skipped
from saywho.formats.records import Account, Record
from saywho.formats.source.dag_cbor import decode
from tests.archives import zip_bytes
from tests.formats import files

DID = "did:plc:mina"
POST, PROFILE = "app.bsky.feed.post", "app.bsky.actor.profile"
TIME = "2026-01-31T22:04:05.678Z"


class Link(NamedTuple):
    cid: bytes


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


read = files.reads("bluesky-repo", is_chat=False)


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
    records, items = files.read_file_records(data)
    assert records.account == Account(DID, "미나", "bluesky")
    posts = files.records_in(items)
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
    assert files.texts(read(data)) == ["fog"]


def test_a_record_that_the_tree_does_not_name_is_deleted() -> None:
    items = read(repo({f"{POST}/3a": post("kept")}, post("taken back")))
    assert items == [items[0], Skipped(4, "deleted")]
    assert files.texts(items) == ["kept"]


def test_records_without_a_tree_are_posts_without_ids() -> None:
    records, items = files.read_file_records(car(post("fog"), post("안개")))
    assert (records.account, files.texts(items)) == (
        Account(None, None, "bluesky"),
        ["fog", "안개"],
    )
    assert {item.source_id for item in items if isinstance(item, Record)} == {None}


def test_a_file_that_breaks_off_keeps_the_posts_before() -> None:
    whole = repo({f"{POST}/3{n}": post(f"fog {n}") for n in range(5)})
    for at in range(whole.index(b"fog 1"), len(whole), 7):
        kept = files.texts(files.read_broken(whole[:at], "truncated or damaged"))
        assert kept == [f"fog {n}" for n in range(len(kept))]
        assert len(kept) >= 1


def test_keys_that_are_lost_cost_the_posts_and_are_named() -> None:
    node = {"e": [{"p": 0, "k": f"{POST}/3a".encode(), "v": cid_of(encode(post("a")))}], "l": None}
    items = files.read_broken(
        car(post("a"), post("b"), node, post("c"))[:-4], "truncated or damaged"
    )
    assert files.texts(items) == ["a"]
    assert items[1] == BadRecord(2, "its id is missing, because the file is truncated or damaged")


def test_a_repository_that_lacks_what_it_lists_is_told() -> None:
    posts = [post(f"fog {n}") for n in range(3)]
    like = {"$type": "app.bsky.feed.like", "subject": {"uri": f"at://{DID}/{POST}/3z"}}
    names = [f"{POST}/3{n}".encode() for n in range(3)]
    links = [cid_of(encode(each)) for each in posts]
    left, right = (
        {"e": [{"p": 0, "k": names[n], "v": links[n], "t": None}], "l": None} for n in (0, 2)
    )
    liked = {"p": 0, "k": b"app.bsky.feed.like/3a", "v": cid_of(encode(like)), "t": None}
    middle = {"p": 0, "k": names[1], "v": links[1], "t": cid_of(encode(right))}
    root = {"e": [liked, middle], "l": cid_of(encode(left))}
    commit = {"did": DID, "version": 3, "rev": "3k", "prev": None, "sig": b"s"}
    commit |= {"data": cid_of(encode(root))}
    blocks = [commit, *posts, like, root, left, right]
    assert files.texts(read(car(*blocks))) == ["fog 0", "fog 1", "fog 2"]
    # Likes are not read, so nobody misses them.
    assert len(read(car(*(each for each in blocks if each != like)))) == 3
    for gone in (*posts, root, left, right):
        items = files.read_broken(
            car(*(each for each in blocks if each != gone)), "lists are not in the file: 1"
        )
        listed_there = {id(left): "fog 0", id(root): "fog 1", id(right): "fog 2"}
        lost = listed_there.get(id(gone), gone.get("text"))
        assert files.texts(items) == [each for each in ("fog 0", "fog 1", "fog 2") if each != lost]
        assert not [item for item in items if item == Skipped(item.place, "deleted")]


@pytest.mark.parametrize(
    ("shared", "key"),
    [
        pytest.param(0, b"x" * 900_000, id="long"),
        pytest.param(len(POST) + 3, b"x" * 1_022, id="long with what it repeats"),
        pytest.param(len(POST) + 4, b"x", id="repeats more than there is"),
    ],
)
def test_a_key_that_no_repository_has_is_damage(shared: int, key: bytes) -> None:
    entries = [
        {"p": 0, "k": f"{POST}/3a".encode(), "v": cid_of(encode(post("a")))},
        {"p": shared, "k": key, "v": cid_of(encode(post("b")))},
        # Each repeated the one before: of 19,000, a file of 2 MB took minutes.
        *({"p": shared + len(key), "k": b"x", "v": cid_of(encode(post("c")))} for _ in range(9)),
    ]
    items = read(car(post("a"), post("b"), {"e": entries, "l": None}))
    assert files.texts(items) == ["a"]
    assert items[1] == BadRecord(2, "its id is missing, because the file is truncated or damaged")


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
    _, items = files.read_file_records(car(post("fog"), block, post("wind")))
    assert files.texts(items) == ["fog", "wind"]
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
    assert files.texts(files.read_broken(car(post("fog")) + rest, "truncated or damaged")) == [
        "fog"
    ]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary(),
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


MINA = "did:plc:minaminaminaminaminamina"
AUTHOR = {"did": MINA, "handle": "mina.example", "displayName": "미나"}
OTHER = {"did": "did:plc:other", "handle": "bo.example", "displayName": ""}
ACCOUNT = Account("mina.example", "미나", "bluesky")
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def record(text: str, **fields: Any) -> dict[str, Any]:
    return {
        "$type": "app.bsky.feed.post",
        "text": text,
        "createdAt": "2024-05-01T12:00:00.123Z",
        "langs": ["ko", "en"],
    } | fields


def view(key: str, text: str, author: Any = AUTHOR, **fields: Any) -> dict[str, Any]:
    uri = f"at://{author['did']}/app.bsky.feed.post/{key}"
    post = {"uri": uri, "cid": "bafy", "author": author, "record": record(text, **fields)}
    return {"post": post | {"replyCount": 0, "indexedAt": "2024-05-01T12:00:05.000Z"}}


def stored(key: str, text: str, **fields: Any) -> dict[str, Any]:
    uri = f"at://{MINA}/app.bsky.feed.post/{key}"
    return {"uri": uri, "cid": "bafy", "value": record(text, **fields)}


REPOST = view("r", "not mine", OTHER) | {
    "reason": {"$type": "app.bsky.feed.defs#reasonRepost", "by": AUTHOR, "indexedAt": "2024"}
}


def feed(*items: Any) -> dict[str, Any]:
    return {"cursor": "2024", "feed": list(items)}


def listed(*items: Any) -> dict[str, Any]:
    return {"records": list(items), "cursor": "3k"}


def only(text: str = "hi", **fields: Any) -> Record:
    return files.read_one(files.lines(feed(view("a", text, **fields))))


EXPECTED = Record(
    place=1,
    text="안녕 &amp; 하늘",
    username="mina.example",
    display_name="미나",
    platform="bluesky",
    created_at=NOON,
    lang="ko",
    source_id="3kabc",
    url="https://bsky.app/profile/mina.example/post/3kabc",
)


@pytest.mark.parametrize("form", [files.lines, files.array, files.pretty])
@pytest.mark.parametrize("is_page", [True, False])
@pytest.mark.parametrize("format_name", ["auto", "bluesky"])
def test_feeds(form: Callable[..., bytes], is_page: bool, format_name: str) -> None:
    first, second = view("3kabc", EXPECTED.text), view("3kabd", "b")
    values = (feed(first), feed(REPOST, second)) if is_page else (first, REPOST, second)
    stream, items = files.read_file_records(form(*values), format_name)
    assert (stream.format, stream.unit, stream.account) == ("bluesky", "record", ACCOUNT)
    assert items[:2] == [replace(EXPECTED, counts=Reactions(replies=0)), Skipped(2, "repost")]
    assert [item.place for item in items] == [1, 2, 3]


@pytest.mark.parametrize("form", [files.lines, files.array, files.pretty])
def test_records_of_a_repository_are_by_the_did(form: Callable[..., bytes]) -> None:
    stream, items = files.read_file_records(
        form(listed(stored("3kabc", EXPECTED.text)), listed(stored("b", "b")))
    )
    assert stream.account == Account(MINA, None, "bluesky")
    url = f"https://bsky.app/profile/{MINA}/post/3kabc"
    assert items[0] == replace(EXPECTED, username=MINA, display_name=None, url=url)
    assert len(items) == 2


def test_without_a_handle_the_did_is_the_author() -> None:
    assert files.read_file_records(
        files.lines(feed(view("a", "hi", AUTHOR | {"handle": "handle.invalid"})))
    )[0].account == Account(MINA, "미나", "bluesky")


def test_the_account_is_known_from_its_reposts_too() -> None:
    stream, items = files.read_file_records(files.lines(feed(REPOST)))
    assert (stream.account, items) == (ACCOUNT, [Skipped(1, "repost")])


def test_an_empty_feed_needs_no_name() -> None:
    empty: dict[str, Any]
    for empty in (feed(), {"feed": []}, listed()):
        stream, items = files.read_file_records(files.lines(empty))
        assert (stream.account, items) == (None, [])


def test_another_account_is_not_taken_for_the_first() -> None:
    own = {"uri": f"at://{MINA}/app.bsky.feed.post/a", "value": record("a")}
    other = {"uri": f"at://{OTHER['did']}/app.bsky.feed.post/b", "value": record("b")}
    _, items = files.read_file_records(files.lines(listed(*[own] * 100, other)))
    fault = f"written by {OTHER['did']}, but the file starts with posts by another author"
    assert items[-1] == BadRecord(101, fault)


@pytest.mark.parametrize("name", ["feed", "posts"])
@pytest.mark.parametrize("before", [1, 100])
def test_posts_of_several_accounts_keep_their_authors(name: str, before: int) -> None:
    items = [*(view(f"a{at}", "a") for at in range(before)), view("b", "b", OTHER)]
    posts = items if name == "feed" else [item["post"] for item in items]
    stream, found = files.read_file_records(files.lines({name: posts}))
    assert [item.username for item in files.records_in(found)] == [
        *[AUTHOR["handle"]] * before,
        "bo.example",
    ]
    assert stream.account == (None if before == 1 else ACCOUNT)


QUOTED = {"uri": f"at://{OTHER['did']}/app.bsky.feed.post/1", "cid": "bafy"}


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"embed": {"$type": "app.bsky.embed.record", "record": QUOTED}}, "quote"),
        (
            {"embed": {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": QUOTED}}},
            "quote",
        ),
        ({"embed": {"record": {"uri": "at://did:plc:x/app.bsky.graph.list/1"}}}, "post"),
        ({"embed": {"$type": "app.bsky.embed.images", "images": []}}, "post"),
    ],
    ids=range(4),
)
def test_kinds(fields: dict[str, Any], kind: str) -> None:
    assert only(**fields).kind == kind


@pytest.mark.parametrize(
    ("did", "handle", "expected"),
    [
        (None, None, None),
        (MINA, None, ReplyTarget("3k", "mina.example")),
        ("did:plc:jiho", None, ReplyTarget("3k", "did:plc:jiho")),
        ("did:plc:jiho", "jiho.example", ReplyTarget("3k", "jiho.example")),
        ("did:plc:jiho", "handle.invalid", ReplyTarget("3k", "did:plc:jiho")),
    ],
)
def test_the_target_of_a_reply_is_read(
    did: str | None, handle: str | None, expected: ReplyTarget | None
) -> None:
    uri = f"at://{did}/app.bsky.feed.post/3k"
    item = view("a", "hi", reply={"parent": {"uri": uri}} if did else None)
    if handle:
        item["reply"] = {"parent": {"author": {"handle": handle}}}
    record = files.read_one(files.lines(feed(item)))
    assert (record.kind, record.reply_to) == ("reply" if did else "post", expected)


def test_media_and_counts() -> None:
    shown = {"alt": "a lamp", "aspectRatio": {"width": 640, "height": 480}}
    item = view("a", "", embed={"images": [shown | {"image": {"$type": "blob"}}]})
    item["post"] |= {"likeCount": 7, "repostCount": 0}
    item["post"]["embed"] = {"images": [shown | {"fullsize": "https://pbs.example/1.jpg"}]}
    record = files.read_one(files.lines(feed(item)))
    assert record.media == (Medium("photo", "https://pbs.example/1.jpg", "a lamp", 640, 480),)
    assert (record.text, record.counts) == ("", Reactions(7, 0, 0))
    link = {"external": {"uri": "https://a.example/", "title": "A page", "description": "d"}}
    record = files.read_one(files.lines(listed(stored("a", "see", embed={"media": link}))))
    assert record.media == (Medium("link", "https://a.example/", "A page"),)
    assert record.counts is None


@pytest.mark.parametrize(
    ("stated", "time"),
    [
        ("2023-01-02T03:04:05+09:00", datetime(2023, 1, 1, 18, 4, 5, tzinfo=UTC)),
        ("2999-01-01T00:00:00Z", NOON.replace(second=5)),
        ("2024-13-45", NOON.replace(second=5)),
        (None, NOON.replace(second=5)),
    ],
)
def test_a_time_in_the_future_or_none_becomes_that_of_indexing(stated: Any, time: Any) -> None:
    assert only(createdAt=stated).created_at == time


def link(start: Any, end: Any, uri: Any, kind: str = "link") -> dict[str, Any]:
    feature = {"$type": f"app.bsky.richtext.facet#{kind}", "uri": uri}
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


URI = "https://example.com/a/long/path"


@pytest.mark.parametrize(
    ("facets", "text"),
    [
        ([link(8, 26, URI)], f"하늘 {URI} 😀 끝"),
        ([link(7, 25, URI)], f"하늘 {URI} 😀 끝"),
        ([link(0, 6, URI)], f"하늘 ({URI}) example.com/a/l… 😀 끝"),
        ([link(1, 6, URI), link(0, 5, URI)], None),
        (
            [link(7, 25, URI), link(10, 12, URI), link(-5, 3, URI), link(3, 999, URI)],
            f"하늘 {URI} 😀 끝",
        ),
        ([link(7, 25, "at://x"), link(7, 25, URI, "tag"), link(True, 5, URI), 5, {}], None),
        ([link("7", 25, URI), link(None, None, URI), link(7, 25, None), link(9, 8, URI)], None),
        ("oops", None),
    ],
    ids=range(8),
)
def test_links_are_written_out_by_their_bytes(facets: Any, text: str | None) -> None:
    shown = "하늘 example.com/a/l… 😀 끝"
    if facets and isinstance(facets, list) and facets[0] == link(8, 26, URI):
        shown, text = f"하늘. {shown.partition(' ')[2]}", f"하늘. {URI} 😀 끝"
    assert only(shown, facets=facets).text == (text or shown)


@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        ({"post": {"$type": "app.bsky.feed.defs#notFoundPost", "uri": "at://x/y/z"}}, "not a post"),
        (
            {"post": stored("x", "a") | {"value": record("a") | {"text": 5}}},
            "the text is not a string",
        ),
        ({"uri": f"at://{MINA}/y/z", "value": {"$type": "app.bsky.graph.follow"}}, "not a post"),
        (7, "not a"),
    ],
    ids=range(4),
)
@pytest.mark.parametrize("page", [feed, listed])
def test_a_bad_post_does_not_stop_the_rest(bad: Any, detail: str, page: Callable[..., Any]) -> None:
    good = view("a", "a")
    items = files.read_file_records(files.lines(page(good, bad), page(good)))[1]
    assert [type(item) for item in items] == [Record, BadRecord, Record]
    assert isinstance(items[1], BadRecord)
    assert items[1].detail.startswith(detail)


def test_likes_reposts_and_posts_without_text_are_counted() -> None:
    like = stored("a", "") | {"value": {"$type": "app.bsky.feed.like", "subject": QUOTED}}
    repost = stored("b", "") | {"value": {"$type": "app.bsky.feed.repost", "subject": QUOTED}}
    assert files.read_file_records(files.lines(listed(like, repost, stored("c", " \n"))))[1] == [
        Skipped(1, "like"),
        Skipped(2, "repost"),
        Skipped(3, "empty"),
    ]
