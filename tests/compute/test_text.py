"""Rules and normal form of texts and usernames."""

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.text import (
    MAX_TEXT_LENGTH,
    MAX_USERNAME_LENGTH,
    clean_text,
    clean_username,
    drop_controls,
    normalized,
    username_key,
    word_count,
)
from tests.selection import first_of


@given(st.text(st.characters(), min_size=1, max_size=200))
def test_text_without_controls_is_clean_or_blank(text: str) -> None:
    dropped = drop_controls(text)
    if dropped.strip():
        assert clean_text(clean_text(dropped)) == clean_text(dropped)


def test_a_text_is_as_long_as_its_composed_characters() -> None:
    longest = "\u1102\u1161\u11ab" * MAX_TEXT_LENGTH
    assert clean_text(longest) == "난" * MAX_TEXT_LENGTH
    for too_long in (longest + "a", "가\u11ab\u11ab" * MAX_TEXT_LENGTH, "\u0301" * 1_000_000):
        with pytest.raises(ValueError, match="25,000 characters at most"):
            clean_text(too_long)


def test_a_name_that_is_far_too_long_is_nobody_s() -> None:
    longest = "\u1102\u1161\u11ab" * MAX_USERNAME_LENGTH
    assert clean_username(longest) == "난" * MAX_USERNAME_LENGTH
    assert username_key(longest + "a" * 10_000) != username_key(longest)
    with pytest.raises(ValueError, match="at most 320"):
        clean_username("\u0301" * 1_000_000)


FORMS = ("NFC", "NFKD")
MARKS = "\u0301\u0327\u0345\u0344\u0f73\u0f71\u3099\uff9e\u1dce\u0334"
AROUND = "aα가\u1102\u1161 -\u1ed9\ufdfa👨"
mixed = st.text(st.one_of(st.sampled_from(MARKS), st.sampled_from(AROUND), st.characters()))
marked = st.builds("".join, st.lists(st.text(st.sampled_from(MARKS), min_size=20), max_size=4))


@pytest.mark.parametrize("form", FORMS)
@given(before=mixed, marks=marked, after=mixed)
def test_text_is_normalised_as_the_standard_library_does(
    form: Literal["NFC", "NFKD"], before: str, marks: str, after: str
) -> None:
    text = before + marks + after
    assert normalized(text, form) == unicodedata.normalize(form, text)


@pytest.mark.parametrize("form", first_of(FORMS, "NFC"))
@pytest.mark.parametrize(
    "marks", ["\u0301\u0327", "\u0344\u0316", "\u0f73", "\uff9e\u0334"], ids=ascii
)
def test_any_number_of_marks_ends_within_the_time_of_a_test(
    form: Literal["NFC", "NFKD"], marks: str
) -> None:
    # By insertion, 400,000 take minutes.
    text = normalized("a" + marks * (400_000 // len(marks)), form)
    assert normalized(text, form) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The ferry, 17:12: it's late", 5),
        ("https://t.co/abc www.example.org youtu.be/xyz @name #tag me@example.org", 0),
        ("@user@example.social: see bsky.app/profile/x now", 2),
        ("커피를 마셔요 #커피 ㅋㅋ", 3),
        ("1 2 3 😀 _ -", 0),
    ],
)
def test_words_are_counted_without_addresses_names_and_tags(text: str, words: int) -> None:
    assert word_count(text) == words


@pytest.mark.parametrize("piece", ["a-", "a.", "a@", "@a", "www.", "a" * 63 + "."])
def test_words_are_counted_in_linear_time(piece: str) -> None:
    word_count(piece * (200_000 // len(piece)))
