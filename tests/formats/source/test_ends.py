"""Where values of JSON end: as the json module says of good ones, by the brackets of bad ones."""

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.formats.source.json import end_of
from tests.growth import growth

TEXTS = st.text('\\"[]{}a é😀\ud800\n', max_size=80)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(
    value=VALUES,
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


@given(value=st.lists(VALUES, min_size=1), copies=st.integers(1, 60), share=st.floats(0, 1))
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
