"""The arrays in an X archive's files."""

import io
import tracemalloc
from collections.abc import Iterator

import pytest

from app.errors import BrokenFileError, Message
from app.formats.source.file import Source
from app.formats.source.json import MAX_VALUE
from app.formats.x.archive import array_items
from app.formats.x.posts import DamagedItem


def items(data: bytes) -> list[object]:
    return list(read(data))


def read(data: bytes) -> Iterator[object]:
    with Source(io.BytesIO(data), name="tweets.js") as source:
        yield from array_items(source)


@pytest.mark.parametrize(
    "data",
    [
        b'window.YTD.tweets.part0 = [ {"a": "1"}, {"b": "2"} ]',
        b'window.YTD.tweet.part12 = [ {"a": "1"},\n{"b": "2"} ]\n;\n',
        b'\xef\xbb\xbfwindow.YTD.tweets.part0=[{"a":"1"},{"b":"2"}];',
        b'Grailbird.data.tweets_2012_03 = \n [ {"a": "1"}, {"b": "2"} ]',
        b'[{"a": "1"}, {"b": "2"}]',
        b'  [{"a": "1"}, {"b": "2"}]' + b" " * 100_000 + b";" + b"\n" * 100_000,
    ],
)
def test_wrappers(data: bytes) -> None:
    assert items(data) == [{"a": "1"}, {"b": "2"}]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        b" ;\n",
        b"window.YTD.tweets.part0 = ",
        b"window.YTD.tweets.part0 = [ ]",
        b"window.YTD.tweets.part0 = [];\n",
    ],
)
def test_empty_files_hold_nothing(data: bytes) -> None:
    assert items(data) == []


@pytest.mark.parametrize("end", [b', {"b": "', b", {]", b""])
def test_a_break_comes_after_what_was_whole(end: bytes) -> None:
    found = read(b'x = [{"a": "1"}' + b"  " * 9000 + end)
    assert next(found) == {"a": "1"}
    with pytest.raises(BrokenFileError, match="damaged"):
        list(found)


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        (b'{"b": tru}', "not valid JSON"),
        (b'{"b" "1"}', "not valid JSON"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b'{"b": "' + b"b" * MAX_VALUE + b'"}', "longer than 8 MB"),
    ],
    ids=["word", "colon", "deep", "long"],
)
def test_a_bad_item_spoils_no_other(item: bytes, fault: str) -> None:
    found = items(b'x = [{"a": "1"}, ' + item + b', {"c": "3"}];')
    assert found == [{"a": "1"}, DamagedItem(Message(fault)), {"c": "3"}]


@pytest.mark.parametrize(
    "item",
    [b"[" * 200_000, b'{"a":' * 200_000, b'{"a": "' + b"a" * 30_000_000],
    ids=["deep lists", "deep objects", "long text"],
)
def test_hostile_items_do_not_fill_the_memory(item: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(BrokenFileError, match="breaks off"):
            items(b'x = [{"a": "1"}, ' + item)
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
