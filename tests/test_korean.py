"""Which words of Korean are forms of one word."""

import pytest
from hypothesis import given, strategies as st

from saywho.korean import LONGEST, dictionary_form, stems_of, stems_with_past
from saywho.words import index_terms
from tests.korean_words import pairs_of_one_word, pairs_of_two_words, share_found

PAIRS = 3_000


def test_97_of_100_forms_of_a_word_find_each_other() -> None:
    assert share_found(pairs_of_one_word(PAIRS, seed=1)) >= 0.97


@pytest.mark.parametrize("alike", [False, True])
def test_1_of_1000_other_words_is_found_at_most(*, alike: bool) -> None:
    assert share_found(pairs_of_two_words(PAIRS, seed=1, alike=alike)) <= 0.001


@pytest.mark.parametrize(
    ("word", "stems"),
    [
        ("마라톤에서는", "마라톤"),
        ("먹었어요", "먹다"),
        ("먹습니당", "먹다"),
        ("놓쳤다", "놓치다"),
        ("불러", "부르다"),
        ("들어", "들다 듣다"),
        ("감사했습니다", "감사"),
        ("마셨어", "마시다"),
        ("먹어버렸네", "먹다"),
        ("나는", "나"),
        ("사는", "사 사다 살다"),
        ("잘", "잘"),
        ("보고서", "보고서"),
        ("주다", "주다"),
        ("알려", "알리다"),
        ("살면", "살다"),
        ("회의", "회의"),
        ("고양이가", "고양이"),
        ("들어와", "들어 들어오다 들업다"),
    ],
)
def test_the_stems_of_a_word(word: str, stems: str) -> None:
    found = {dictionary_form(stem) for stem in stems_of(word)}
    assert set(stems.split()) <= found
    assert len(found) <= len(stems.split()) + 2


@pytest.mark.parametrize(
    ("word", "stems"),
    [
        ("먹엇어", "먹다"),
        ("햇어요", "하다"),
        ("갓다", "가다"),
        ("맛잇엇다", "맛있다"),
        ("먹었어", ""),
        ("이것", "이그다"),  # Which no post has.
        ("빵", ""),
    ],
)
def test_the_past_is_also_written_with_sios(word: str, stems: str) -> None:
    assert {dictionary_form(stem) for stem in stems_with_past(word)} == set(stems.split())


@given(st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=60))
def test_every_word_finds_itself(word: str) -> None:
    stems = stems_of(word)
    assert stems
    assert all(stem[0] in "nv" and len(stem) <= 52 for stem in stems)
    assert len(word) <= LONGEST or len(stems) == 1
    assert set(stems) <= set(index_terms(f"ㅋㅋ{word}ㅠㅠ").split())


def test_what_is_written_onto_a_number_or_a_name_is_no_word() -> None:
    assert index_terms("17일 BTS는 ㅋㅋ먹고") == "17 일 bts 는 ㅋㅋ ㅋ먹 먹고 고 v먹"
