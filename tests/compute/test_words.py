"""What a text is indexed by."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.words import segment_terms, segments, terms, words_and_runs


@pytest.mark.parametrize(
    ("text", "joined_terms"),
    [
        ("The lamp's LIGHT", "the lamp s light"),
        ("학교에 밥 BTS는", "학교 교에 에 밥 bts 는"),
        ("ferry🚢 👍🏽 ❤️", "ferry 🚢 👍 ❤"),
        ("Café Straße naïve ﬁn", "cafe strasse naive fin"),
        ("हिन्दी שָׁלוֹם", "हिन्दी שלום"),
        ("漢字 ラーメン", "漢字 字 ラー ーメ メン ン"),
        ("path_x 3.14 — … <3", "path x 3 14 3"),
        ("🇰🇷🇰🇷 👩‍👩‍👧‍👦", "🇰🇷 🇰🇷 👩‍👩‍👧‍👦"),
    ],
)
def test_terms_of_a_text(text: str, joined_terms: str) -> None:
    assert terms(text) == joined_terms.split(" ")


@given(st.text() | st.text("aB1 .,·가나힣"))
def test_segments_lie_in_the_text_and_give_its_terms(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    located = list(segments(text))
    place = 0
    for segment in located:
        assert place <= segment.start < segment.end <= len(text)
        place = segment.end
    assert [
        term for segment in located for term in segment_terms(segment.kind, segment.text)
    ] == terms(text)
    words, runs = words_and_runs(text)
    assert words == [segment.text for segment in located if segment.kind != "paired"]
    assert runs == [segment.text for segment in located if segment.kind == "paired"]
    # The index splits at blanks and ASCII signs, and at nothing else.
    assert all(term and all(c.isalnum() or not c.isascii() for c in term) for term in terms(text))
