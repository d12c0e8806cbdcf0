"""Formats told apart by content, and the promise that only our own errors come out."""

import io
import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.errors import ImportFileError, UnrecognisedFileError
from app.formats import records as formats
from app.formats.records import BadRecord, Record
from app.formats.registry import FORMATS, open_records
from app.formats.source import text as lines_of_files
from app.formats.source import times
from app.formats.source.file import Source
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats.files import FORMS, read_file_records, texts
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
        posts = [item for item in items if isinstance(item, Record)]
        assert (records.format, len(posts)) == (name, 1)


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


@pytest.mark.parametrize("data", [b"[]", b"\xef\xbb\xbf[ ]\n", b"\n" * 70_000, b"\xff\xfe[\0]\0"])
def test_an_empty_array_is_an_archive_without_items(data: bytes) -> None:
    assert read_file_records(data)[1] == []


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
            with pytest.raises(
                ImportFileError, match=r"truncated or damaged|not in any known format"
            ):
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
    except ImportFileError as error:
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
