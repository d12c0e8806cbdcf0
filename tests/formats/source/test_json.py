"""Values of JSON files of any size, however they come in pieces, and where they end."""

import io
import json
from collections.abc import Collection
from functools import partial

import pytest
from hypothesis import given, strategies as st

from app.errors import BrokenFileError
from saywho.formats.reading import BadRecord
from saywho.formats.source.file import Content, Meter
from saywho.formats.source.json import MAX_VALUE, Json, Window, end_of, load, objects
from saywho.formats.source.members import Member
from tests.growth import growth

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=8), VALUES, max_size=4), max_size=5)


class InPieces(io.BytesIO):
    """A stream that gives so many bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read1(self, size: int | None = -1) -> bytes:
        return self.read(min(size or 0, self._size))


def content_of(text: str, size: int) -> Content:
    data = text.encode(errors="surrogateescape")
    return Content(
        "file", Member(len(data), partial(InPieces, data, size)), Meter("file", len(data))
    )


def values(text: str, size: int, lists: Collection[str] = ()) -> list[object]:
    return list(Window(content_of(text, size)).values(lists))


@given(objects=OBJECTS, size=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_values_come_out_whole(objects: list[object], size: int, indent: int | None) -> None:
    whole = json.dumps(objects, indent=indent, ensure_ascii=False).encode(errors="replace").decode()
    assert values(whole, size) == json.loads(whole)
    assert values("\n".join(json.dumps(item, indent=indent) for item in objects), size) == objects


@given(
    lines=st.lists(OBJECTS.filter(bool), min_size=1, max_size=4), between=st.sampled_from(["", " "])
)
def test_lines_that_were_put_together_are_read_whole(lines: list[list[Json]], between: str) -> None:
    """As by `cat` of files of which one does not end with a line break."""
    lines = [[{"a": 1}], *lines]  # So that it is a file of lines.
    rows = [between.join(json.dumps(each) for each in line) for line in lines]
    expected = [(number, each) for number, line in enumerate(lines, 1) for each in line]
    assert [*objects(content_of("\n".join(rows), 100))] == expected


@pytest.mark.parametrize("line", ['{"a": 1} x', '{"a": 1}{"b"', '{"a": 1}}', "{} tru"])
def test_a_line_with_something_else_is_bad_as_a_whole(line: str) -> None:
    _, bad, last = objects(content_of(f'{{"a": 1}}\n{line}\n{{}}', 100))
    assert isinstance(bad, BadRecord)
    assert (bad.place, bad.detail) == (2, "not valid JSON")
    assert last == (3, {})


@given(
    objects=OBJECTS.filter(bool),
    before=st.dictionaries(st.text(max_size=4), VALUES, max_size=2),
    after=VALUES,
    size=st.integers(1, 40),
)
def test_wrappers_give_the_items_of_their_list(
    objects: list[object], before: dict[str, object], after: object, size: int
) -> None:
    wrapper = {f"a{key}": value for key, value in before.items()}
    wrapper |= {"feed": objects, "bfeed": after}
    assert values(json.dumps(wrapper, indent=2) * 2, size, ("records", "feed")) == objects * 2


def test_a_wrapper_of_nothing_is_a_value_itself() -> None:
    assert values('{"feed": [], "cursor": "a"}', 3, ["feed"]) == [{"feed": [], "cursor": "a"}]


@pytest.mark.parametrize(
    "data", ["[{}", "[{}}", "{]", "]", '[{"a": "b}]', "[] x", "x {}", "{} 1 {}", "7", '{"a" 1}x']
)
@pytest.mark.parametrize("size", [1, 100])
def test_damage_is_told(data: str, size: int) -> None:
    with pytest.raises(BrokenFileError, match=r"value|match"):
        values(data, size, ["feed"])


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize(
    ("data", "place"),
    [
        ("[[[[", "line 1, column 2"),
        ('[\n {"a": 1},\n {"b": 2},\n', "line 4, column 1"),
        ('[\n {"a": 1},\n {"b": "\n\n', "line 3, column 2"),
        ('{"a": 1}\n\n  {"b": [}', "line 3, column 11"),
        ('{"feed": [\n{}, {}}', "line 2, column 7"),
    ],
)
def test_the_place_of_damage_is_told(data: str, place: str, size: int) -> None:
    with pytest.raises(BrokenFileError, match=f"in {place}: "):
        values(data, size, ["feed"])


@pytest.mark.full
def test_a_value_that_is_too_long_is_told() -> None:
    with pytest.raises(BrokenFileError, match="column 2, that cannot be read: longer than 8 MB"):
        values("[" + "[" * (2 * MAX_VALUE), 2**20)


@pytest.mark.parametrize("size", [1, 5, 100])
def test_a_bad_value_spoils_no_other(size: int) -> None:
    data = '[{"a": 1}, {"a": tru}, 7, "x", nan, {"a" "}"}, "\udcff", {"b": [2]}, null]'
    bad = "not valid JSON"
    assert values(data, size) == [*({"a": 1}, bad, 7, "x", bad, bad, "\udcff", {"b": [2]}, None)]


@given(data=st.text('[]{}",\\ a:1', max_size=60))
def test_any_text_is_split_alike_in_any_pieces(data: str) -> None:
    outcomes: list[object] = []
    for size in (1, 3, 100):
        try:
            outcomes.append(values(data, size, "a"))
        except BrokenFileError:
            outcomes.append("damaged")
    assert outcomes[0] == outcomes[1] == outcomes[2]


TEXTS = st.text('\\"[]{}a é😀\ud800\n', max_size=80)
ANY_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(
    value=ANY_VALUES,
    before=TEXTS,
    behind=st.text(',]}" ', max_size=5).map(lambda text: f" {text}"),
    copies=st.integers(1, 60),
    is_ascii=st.booleans(),
)
def test_a_value_ends_where_the_json_module_says(
    value: object, before: str, behind: str, copies: int, is_ascii: bool
) -> None:
    for good in (value, [value] * copies, {before: [value] * copies}):
        text = before + json.dumps(good, ensure_ascii=is_ascii) + behind
        assert end_of(text, len(before)) == json.JSONDecoder().raw_decode(text, len(before))[1]


@given(value=st.lists(ANY_VALUES, min_size=1), copies=st.integers(1, 60), share=st.floats(0, 1))
def test_a_list_that_is_cut_off_has_no_end(value: object, copies: int, share: float) -> None:
    text = json.dumps([value] * copies, ensure_ascii=False)
    assert end_of(text[: int(share * (len(text) - 1))], 0) is None


def test_brackets_alone_take_no_longer_than_their_values() -> None:
    # A match of a regular expression for each takes 25 times as long as the json module.
    text = "[" + ",".join(["[]"] * 300_000) + "]"
    assert growth(partial(json.loads, text), partial(end_of, text, 0), most=5) < 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('[tru "]"], 1', '[tru "]"]'),
        ('{"a" "}"}}', '{"a" "}"}'),
        ("[}]", "[}"),
        ("tru}", "tru"),
        ("]]", ""),
        ("\u00a01", "\u00a0"),
        ("[" * 90_000 + "}" * 90_001, "[" * 90_000 + "}" * 90_000),
        ('["' + "\\" * 200_001 + '"]"]]', '["' + "\\" * 200_001 + '"]"]'),
        ("[" + '"a]",' * 30_000 + "1]]", "[" + '"a]",' * 30_000 + "1]"),
    ],
)
def test_a_bad_value_ends_by_its_brackets(text: str, value: str) -> None:
    assert text[: end_of(text, 0)] == value


@given(value=ANY_VALUES | st.integers(), is_ascii=st.booleans())
def test_a_line_is_read_as_the_json_module_reads_it(value: object, is_ascii: bool) -> None:
    written = json.dumps(value, ensure_ascii=is_ascii)
    assert repr(load(f"{written}\n")) == repr(json.loads(written))


@pytest.mark.parametrize(
    "written", ['"\\ud800"', "NaN", "-Infinity", "1e999", '{"a": 1, "a": 2}', "9" * 400, '"\ud800"']
)
def test_a_value_that_other_readers_refuse_is_read(written: str) -> None:
    assert repr(load(written)) == repr(json.loads(written))
