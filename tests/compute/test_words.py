"""What a text is indexed by, and what a mistyped word may have been."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.query import neighbours, parse_query
from app.compute.words import segment_terms, segments, terms, words_and_runs


@pytest.mark.parametrize(
    ("text", "found"),
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
def test_terms_of_a_text(text: str, found: str) -> None:
    assert terms(text) == found.split(" ")


@given(st.text() | st.text("aB1 .,·가나힣"))
def test_segments_lie_in_the_text_and_give_its_terms(text: str) -> None:
    text = unicodedata.normalize("NFC", text)
    found = list(segments(text))
    place = 0
    for segment in found:
        assert place <= segment.start < segment.end <= len(text)
        place = segment.end
    assert [term for each in found for term in segment_terms(each.kind, each.text)] == terms(text)
    words, runs = words_and_runs(text)
    assert words == [each.text for each in found if each.kind != "paired"]
    assert runs == [each.text for each in found if each.kind == "paired"]
    # The index splits at blanks and ASCII signs, and at nothing else.
    assert all(term and all(c.isalnum() or not c.isascii() for c in term) for term in terms(text))


@given(st.text())
def test_any_query_is_parsed_into_parts_with_terms(typed: str) -> None:
    for part in parse_query(typed):
        assert part.terms
        assert all(part.terms)


def damaged(word: str) -> set[str]:
    swapped = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}
    shorter = {word[:i] + word[i + 1 :] for i in range(len(word))}
    longer = {word[:i] + "q" + word[i:] for i in range(len(word) + 1)}
    other = {word[:i] + "q" + word[i + 1 :] for i in range(len(word))}
    return (swapped | shorter | longer | other) - {word}


@pytest.mark.parametrize("word", ["lighthouse", "lamps"])
def test_every_single_slip_is_mended(word: str) -> None:
    for typed in damaged(word):
        assert 0 < neighbours(typed)[word] < 1


def test_a_letter_left_out_of_a_word_of_four_is_mended() -> None:
    assert all("lamp" in neighbours(typed) for typed in ["amp", "lmp", "lap", "lam"])
    assert "lap" not in neighbours("lop")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("핵교", "학교"), ("안뇽하세요", "안녕하세요"), ("대민한국", "대한민국"), ("등ㅐ", None)],
)
def test_a_slip_within_a_syllable_is_mended(typed: str, meant: str | None) -> None:
    assert (meant is None and neighbours(typed) == {}) or meant in neighbours(typed)


@pytest.mark.parametrize("word", ["2019", "a1b2", "x", "학", "🚢", ""])
def test_numbers_and_single_letters_have_no_neighbours(word: str) -> None:
    assert neighbours(word) == {}


@pytest.mark.parametrize("letter", ["a", "я", "ع", "가"])
def test_a_word_that_nobody_writes_has_no_neighbours(letter: str) -> None:
    assert neighbours(letter * 1_000) == {}
    assert all(len(neighbours(letter * size)) <= 3_000 for size in range(40))


@given(st.text(max_size=12))
def test_no_word_is_its_own_neighbour(word: str) -> None:
    assert word not in neighbours(word)
