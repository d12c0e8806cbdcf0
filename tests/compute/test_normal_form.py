"""Normalisation gives what the standard library does, in time that grows with the text alone."""

import unicodedata
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.normal_form import normalized

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


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "marks", ["\u0301\u0327", "\u0344\u0316", "\u0f73", "\uff9e\u0334"], ids=ascii
)
def test_any_number_of_marks_ends_within_the_time_of_a_test(
    form: Literal["NFC", "NFKD"], marks: str
) -> None:
    # By insertion, 400,000 take minutes.
    text = normalized("a" + marks * (400_000 // len(marks)), form)
    assert normalized(text, form) == text
