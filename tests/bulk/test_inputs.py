"""A file of lines is cut anywhere, and its parts hold each line once."""

import io
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from app.bulk.inputs import LinePart


@given(
    st.lists(st.binary(max_size=6).map(lambda line: line + b"\n"), max_size=9).map(b"".join),
    st.binary(max_size=5),
    st.lists(st.integers(0, 70), max_size=5),
    st.integers(1, 9),
)
@example(b"one\ntwo\n", b"three", [4], 3)
@example(b"", b"", [], 1)
def test_parts_hold_each_line_once_and_know_where_it_begins(
    whole: bytes, rest: bytes, cuts: list[int], buffer: int
) -> None:
    content = whole + rest
    edges = sorted({0, *(cut for cut in cuts if cut < len(content)), len(content)})
    found = []
    for start, end in pairwise(edges):
        part = LinePart(io.BytesIO(content), start, end)
        for number, line in enumerate(io.BufferedReader(part, buffer), 1):
            offset = part.offset_of(number)
            assert content[offset : offset + len(line)] == line
            assert start <= offset < end
            found.append(line)
    assert found == list(io.BytesIO(content))
