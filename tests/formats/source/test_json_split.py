"""Values cut out of a stream, however it is cut into chunks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats.source.json_split import MAX_VALUE_BYTES, Splitter

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=8), VALUES, max_size=4), max_size=5)


def split(data: bytes, size: int, *lists: str) -> list[bytes]:
    splitter, found = Splitter(lists), []
    for at in range(0, len(data), size):
        found += [value.raw for value in splitter.feed(data[at : at + size])]
    splitter.end()
    return found


@given(objects=OBJECTS, size=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_values_come_out_whole(objects: list[object], size: int, indent: int | None) -> None:
    array = json.dumps(objects, indent=indent, ensure_ascii=False).encode()
    assert [json.loads(raw) for raw in split(array, size)] == objects
    rows = "\n".join(json.dumps(item, indent=indent) for item in objects).encode()
    assert [json.loads(raw) for raw in split(rows, size)] == objects


@given(
    objects=OBJECTS,
    before=st.dictionaries(st.text(max_size=4), VALUES, max_size=2),
    after=VALUES,
    size=st.integers(1, 40),
)
def test_wrappers_give_the_items_of_their_list(
    objects: list[object], before: dict[str, object], after: object, size: int
) -> None:
    wrapper = {f"a{key}": value for key, value in before.items()}
    wrapper |= {"feed": objects, "bfeed": after}
    data = json.dumps(wrapper, indent=2).encode()
    assert [json.loads(raw) for raw in split(data * 2, size, "records", "feed")] == objects * 2


@pytest.mark.parametrize(
    "data", [b"[{}", b"[{}}", b"{]", b"]", b'[{"a": "b}]', b"[] x", b"x {}", b"{} 1 {}", b"7"]
)
@pytest.mark.parametrize("size", [1, 100])
def test_damage_is_told(data: bytes, size: int) -> None:
    with pytest.raises(ValueError, match=r"value|match"):
        split(data, size)


def test_what_is_no_value_in_an_array_is_given_out_to_be_reported() -> None:
    assert split(b'[{"a": 1}, 7, "x", {"b": [2]}, null]', 5) == [
        b'{"a": 1}',
        b'7, "x"',
        b'{"b": [2]}',
        b"null",
    ]


def test_a_huge_value_is_passed_over_without_being_held() -> None:
    splitter = Splitter()
    found = list(splitter.feed(b'[{"a": 1}, {"a": "'))
    for _ in range(MAX_VALUE_BYTES // 65_536 + 2):
        found += splitter.feed(b"\\x" * 32_768)
        assert sum(map(len, splitter._parts)) <= MAX_VALUE_BYTES
    found += splitter.feed(b'"}, {"a": 2}]')
    splitter.end()
    assert found == [(b'{"a": 1}', False), (b"", True), (b'{"a": 2}', False)]


@given(data=st.binary(max_size=60) | st.text('[]{}",\\ a:', max_size=60).map(str.encode))
def test_any_bytes_are_split_alike_in_any_chunks(data: bytes) -> None:
    outcomes = []
    for size in (1, 3, 100):
        try:
            outcomes.append(split(data, size, "a"))
        except ValueError:
            outcomes.append([b"damaged"])
    assert outcomes[0] == outcomes[1] == outcomes[2]
