"""Depth and pieces in every format of XML and JSON: eight times as many take about as many times as
long.
"""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from functools import partial
from time import process_time
from typing import Any, Final

import pytest

from app.errors import FileError
from saywho.formats.doubts.questions import asked
from saywho.formats.reading import TOO_DEEP
from saywho.formats.records import NO_OPTIONS
from saywho.formats.registry import open_records
from saywho.formats.source.file import Source
from saywho.formats.source.json import MAX_DEPTH
from tests.archives import SMALL_FILES, zip_bytes
from tests.formats.files import only_records, read_broken, read_file_records
from tests.growth import FACTOR, MOST_GROWTH, growth

QUICK_S: Final = 0.2
"""The larger file in this time needs no second look: what is quadratic takes as many steps as its
levels or pieces, squared.
"""
TEXT: Final = "hi, you"
XML: Final = [
    name for name, data in SMALL_FILES.items() if data[:1] == b"<" and b"<html" not in data
]
JSON: Final = [
    name for name, data in SMALL_FILES.items() if re.match(rb'(?:window[^\[{]*)?\[?\{"', data)
]

Make = Callable[[int], str]
"""Returns what stands at a place, with that many levels or pieces."""


def read(data: bytes) -> None:
    """Read a file as an import does, with the doubts about it, until it is refused."""
    with suppress(FileError), Source(io.BytesIO(data)) as source:
        records, questions = asked(open_records(source), NO_OPTIONS)
        for _ in records.items:
            pass
        questions.doubts(newest=True)


def check_growth(make: Callable[[int], bytes], size: int) -> None:
    """Read files with so many levels or pieces, and with eight times as many."""
    large, began = make(FACTOR * size), process_time()
    read(large)
    if process_time() - began > QUICK_S:
        assert growth(partial(read, make(size)), partial(read, large)) < MOST_GROWTH, make(2)


def xml_made_large(text: str) -> Iterator[Callable[[int], bytes]]:
    """Yield what puts many levels or pieces into each text, element and tag."""
    for said in re.finditer(r"(?<=>)[^<>]+(?=<)", text):
        makes: list[Make] = [
            lambda n, said=said: f"{said[0]}<b/>" * n,  # type: ignore[misc]
            lambda n, said=said: f"{said[0]}<!--b-->&amp;\n" * n,  # type: ignore[misc]
            lambda n, said=said: f"<b>{said[0]}" * n + "</b>" * n,  # type: ignore[misc]
        ]
        for make in makes:
            yield partial(_between, text, *said.span(), make)
    for tag in re.finditer(r"<([\w:]+)[^<>/]*(/)?>", text):
        name_end = tag.end(1)
        yield partial(_between, text, name_end, name_end, _attributes)
        close = "" if tag[2] else f"</{tag[1]}>"
        end = tag.end() if tag[2] else text.index(close, tag.end()) + len(close)
        element = text[tag.start() : end]
        yield partial(_between, text, *(tag.start(), end), element.__mul__)
        inner = element[len(tag[0]) : len(element) - len(close)]
        yield partial(_between, text, tag.start(), end, partial(_nested, tag[0] + inner, close))


def _between(text: str, begin: int, end: int, make: Make, count: int) -> bytes:
    return (text[:begin] + make(count) + text[end:]).encode()


def _attributes(count: int) -> str:
    return "".join(f' a{number}="b"' for number in range(count))


def _nested(begin: str, end: str, count: int) -> str:
    return begin * count + end * count


@pytest.mark.parametrize("name", XML)
def test_time_grows_as_levels_and_pieces_of_xml_do(name: str) -> None:
    for make in xml_made_large(SMALL_FILES[name].decode()):
        check_growth(make, 2_000)


def path_to(value: Any, text: str) -> tuple[Any, ...] | None:
    """Return the keys that lead to the first string with a text."""
    if isinstance(value, str):
        return () if text in value else None
    keys = value if isinstance(value, dict) else range(len(value) if isinstance(value, list) else 0)
    found = ((key, path_to(value[key], text)) for key in keys)
    return next(((key, *path) for key, path in found if path is not None), None)


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def varied(value: Any, number: int) -> Any:
    """Return a value like another one, with other words and numbers in it."""
    match value:
        case str():
            return f"{value}{number}"
        case bool() | None:
            return value
        case int() | float():
            return value + number
        case list():
            return [varied(each, number) for each in value]
    return {key: varied(each, number) for key, each in value.items()}


def json_made_large(text: str) -> Iterator[Callable[[int], bytes]]:
    """Yield what puts many levels or pieces in place of a text, and of each value around it."""
    begin = re.match(r"[^\[{]*", text)
    assert begin is not None
    before, lines = begin[0], text[begin.end() :].strip().split("\n")
    documents = [json.loads(line) for line in lines]
    for place, document in enumerate(documents):
        path = path_to(document, TEXT)
        for length in range(len(path) + 1) if path is not None else ():
            value = at(document, path[:length])  # type: ignore[index] # is not None
            written = json.dumps(value)
            makes: list[Make] = [
                lambda n, value=value: json.dumps([varied(value, k) for k in range(n)]),  # type: ignore[misc]
                lambda n, written=written: '{"a":' * n + written + "}" * n,  # type: ignore[misc]
            ]
            if isinstance(value, list):
                makes.append(
                    lambda n, value=value: json.dumps(  # type: ignore[misc]
                        [varied(each, k) for k in range(n) for each in value]
                    )
                )
            for make in makes:
                yield partial(_in_place, documents, place, path[:length], before, make)  # type: ignore[index]


def _in_place(
    documents: list[Any], place: int, path: tuple[Any, ...], before: str, make: Make, count: int
) -> bytes:
    mark = "in its place"
    document = deepcopy(documents[place])
    if path:
        at(document, path[:-1])[path[-1]] = mark
    changed = [*documents[:place], document if path else mark, *documents[place + 1 :]]
    text = "\n".join(map(json.dumps, changed))
    return f"{before}{text}".replace(json.dumps(mark), make(count)).encode()


@pytest.mark.parametrize("name", JSON)
def test_time_grows_as_levels_and_pieces_of_json_do(name: str) -> None:
    for make in json_made_large(SMALL_FILES[name].decode()):
        check_growth(make, 500)


@pytest.mark.parametrize("name", ["slack", "chats"])
def test_time_grows_as_levels_and_pieces_of_json_in_an_archive_do(name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(SMALL_FILES[name])) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    for each, data in members.items():
        for make in json_made_large(data.decode()):
            check_growth(partial(_in_archive, members, each, make), 500)


def _in_archive(
    members: dict[str, bytes], name: str, make: Callable[[int], bytes], count: int
) -> bytes:
    return zip_bytes(members | {name: make(count)})


@pytest.mark.parametrize("name", XML)
def test_xml_of_too_many_levels_is_refused(name: str) -> None:
    text = SMALL_FILES[name].decode()
    end, most = text.rindex("</"), MAX_DEPTH - 1

    def deep(levels: int) -> bytes:
        return (text[:end] + ("<a>" * levels + "</a>" * levels) + text[end:]).encode()

    assert only_records(read_file_records(deep(most))[1])
    read_broken(deep(most + 1), str(TOO_DEEP))


def talk_of_people(count: int) -> bytes:
    """Return a chat of so many people, each with a sentence that ends and may have a name."""
    messages = [
        {
            "id": number,
            "type": "message",
            "date": "2024-01-01T00:00:00",
            "from": f"Person{number:06}",
            "text": f"I think number {number} of Person{number // 2:06} is a good idea for us.",
        }
        for number in range(count)
    ]
    chat = {"name": "us", "type": "private_supergroup", "id": 5, "messages": messages}
    return json.dumps(chat).encode()


def test_time_grows_as_people_do() -> None:
    check_growth(talk_of_people, 2_000)
