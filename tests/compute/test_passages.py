"""A long text judged sentence by sentence."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.compute.attribution import rank, scores_of_each
from app.compute.background import build_background
from app.compute.case import Case, Fitted, Suspect
from app.compute.evidence import Passage, judge_passages, sentences
from app.compute.features import features
from app.compute.profiles import profile_of

PIECES = [
    "bread is warm today. ",
    "wind!! ",
    "비가 와요. ",
    "ㅎㅎ ",
    "\n",
    "…",
    "no end ",
    "a.b ",
    "x" * 500,
]
TEXTS = st.text(max_size=80) | st.lists(st.sampled_from(PIECES), max_size=20).map("".join)

BAKER = [f"The oven is warm, bread number {n} is good!! Come early!!" for n in range(20)]
SAILOR = [f"west wind, calm sea... day {n} and we sail on..." for n in range(20)]
AUTHORS = [profile_of(BAKER), profile_of(SAILOR)]
BACKGROUND = build_background([author.counts for author in AUTHORS], 40)
SUSPECTS = [Suspect(1, "baker", AUTHORS[0]), Suspect(2, "sailor", AUTHORS[1])]
NAMES = ["baker", "sailor"]


def judged(text: str, names: Sequence[str] = NAMES) -> list[Passage]:
    return judge_passages(Case([text], SUSPECTS, Fitted(BACKGROUND)), names)


@given(TEXTS)
def test_sentences_hold_everything_once_and_in_order(text: str) -> None:
    end = 0
    for start, following in sentences(text):
        assert end <= start < following <= len(text)
        assert not text[end:start].strip()
        assert text[start:following] == text[start:following].strip()
        end = following
    assert not text[end:].strip()


def test_text_is_cut_at_its_sentences() -> None:
    text = "The bread is warm! “Is it really?” Yes.\nThe sea is calm, 비가 많이 와요.   End of it."
    assert [text[start:end] for start, end in sentences(text)] == [
        "The bread is warm!",
        "“Is it really?” Yes.",
        "The sea is calm, 비가 많이 와요.   End of it.",
    ]


def test_any_number_of_marks_ends_within_the_time_of_a_test() -> None:
    # Looked through from each of them, they would take many minutes.
    for text in ("." * 200_000 + "x", "!\n" * 200_000 + "x"):
        assert sentences(text) == [(0, len(text))]


@given(TEXTS)
def test_each_sentence_gets_an_author_and_a_probability(text: str) -> None:
    passages = judged(text)
    assert [(each.start, each.end) for each in passages] == sentences(text)
    for each in passages:
        assert each.text == text[each.start : each.end]
        assert each.username in NAMES
        assert 0.5 <= each.probability <= 1
    assert judged(text, NAMES[:1]) == []


def test_a_text_of_two_authors_is_divided_between_them() -> None:
    baked = "The oven is warm!! Come early, the bread is good!! "
    sailed = "west wind, calm sea... and we sail on... a calm sea all day... "
    passages = judged(baked + sailed)
    authors = [each.username for each in passages]
    assert authors == sorted(authors)
    assert {each.username for each in passages if each.end <= len(baked)} == {"baker"}
    assert {each.username for each in passages if each.start >= len(baked)} == {"sailor"}


def test_a_sentence_that_says_nothing_goes_with_its_neighbours() -> None:
    unclear = "Zygomorphic quokkas jump."
    for words, author in (
        ("The oven is warm, bread is good!!", "baker"),
        ("west wind, calm sea and we sail on...", "sailor"),
    ):
        text = f"{words} {unclear} {words}"
        assert [each.username for each in judged(text)] == [author] * 3


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_texts_scored_together_have_the_scores_of_each_alone(texts: list[str]) -> None:
    queries = [features(text) for text in texts]
    alone = [rank(query, AUTHORS, BACKGROUND).scores for query in queries]
    np.testing.assert_allclose(scores_of_each(queries, AUTHORS, BACKGROUND), alone, atol=1e-9)
