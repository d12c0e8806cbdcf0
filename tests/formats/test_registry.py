"""Formats told apart by content; what odd and unreadable files cost, and how they are refused."""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies as st

from app.errors import FileError, UnrecognisedFileError
from saywho.formats import records as formats
from saywho.formats.reading import BadRecord
from saywho.formats.records import Record
from saywho.formats.refusals import looks_like_json, reason_of
from saywho.formats.registry import FORMATS, open_records
from saywho.formats.source import text as lines_of_files, times
from saywho.formats.source.file import Source
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats import chatlab_variants, discord_variants, meta_variants, signal_variants
from tests.formats.files import FORMS, read_file_records, records_in, texts
from tests.formats.invented_rooms import invented
from tests.growth import FACTOR, MOST_GROWTH, growth

X, JSONL, CSV = SMALL_FILES["x"], SMALL_FILES["jsonl"], SMALL_FILES["csv"]


def test_there_is_a_small_file_of_each_format() -> None:
    assert SMALL_FILES.keys() == FORMATS.keys()


@pytest.mark.parametrize(("name", "data"), SMALL_FILES.items())
@pytest.mark.parametrize("file_name", ["posts.txt", "posts.csv", "tweets.js", "posts.zip"])
def test_formats_are_told_by_content(
    tmp_path: Path, data: bytes, name: str, file_name: str
) -> None:
    path = tmp_path / file_name
    path.write_bytes(data)
    for target in (path, data):
        records, items = read_file_records(target)
        assert (records.format, len(records_in(items))) == (name, 2 if name == "texts" else 1)


@pytest.mark.parametrize(
    "data",
    [
        *('{"a": 1}\n{"b": 2}\n', "[1]\n", "hello\n", "\x00\x01\x02"),
        *("a,b\n1,2\n", "just a sentence\n", "date\n2020-01-01\n"),
        "12:30 lunch: soup\n13:30 talk: chairs\n14:30 end: home\n",
        "2024-01-15 15:02:07,123 INFO app: started\n2024-01-15 15:02:08,123 INFO app: ok\n",
        "[INFO] [12:30] started\nand went on\n",
        "Dear all,\n1/15/24, 9:05 PM - Mina: hi\n1/15/24, 9:05 PM - Mina: hi\n",
    ],
)
def test_tables_without_texts_logs_and_prose_are_unrecognised(data: str) -> None:
    with pytest.raises(UnrecognisedFileError, match="not in any known format"):
        read_file_records(data.encode())


@pytest.mark.parametrize(("data", "name"), [(X, "csv"), (JSONL, "x"), (CSV, "jsonl")])
def test_a_named_format_must_fit(data: bytes, name: str) -> None:
    with pytest.raises(UnrecognisedFileError, match=f"not in the format {name}"):
        read_file_records(data, name)


@pytest.mark.parametrize("name", ["jsonl", "csv", "whatsapp"])
def test_a_file_behind_many_blank_lines_is_recognised_at_once(name: str) -> None:
    def work(count: int) -> None:
        with Source(io.BytesIO(b"\n" * count + SMALL_FILES[name])) as source:
            assert open_records(source).format == name

    assert growth(partial(work, 2_000_000 // FACTOR), partial(work, 2_000_000)) < MOST_GROWTH


@pytest.mark.parametrize("name", ["auto", *FORMATS])
@pytest.mark.parametrize("data", [b"", b"\n \r\n", b"\xef\xbb\xbf\n"])
def test_empty_files_are_archives_without_items(data: bytes, name: str) -> None:
    records, items = read_file_records(data, name)
    assert (items, records.account) == ([], None)


@pytest.mark.parametrize(
    "data",
    [
        *(b"[", b"[[[[", b"]", b"[[]]", b"[][]", b"[]]", b"[]\n[", b"{", b'{"text": "hi', b"{}{"),
        *(b"[" * 30_000, b"\n" * 70_000 + b"[", b"\n" * 70_000 + b"words", b"\xff\xfe[\0"),
    ],
)
def test_brackets_that_hold_no_posts_are_no_empty_archive(data: bytes) -> None:
    for name in ("auto", *FORMATS):
        with pytest.raises(UnrecognisedFileError):
            read_file_records(data, name)


IN_ARCHIVES = {
    "x": "data/tweets.js",
    "mastodon": "outbox.json",
    "telegram": "result.json",
    "messenger": "messages/inbox/us_12/message_1.json",
    "meta": "media/posts_1.json",
    "discord": "us - porch [22].json",
    "discord-package": "Messages/c22/messages.json",
}
JSON_FILES = {
    f"{name} {form.__name__}": form(json.loads(SMALL_FILES[name]))
    for name in ("x-api", "bluesky", "mongo", "jsonl")
    for form in FORMS[1:]
} | {name: SMALL_FILES[name] for name in IN_ARCHIVES}


@pytest.mark.full
@pytest.mark.parametrize("name", JSON_FILES)
def test_a_cut_file_of_json_never_passes_for_a_whole_one(name: str) -> None:
    data = JSON_FILES[name].strip()
    assert [type(item) for item in read_file_records(data)[1]] == [Record]
    for at in range(1, len(data)):
        files = [data[:at]]
        if name in IN_ARCHIVES:
            files.append(zip_bytes({IN_ARCHIVES[name]: data[:at]}))
        for file in files:
            with pytest.raises(FileError, match=r"truncated or damaged|not in any known format"):
                read_file_records(file)


def mutated(data: bytes) -> st.SearchStrategy[bytes]:
    """Return strategies of the data with some bytes replaced, put in or cut off."""
    return st.builds(
        lambda at, length, middle: data[:at] + middle + data[at + length :],
        st.integers(0, len(data)),
        st.integers(0, 8),
        st.binary(max_size=8),
    )


WHOLE_ZIP = zip_bytes({"data/tweets.js": X})
FILES = st.binary(max_size=300) | st.one_of(
    *map(mutated, (*SMALL_FILES.values(), WHOLE_ZIP, CSV.decode().encode("utf-16"))),
    st.binary(max_size=300).map(lambda data: zip_bytes({"data/tweets.js": data})),
    st.binary(max_size=300).map(b"window.YTD.tweets.part0 = [".__add__),
    st.binary(max_size=300).map(b"text,author\n".__add__),
    st.binary(max_size=300).map(JSONL.__add__),
)


@settings(deadline=None, max_examples=10 * settings().max_examples)
@given(data=FILES, name=st.sampled_from(["auto", *FORMATS]))
@example(b"PK\x03\x04", "auto")
@example(b"PK\x05\x06" + b"\xff" * 18, "x")
@example(b"\xff\xfet", "csv")
@example(b"\x00\x01\x02", "auto")
def test_any_bytes_give_items_or_our_own_error(data: bytes, name: str) -> None:
    try:
        with Source(io.BytesIO(data), limit_bytes=10_000_000) as source:
            places = [item.place for item in open_records(source, format=name).items]
    except FileError as error:
        message = str(error)
    else:
        assert places == sorted(places)
        return
    assert message


FIELDS = (
    *("id", "text", "type", "to", "object", "content", "published", "inReplyTo", "attachment"),
    *("uri", "did", "record", "$type", "createdAt", "facets", "embed", "reply", "author", "langs"),
    *("user", "entities", "urls", "media", "url", "created_at", "extended_tweet", "note_tweet"),
    *("referenced_tweets", "attachments", "$date", "$numberLong", "$binary", "base64"),
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=2)
    ),
    max_leaves=5,
)


def spoiled(value: Any, junk: dict[str, Any], depth: int) -> Any:
    """Return a document whose objects of this depth have the fields too."""
    if isinstance(value, list):
        return [spoiled(item, junk, depth) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: spoiled(item, junk, depth - 1) for key, item in value.items()}
    return inner if depth else inner | junk


@settings(deadline=None, max_examples=10 * settings().max_examples)
@given(
    name=st.sampled_from(
        [
            "mastodon",
            "x-api",
            "bluesky",
            "mongo",
            "jsonl",
            "telegram",
            "messenger",
            "meta",
            "discord",
        ]
    ),
    junk=st.dictionaries(st.sampled_from(FIELDS), JUNK, min_size=1, max_size=4),
    depth=st.integers(0, 4),
)
def test_odd_fields_cost_no_other_post(name: str, junk: dict[str, Any], depth: int) -> None:
    good = json.loads(SMALL_FILES[name])
    good = good["orderedItems"][0] if name == "mastodon" else good
    data = [json.dumps(each).encode() for each in (good, spoiled(good, junk, depth), good)]
    data = (
        data[1:2] if name in {"telegram", "messenger", "discord"} else data
    )  # A chat is one document.
    with suppress(UnrecognisedFileError), Source(io.BytesIO(b"\n".join(data))) as source:
        items = list(open_records(source, format=name).items)
        assert len(data) == 1 or isinstance(items[0], Record)
        assert len(data) == 1 or isinstance(items[-1], Record)


def test_the_format_in_how_to_add_tells_which_lines_it_cannot_read() -> None:
    guide = Path(__file__).parents[2] / "docs" / "contributing.md"
    _, _, design = guide.read_text().partition("### A format\n")
    code = design.split("```")[1].removeprefix("python\n")
    names = vars(times) | vars(lines_of_files) | vars(formats)
    exec(code, names)  # noqa: S102 - It is ours.
    lines = ["# diary of mina", "", "2024-01-15 tea", "soon milk", "# May", "2024-05-01 빵"]
    lines += [
        f"2024-05-02 {'tea' * lines_of_files.MAX_LINE}",
        "2024-05-03 \udcff",
        "2024-05-04 milk",
    ]
    with Source(io.BytesIO("\n".join(lines).encode(errors="surrogateescape"))) as source:
        stream = names["FORMAT"].read(source, formats.NO_OPTIONS)
        assert stream.account == formats.Account("mina", None, "local")
        items = list(stream.items)
    assert texts(items) == ["tea", "빵", "milk"]
    assert [item for item in items if isinstance(item, BadRecord)] == [
        BadRecord(4, "the time 'soon' cannot be read"),
        BadRecord(7, "longer than 1 MB"),
        BadRecord(8, "the text contains broken characters"),
    ]
    with Source(io.BytesIO(CSV)) as source:
        assert names["FORMAT"].read(source, formats.NO_OPTIONS) is None


def refusal(data: bytes, name: str = "notes.txt") -> str:
    with Source(BytesIO(data), name=name) as source, pytest.raises(UnrecognisedFileError) as raised:
        open_records(source)
    return str(raised.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"%PDF-1.7 \x00\x01", "a PDF file"),
        (b"SQLite format 3\x00" + bytes(90), "a SQLite file"),
        (b"\x00\x00\x02\x03" * 9, "no text"),
        (b"\x16\x00\x00\x00\x07_id\x00" + bytes(13), "export with mongoexport"),
        (b"<!DOCTYPE html><html><body><p>hi</p></body></html>", "HTML or XML"),
        (b'<?xml version="1.0"?><rss><channel></channel></rss>', "which can be followed"),
        (b'{"weather": "fog", "wind": 4}', "they are weather, wind"),
        (b"[1, 2, 3]", "contains no objects"),
        (b'{"columns": ["id", "text"], "data": [[1, "Fog"], [2, "Wind"]]}', "its values by column"),
        (b'{"id": [1, 2], "text": ["Fog", "Wind"]}', "its values by column"),
        (b'{"home": {"text": "Welcome"}, "menu": {"text": "File"}}', "a file of translations"),
        (b'{"id": "p1", "pair": ["Fog", "Rain"]}\n{"id": "p2"}', "an export of PAN"),
        (b"PAR1\x15\x04\x15", "if pyarrow is installed beside it"),
        (b"ARROW1\x00\x00\xff", "it is a table of Arrow"),
        ("[{'id': 1, 'text': '안개'}, {'id': 2, 'text': 'Wind'}]".encode(), "as Python prints"),
        (b'[{"a": 1}, {"a"', "is truncated or damaged"),
        # Also the encoding that was guessed.
        (
            "15 Сиван 5784 в 09:05 > Ида: привет\n15 Сиван 5784 в 09:06 > Юн: ну\n".encode(
                "cp1251"
            ),
            "cp1251",
        ),
    ],
)
def test_refusal_names_what_was_seen(data: bytes, words: str) -> None:
    assert words in refusal(data)


@pytest.mark.parametrize(
    ("chat", "is_told"),
    [
        ("[Moonday the 15th, 09:05:01] Ida: hi\n[Moonday the 15th, 09:06:02] Jun: ho\n", False),
        ("<<15~01~24, 09:05>> Ida: hi\n<<15~01~24, 09:06>> Jun: ho\n", False),
        ("15 Sivan 5784 kl. 09:05 > Ida: hi\n15 Sivan 5784 kl. 09:06 > Jun: ho\n", True),
        ("09:05 of 15-01-24, Ida: hi\n09:06 of 15-01-24, Jun: ho\n", True),
        ("[15.01.24; 09;05] Ida; hi\n" + "fog\n" * 6 + "[15.01.24; 09;06] Jun; ho\n", True),
        (
            "[15!01!24, 09:05] Ida: hi\n2024.1.15 klo 09:06 Jun: ho\n2024.1.15 klo 09:07 Ida: oh\n",
            True,
        ),
    ],
)
def test_a_chat_of_unknown_dates_is_named_by_their_shape_and_not_damaged(
    chat: str, is_told: bool
) -> None:
    said = refusal(chat.encode())
    assert "damaged" not in said
    if is_told:
        assert "looks like a chat" in said
        assert "of an unknown app or date format" in said
        assert "Ida" not in said
        assert "15" not in said


@pytest.mark.full
@pytest.mark.parametrize("words", ["가" * 8_400_000, "a" * 31_000_000], ids=["Hangul", "Latin"])
def test_refusal_of_one_long_object_says_so(words: str) -> None:
    refused = refusal(f'{{"text": "{words}"}}'.encode())
    assert "first object that is too long to be read: longer than 8 MB" in refused


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_file_has_a_reason_or_none(data: bytes) -> None:
    with Source(BytesIO(data), name="x") as source:
        if not source.has_members:
            assert isinstance(reason_of(source), str | None)
            assert looks_like_json(source) in {True, False}


READABLE = {"us/result.json": SMALL_FILES["telegram"]}
MESSENGER = "messages/inbox/us_1/message_1.json"
BACKUP = "phone/signal-backup-2026-02-02-21-14-00"


def cut_values(archive: bytes, data: bytes) -> bytes:
    """Return an uncompressed zip, of which other bytes stand in place of a member's first ones."""
    start, rest = archive.split(data, 1)
    return start + bytes(len(data)) + rest


def notes(archive: bytes) -> list[str]:
    """Return what is said of the files that are left out, where one message is read."""
    records, items = read_file_records(archive)
    assert texts(items) == ["hi, you"]
    return [str(part.note) for part in records.left_out]


@pytest.mark.parametrize(
    ("name", "data", "fault"),
    [
        (MESSENGER, SMALL_FILES["messenger"][:40], "in line 1, column 1: a value is not closed"),
        (MESSENGER, bytes(40), "in line 1, column 1: there is something between the values"),
        (MESSENGER, b"", "is empty"),
        ("porch.json", SMALL_FILES["discord"][:30], "a value is not closed"),
        ("other/result.json", b'{"chats": {"list": [{"mess', "a value is not closed"),
        ("phone/main.jsonl", b'{"recipient": ', "a value is not closed"),
    ],
    ids=["cut", "zeros", "empty", "discord", "same-app", "signal"],
)
def test_a_damaged_chat_beside_a_readable_one_is_named(name: str, data: bytes, fault: str) -> None:
    (note,) = notes(zip_bytes(READABLE | {name: data}))
    assert note.startswith(name)
    assert note.endswith(f"{fault}; this file is left out")


@pytest.mark.parametrize("app", ["messenger", "kakaotalk"])
def test_notes_name_what_cannot_be_unpacked_or_is_encrypted_and_no_other(app: str) -> None:
    name = MESSENGER if app == "messenger" else "us/note.txt"
    archive = cut_values(zip_bytes(READABLE | {name: SMALL_FILES[app]}, method=0), SMALL_FILES[app])
    assert notes(archive) == [f"{name} is truncated or damaged; this file is left out"]
    others = {"about.json": b'{"a": [1]}', "many.jsonl": b"{}\n{}\n", "note.txt": b"", "a.jpg": b""}
    assert notes(zip_bytes(READABLE | others)) == []
    encrypted = {f"{BACKUP}/main": b"\x9a\x01", f"{BACKUP}/metadata": b"\x08"}
    for readable in (READABLE, {"porch.json": SMALL_FILES["discord"]}):
        (note,) = notes(zip_bytes(readable | encrypted))
        assert note.startswith(f"{BACKUP} is an encrypted backup")


@pytest.mark.parametrize("data", [b"[]", b"\xef\xbb\xbf[ ]\n", b"\n" * 70_000, b"\xff\xfe[\0]\0"])
def test_an_empty_array_is_an_archive_without_items(data: bytes) -> None:
    assert read_file_records(data)[1] == []


def test_of_many_damaged_files_some_are_named_and_the_rest_is_told() -> None:
    *named, last = notes(zip_bytes(READABLE | {f"{number:02}.json": b"[" for number in range(30)}))
    assert [note[:7] for note in named] == [f"{number:02}.json" for number in range(20)]
    assert last.startswith("more files may be damaged")


ODD: tuple[Any, ...] = (None, True, -1, 1e300, 10**30, "", "\ud800", [], [[]], {}, [None], {"a": 1})
MANY_DIGITS = "1" * 5_000
"""More than Python reads as a number."""
ROOM = invented(7, seconds=True)[-3:]
DOCUMENTS = {
    "messenger": json.loads(meta_variants.lone(ROOM)),
    "messenger encrypted": json.loads(meta_variants.encrypted(ROOM)),
    "discord": json.loads(discord_variants.channel(ROOM)),
    "chatlab": json.loads(chatlab_variants.room(ROOM, chatlab_variants.in_object)),
    "telegram": json.loads(SMALL_FILES["telegram"]),
    "meta": json.loads(SMALL_FILES["meta"]),
    "discord-package": json.loads(SMALL_FILES["discord-package"]),
}
LINES = {
    "signal": signal_variants.chat(ROOM),
    "chatlab": chatlab_variants.room(ROOM, chatlab_variants.in_lines),
}


def with_odd_values(
    value: Any,
    odd: Sequence[Any] = ODD,
    at: tuple[str, ...] = (),
    tried: set[tuple[str, ...]] | None = None,
) -> Iterator[Any]:
    """Yield the document with each value in it replaced by each odd one; in a list of alike values,
    each of their fields once.
    """
    tried = set() if tried is None else tried
    if isinstance(value, dict | list):
        for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
            place = (*at, key if isinstance(value, dict) else "")
            own = () if place in tried else odd
            tried.add(place)
            for other in (*own, *with_odd_values(inner, odd, place, tried)):
                changed = value.copy()
                changed[key] = other
                yield changed


def count_records(data: bytes, name: str) -> int:
    """Return how many records are read; a file may be refused for a reason of our own."""
    try:
        with Source(io.BytesIO(data)) as source:
            items = open_records(source, format=name.split()[0]).items
            return sum(isinstance(item, Record) for item in items)
    except FileError:
        return 0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_odd_values_cost_at_most_what_they_stand_in(name: str) -> None:
    counts = [
        count_records(json.dumps(document).encode(), name)
        for document in with_odd_values(DOCUMENTS[name])
    ]
    assert max(counts) == count_records(json.dumps(DOCUMENTS[name]).encode(), name) > 0


@pytest.mark.parametrize("name", DOCUMENTS)
def test_numbers_of_many_digits_end_no_file(name: str) -> None:
    total = count_records(json.dumps(DOCUMENTS[name]).encode(), name)
    for document in with_odd_values(DOCUMENTS[name], [MANY_DIGITS]):
        assert count_records(json.dumps(document).encode(), name) <= total + 1  # It may be words.


@pytest.mark.parametrize("name", LINES)
def test_odd_lines_cost_no_other(name: str) -> None:
    lines = LINES[name].splitlines()
    total, tried = count_records(LINES[name], name), set[tuple[str, ...]]()
    for at, line in enumerate(lines):
        value = json.loads(line) if line.startswith(b"{") else {}
        for document in with_odd_values(value, [*ODD, MANY_DIGITS], tried=tried):
            changed = [*lines[:at], json.dumps(document).encode(), *lines[at + 1 :]]
            assert count_records(b"\n".join(changed), name) <= total


def test_odd_lists_of_slack_cost_names_alone() -> None:
    day = [{"type": "message", "user": "U1", "text": "hi", "ts": "1767225600.000200"}]
    users = [{"id": "U1", "name": "mina", "profile": {"display_name": "Mina"}}]
    channels = [{"id": "C1", "name": "us", "members": ["U1"]}]
    parts = {"users.json": users, "channels.json": channels, "us/2026-01-01.json": day}
    for name, value in parts.items():
        for document in with_odd_values(value):
            files = {part: json.dumps(parts[part]).encode() for part in parts}
            files[name] = json.dumps(document).encode()
            assert count_records(zip_bytes(files), "slack") == 1 or name.startswith("us/")


@pytest.mark.parametrize("name", [*DOCUMENTS, *LINES])
def test_what_is_nested_too_deeply_is_told(name: str) -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    data = LINES[name] if name in LINES else json.dumps(DOCUMENTS[name]).encode()
    whole = count_records(data, name)
    for word in (b"text", b"content", b"title", b"name", b"Contents", b"meta"):
        key = b'"%s": ' % word
        assert count_records(data.replace(key, key + deep + b', "other": ', 1), name) <= whole
