"""What somebody says more often: words that keep together are one phrase."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from string import ascii_lowercase
from typing import Final

import numpy as np
import pytest
from hypothesis import given, strategies as st

from benchmarks.languages import SENTENCES
from saywho.people.peers import people_of_language
from saywho.people.phrases import Phrase, WordedTexts, phrases_apart, phrases_of
from saywho.people.times import WrittenTexts
from saywho.people.typical_words import common_words, words_in_each
from saywho.words import divided

NAMES = ("Ada", "Grace", "Edsger", "Barbara", "Donald")
RACES = ("climb", "sportive", "weekend", "crossing", "relay", "tour")
TEMPLATES = [
    [words.split("|") for words in line.split()]
    for line in (
        "so|well,| harbour in|of|by| fog|rain|sun lantern again|now|",
        "kettle|kettle|kettle|pot boils over| ferry|train",
        "i'd|I’d rather sing|swim|sleep umbrella|umbrellas",
        "one|two|three steps lighthouse| stairs|lighthouse one|",
    )
]
"""The words that may stand at each place of a message."""
OTHERS = ["the kettle sings again today"] * 80


def said(texts: list[str], a_day: int = 1) -> WrittenTexts:
    """Return texts, so many of each day."""
    return WrittenTexts(texts, [place // a_day for place in range(len(texts))])


def _folded(text: str) -> str:
    return text.lower().replace("’", "'")


def _words_of(text: str) -> set[str]:
    return next(words_in_each([text]))


def phrases_beside(own: list[str], *names: str) -> list[Phrase]:
    return phrases_of(said(own), OTHERS, language=None, names=names)


def test_words_of_the_same_messages_are_one_phrase() -> None:
    phrases = phrases_beside(["As I said, last week was fine"] * 30 + ["the lantern sings"] * 20)
    assert [(phrase.text, phrase.messages) for phrase in phrases] == [
        ("As I said, last week was fine", 30),
        ("the lantern sings", 20),
    ]
    assert phrases[0].words == ["fine", "last", "said", "week"]
    assert phrases[0].messages_elsewhere == 0


NUMBERS = range(30)
FILMS = ("haha that film was great", "That film was great, Hana", "that film was great!")


@pytest.mark.parametrize(
    ("own", "told"),
    [
        # Names, laughs, parts of common words, and what is in few messages are none.
        (
            [*["hana isn't here haha"] * 20, *["harbour, 하나야 lol"] * 20, *["hanabi"] * 20],
            {"harbour", "hanabi"},
        ),
        (["kettle"] * 10 + ["tea"] * 90, {"tea"}),
        (["haha ferry, hana lol"] * 30, {"ferry"}),
        # No more than forty letters are told.
        (
            ["harbour " + "and " * 20 + "lighthouse"] * 30,
            {"harbour and and and and and … lighthouse"},
        ),
        # Sentences end where people end them.
        (
            [f"spare tubes {name} presta. first come, first served" for name in NAMES] * 8,
            {"spare tubes … presta", "first come, first served"},
        ),
        (
            ["ask Mrs. Lamp about it"] * 30 + ["well... harbour rules"] * 20,
            {"ask Mrs. Lamp about it", "well... harbour rules"},
        ),
        # It does not break off at a word that leads on, and has what belongs to its words.
        ([f"{n} that kom on the {n}" for n in NUMBERS], {"that kom"}),
        (["which tyre were you on?"] * 30, {"which tyre were you on"}),
        ([f"{n} so the ferry leaves {n}" for n in NUMBERS], {"so the ferry leaves"}),
        (
            ["They rather sing, café vis-à-vis"] * 30 + ["B'day ideas"] * 20 + ["vis 3"] * 20,
            {"They rather sing, café vis-à-vis", "B'day ideas", "vis"},
        ),
        # Vowels and other marks of Hindi belong to the word.
        (
            [f"{n} सच में {n}" for n in NUMBERS] + [f"{n} ठीक है जी।" for n in NUMBERS],
            {"सच में", "ठीक है जी"},
        ),
        # A part of another one is told by itself only if it is in half as many again.
        (
            ["the climate change"] * 20 + [f"{n} change {n}" for n in NUMBERS[:9]],
            {"the climate change"},
        ),
        (["the climate change"] * 20 + [f"{n} change {n}" for n in NUMBERS[:10]], {"change"}),
    ],
)
def test_what_is_a_phrase(own: list[str], told: set[str]) -> None:
    assert {phrase.text for phrase in phrases_beside(own, *NAMES, "Hana_Kim", "하나🌸")} == told


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (
            ["우산 챙겨라!\n저녁에 들를게", "우산 챙겨라\n저녁에 들를게"] * 20,
            ["우산 챙겨라", "저녁에 들를게"],
        ),
        # A letter alone is no word, and a laugh behind a word parts it from no other one.
        ([f"ㄱ {n}" for n in NUMBERS] + ["ㄱㄱ"] * 30, ["ㄱㄱ"]),
        (
            [f"내 {name} 걸고 맹세함{end}" for name in NAMES for end in ("ㅋㅋ", "ㅋ", "ㅠㅠ", "")],
            ["걸고 맹세함"],
        ),
    ],
)
def test_what_is_a_phrase_in_korean(own: list[str], told: list[str]) -> None:
    assert sorted(phrase.text for phrase in phrases_of(said(own), OTHERS, language="ko")) == told


@pytest.mark.parametrize(
    ("own", "told"),
    [
        # Japanese, Chinese and Thai: the word stands within each run of letters.
        (["{}うれしい{}", "{}うれしい。{}"], {"うれしい"}),
        (["{}我喜欢{}", "喜欢{}吗"], {"喜欢"}),
        (["{}คิดถึง{}"], {"คิดถึง"}),
        # What stands around a word is no part of it; a sentence's end divides a phrase.
        (["{}ありがとうございます{}"], {"ありがとう"}),
        (["{}今日。うれしい{}"], {"今日", "うれしい"}),
        # Hiragana of two letters and single letters are rather parts of words.
        (["{}はねよ{}"], set()),
        (["{}田中{}"], set()),  # A part of a name.
        # A word of another script beside them is whole.
        (["{}linux映画{}"], {"linux映画"}),
        (["{}linux{}"], {"linux"}),
    ],
)
def test_a_word_is_found_in_a_run_without_blanks(own: list[str], told: set[str]) -> None:
    around = [("また明日ね", "さあ"), ("駅で", "の後"), ("", ""), ("雨", "まで"), ("ไป", "มา")]
    texts = [text.format(*each) for text in own for each in around * 8]
    others = [f"{before}kettle{after} {before}{after}" for before, after in around * 30]
    found = phrases_of(said(texts), others, language=None, names=["田中一郎"])
    assert {phrase.text for phrase in found} == told


def test_a_phrase_has_the_words_that_stand_beside_it_and_ends_somewhere() -> None:
    films = [*FILMS * 20, *["the film was bad"] * 9]
    assert phrases_beside(films, "Hana Kim")[0].text == "that film was great"
    # A word of several is written as it stands alone.
    lamps = ["a net-lamp"] * 10 + ["a lamp-post"] * 10 + ["Lamp!"] * 9
    assert phrases_beside(lamps)[0].text == "lamp"
    long = ["they all know the lighthouse of the harbour island of the north"] * 30
    assert len(phrases_beside(long)[0].text) <= 80


def test_where_its_words_do_not_stand_side_by_side_a_phrase_has_a_gap() -> None:
    own = [f"so proud of {name} for finishing the {race}" for name in NAMES for race in RACES]
    assert phrases_beside(own)[0].text == "so proud of … for finishing"
    own = [f"오는 길에 {place} 들러서 {thing} 좀 찾아와~" for place in NAMES for thing in RACES]
    (phrase,) = phrases_of(said(own), OTHERS, language="ko")
    assert phrase.text == "오는 길에 … 들러서 … 좀 찾아와"
    assert (phrase.messages, {*phrase.words}) == (30, {"길에", "들러서", "찾아와"})


@pytest.mark.parametrize("seed", range(20))
def test_messages_that_are_counted_hold_the_phrase_that_is_told(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    own = [
        " ".join(filter(None, map(drawn.choice, TEMPLATES[drawn.integers(len(TEMPLATES))])))
        for _ in range(400)
    ]
    told = phrases_beside(own)
    assert told
    for phrase in told:
        pieces = [re.escape(_folded(piece)) for piece in phrase.text.split("…")]
        counted = [_folded(text) for text in own if {*phrase.words} <= _words_of(text)]
        assert len(counted) == phrase.messages
        holding = [text for text in counted if re.search(".*".join(pieces), text)]
        assert len(holding) >= 0.9 * len(counted)


@pytest.mark.parametrize("seed", range(20))
def test_a_phrase_is_of_one_sentence_of_the_messages_that_are_counted(seed: int) -> None:
    drawn = np.random.default_rng(seed)
    parts = ["did anybody feed", f"bring a {drawn.choice(RACES)}", "so the ferry is late"]
    sentences, ends = drawn.permutation(parts), [". ", "? ", "!! ", "\n", ".” "]
    own = ["".join(f"{one}{drawn.choice(ends)}" for one in sentences) for _ in range(200)]
    told = phrases_beside(own)
    assert told
    for phrase in told:
        words = {*re.findall(r"\w+", phrase.text)}
        counted = [text for text in own if {*phrase.words} <= _words_of(text)]
        holding = [
            text
            for text in counted
            if any(words <= {*re.findall(r"\w+", one)} for one in re.split(r"[.?!\n]", text))
        ]
        assert len(counted) == phrase.messages
        assert len(holding) >= 0.9 * len(counted)


def test_what_short_messages_have_by_chance_is_no_phrase() -> None:
    topics = [f"{word} again" for word in ("kettle", "harbour", "lantern", "umbrella")]
    own = topics * 50 + ["kettle again"] * 8
    others = [f"well, as far as anybody here can tell me, {topic}" for topic in topics * 100]
    assert phrases_of(said(own), others, language=None) == []


@pytest.mark.parametrize("people", [2, 4, 9, 40])
def test_hardly_anybody_has_a_phrase_where_all_write_by_chance(people: int) -> None:
    shown = chats(people, shown=40)
    portraits = [phrases_of(said(own), beside, language=None) for own, beside in shown]
    assert sum(map(bool, portraits)) <= len(portraits) / 20


@pytest.mark.parametrize("people", [2, 4, 9, 40])
def test_the_habit_of_one_is_told_beside_others_who_write_by_chance(people: int) -> None:
    for own, beside in chats(people, shown=10):
        habit = [f"{text}, guv" if place % 4 == 0 else text for place, text in enumerate(own)]
        phrases = phrases_of(said(habit), beside, language=None)
        assert phrases[0].text == "guv"
        assert phrases[0].messages_elsewhere == 0


def test_what_is_said_on_one_day_is_no_phrase() -> None:
    own = ["the lantern sings"] * 30 + ["so it is"] * 90
    assert phrases_of(said(own), OTHERS, language=None)
    assert phrases_of(said(own, a_day=40), OTHERS, language=None) == []


@pytest.mark.parametrize("people", [2, 4, 9, 40])
def test_topics_that_go_by_the_day_are_hardly_ever_phrases(people: int) -> None:
    told = 0
    for seed in range(40):
        drawn = np.random.default_rng([people, seed, 1])
        own, beside, days = list[str](), list[str](), list[int]()
        for day in range(60):
            topic = f"topic{drawn.integers(20)}"
            for person in drawn.choice(people, min(people, 3), replace=False).tolist():
                texts = [f"so {topic}"] * min(int(drawn.pareto(1)) + 1, 40)
                (beside if person else own).extend(texts)
                days += [day] * (0 if person else len(texts))
        told += bool(phrases_of(WrittenTexts(own, days), beside, language=None))
    assert told <= 2


def chats(people: int, *, shown: int) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the messages of somebody, and those of all others, who all draw words by chance: few
    words often, and many seldom."""
    words = np.array([f"word{one}{two}" for one in ascii_lowercase for two in ascii_lowercase])
    often = 1 / np.arange(1, words.size + 1)
    for seed in range(shown):
        drawn = np.random.default_rng([people, seed])
        lengths = drawn.integers(2, 10, 60 * people)
        texts = iter(drawn.choice(words, lengths.sum(), p=often / often.sum()).tolist())
        messages = [" ".join(islice(texts, length)) for length in lengths.tolist()]
        yield messages[:60], messages[60:]


def test_no_part_of_a_word_is_a_phrase() -> None:
    posts = [
        "I'd had it",
        "I’m in the mood",
        "they isn't",
        "12명 왔어",
        "3명 갔어",
        "30명이",
        "x D",
    ]
    assert phrases_beside([post for post in posts for _ in range(20)]) == [
        Phrase("I’m in the mood", ["mood"], 20, 0)
    ]
    korean = ["12명 왔다네", "3명 왔다네", "40명 왔다네"] * 20
    others = ["비가 온다네"] * 60
    assert phrases_of(said(korean), others, language="ko") == [Phrase("왔다네", ["왔다네"], 60, 0)]


@pytest.mark.parametrize(
    ("posts", "phrase"),
    [
        (["قرار بود می\u200cخوانم", "گفتم می\u200cخوانم"], "می\u200cخوانم"),
        (['הוא בחו"ל עכשיו', 'אני בחו"ל'], 'בחו"ל'),
        (["צה״ל הודיע", "אמרו צה״ל"], "צה״ל"),
        (["la col·lecció nova", "quina col·lecció"], "col·lecció"),
        (["Πού πας; Έρχομαι αμέσως", "Έλα; Έρχομαι αμέσως"], "Έρχομαι αμέσως"),
    ],
)
def test_a_sign_between_the_letters_of_a_word_parts_it_not(posts: list[str], phrase: str) -> None:
    told = phrases_beside([post for post in posts for _ in range(20)])
    assert phrase in [each.text for each in told]


def test_what_a_share_button_adds_is_no_phrase() -> None:
    shared = [f"영상 {n} https://youtu.be/a{n} @YouTube 님이 공유" for n in range(40)]
    shared += [f"기사 {n} : 네이버 TV연예 https://naver.me/{n}" for n in range(40)]
    own = shared + ["오늘은 등대 보러 가자"] * 60 + ["그냥 그래"] * 60
    told = {phrase.text for phrase in phrases_of(said(own), OTHERS, language="ko")}
    assert any("등대" in text for text in told)
    assert not any("공유" in text or "TV연예" in text for text in told)
    # Of an author whose posts nearly all have links, they are no sign of a button.
    own = [f"오늘은 등대 보러 가자 https://a.example/{n}" for n in range(60)]
    assert phrases_of(said(own), OTHERS, language="ko")


@pytest.mark.parametrize("messages", range(44, 52))
def test_the_only_word_of_a_person_is_told_whatever_the_rounding(messages: int) -> None:
    both = ["the boats are here again"] * 300
    own = said(["by the lighthouse"] * messages + both, a_day=3)
    (phrase,) = phrases_of(own, both, language=None)
    assert (phrase.text, phrase.messages) == ("by the lighthouse", messages)


ARABIC: Final = [
    "شكرا جزيلا",
    "أنا في الطريق",
    "صباح الخير جميعا",
    "متى نلتقي اليوم",
    "لا أستطيع اليوم",
]
SPANISH: Final = (
    "no puedo ir esta tarde a la casa de mi hermana porque tengo que trabajar hasta las ocho",
    "que tal si vamos el sabado con los chicos al cine del centro y luego a cenar algo",
    "me parece bien pero antes de eso hay que comprar las cosas para el cumple de papa",
)
ENGLISH: Final = (
    "I will be at the house of my sister this afternoon because she has to work until eight",
    "what if we go on Saturday with the kids to the cinema in town and then have some food",
    "that is fine with me but before that we have to buy the things for the birthday of dad",
)


def drawn(texts: Sequence[str], seed: int, count: int) -> WordedTexts:
    chance = Random(seed)  # noqa: S311 # no secret
    return WordedTexts.of(
        WrittenTexts([chance.choice(texts) for _ in range(count)], [*range(count)])
    )


@pytest.mark.parametrize(("few", "many"), [(ARABIC, ENGLISH), (SPANISH, ENGLISH)])
def test_people_who_write_alike_have_no_words_beside_another_language(
    few: Sequence[str], many: Sequence[str]
) -> None:
    """Next to people of another language, each word of a language would be typical."""
    told = 0
    for seed in range(40):
        people = [drawn(few, seed, 300), drawn(few, 100 + seed, 150)]
        people += [drawn(many, 200 + seed + 100 * place, 250) for place in range(3)]
        phrases = phrases_apart(people, dict.fromkeys(range(5)), are_people=True)
        told += any(phrases.values())
    assert told <= 4
    assert sorted(phrases_apart(people[1:], dict.fromkeys(range(4)), are_people=True)) == [1, 2, 3]


@given(
    st.lists(
        st.lists(st.sampled_from(["tea", "fog", "tea fog", "sun sun", "yes"]), max_size=60),
        min_size=2,
        max_size=6,
    )
)
def test_nobody_has_a_larger_share_of_a_persons_word(people: list[list[str]]) -> None:
    groups = [WordedTexts.of(WrittenTexts(texts, [*range(len(texts))])) for texts in people]
    languages = {place: None for place, texts in enumerate(people) if len(texts) >= 20}
    for place, phrases in phrases_apart(groups, languages, are_people=True).items():
        for phrase in phrases:
            shares = [
                sum(words.issuperset(phrase.words) for words in group.words) / len(group.texts)
                for group in groups
                if group.texts
            ]
            own = phrase.messages / len(people[place])
            large = [
                share >= own
                for share, texts in zip(shares, filter(None, people), strict=True)
                if len(texts) >= 20
            ]
            assert sum(large) == 1
            assert sum(share >= own for share in shares) == 1 + phrase.not_behind


def test_a_word_in_several_forms_is_one_line() -> None:
    own = [
        f"{text} {place}"
        for place in range(30)
        for text in ("보리 산책", "강아지 보리", "보리 병원")
    ]
    assert [phrase.text for phrase in phrases_of(said(own), OTHERS, language="ko")] == ["보리"]


def test_people_who_write_japanese_with_few_and_with_many_han_letters_are_compared() -> None:
    people = ["またあとでねうれしい", "明日の会議は東京駅前の喫茶店", "ferry"]
    spreads = [Counter(_words_of(text)) for text in people]
    assert people_of_language(spreads, range(3)) == {0: [1], 1: [0], 2: []}


@given(st.lists(st.text("가하ㅋㅎㅠ힣각美會", min_size=1), max_size=4))
def test_korean_words_are_what_blanks_divide(runs: list[str]) -> None:
    assert divided([*runs, "만세"]) == [*runs, "만세"]


def sentences_of(language: str) -> list[str]:
    rows = (SENTENCES / f"{language}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(row)["text"] for row in rows]


@pytest.mark.parametrize("language", ["en", "ko", "es", "ru", "ar", "hi", "pl"])
def test_very_common_words_are_those_of_the_language_that_somebody_writes(language: str) -> None:
    spread = Counter(word for text in sentences_of(language) for word in _words_of(text))
    common = {"es": "que", "ru": "на", "ar": "في", "hi": "में", "pl": "nie"}
    found = common_words(spread)
    assert {word for word in common.values() if word in found} == {
        *filter(None, [common.get(language)])
    }
    assert bool(found) == (language in common)


def test_ukrainian_is_told_from_russian_by_its_very_common_words() -> None:
    texts = (
        "я ще не знаю, чи буде він там завтра",
        "мені треба йти, бо вже дуже пізно",
        "а ти де? ми тут уже годину чекаємо на тебе",
        "вона сказала що все добре і щоб ми не хвилювались",
    )
    common = common_words(Counter(word for text in texts * 5 for word in _words_of(text)))
    assert {"я", "ще", "треба", "ти", "щоб"} <= common


def test_a_very_common_word_is_no_phrase_in_spanish() -> None:
    texts = sentences_of("es")
    own = [f"pero que, tía, {text}" for text in texts]
    assert [phrase.words for phrase in phrases_of(said(own), texts, language=None)] == [["tia"]]
