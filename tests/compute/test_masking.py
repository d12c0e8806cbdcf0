"""Names that would give an author away are hidden, however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.masking import HIDDEN, mask_names


@pytest.mark.parametrize(
    ("text", "names", "masked"),
    [
        ("The Night Ferry sails at 8", ["the_night_ferry"], "* sails at 8"),
        ("ask @TheNightFerry, or #thenightferry", ["the_night_ferry"], "ask *, or #*"),
        ("골목빵집입니다. 골목 빵집은 쉬어요", ["골목빵집"], "*입니다. 골목 빵집은 쉬어요"),
        ("see https://example.org/mina.k/1", ["mina.k"], "see https://example.org/*/1"),
        ("mina writes, mina@host.example too", ["mina@host.example"], "* writes, * too"),
        ("mina here", ["mina.bsky.social"], "* here"),
        ("Al was here, also Al's cat", ["al"], "* was here, also *'s cat"),
        ("미나 is me", ["two", "미나"], "* is me"),
        ("nothing of that", ["night", "___"], "nothing of that"),
        ("a+b (c) is quoted", ["a+b", "(c)"], "* (*) is quoted"),
    ],
)
def test_names_are_hidden(text: str, names: list[str], masked: str) -> None:
    assert mask_names(text, names) == masked.replace("*", HIDDEN)


@given(st.text(), st.text(st.characters(categories=["Lo", "Ll", "Nd"]), min_size=4), st.text())
def test_no_name_is_left(before: str, name: str, after: str) -> None:
    assert name not in mask_names(f"{before} {name} {after}", [name])


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_names_will_do(text: str, names: list[str]) -> None:
    assert len(mask_names(text, names)) <= len(text)
