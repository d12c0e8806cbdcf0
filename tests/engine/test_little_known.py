"""Texts that an author could never have written are not attributed to them, however little is known
of the author.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from msgspec import UNSET

import app
from benchmarks import strange_texts
from benchmarks.short_messages import cut
from saywho.engine.case import query_of_texts, unfamiliarity
from saywho.engine.features import GROUP_SHIFT, lettered_keys, lookup
from saywho.engine.fitting import Corpus, CorpusAuthor, chained, fit_corpus
from saywho.engine.judgement import Judgement, judge
from saywho.engine.population import NOBODY
from saywho.engine.profiles import profile_of
from saywho.population import shipped_authors
from tests.engine.invented import KNOWN, Place, posts_of, with_open_languages

SAMPLES = Path(app.__file__).parent / "sample"
KOREAN = "내일까지 돈을 보내지 않으면 학교에 전부 알리겠습니다. 경찰에 신고해도 소용없어요."
CODE = (
    "def main(argv):\n    for name in os.listdir(argv[1]):\n        print(name, open(name).read())"
)
STEVE = ["ok", "fine", "yep", "nah", "sure", "later", "on it", "coming", "no idea", "ask Ros"] * 20


@cache
def samples() -> dict[str, list[str]]:
    """Return the posts of each sample author by name."""
    posts: dict[str, list[str]] = {}
    for path in sorted(SAMPLES.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        posts[path.stem] = [row["text"] for row in rows]
    return posts


def site(people: Mapping[str, Sequence[str]]) -> Corpus:
    corpus = fit_corpus(
        {
            name: CorpusAuthor(
                profile_of(texts),
                chained(enumerate(texts[::-1]), {}),
                "ko" if any("가" <= sign <= "힣" for sign in texts[0]) else "en",
            )
            for name, texts in people.items()
        },
        shipped_authors(),
    )
    return with_open_languages(corpus, [name for name in people if name.isdigit()])


def test_people_of_short_messages_are_not_accused_of_strange_texts() -> None:
    """One author at a time is cut to messages of few words, and asked about others' texts."""
    chance = random.Random(1)  # noqa: S311 - no secret
    accused, found, strange, own = 0, 0, 0, 0
    for words in (1, 3):
        for name in samples():
            people = {
                each: cut(posts, words if each == name else 40, chance)
                for each, posts in samples().items()
            }
            corpus = site({**people, name: people[name][:-20]})
            texts = [" ".join(posts)[:size] for posts in samples().values() for size in (250, 900)]
            others = [text for text in texts if not " ".join(samples()[name]).startswith(text)]
            others += [draw(40, chance) for draw in strange_texts.KINDS.values()]
            asked = [judge(corpus.case([text], [name])) for text in others]
            accused += sum(judgement.verdict == "likely" for judgement in asked)
            strange += len(asked)
            newest = list(dict.fromkeys(people[name][-20:]))
            found += judge(corpus.case(newest, [name])).verdict == "likely"
            own += 1
    assert accused <= strange / 100
    assert found >= own / 2  # It does not only silence.


@cache
def small_chat() -> Corpus:
    return site({"steve": STEVE, **{str(author): posts_of(author)[:KNOWN] for author in range(4)}})


@pytest.mark.parametrize("text", [KOREAN, CODE, "12 4.50 18:20 77 1,200 99.5 net gross tax sum"])
@pytest.mark.parametrize("named", [["steve"], ["steve", "0", "1", "2", "3"]])
def test_a_writer_of_single_words_is_not_accused(text: str, named: list[str]) -> None:
    assert judge(small_chat().case([text], named)).verdict != "likely"


def test_a_writer_of_single_words_is_recognised() -> None:
    assert (
        judge(small_chat().case(["ok", "ask Ros", "on it", "yep"], ["steve"])).verdict == "likely"
    )


def test_a_word_a_hundred_times_says_as_little_as_three_times() -> None:
    few, many, most = (
        judge(small_chat().case([" ".join(["fine"] * times)], ["steve", "0", "1"])).none
        for times in (4, 100, 400)
    )
    assert many == pytest.approx(most, rel=0.01)
    assert many == pytest.approx(few, rel=0.2)  # Its layout is longer.


def test_words_of_everybody_say_less_than_words_of_one_person() -> None:
    corpus = small_chat()
    alone = replace(corpus, fitted=replace(corpus.fitted, chatters=NOBODY))

    def chances(texts: list[str]) -> tuple[float, float]:
        found = [judge(each.case(texts, ["steve"])).none for each in (alone, corpus)]
        assert found[0] is not None
        assert found[1] is not None
        return found[0], found[1]

    before, now = chances(["ok", "yep", "sure", "no idea", "fine"])
    assert now > 1.05 * before
    long = posts_of(0)[KNOWN] + " " + posts_of(1)[KNOWN]
    assert len(long.split()) > 16
    before, now = chances([long])
    assert now == before


@given(st.integers(0, 3), st.integers(25, KNOWN), st.sampled_from([KOREAN, CODE]))
def test_a_text_of_which_an_author_has_no_feature_is_never_likely(
    author: int, known: int, text: str
) -> None:
    posts = [f"{'가나다라'[author]}{number}호" for number in range(known)]
    people = {"few": posts, **{str(each): posts_of(each)[:KNOWN] for each in range(2)}}
    corpus = site({**people, "reader": [text, *posts_of(7)[:KNOWN]]})
    assert judge(corpus.case([text], ["few"])).verdict != "likely"


@given(st.integers(1, 4), st.sampled_from([KOREAN, CODE]))
def test_more_posts_of_others_never_make_a_strange_text_likely(others: int, text: str) -> None:
    people = {"steve": STEVE[:60]}
    before = judge(site({**people, "0": posts_of(0)[:KNOWN]}).case([text], ["steve"]))
    more = {str(each): posts_of(each)[:KNOWN] for each in range(1 + others)}
    after = judge(site({**people, **more}).case([text], ["steve"]))
    longer = judge(site({"steve": STEVE, **more}).case([text], ["steve"]))
    assert before.verdict != "likely"
    assert {after.verdict, longer.verdict} & {"likely"} == set()


def test_well_known_people_are_compared_by_all_features() -> None:
    known = np.array([600, 20_000, 300_000])
    shares = unfamiliarity(known, known, 100.0)
    assert np.array_equal(shares, shares.T)
    assert shares[1, 2] == shares[1, 1] == 0
    assert shares[0, 2] == shares[0, 0] > 0.8


def test_the_closed_ranking_is_the_same_to_the_digit() -> None:
    here = Place({a: posts_of(a)[: KNOWN if a % 2 else 12] for a in range(6)})
    ranking = here.case([posts_of(3)[KNOWN]], [0, 1, 2, 3, 4, 5]).ranking
    # Of the program before what neither of two people uses was left out of ratios.
    digits = [
        0.0006902426156797108,
        0.004828927905581664,
        0.012487978784746272,
        0.977305840170246,
        0.000426234929329374,
        0.004260775594417188,
    ]
    assert ranking.probabilities.tolist() == pytest.approx(digits, rel=1e-12)


def test_a_likely_author_has_the_highest_ratio_of_the_named() -> None:
    people = {str(each): posts_of(each)[: 25 if each % 2 else KNOWN] for each in range(8)}
    corpus, likely = site(people), 0
    for author in range(8):
        for texts in ([posts_of(author)[KNOWN]], ["\n".join(posts_of(author)[KNOWN:])]):
            found = judge(corpus.case(texts, list(people)))
            alone = [judge(corpus.case(texts, [name])).none or 0.0 for name in people]
            if found.verdict == "likely":
                likely += 1
                assert alone[found.order[0]] <= min(alone) + 1e-9
            if found.held_back == "rival":
                assert found.rival is not None
                assert alone[[*people].index(found.rival)] < alone[found.order[0]]
    assert likely > 2


@pytest.mark.parametrize(
    "posts",
    [
        ["https://example.org/a/1 https://example.org/b/2 https://news.example.com/c"],
        ["12 4.50 18:20", "77 1,200 99.5", "2025-03-04 3.50"],
        ["😂🎉🔥", "😭🥳", "❤👍🙏 😅"],
    ],
)
def test_no_one_is_likely_by_layout_links_numbers_or_signs_alone(posts: list[str]) -> None:
    known = [f"{post} {number}" for number, post in enumerate(posts * 40)]
    corpus = site({"signs": known, **{str(each): posts_of(each)[:KNOWN] for each in range(4)}})
    text = " ".join(posts) + " see here all of it"
    judgement: Judgement = judge(corpus.case([text], ["signs"]))
    assert judgement.verdict != "likely"


def test_what_a_likely_author_is_named_by_is_a_piece_of_the_text_with_a_letter() -> None:
    case = small_chat().case(["ok", "ask Ros", "on it", "yep"], ["steve"])
    ground = judge(case).ground
    assert ground is not None
    key = np.array([ground], np.uint32)
    assert lookup(case.suspects[0].profile.counts, key)[0] > 0
    assert lookup(query_of_texts(case.texts), key)[0] > 0
    profile, group = case.suspects[0].profile, ground >> GROUP_SHIFT
    others, selection = case.weighed_against(case.suspects[0])
    theirs = others.uses(key).by(selection)[0] / others.totals[selection].sum(axis=0)[group]
    assert lookup(profile.counts, key)[0] / profile.totals[group] > theirs
    assert any(ground in keys for keys in [lettered_keys(text).all for text in case.texts])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (KOREAN, "letters"),
        ("Сегодня днём я верну книги, которые ты дал мне в апреле.", "letters"),
        ("12 4.50 18:20 2025-03-04 77 1,200 net gross tax sum", "kind"),
        ("ok sure, later then, no idea", None),
    ],
)
def test_an_author_who_wrote_nothing_like_a_text_is_told_apart(text: str, why: str | None) -> None:
    assert judge(small_chat().case([text], ["steve"])).nothing_like == why


def test_one_message_by_someone_else_among_several_is_found() -> None:
    people = {str(each): posts_of(each)[:KNOWN] for each in range(6)}
    corpus = site({**people, "ros": samples()["ferry"][:-8]})
    own = samples()["ferry"][-8:]
    whole = judge(corpus.case(own, ["ros"]))
    mixed = judge(corpus.case([*own[:3], KOREAN], ["ros"]))
    assert (whole.verdict, whole.unlike) == ("likely", UNSET)
    assert (mixed.verdict, mixed.held_back, mixed.unlike) == ("close", "texts", [3])
    # An open answer says so too, if the others speak for the author.
    unsure = judge(corpus.case([*own[:3], KOREAN], ["ros"]), 0.01)
    assert (unsure.verdict, unsure.held_back, unsure.unlike) == ("close", None, [3])
    assert judge(corpus.case([KOREAN, *posts_of(9)[:3]], ["ros"]), 0.99).unlike is UNSET
