"""What an answer says in words never contradicts its numbers."""

import re
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec import structs

from app.language.i18n import speaking
from app.views.comparing import verdicts
from app.views.comparing.evidence import uses_of
from saywho.comparing.verdict import Comparison, Evidence, Model, RankedAuthor, Short, Usage
from saywho.engine.judgement import FEWEST_JUDGED, LIKELY, SURE, UNFAMILIAR, Limit, Verdict
from saywho.engine.measured_rates import More
from saywho.text import FEWEST_WORDS, word_count

LITTLE = (
    "Little is known of {0}: {1} posts with words, but only about {2} characters if equal posts "
    "count once. Words that {0} never wrote say nothing here, for or against {0}."
)

pytestmark = pytest.mark.usefixtures("without_people")


@dataclass
class Facts:
    """What an answer may be made of, as the model makes it."""

    shares: list[float]
    posts: list[int]
    none: float | None = None
    text: str = "some words of nobody here"
    needed: float = LIKELY
    strangers: float | None = 0.03
    more: More | None = None
    limits: list[Limit] = field(default_factory=list)
    weak: dict[Limit, list[str]] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        if self.none is None:
            is_short = len(self.posts) == 1 or min(self.posts) < FEWEST_JUDGED
            return "short" if is_short or len(self.text.split()) < FEWEST_WORDS else "close"
        if self.none >= UNFAMILIAR:
            return "unfamiliar"
        judged = [
            share
            for share, posts in zip(self.shares, self.posts, strict=True)
            if posts >= FEWEST_JUDGED
        ]
        return "likely" if judged and (1 - self.none) * judged[0] >= self.needed else "close"

    @property
    def short(self) -> Short | None:
        if self.verdict != "short":
            return None
        if len(self.text.split()) < FEWEST_WORDS:
            return "words"
        return "posts" if min(self.posts) < FEWEST_JUDGED else "others"

    def comparison(self) -> Comparison:
        ranking = [
            RankedAuthor(f"author{place}", share, None, posts, posts, 20 * posts)
            for place, (share, posts) in enumerate(zip(self.shares, self.posts, strict=True))
        ]
        model = Model("model", 1, 1)
        return Comparison(
            text=self.text,
            verdict=self.verdict,
            none=self.none,
            sure=SURE,
            ranking=ranking,
            evidence=[],
            limits=self.limits,
            weak=self.weak,
            needed=self.needed,
            strangers=None if self.none is None else self.strangers,
            more=self.more,
            short=self.short,
            model=model,
            words=word_count(self.text),
            compared=len(ranking),
        )


@st.composite
def answers(draw: st.DrawFn) -> Comparison:
    weights = draw(st.lists(st.floats(0.001, 1), min_size=1, max_size=6))
    total = sum(weights)
    shares = sorted((weight / total for weight in weights), reverse=True)
    posts = draw(st.lists(st.integers(1, 40), min_size=len(shares), max_size=len(shares)))
    none = draw(st.one_of(st.none(), st.floats(0, 1)))
    needed = draw(st.sampled_from([LIKELY, 0.9]))
    return Facts(shares, posts, none, needed=needed).comparison()


@given(answers(), st.booleans())
def test_a_heading_never_contradicts_the_bars(comparison: Comparison, is_named: bool) -> None:
    bars, lean = verdicts.bars_of(comparison), verdicts.lean_of(comparison)
    heading = verdicts.heading_of(comparison, is_named=is_named)
    assert "{" not in heading
    if comparison.none is None:
        assert (bars, lean) == ([], "unknown")
        # The reason is the language where neither the text nor an author is too small.
        reasons = verdicts.reasons_of(comparison, is_named=is_named)
        is_of_language = reasons[0].startswith("saywho knows fewer than eight other people")
        assert is_of_language == heading.startswith("Too few other people to compare with")
        assert is_of_language == (heading != "Too little to go on")
        return
    leader, second = bars[:2]
    assert [bar.share for bar in bars] == sorted((bar.share for bar in bars), reverse=True)
    # Somebody else leads where the heading denies the authors, and nowhere else.
    headed_by_others = ("unfamiliar", "nobody", "open", "anyone", "rivalled")
    assert (leader.username is None) == (lean in headed_by_others)
    if lean in ("unfamiliar", "nobody"):
        assert leader.share >= 0.5
    elif lean in ("open", "rivalled"):
        named = bars[1:3] if lean == "open" else bars[1:2]
        assert re.findall(r"author\d", heading) == [bar.username for bar in named]
    elif lean in ("several", "anyone"):
        authors = [bar for bar in bars if bar.username is not None]
        close = sum(bar.share >= 0.5 * authors[0].share for bar in authors)
        assert close > 2
        assert f"one of {close} authors" in heading
    else:  # An author whom it names first has the largest bar.
        assert re.findall(r"author\d", heading)[0] == leader.username
    if lean == "likely":
        assert leader.share >= comparison.needed
        assert leader.tweets >= FEWEST_JUDGED
    if lean in ("leading", "nearly", "unjudged"):
        assert leader.share >= UNFAMILIAR or second.share < 0.5 * leader.share
        assert (lean == "unjudged") == (leader.tweets < FEWEST_JUDGED)
    if lean == "leading":
        assert heading.endswith("but not certain enough")
        assert round(leader.share, 2) < comparison.needed
    if lean in ("undecided", "several", "doubted"):
        assert leader.share < UNFAMILIAR
        assert second.share >= 0.5 * leader.share
    if lean in ("undecided", "doubted"):
        assert ("someone else" in heading) == (second.username is None)
        assert second.username is None or second.username in heading


@pytest.mark.parametrize(
    ("shares", "none", "heading"),
    [
        ([0.52, 0.48], 0.38, "Too close to call: someone else, author0 or author1"),
        ([0.7, 0.1, 0.1, 0.1], 0.49, "Too close to call: someone else or author0"),
        ([0.7, 0.1, 0.1, 0.1], 0.2, "Perhaps author0, but not certain enough"),
        ([0.67, 0.33], 0.64, "Perhaps none of these 2. The closest is author0"),
        ([0.848, 0.152], 0.08, "Perhaps author0, but not certain enough"),
        ([0.875, 0.125], 0.08, "Perhaps author0, but not quite certain enough"),
        ([0.6, 0.4], 0.1, "Too close to call: author0 or author1"),
        ([0.4, 0.3, 0.3], 0.1, "Too close to call: one of 3 authors"),
        ([0.25] * 4, 0.32, "Too close to call: someone else or one of 4 authors"),
        ([0.8, 0.2], 0.3, "Too close to call: author0 or someone else"),
        ([1.0], 0.4, "Too close to call: author0 or someone else"),
        ([1.0], 0.6, "Perhaps someone else, not author0"),
        ([0.9, 0.1], 0.01, "Most like author0 among these 2"),
        ([1.0], 0.9, "Does not read like author0"),
    ],
)
def test_each_heading(shares: list[float], none: float, heading: str) -> None:
    comparison = Facts(shares, [50] * len(shares), none, needed=0.81).comparison()
    assert verdicts.heading_of(comparison, is_named=True) == heading


def test_the_least_share_of_a_named_author_is_told_where_one_has_clearly_less() -> None:
    for shares, none, is_told in (
        ([0.7, 0.1, 0.1, 0.1], 0.2, True),
        ([0.875, 0.125], 0.08, False),
        ([0.9, 0.1], 0.01, False),
    ):
        told = verdicts.threshold_of(
            Facts(shares, [50] * len(shares), none, needed=0.81).comparison()
        )
        assert (told is not None) == is_told
        assert told is None or told.startswith("saywho is certain enough only at 81% or more")


def test_the_rate_of_strangers_is_said_for_the_belief_that_was_chosen() -> None:
    answer = Facts([1.0], [300], 0.05, strangers=0.34).comparison()
    assert verdicts.rate_of(msgspec.structs.replace(answer, sure=0.99)) == (
        "With a starting belief of 99%, more than 34 in 100 such texts by strangers get "
        "this kind of answer."
    )


def test_an_author_with_few_posts_is_not_asserted() -> None:
    comparison = Facts([0.97, 0.03], [3, 50], 0.02).comparison()
    heading = verdicts.heading_of(comparison, is_named=False)
    assert heading == "Perhaps author0, but there are too few of their posts here to say so"
    assert set(verdicts.HEADINGS) >= {verdicts.lean_of(comparison)}


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        (
            Facts([0.5, 0.5], [60, 60], text="lol"),
            ["Please write more: at least four words are needed."],
        ),
        (
            Facts([0.5, 0.5], [60, 60], text="東京!"),
            ["Please write more: at least four words are needed."],
        ),
        (Facts([0.5, 0.5], [60, 3]), ["author1 has fewer than ten posts with words here."]),
        (
            Facts([0.5, 0.3, 0.2], [2, 3, 4]),
            ["author0, author1, and author2 have fewer than ten posts with words here."],
        ),
        (
            Facts([0.4, 0.3, 0.1, 0.1, 0.1], [2, 3, 4, 5, 60]),
            ["4 of the 5 authors have fewer than ten posts with words here."],
        ),
        (
            Facts([0.4, 0.3, 0.1, 0.1, 0.1], [2, 3, 4, 5, 6]),
            ["All 5 authors have fewer than ten posts with words here."],
        ),
        (
            Facts([1.0], [20]),
            [
                "If no author has 25 posts or more, saywho cannot judge whether someone else wrote "
                "the text."
            ],
        ),
        (
            Facts([0.9, 0.1], [300, 300]),
            [
                "saywho knows fewer than eight other people here who write this language, so it "
                "cannot say how usual this is.",
                "If one of these 2 wrote it, it is most like author0.",
            ],
        ),
        (
            Facts([0.9, 0.1], [300, 300], weak={"other_language": ["author0"]}),
            ["The text seems to be in a language that author0 rarely or never writes."],
        ),
        (Facts([1.0], [300], none=0.5), []),
    ],
)
def test_the_reason_without_a_number_is_the_true_one(facts: Facts, reasons: list[str]) -> None:
    assert verdicts.reasons_of(facts.comparison(), is_named=True) == reasons


def test_without_a_number_the_reason_stands_for_the_few_others() -> None:
    limits: list[Limit] = ["few_authors", "topic"]
    facts = Facts([0.9, 0.1], [300, 300], limits=limits)
    assert len(verdicts.limits_of(facts.comparison())) == 1
    facts.none = 0.5
    assert len(verdicts.limits_of(facts.comparison())) == 2


def test_an_answer_says_that_posts_have_outgrown_what_it_rests_on() -> None:
    answer = Facts([0.9, 0.1], [300, 300], none=0.5, limits=["topic"]).comparison()
    model = Model("model", 1, 1, outgrown=True)
    topic, renewal = verdicts.limits_of(msgspec.structs.replace(answer, model=model))
    assert verdicts.limits_of(answer) == [topic]
    assert "is updating the data" in renewal


def test_limits_name_up_to_three_authors_and_count_more() -> None:
    names = [f"author{place}" for place in range(4)]
    facts = Facts([0.25] * 4, [20] * 4, none=0.5, limits=["few_posts", "other_language", "topic"])
    facts.weak = {"few_posts": names[:3], "other_language": names}
    assert verdicts.limits_of(facts.comparison()) == [
        "Little is known of author0, author1, and author2: fewer than 1,500 characters each, if "
        "equal posts count once. Words that they never wrote say nothing here.",
        "The text seems to be in a language that all 4 authors rarely or never write.",
        "The topic of the text may count more here than its style.",
    ]


@pytest.mark.parametrize(
    ("facts", "sentences"),
    [
        (Facts([1.0], [50], text="too few"), [LITTLE.format("author0", 50, "1,000")]),
        (Facts([1.0], [9]), []),
        (Facts([0.7, 0.3], [9, 50]), [LITTLE.format("author1", 50, "1,000")]),
        (
            Facts([0.7, 0.2, 0.1], [50, 9, 74]),
            [
                "Little is known of author0 and author2: fewer than 1,500 characters each, if "
                "equal posts count once. Words that they never wrote say nothing here."
            ],
        ),
        (
            Facts([0.2] * 5, [20] * 5, text="a"),
            [
                "Little is known of all 5 authors: fewer than 1,500 characters each, if "
                "equal posts count once. Words that they never wrote say nothing here."
            ],
        ),
        (Facts([0.7, 0.3], [300, 300], text="too few"), []),
    ],
)
def test_a_short_answer_says_once_who_has_few_posts(facts: Facts, sentences: list[str]) -> None:
    few = [f"author{place}" for place, posts in enumerate(facts.posts) if posts < 75]
    facts.limits, facts.weak = ["few_posts", "topic"], {"few_posts": few}
    comparison = facts.comparison()
    assert comparison.verdict == "short"
    assert verdicts.limits_of(comparison) == sentences
    told = " ".join([*verdicts.reasons_of(comparison, is_named=True), *sentences])
    assert all(name in told for name in few if len(few) < 4)


def test_the_answer_says_how_little_is_known_of_the_likeliest_author() -> None:
    facts = Facts([0.9, 0.1], [50, 300], 0.05, limits=["few_posts"])
    facts.weak = {"few_posts": ["author0"]}
    comparison = facts.comparison()
    assert verdicts.little_known_of(comparison) == LITTLE.format("author0", 50, "1,000")
    assert verdicts.limits_of(comparison) == []  # It is said once.
    facts.weak = {"few_posts": ["author1"]}
    assert verdicts.little_known_of(facts.comparison()) is None
    assert len(verdicts.limits_of(facts.comparison())) == 1


def test_one_post_is_not_said_to_be_counted_once() -> None:
    facts = Facts([0.9, 0.1], [1, 300], 0.05, limits=["few_posts"])
    facts.weak = {"few_posts": ["author0"]}
    comparison = facts.comparison()
    assert "1 post with words, about" in (verdicts.little_known_of(comparison) or "")
    with speaking("ko"):
        told = verdicts.little_known_of(comparison) or ""
    assert "글은 1개, " in told
    assert "한 번만" not in told


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (Facts([1.0], [300], 0.04), "The chance that someone else wrote it is 4%."),
        (Facts([1.0], [300], 0.004), "The chance that someone else wrote it is under 1%."),
        (Facts([1.0], [300], 0.3), "The chance that someone else wrote it is 30%."),
        (Facts([1.0], [300], 0.9), None),
        (Facts([1.0], [300], text="too few"), None),
    ],
)
def test_the_answer_says_one_chance_of_a_mistake_as_its_bars(
    facts: Facts, sentence: str | None
) -> None:
    assert verdicts.chance_of(facts.comparison()) == sentence


def test_an_answer_that_is_held_back_says_why() -> None:
    comparison = Facts([0.9, 0.1], [300, 300], 0.05).comparison()
    assert {
        why: verdicts.held_back_of(structs.replace(comparison, held_back=why, rival="author1"))
        for why in ("words", "rival", "layout", None)
    } == {
        "rival": "Among these authors, the text fits author0 best. Compared with other "
        "people, it fits author1 better. So saywho names no author.",
        "words": "The text fits author0 best, but is too short to say so. "
        "From 30 words on, saywho can name an author.",
        "layout": "Only layout, links, numbers or signs fit author0, and no words. So saywho "
        "names no author.",
        None: None,
    }
    odd = structs.replace(comparison, held_back="texts", unlike=[3], texts=13)
    assert verdicts.held_back_of(odd) == (
        "1 of the 13 messages reads like someone else. So saywho names no author."
    )
    assert verdicts.against_of(odd) == "It is text 4."
    assert verdicts.against_of(comparison) is None
    assert verdicts.against_of(structs.replace(odd, held_back=None)) == (
        "Text 4 of 13 speaks against author0, while the rest speak for author0. If someone else "
        "may have written it, ask without it."
    )


def test_an_author_who_wrote_nothing_like_the_text_has_no_percentage() -> None:
    comparison = Facts([1.0], [300], 0.9).comparison()
    for why, sentence in (
        ("letters", "author0 has never written in this language here."),
        ("language", "author0 does not seem to have written in this language here."),
        ("kind", "author0 has written nothing like this here."),
    ):
        found = structs.replace(comparison, nothing_like=why)
        assert (verdicts.why_nobody(found), verdicts.chance_of(found)) == ([sentence], None)


def test_without_a_number_another_language_is_the_reason_and_no_limit() -> None:
    facts = Facts([1.0], [300], limits=["other_language"], weak={"other_language": ["author0"]})
    assert verdicts.limits_of(facts.comparison()) == []
    # Of nobody it is the reason too; beside a number it makes the answer weak.
    facts.none = 0.9
    assert verdicts.limits_of(facts.comparison()) == []
    facts.none = 0.1
    assert len(verdicts.limits_of(facts.comparison())) == 1


def test_of_another_language_the_circle_of_the_author_would_not_pass() -> None:
    facts = Facts([0.9, 0.1], [300, 300], none=0.9, limits=["elsewhere"])
    assert "About 20 in 100 texts" in verdicts.limits_of(facts.comparison())[0]
    facts.weak = {"other_language": ["author0"]}
    assert verdicts.limits_of(facts.comparison()) == [
        "The text was compared only with people from elsewhere."
    ]


def test_a_lone_author_s_circle_would_often_pass() -> None:
    facts = Facts([0.9, 0.1], [300, 300], 0.05, limits=["lone_author"])
    facts.weak = {"lone_author": ["author0"]}
    assert verdicts.limits_of(facts.comparison()) == [
        "No other author here writes like author0. So saywho may "
        "confuse author0 with people who write alike, such as friends or colleagues. About 40 in "
        "100 texts by people in the same circle, such as a team or a chat, may be mistaken for the "
        "author’s."
    ]
    facts.text = "오늘은 바람이 세게 불어서 배가 없어요"
    assert "About 50 in 100 texts" in verdicts.limits_of(facts.comparison())[0]
    several = msgspec.structs.replace(facts.comparison(), texts=5)
    assert "About 70 in 100 texts" in verdicts.limits_of(several)[0]
    # The share was measured for who is half sure.
    surer = msgspec.structs.replace(facts.comparison(), sure=0.9)
    assert verdicts.limits_of(surer)[0].endswith("may often be mistaken for the author’s.")
    facts.weak = {"lone_author": [f"author{place}" for place in range(4)]}
    facts.shares, facts.posts = [0.25] * 4, [300] * 4
    assert verdicts.limits_of(facts.comparison())[0].startswith(
        "For all 4 authors, no one else here"
    )
    # Where nobody is called, nobody passes.
    for none in (0.9, None):
        facts.none = none
        assert verdicts.limits_of(facts.comparison()) == []


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (More(2, 1), "About 1 more post by the same person would decide eight in ten such cases."),
        (
            More(12, 1_100),
            "About 1,100 more posts by the same person would decide eight in ten such cases.",
        ),
        (None, "More text like this would hardly help."),
    ],
)
def test_an_undecided_answer_says_how_much_more_text_decides(
    more: More | None, sentence: str
) -> None:
    """In one sentence: the heading has said that it is undecided."""
    facts = Facts([0.7, 0.3], [50, 50], 0.4, more=more)
    said, folded = verdicts.told_of(facts.comparison(), is_named=True)
    assert said == [sentence]
    # Decided is not right.
    assert "A decided answer can still be wrong" in "".join(folded) or more is None


def test_more_text_is_offered_only_where_it_would_help() -> None:
    likely, unfamiliar = Facts([0.9, 0.1], [50, 50], 0.01), Facts([0.9, 0.1], [50, 50], 0.9)
    no_number, few_posts = Facts([0.9, 0.1], [300, 300]), Facts([0.97, 0.03], [3, 50], 0.1)
    for facts in (likely, unfamiliar, no_number, few_posts):
        assert verdicts.more_text_of(facts.comparison()) == []


@pytest.mark.parametrize(
    ("none", "strangers", "sentence"),
    [
        (0.05, 0.18, "About 18 in 100 such texts by strangers would get this answer too."),
        (0.05, 0.004, "About 1 in 100 such texts by strangers would get this answer too."),
        (0.5, 0.18, "About 18 in 100 such texts by strangers would be attributed to this author."),
        (None, None, None),
    ],
)
def test_rates_are_said_of_a_hundred_texts(
    none: float | None, strangers: float | None, sentence: str | None
) -> None:
    assert verdicts.rate_of(Facts([1.0], [300], none, strangers=strangers).comparison()) == sentence


@pytest.mark.parametrize(
    ("own", "others", "written", "rates"),
    [
        (
            Usage(1, 60, 1),
            Usage(0, 180, 3),
            [60],
            ("once in 60 posts", "the other 3 authors here: never in their newest 180 posts"),
        ),
        (
            Usage(4, 240, 1),
            Usage(1, 1_200, 1),
            [240, 1_200],
            ("about once in 60 posts", "the other author compared: once in 1,200 posts"),
        ),
        (
            Usage(1, 1_000, 1),
            Usage(0, 1_766, 2),
            [1_001, 1_908, 766],
            (
                "once in their newest 1,000 posts",
                "the other 2 authors compared: never in their newest 1,766 posts",
            ),
        ),
        (
            Usage(5, 1_000, 1),
            Usage(12, 2_500, 3),
            [3_239, 1_908, 766, 500],
            (
                "about once in 200 posts (newest 1,000)",
                "the other 3 authors compared: about once in 208 posts (newest 2,500)",
            ),
        ),
        (
            Usage(2, 100, 1),
            Usage(0, 300, 3),
            [100] * 21,
            ("about once in 50 posts", "the other 3 likeliest authors: never in 300 posts"),
        ),
        (Usage(40, 240, 1), None, [240], ("about once in 6 posts", None)),
        (
            Usage(1, 1, 1),
            Usage(0, 1, 1),
            [1, 1],
            ("once in 1 post", "the other author compared: never in 1 post"),
        ),
        (
            Usage(133, 100, 1),
            Usage(45, 100, 1),
            [100, 100],
            ("about 1.3 times a post", "the other author compared: about 4.5 times in 10 posts"),
        ),
        (Usage(97, 100, 1), None, [100], ("about once a post", None)),
    ],
)
def test_a_rate_is_told_in_words(
    own: Usage, others: Usage | None, written: list[int], rates: tuple[str, str | None]
) -> None:
    mark = Evidence(0, 4, "some", "author0", 1.0, own_usage=own, others_usage=others)
    assert uses_of(mark, Facts([1 / len(written)] * len(written), written).comparison()) == rates


def test_a_bar_is_an_author_or_somebody_else() -> None:
    assert verdicts.bars_of(Facts([0.75, 0.25], [50, 60], 0.5).comparison()) == [
        verdicts.Bar(None, 0.5, 0),
        verdicts.Bar("author0", 0.375, 50, 50),
        verdicts.Bar("author1", 0.125, 60, 60),
    ]
