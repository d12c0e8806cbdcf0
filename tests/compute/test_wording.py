"""The most similar posts, and the words that set authors apart."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.compute.background import EMPTY_BACKGROUND, build_background
from app.compute.counts import add
from app.compute.features import features
from app.compute.profiles import AuthorProfile
from app.compute.style import distinctive_words
from app.compute.wording import similarities

BAKER = ["Fresh bread at six", "bread and rolls at seven", "The bread is warm", "we bake at six"]
SAILOR = ["wind at six, we sail", "West wind, calm sea", "the wind is up", "we sail at seven"]
TEXTS = st.text(max_size=60) | st.sampled_from([*BAKER, *SAILOR, "비가 와요"])


def profile(posts: list[str]) -> AuthorProfile:
    return AuthorProfile(add([features(post) for post in posts]), len(posts))


AUTHORS = [profile(BAKER * 10), profile(SAILOR * 10)]
BACKGROUND = build_background([author.counts for author in AUTHORS], 80)


@given(TEXTS, st.lists(TEXTS, max_size=5))
def test_similarity_is_a_cosine(text: str, posts: list[str]) -> None:
    alike = similarities(text, [*posts, text], BACKGROUND)
    assert alike.shape == (len(posts) + 1,)
    assert np.all((alike >= 0) & (alike <= 1 + 1e-9))
    assert alike[-1] == pytest.approx(1 if text else 0)
    for post, similarity in zip(posts, alike, strict=False):
        (back,) = similarities(post, [text], BACKGROUND)
        assert back == pytest.approx(similarity)


def test_rare_wording_weighs_more() -> None:
    found = similarities("a zygomorphic bread", ["a warm bread", "zygomorphic it is"], BACKGROUND)
    assert found[1] > found[0] > 0
    assert similarities("bread", ["bread", "xyzzy"], EMPTY_BACKGROUND).tolist() == [1, 0]
    assert similarities("bread", [], BACKGROUND).size == 0


def test_words_of_one_author_set_apart() -> None:
    baker, sailor = distinctive_words(AUTHORS, [BAKER, SAILOR], BACKGROUND, most=3)
    assert baker[0].text == "bread"
    assert {"wind", "sail"} <= {word.text for word in sailor}
    assert baker[0].uses == 30
    assert all(word.weight > 0 and word.z >= 1.96 for word in baker + sailor)
    # What both say alike is of neither.
    assert "at" not in {word.text for word in baker + sailor}


def test_authors_who_write_alike_have_no_words_of_their_own() -> None:
    assert distinctive_words([AUTHORS[0]] * 2, [BAKER, BAKER], BACKGROUND, most=5) == [[], []]
    assert distinctive_words(AUTHORS[:1], [BAKER], BACKGROUND, most=5) == [[]]
    assert distinctive_words(AUTHORS, [[], []], BACKGROUND, most=5) == [[], []]


def test_function_words_and_words_in_another_script_are_left_out() -> None:
    mixed = [
        "등대에서 the lamp 그리고 파도",
        "파도는 of the lamp 했다 파도",
        "파도 at 파도 에서 lamp",
    ]
    posts = [mixed * 20, SAILOR * 20]
    authors = [profile(own) for own in posts]
    background = build_background([author.counts for author in authors], 140)
    korean, english = distinctive_words(authors, posts, background, most=20)
    assert {word.text for word in korean} == {"파도", "등대에서", "파도는"}
    said = {word.text for word in english}
    assert {"wind", "sail"} <= said
    assert not {"we", "is", "the", "at", "up"} & said
    assert all(word.times > 2 for word in korean)


def test_an_emoji_of_several_signs_stays_whole() -> None:
    posts = ["bread 👍🏽 warm 🇰🇷 👩‍👩‍👧‍👦 rolls 🙂"] * 30
    authors = [profile(posts), AUTHORS[1]]
    background = build_background([author.counts for author in authors], 70)
    words, _ = distinctive_words(authors, [posts, SAILOR], background, most=9)
    signs = [word.text for word in words if word.is_mark]
    assert sorted(signs) == sorted(["👍🏽", "🇰🇷", "👩‍👩‍👧‍👦", "🙂"])


def test_one_post_makes_no_habit() -> None:
    posts = [*BAKER, "quokka " * 30]
    words, _ = distinctive_words([profile(posts), AUTHORS[1]], [posts, SAILOR], BACKGROUND, most=9)
    assert "quokka" not in {word.text for word in words}
