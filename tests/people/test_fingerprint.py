"""How somebody's messages differ from others': measures, and when one sets them apart."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from saywho.people.fingerprint import (
    Measure,
    Tally,
    changes,
    clear_measures,
    fingerprint,
    positive_first,
    tally_of,
)
from saywho.people.signs import DECIDED, MeasureName
from saywho.people.times import SILENCE_S, PersonTurns, Said, conversations_of, turns_in
from tests.selection import first_of


def tally(texts: Sequence[str], begins: Sequence[bool] = ()) -> Tally:
    """Return what is counted of messages, of which each is of another day."""
    return tally_of(texts, range(len(texts)), begins)


def measures_of(own: Sequence[str], *others: Sequence[str]) -> dict[str, Measure]:
    return {measure.name: measure for measure in fingerprint(tally(own), [*map(tally, others)])}


def test_what_each_measure_counts() -> None:
    own = [
        "where? ㅋㅋ",
        "so what! 🌸",
        "see https://a.example/?q=1",
        "네~",
        "가요 ㅋㅋ",
        "Hm…",
        "  ",
    ]
    counted = tally(own, [True, False, False, True, False, False, True])
    assert (counted.messages, sum(counted.lengths)) == (6, 11)
    assert {sign: len(messages) for sign, messages in counted.signs.items()} == {
        ("questions", ""): 1,
        ("exclamations", ""): 1,
        ("laughing", ""): 2,
        ("laughing", "ㅋㅋ"): 2,
        ("emoji", ""): 1,
        ("emoji", "🌸"): 1,
        ("endings", "~"): 1,
        ("politeness", ""): 2,
        ("politeness", "polite"): 2,
        ("endings", "…"): 1,
        ("beginnings", "small"): 3,
        ("beginnings", "silence"): 3,
    }


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("WHO TOUCHED MY BREAD", "capitals"), ("ŁÓDŹ JUTRO!! 😂", "capitals")),
        *(("NO WAY ㅋㅋㅋ", "capitals"), ("OK", ""), ("빵 누가 먹었어", ""), ("1234", "")),
        *(("Who touched MY BREAD", "capital_words"), ("omg PLEASE!!", "capital_words")),
        *(("to jest ŁÓDŹ", "capital_words"), ("I'm OK at 5 PM", ""), ("World War III", "")),
        *(("KTX 타고 서울역으로 가는 중", ""), ("see https://a.example/BIG #NEWS @TEAM", "")),
        ("KTX 시간표 https://a.example/ktx", ""),
    ],
)
def test_capitals_are_of_a_message_or_of_words_in_it(text: str, name: str) -> None:
    signs = {sign for sign, _ in tally([text]).signs}
    assert signs & {"capitals", "capital_words"} == {*filter(None, [name])}


@pytest.mark.parametrize(
    ("name", "having", "lacking"),
    [
        (
            "lengthened",
            (
                "sooooo good",
                "hmmm",
                "NOOOO!!",
                "아아아 몰라",
                "안돼애애애",
                "아 ㅏㅏㅏ",
                "헐ㄹㄹㄹ",
                "제발ㄹㄹ",
                "নাাাা",
                "schööön",
                "neinnn",
            ),
            (
                *(
                    "so good",
                    "III",
                    "www.aaab.de",
                    "https://aaab.example/",
                    "loooool",
                    "1000",
                    "wwwすごい",
                ),
                *("ㅋㅋㅋㅋ", "ㅠㅠㅠ", "ㅇㅇㅇ", "네네네", "아아 그래"),
                *(
                    "マジでやばいwww",
                    "草wwww",
                    "笑死我了hhhh",
                    "Schifffahrt!",
                    "Brennnessel",
                    "siglo XVIII",
                ),
                *("엌ㅋㅋㅋ", "좋ㅎㅎㅎ", "응ㅇㅇ", "헐ㄹ", "제발 ㄹㄹ", "우ㅜㅜ", "유ㅠㅠㅠ"),
            ),
        ),
        (
            "unspaced",
            ("오늘저녁뭐먹을까", "내일몇시에만나요?"),
            ("오늘 저녁 뭐 먹을까", "안녕하세요", "ㅋㅋㅋㅋㅋㅋㅋㅋㅋ", "kettleisonagain", ""),
        ),
    ],
)
def test_the_shape_of_a_message(
    name: MeasureName, having: Sequence[str], lacking: Sequence[str]
) -> None:
    assert {text for text in (*having, *lacking) if tally([text]).with_sign((name, ""))} == {
        *having
    }


def test_a_written_sentence_is_plain_in_chats_alone() -> None:
    texts = ["집에 갔다.", "좋아요.", "밥 먹었어"]
    in_chats, in_posts = (tally_of(texts, range(3), is_chat=of_chat) for of_chat in (True, False))
    assert [counted.with_sign(DECIDED) for counted in (in_chats, in_posts)] == [3, 2]


def test_an_ending_is_told_from_nouns_that_end_alike() -> None:
    for ending, texts in {
        "음·함": (
            *("알겠음", "공부함 ㅋㅋ", "학생임", "뭐임?", "안됨", "했슴", "아 맞음!!", "함"),
            *("이제 끝남", "집 감", "먼저 나감", "모름", "문자 보냄", "너무 어려움", "웃김 ㅋㅋ"),
        ),
        "음·함 ~": ("했음~", "밥 쏨~"),
        "음·함 ㅠㅠ": ("다 끝남ㅠㅠ", "못 감 ㅋㅋㅠㅠ"),
        "음·함  ": ("갔음ㅋㅋ🌸", "봤음 ㅇㅇ lol"),
        "욤": ("갈게욤", "네 알겠어욤!"),
        "욤 ~": ("갈게욤~",),
        "": (
            *("다음", "내 마음", "게임", "새 얼음", "음", "가슴", "사물함", "선생님", "사람"),
            *("이름", "처음", "지금", "조금", "그럼", "여름", "강남", "아침", "그림", "봄", "김"),
        ),
    }.items():
        for text in texts:
            found = {sign for of, sign in tally([text]).signs if of == "endings"}
            assert found == {*ending.split()}, text


def test_the_clearest_measure_comes_first() -> None:
    own = ["tea and cake~"] * 30 + ["and so on"] * 30
    other = ["and so on"] * 60
    first, *rest = fingerprint(tally(own), [tally(other)])
    assert (first.name, first.sign, first.own, first.beside) == ("endings", "~", 0.5, 0)
    assert first.is_clear
    assert rest == []  # All others have the same value for both.


@pytest.mark.parametrize(
    "texts", [["今日の夜ご飯に来る？", "了解"], ["我也要去吃饭"], ["ไปกินข้าวกันไหม 555"]]
)
def test_words_are_not_counted_where_no_blanks_divide_them(texts: list[str]) -> None:
    assert tally(texts * 20).words_per_message is None
    # Nor is a writer of such a script said to write longer or shorter messages than others.
    assert "length" not in measures_of(texts * 40, ["so we all went there again"] * 40)
    assert tally(["today we eat 寿司", "yes"] * 20).words_per_message == 2.5


def test_what_a_script_lacks_is_told_of_nobody_beside_it() -> None:
    latin, arabic = ["where is everybody", "ok NOPE"] * 40, ["هل ستأتي للعشاء الليلة؟", "نعم"] * 40
    bound = {"beginnings", "capitals", "length", "endings", "unspaced"}
    measures = measures_of(latin, arabic, arabic)
    assert not bound.intersection(name for name, one in measures.items() if one.is_clear)
    assert measures["questions"].is_clear
    # People of one script are compared, and nobody who writes two is.
    assert measures_of(latin, ["Where is everybody", "Nope"] * 40)["beginnings"].is_clear
    mixed = ["where is everybody", "집에 가는 중이야"] * 40
    of_mixed = measures_of(mixed, ["집에 가는 중이야", "그래 알았어"] * 40, mixed[:20])
    assert not bound.intersection(of_mixed)


def test_beside_people_of_several_scripts_only_the_like_are_compared() -> None:
    small, large = ["where is everybody", "ok then"] * 40, ["Where is everybody", "So then"] * 40
    korean, japanese = ["집에 가는 중", "응"] * 40, ["今どこにいますか", "いいね!"] * 40
    others = [large, [f"{text} and what about it" for text in large], korean, japanese]
    measures = measures_of(small, *others)
    beginnings = measures["beginnings"]
    assert beginnings.is_clear
    assert (beginnings.script, beginnings.each) == ("LATIN", [0, 0, None, None])
    assert (beginnings.beside, beginnings.behind, beginnings.not_behind) == (0, 2, 0)
    # A Latin message takes more words than a Korean one; a Japanese one has no blanks.
    of_korean = measures_of(
        korean, small, large, ["오늘 저녁에 같이 밥 먹을 사람", "응"] * 40, japanese
    )
    assert of_korean["length"].each == [None, None, 3.5, None]
    assert of_korean["length"].script == "HANGUL"
    assert "length" not in measures_of(japanese, small, korean, japanese[:50])
    assert not {"length", "beginnings"}.intersection(measures_of(korean, small, large))
    assert measures["exclamations"].each == [0, 0, 0, 0.5]
    alike = measures_of(small, large, others[1])
    assert (alike["beginnings"].script, alike["beginnings"].each) == ("", [0, 0])


def test_a_link_is_in_no_script() -> None:
    linking = ["https://news.example/articles/20240501 이거 봐", "https://youtu.be/dQw4w9WgXcQ"]
    others = [["오늘 저녁에 같이 밥 먹을 사람 있어", "응 그래"] * 40, ["집에 가는 중", "응"] * 40]
    length = measures_of([*linking, "집에 가"] * 40, *others)["length"]
    assert (length.script, length.each) == ("", [4.5, 2])


@pytest.mark.parametrize(
    ("texts", "share"),
    [(["أين مفتاح البيت؟"], 1), (["πού είσαι;", "έλα ;) ναι", "γεια;)", "ok; fine"], 0.25)],
)
def test_other_scripts_have_question_marks_of_their_own(texts: list[str], share: float) -> None:
    assert measures_of(texts * 40, ["x"] * 40)["questions"].own == share


def test_crying_is_no_laughing_and_skins_are_one_emoji() -> None:
    counted = tally(["흑 ㅠㅠ", "👍🏽", "👍🏿"])
    assert counted.with_sign(("laughing", "")) == 0
    assert counted.with_sign(("endings", "ㅠㅠ")) == 1
    assert counted.with_sign(("emoji", "👍")) == 2


@pytest.mark.parametrize(("lols", "sign"), [(40, "haha"), (60, ""), (80, "lol")])
def test_of_two_laughs_as_frequent_none_is_the_most_frequent(lols: int, sign: str) -> None:
    own = ["haha yes"] * 60 + ["lol yes"] * lols
    assert measures_of(own, ["yes"] * 200)["laughing"].sign == sign


@pytest.mark.parametrize(
    ("others", "is_clear"),
    [
        ([0, 0, 0, 0], True),
        ([50, 0, 0, 0], True),
        ([60, 0, 0, 0], False),
        ([93, 70, 0, 0], False),
        ([100, 0, 0, 0], False),
        ([80, 40, 40, 40, 40, 40, 40], False),
    ],
    ids=str,
)
def test_what_another_one_does_too_sets_nobody_apart(others: list[int], is_clear: bool) -> None:
    """A mean of two camps hides that one of them shares the habit."""
    own, *beside = (["yes!"] * 2 * of + ["yes"] * 2 * (100 - of) for of in (98, *others))
    assert measures_of(own, *beside)["exclamations"].is_clear == is_clear


def test_two_who_never_ask_are_set_apart_by_it_neither() -> None:
    asking = ["yes?", "yes"] * 100
    others = [["yes"] * 400, asking, asking, asking]
    assert not measures_of(["yes"] * 200, *others)["questions"].is_clear
    assert measures_of(["yes"] * 200, *others[1:])["questions"].is_clear


def test_too_few_messages_set_nobody_apart() -> None:
    measures = measures_of(["oh!"] * 19, ["oh"] * 500)
    assert measures["exclamations"].errors == 0
    assert not measures["exclamations"].is_clear


def test_what_is_in_few_messages_sets_nobody_apart() -> None:
    measure = measures_of(["oh!"] * 40 + ["oh"] * 960, ["oh"] * 9_000)["exclamations"]
    assert abs(measure.errors) > 2.9
    assert not measure.is_clear


def test_what_most_have_is_compared_by_those_without_it() -> None:
    less = measures_of(["oh!"] * 60 + ["oh"] * 40, ["oh!"] * 400)["exclamations"]
    more = measures_of(["oh"] * 60 + ["oh!"] * 40, ["oh"] * 400)["exclamations"]
    assert less.errors == pytest.approx(-more.errors)
    assert less.is_clear


@pytest.mark.full
def test_chance_sets_one_of_twenty_apart_at_most() -> None:
    chance = random.Random(1)  # noqa: S311 - no secret

    def by_chance() -> Tally:
        words = ["so", "tea", "Home", "now!", "go?", "ah~", "no.", "haha", "🌸"]
        return tally([" ".join(chance.choices(words, k=chance.randint(1, 5))) for _ in range(150)])

    portraits = [fingerprint(by_chance(), [by_chance() for _ in range(3)]) for _ in range(200)]
    assert sum(any(one.is_clear for one in measures) for measures in portraits) <= 10


def moody_chats(people: int, *, habit: str = "", shown: int) -> Iterator[list[Measure]]:
    """Yield the measures of somebody in chats where all write alike, with a mood for each day.

    habit: what stands at the end of each third of their messages, also.
    """
    for seed in range(shown):
        chance = random.Random(f"{people} {seed}")  # noqa: S311 - invented chats
        said: list[list[tuple[str, int]]] = [[] for _ in range(people)]
        for day in range(60):
            for person in chance.sample(range(people), min(people, 3)):
                mood = chance.choice(("!", "?", "~", ".", " haha", "")), chance.random()
                for number in range(min(int(chance.paretovariate(1)), 40)):
                    text = "so it is" + (mood[0] if chance.random() < mood[1] else "")
                    text += habit if person == 0 and number % 3 == 0 else ""
                    said[person].append((text, day))
        own, *others = (
            tally_of([text for text, _ in of_one], [day for _, day in of_one])
            for of_one in said
            if of_one
        )
        yield fingerprint(own, others)


@pytest.mark.parametrize("people", [2, 4, 9, 40])
def test_what_somebody_does_on_one_day_is_no_habit(people: int) -> None:
    told = [any(one.is_clear for one in measures) for measures in moody_chats(people, shown=60)]
    assert sum(told) <= len(told) / 20


@pytest.mark.parametrize("people", [2, 4, 9])
def test_a_habit_is_told_of_moody_people_too(people: int) -> None:
    told = [
        [one.name for one in measures if one.is_clear]
        for measures in moody_chats(people, habit=" 🌸", shown=20)
    ]
    assert sum("emoji" in names for names in told) >= 18


@pytest.mark.parametrize("people", first_of([3, 4, 9, 40], 4))
@pytest.mark.parametrize(("often", "often_elsewhere"), [(0.9, 0.2), (0, 0.5)])
def test_what_one_does_or_leaves_alone_is_told_of_nobody_else(
    people: int, often: float, often_elsewhere: float
) -> None:
    told = Counter[bool]()
    for seed in range(20):
        chance = random.Random(f"{people} {often} {seed}")  # noqa: S311 - invented chats
        tallies = [
            tally(
                ["so it is" + "!" * (chance.random() < share) for _ in range(120 + 60 * is_the_one)]
            )
            for is_the_one in [True] + [False] * (people - 1)
            for share in [often if is_the_one else often_elsewhere]
        ]
        for place, own in enumerate(tallies):
            others = [one for one in tallies if one is not own]
            measures = fingerprint(own, others[:8], others[8:])
            told[place == 0] += any(one.is_clear for one in measures)
    assert told[True] == 20
    assert told[False] <= 1 + 20 * (people - 1) / 100


def test_whoever_has_only_one_other_is_compared_with_that_one() -> None:
    assert measures_of(["oh!"] * 40, ["oh"] * 40, ["oh"] * 10)["exclamations"].is_clear


def test_what_sets_somebody_apart_most_is_the_first_measure_that_does() -> None:
    told = 0
    for seed in range(60):
        chance = random.Random(seed)  # noqa: S311 - invented messages
        ends = ["", "", "!", "?", ".", "~", " haha", " ㅠㅠ", " and a few more words"]
        own, *others = [
            tally([f"so it is {day}{chance.choice(own)}" for day in range(60)])
            for own in (chance.sample(ends, 6) for _ in range(5))
        ]
        clear = positive_first(one for one in fingerprint(own, others) if one.is_clear)
        assert next(clear_measures(own, others), None) == (clear[0] if clear else None)
        told += bool(clear)
    assert 0 < told < 60


@pytest.mark.parametrize("few", [1, 2, 19, 20])
def test_few_messages_in_a_persons_script_are_not_compared(few: int) -> None:
    own, beside = tally(["밥", "밥 먹었어요"] * 20), tally(["so it goes on!"] * 40)
    alike = tally((["그래요 좋아요 정말 좋아요", "그래요 정말 좋아요"] * 10)[:few])
    told = [*clear_measures(own, [beside], [alike])]
    assert any(one.script for one in told) is (few == 20)
    clear = positive_first(one for one in fingerprint(own, [beside], [alike]) if one.is_clear)
    assert told[:1] == clear[:1]


def test_more_of_something_comes_first_and_never_is_told_alone() -> None:
    others = ["so it is🌸~"] * 60
    laughs = measures_of(["so it haha"] * 20 + ["so it is"] * 40, others)
    told = positive_first(measure for measure in laughs.values() if measure.is_clear)
    assert [measure.name for measure in told] == ["laughing"]
    plain = measures_of(["so it is"] * 60, others)
    told = positive_first(measure for measure in plain.values() if measure.is_clear)
    assert {measure.name for measure in told} == {"endings", "emoji"}
    assert all(measure.is_never for measure in told)


def test_messages_are_counted_together_as_alone() -> None:
    pieces = ["what", "?", "!", "ㅋㅋㅋ", "ㅠㅜ", "HAHA", "looool", "soooo", "아아아", "LOUD ONES"]
    pieces += ["알겠음", "좋아욤", "띄어쓰기없이쓰는말", "🌸", "https://a.example/?q=a", "İ", " "]
    chance = random.Random(5)  # noqa: S311 - no secret
    texts = ["".join(chance.choices(pieces, k=chance.randint(0, 4))) for _ in range(500)]
    alone = [(sign, day) for day, text in enumerate(texts) for sign in tally([text]).signs]
    together = tally(texts).signs
    assert {(sign, day) for sign, days in together.items() for day in days} == {*alone}
    assert sum(map(len, together.values())) == len(alone)


def test_someone_who_joined_late_is_not_said_to_begin_less() -> None:
    days = range(60)
    begins = [day % 3 for day in days]
    early = [
        tally_of(["hi"] * 60, days, [begin == number for begin in begins]) for number in (0, 1)
    ]
    late = tally_of(["hi"] * 20, days[40:], [begin == 2 for begin in begins[40:]])
    (measure,) = (one for one in fingerprint(late, early) if one.sign == "silence")
    assert (round(measure.own, 2), round(measure.beside, 2)) == (0.35, 0.43)
    assert measure.joined_late
    assert abs(measure.errors) < 1


def test_someone_who_was_away_is_not_said_to_begin_less() -> None:
    days = range(120)
    begins = [day % 3 for day in days]
    stay = [
        tally_of(["hi"] * 120, days, [begin == number for begin in begins]) for number in (0, 1)
    ]
    there = [*days[10:30], *days[100:115]]
    guest = tally_of(["hi"] * 35, there, [begins[day] == 2 for day in there])
    (measure,) = (one for one in fingerprint(guest, stay) if one.sign == "silence")
    # Each began a third of the conversations in which the guest was there.
    assert (round(measure.own, 2), measure.joined_late, measure.left_early) == (0.32, True, True)
    assert abs(measure.errors) < 1.5
    # Who writes on every tenth day is not away on the others.
    rare = tally_of(["hi"] * 12, days[::10], [True] * 12)
    (measure,) = (one for one in fingerprint(rare, stay) if one.sign == "silence")
    assert not measure.left_early


@pytest.mark.parametrize("silence", [20, 5])
def test_someone_who_left_is_not_said_to_begin_less(silence: int) -> None:
    """Who is silent on fewer than seven of the chat's days, or no longer than before, is there."""
    days, there = range(60), 60 - silence
    begins = [day % 3 for day in days]
    stay = [tally_of(["hi"] * 60, days, [begin == number for begin in begins]) for number in (0, 1)]
    left = tally_of(["hi"] * there, days[:there], [begin == 2 for begin in begins[:there]])
    (measure,) = (one for one in fingerprint(left, stay) if one.sign == "silence")
    begun = [begin for day, begin in enumerate(begins) if begin < 2 or day < there]
    counted = begins[:there] if silence == 20 else begun
    assert measure.own == counted.count(2) / len(counted)
    assert measure.left_early == (silence == 20)
    assert abs(measure.errors) < 1
    (of_others,) = (one for one in fingerprint(stay[0], [stay[1], left]) if one.sign == "silence")
    assert abs(of_others.errors) < 1


def test_a_turn_ends_with_somebody_else_or_a_silence() -> None:
    hour_s = 3_600
    times = [0, 1, 2, 3, 3 + SILENCE_S, 4 + 2 * SILENCE_S, 9 * hour_s + 2 * SILENCE_S, None]
    said = [Said(who, time, "") for who, time in zip([1, 1, 2, 1, 1, 1, 2, 2], times, strict=True)]
    assert turns_in(said, range(len(said))) == {1: ([0, 3, 5], [0, 3]), 2: ([2, 6], [])}


def test_someone_sets_themselves_apart_by_several_messages_in_a_row() -> None:
    days = range(40)
    several, single = (
        PersonTurns([*days], [*days]),
        PersonTurns([*days], [day for day in days if day % 8 == 0]),
    )
    own, *others = (tally_of(["hi"] * 40, days, turns=turns) for turns in (several, single, single))
    (measure,) = (one for one in fingerprint(own, others) if one.name == "turns")
    assert (measure.own, measure.beside, measure.is_clear) == (1, 0.125, True)


def test_someone_who_writes_most_of_a_chat_has_turns_of_several_messages_by_chance() -> None:
    chance = random.Random(3)  # noqa: S311 - an invented chat
    said = [Said(chance.choices([1, 2, 3], [6, 2, 2])[0], 700 * n, "hi") for n in range(3_000)]
    days = conversations_of(message.time for message in said)
    turns = turns_in(said, days)
    own, *others = (
        tally_of(
            ["hi" for message in said if message.author == person],
            [day for message, day in zip(said, days, strict=True) if message.author == person],
            turns=turns[person],
        )
        for person in (1, 2, 3)
    )
    (measure,) = (one for one in fingerprint(own, others) if one.name == "turns")
    assert measure.own > 0.55 > 0.25 > measure.beside
    assert not measure.is_clear


@pytest.mark.parametrize(
    ("weeks", "laughs_before", "is_clear"), [(1, 5, False), (1, 4, False), (10, 5, True)]
)
def test_a_single_week_makes_no_change(weeks: int, laughs_before: int, is_clear: bool) -> None:
    """A wedding day without laughs, in one of two alike years, is no habit, nor is it with a lead
    of 2.5 standard errors on all other days.

    laughs_before: in ten messages of the usual days.
    """
    usual = ["fine lol", "fine"] * 150
    usual_before = (["fine lol"] * laughs_before + ["fine"] * (10 - laughs_before)) * 30
    of_usual = [place // 10 for place in range(300)]
    silent = ["the vows"] * 150
    of_silent = [place % weeks for place in range(150)]
    before = tally_of([*usual_before, *silent], [100 + week for week in (*of_usual, *of_silent)])
    laughing = next(
        measure
        for measure in changes(tally_of(usual, of_usual), before)
        if measure.name == "laughing"
    )
    assert laughing.is_clear == is_clear
