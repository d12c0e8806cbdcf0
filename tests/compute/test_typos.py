"""What may have been meant by a mistyped word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.queries import quote_words
from app.services.search.corrections import letters_of, syllables_of, words_at_one_slip


def mistyped(letters: str) -> set[str]:
    places = range(len(letters))
    swapped = {letters[:i] + letters[i + 1 : i + 2] + letters[i] + letters[i + 2 :] for i in places}
    missing = {letters[:i] + letters[i + 1 :] for i in places}
    doubled = {letters[:i] + letters[i] + letters[i:] for i in places}
    return (swapped | missing | doubled) - {letters}


@pytest.mark.parametrize("word", ["lighthouse", "cat", "маяк", "φάρος".replace("ά", "α")])
def test_every_slip_is_undone(word: str) -> None:
    wrong = {word[:i] + word[0] + word[i + 1 :] for i in range(1, len(word))} - {word}
    for typed in mistyped(word) | wrong:
        assert word in words_at_one_slip(typed), typed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("핵교", "학교"),
        ("하교", "학교"),
        ("ㅎㄱ교", "학교"),
        ("학ㄱ교", "학교"),
        ("ㅎ가교", "학교"),
        ("업다", "없다"),
        ("안뇽하세요", "안녕하세요"),
        ("달갸ㄹ", "달걀"),
    ],
)
def test_a_slip_of_one_letter_in_hangul_is_undone(typed: str, meant: str) -> None:
    assert meant in words_at_one_slip(typed)


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), max_size=8))
def test_syllables_are_typed_by_their_letters(word: str) -> None:
    assert syllables_of(letters_of(word)) == word


@pytest.mark.parametrize("word", ["2019", "🚢", "", "中文", "ไทย", "a" * 1_000, "가" * 1_000])
def test_numbers_long_words_and_scripts_without_an_alphabet_have_no_neighbours(word: str) -> None:
    assert words_at_one_slip(word) == set()


@given(st.text(max_size=12))
def test_no_word_is_its_own_neighbour(word: str) -> None:
    assert word not in words_at_one_slip(word)


def test_a_query_is_repeated_with_words_in_quotes() -> None:
    typed = 'Lihgthouse, -lihgthouse "by lihgthouse" keeper'
    quoted = '"Lihgthouse," -lihgthouse "by lihgthouse" keeper'
    assert quote_words(typed, {"lihgthouse"}) == quoted
