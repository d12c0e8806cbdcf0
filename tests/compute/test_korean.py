"""Korean words of one syllable with an ending, and what they are never taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.words import forms_of, is_ending, stem_size

HANGUL = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("별이", "별"),
        ("빵을", "빵"),
        ("빵에서는", "빵"),
        ("굽는", "굽"),
        ("먹습니다", "먹"),
        ("가깝습니다", "가깝"),
        ("감사했습니다", "감사"),
        ("대통령에게서는", "대통령"),
        ("고양이", "고양"),
        ("아이는", "아이"),
        ("바다가", "바다"),
        ("종이를", "종이"),
        ("사이다", "사이다"),
        ("어머니", "어머니"),
        ("결과", "결과"),
        ("국가", "국가"),
        ("등대지기", "등대지기"),
    ],
)
def test_the_stem_of_a_word(word: str, stem: str) -> None:
    assert word[: stem_size(word)] == stem


@pytest.mark.parametrize(
    ("word", "others", "no_forms"),
    [
        ("별이", "별 별을 별은 별과 별에서 별까지 별입니다 별들이", "별도 별로 병이 이별 별똥별"),
        ("빵은", "빵 빵이 빵을 빵이에요", "식빵 빵집"),
        ("배는", "배 배가 배를 배와", "배우 배은"),
        ("먹습니다", "먹는 먹고 먹었어요 먹다", "습니다 늦습니다 먹물"),
        ("굽는", "굽고 굽다 구워 구운", "구는 친구는 구두"),
        ("가는", "", "가 가를 가고"),
        ("하세요", "", "하 하고"),
        ("갑니다", "", "갑 갑이"),
    ],
)
def test_the_forms_of_a_stem(word: str, others: str, no_forms: str) -> None:
    forms = forms_of(word)
    assert forms is not None
    assert all(map(forms.has, [word, *others.split()]))
    assert not any(map(forms.has, no_forms.split()))


@pytest.mark.parametrize("word", ["학교", "국가", "휴가", "종이", "고양이", "star", "별star"])
def test_other_words_have_no_forms(word: str) -> None:
    assert forms_of(word) is None


def test_endings_alone() -> None:
    assert all(map(is_ending, ["습니다", "에서는", "니다", "는", "하세요"]))
    assert not any(map(is_ending, ["별이", "학교", "먹습니다"]))


@given(HANGUL)
def test_every_form_has_the_stem_or_its_soft_form_and_its_index_terms(word: str) -> None:
    assert 1 <= stem_size(word) <= len(word)
    if forms := forms_of(word):
        assert forms.has(word)
        terms = forms.terms()
        for form in [*forms.whole, *forms.starts]:
            assert form[0] == word[0] or word[0] in "굽눕줍깁춥덥맵쉽밉"
            pairs = [form[place : place + 2] for place in range(len(form))]
            assert any(row[0] in pairs for row in terms)
