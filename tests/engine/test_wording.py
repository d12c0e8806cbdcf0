"""The most similar posts, the words that set authors apart, and how alike authors are."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from saywho.engine.attribution import EMPTY_BACKGROUND, build_background, similarities
from saywho.engine.features import WORDS, add, group_edges
from saywho.engine.population import CountedAuthor, Population
from saywho.people.phrases import typical_phrases
from saywho.people.typical_words import TypicalWord, typical_words, words_in_each
from saywho.significance import clear_log_chance, log_chances, log_chances_of_tests
from tests.engine.invented import profile
from tests.selection import first_of

BAKER = ["Fresh bread at six", "bread and rolls at seven", "The bread is warm", "we bake at six"]
SAILOR = ["wind at six, we sail", "West wind, calm sea", "the wind is up", "we sail at seven"]
TEXTS = st.text(max_size=60) | st.sampled_from([*BAKER, *SAILOR, "비가 와요"])


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
    likenesses = similarities(
        "a zygomorphic bread", ["a warm bread", "zygomorphic it is"], BACKGROUND
    )
    assert likenesses[1] > likenesses[0] > 0
    assert similarities("bread", ["bread", "xyzzy"], EMPTY_BACKGROUND).tolist() == [1, 0]
    assert similarities("bread", [], BACKGROUND).size == 0


def typical(
    posts: list[str], *others: list[str], find: Callable[..., list[TypicalWord]] = typical_words
) -> list[TypicalWord]:
    """Return what is typical of one author of a few."""
    everybody = [profile(own) for own in (posts, *others)]
    members = [
        CountedAuthor(number, each.posts, None, each.counts)
        for number, each in enumerate(everybody)
    ]
    population = Population.of(members)
    return find(everybody[0], posts, population, population.without([0], None))


def test_typical_words_that_keep_together_are_one_phrase() -> None:
    far = "Lighthouse " + "of the " * 20 + "Keeper"
    own = ["Posted a Photo here!", "she is the Captain, Hana", far] * 20
    words = typical(own, BAKER * 20, SAILOR * 20)
    assert said(words) >= {"Posted", "Photo", "Captain", "Hana", "Lighthouse", "Keeper", "!"}
    of_hana = partial(typical_phrases, names=["hana_kim"])
    phrases = typical(own, BAKER * 20, SAILOR * 20, find=of_hana)
    assert said(phrases) == {"Posted a Photo", "Captain", "Lighthouse … Keeper", "!"}
    assert all(phrase.uses == 20 for phrase in phrases)


@pytest.mark.parametrize("authors", first_of([2, 4, 9], 4))
def test_hardly_anybody_has_typical_words_where_all_write_by_chance(authors: int) -> None:
    told = 0
    for seed in range(20):
        drawn = np.random.default_rng([authors, seed])
        posts = drawn.choice([*BAKER, *SAILOR, *(f"the {name} has it" for name in dir(str))], 400)
        own, *others = np.array_split(posts, authors)
        told += bool(typical(own.tolist(), *(other.tolist() for other in others)))
    assert told <= 1


def test_a_word_of_few_uses_is_typical_where_few_words_were_tried() -> None:
    texts = [f"the {name} has it" for name in dir(str)]
    habit = [f"{text} guv" if place % 8 == 0 else text for place, text in enumerate(texts)]
    assert said(typical(habit, texts, texts)) == {"guv"}
    assert typical(texts, habit, texts) == []


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.01, 0.99))
def test_the_chance_of_a_word_is_never_less_than_it_is(own: int, beside: int, share: float) -> None:
    every, uses = own + beside, np.array([own], np.float64)
    chance = sum(
        math.comb(every, count) * share**count * (1 - share) ** (every - count)
        for count in range(own, every + 1)
    )
    (bound,) = np.exp(log_chances(uses, uses + beside, share))
    assert chance <= bound + 1e-9
    assert bound <= 1
    if not beside:
        assert bound == pytest.approx(chance)


def clear_log_chances(
    uses: NDArray[np.float64],
    uses_of_all: NDArray[np.float64],
    share: float,
    tried: NDArray[np.int64],
) -> tuple[NDArray[np.float64], float]:
    logs, tests = log_chances_of_tests(uses, uses_of_all, share, tried)
    return logs, clear_log_chance(logs, tests)


@pytest.mark.parametrize(("tried", "told"), [(2, 2), (20, 1), (1_000, 0)])
def test_the_more_words_are_tried_the_clearer_one_has_to_be(tried: int, told: int) -> None:
    uses, uses_of_all = np.array([39.0, 36, 26]), np.full(3, 50.0)
    of_each = np.full(tried, 50)
    chances, clear = clear_log_chances(uses, uses_of_all, 0.5, of_each)
    assert np.exp(chances) == pytest.approx([0.0002, 0.0066, 0.96], abs=0.01)
    assert int((chances <= clear).sum()) == told
    # Words that are in one post can be typical of nobody, so that their number does not count.
    again, same = clear_log_chances(uses, uses_of_all, 0.5, np.append(of_each, np.full(5_000, 1)))
    assert (again.tolist(), same) == (chances.tolist(), clear)


def test_words_too_rare_to_be_clear_do_not_make_others_clear() -> None:
    uses, uses_of_all = np.array([30.0] + [5.0] * 40), np.array([50.0] + [5.0] * 40)
    chances, clear = clear_log_chances(uses, uses_of_all, 0.5, uses_of_all.astype(np.int64))
    assert not (chances <= clear).any()


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=4), min_size=2, max_size=4))
def test_the_words_of_an_author_and_of_members_are_counted_together(texts: list[list[str]]) -> None:
    profiles = [profile(own) for own in texts]
    population = Population.of(
        [CountedAuthor(number, 1, None, each.counts) for number, each in enumerate(profiles)]
    )
    own, *others = profiles
    members = population.without([0], None)
    everybody = add([own.counts, *(other.counts for other in others)])
    first, last = group_edges(everybody.keys)[WORDS : WORDS + 2]
    together = population.words_with(own.counts, members)
    assert sorted(together.tolist()) == sorted(everybody.counts[first:last].tolist())


def said(words: list[TypicalWord]) -> set[str]:
    return {word.text for word in words}


def test_words_of_one_author_set_apart() -> None:
    baker, sailor = typical(BAKER * 10, SAILOR * 10), typical(SAILOR * 10, BAKER * 10)
    assert (baker[0].text, baker[0].uses) == ("bread", 30)
    assert {"wind", "sail"} <= said(sailor)
    assert all(word.times > 1 for word in baker + sailor)
    # What both say alike is of neither.
    assert "at" not in said(baker + sailor)
    assert "quokka" not in said(typical([*BAKER, "quokka " * 30], SAILOR * 10)), "of one post"
    assert typical(BAKER, BAKER) == typical(BAKER) == typical([], BAKER) == []


def test_function_words_and_words_in_another_script_are_left_out() -> None:
    mixed = [
        "등대에서 the lamp 그리고 파도",
        "파도는 of the lamp 했다 파도",
        "파도 at 파도 에서 lamp 2026",
    ]
    korean, english = typical(mixed * 20, SAILOR * 20), typical(SAILOR * 20, mixed * 20)
    assert said(korean) == {"파도", "등대에서", "파도는"}
    assert {"wind", "sail"} <= said(english)
    assert not {"we", "is", "the", "at", "up"} & said(english)
    assert all(word.times > 2 for word in korean)


def test_an_emoji_of_several_signs_stays_whole() -> None:
    words = typical(["bread 👍🏽 warm 🇰🇷 👩‍👩‍👧‍👦 rolls 🙂"] * 30, SAILOR * 10)
    assert said([word for word in words if word.is_mark]) == {"👍🏽", "🇰🇷", "👩‍👩‍👧‍👦", "🙂"}


def test_laughs_of_any_length_are_one_word() -> None:
    laughs = [f"빵 {'ㅋ' * (2 + place % 4)} 구워요" for place in range(80)]
    (word,) = [word for word in typical(laughs, ["빵 구워요"] * 80) if "ㅋ" in word.text]
    assert (word.text, word.uses) == ("ㅋㅋ", 80)


def test_entities_that_a_file_kept_are_no_words() -> None:
    words = typical([f"{post} &amp; butter &lt;3 don&#39;t" for post in BAKER] * 10, SAILOR * 10)
    assert "butter" in said(words)
    assert not {"amp", "lt", "39", "#39"} & said(words)
    # The sign that it stands for is counted as one that was written plainly.
    assert "&" in said(words)
    # Who plays one keeps the word.
    assert "amp" in said(typical([f"{post}, my amp is loud" for post in BAKER] * 10, SAILOR * 10))


def test_entities_are_no_words_of_a_year_or_a_chat() -> None:
    posts = ["salt &amp; butter", "it&#39;s &quot;warm&quot;", "the amp"]
    salted, warm, last = words_in_each(posts)
    assert salted == {"salt", "butter"}
    assert {"it", "warm"} <= warm
    assert not {"quot", "39"} & warm
    assert "amp" in last


def test_a_sign_in_a_smaller_share_of_the_posts_is_not_typical() -> None:
    short = [f"{word}?" for word in ["fine", "sure", "later", "maybe", "harbour", "kettle"]] * 6
    own = [*(f"{text} {number}" for number, text in enumerate(short)), *BAKER * 20]
    long = [f"{'the gulls were loud by the sea again today ' * 3}{n}?" for n in range(200)]
    assert said(typical(own, long)).isdisjoint({"?"})
    assert "?" in said(typical(own, [text.rstrip("?") for text in long]))


def test_a_run_of_letters_without_blanks_is_no_typical_word() -> None:
    own = ["またあとでねうれしい kettle", "我真的好喜欢你 kettle", "คิดถึงจังเลย kettle"] * 20
    assert said(typical(own, BAKER * 20, SAILOR * 20)) == {"kettle"}
