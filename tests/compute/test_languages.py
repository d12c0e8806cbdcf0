"""The language of a text by its tag or letters, and that of an author by most posts."""

import pytest

from app.compute.text import guess_language, guess_main_language, language_of, main_language


@pytest.mark.parametrize(
    ("tag", "language"),
    [("ko-KR", "ko"), ("EN", "en"), ("qu", "qu"), ("que", "que"), ("qme", None), ("qst", None)]
    + [(tag, None) for tag in ("", "und", "zxx", "art", "art-x-tokipona")],
)
def test_tags_without_a_language_name_none(tag: str, language: str | None) -> None:
    assert language_of(tag) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("사건을 보세요 https://t.co/AbCdEfGhIj https://t.co/KlMnOpQrSt", "ko"),
        ("@someone_with_a_long_name 고마워요", "ko"),
        ("#서울", "ko"),
        ("https://ko.wikipedia.org/wiki/서울", "ko"),
        ("Look at 서울, the capital of Korea https://t.co/AbCdEfGhIj", None),
        ("https://t.co/AbCdEfGhIj", None),
    ],
)
def test_letters_of_addresses_tell_no_language(text: str, language: str | None) -> None:
    assert guess_language(text) == language


def test_the_language_of_most_posts_is_the_authors() -> None:
    assert main_language({"en": 2, None: 2, "de": 1}) is None
    assert main_language({"en": 2, "de": 2, None: 1}) == "de"
    assert main_language({"ko": 3, None: 2}) == "ko"
    assert guess_main_language(["안녕하세요", "hello there"]) is None
    assert guess_main_language(["안녕하세요", "hello there", "고마워요"]) == "ko"
