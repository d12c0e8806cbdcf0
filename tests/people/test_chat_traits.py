"""What sets people of a chat apart is told only where chance would hardly explain it."""

import random
from collections import Counter
from collections.abc import Sequence
from math import sqrt
from zoneinfo import ZoneInfo

import pytest

from saywho.people.portrait import Judged, Trait, days_of_first, portray, traits_of
from saywho.people.replies import clearest_answers
from saywho.people.times import Said, answers_among

HOUR_S = 3600
DAY_S = 24 * HOUR_S


def traits(said: list[Said], people: int, judged: Sequence[Judged] = ()) -> list[tuple[str, int]]:
    """Return the traits of people, who are numbered by their numbers of messages."""
    portrait = portray(said, ZoneInfo("UTC"), people=range(people))
    messages = [speaker.messages for speaker in portrait.speakers]
    days = days_of_first(said, range(people))
    told: list[Trait] = traits_of(messages, len(said), portrait.speakers, judged, days)
    return [(trait.kind, trait.person or 0) for trait in told]


def message(author: int, number: int, text: str, hour: int = 12) -> Said:
    return Said(author, number * DAY_S + hour * HOUR_S + author, text)


def test_nothing_is_told_of_few_messages() -> None:
    said = [message(0, n, "one two three four five six") for n in range(12)]
    said += [message(1, n, "haha", hour=2) for n in range(3)]
    assert traits(said, 2) == []


def test_each_trait_is_told_of_who_has_it_most() -> None:
    said = [message(0, n, "a few words") for n in range(200)]
    said += [message(1, n, "many more words " + "than others " * (n % 3)) for n in range(100)]
    assert traits(said, 2) == [("most", 0), ("longest", 1)]
    said += [message(2, n, "a few haha") for n in range(60)]
    said += [message(2, 60 + n, "haha") for n in range(30)]
    assert traits(said, 3) == [("most", 0), ("laugh", 2), ("longest", 1)]


def test_who_is_recognised_best_is_told_last() -> None:
    said = [message(0, n, "a few words") for n in range(200)]
    said += [message(1, n, "many more words " + "than others " * (n % 3)) for n in range(100)]
    said += [message(2, n, "a few haha") for n in range(60)]
    judged = [(50, 20), (25, 10), (60, 57)]
    assert traits(said, 3, judged) == [("most", 0), ("longest", 1), ("recognised", 2)]
    # Of equally good ones, and of one alone, nothing is told.
    assert traits(said, 3, [(50, 45), (0, 0), (60, 57)])[-1] == ("laugh", 2)
    assert traits(said, 3, [(0, 0), (0, 0), (60, 57)])[-1] == ("laugh", 2)


@pytest.mark.full
def test_who_has_the_word_by_chance_does_not_write_most() -> None:
    """One of two has long days in turn, by chance; by single messages a lead is soon clear."""
    leaders = clear = 0
    for seed in range(200):
        chance = random.Random(seed)  # noqa: S311 - invented conversations
        said = []
        for day in range(80):
            speaker = chance.randrange(2)
            said += [message(speaker, day, "a few words") for _ in range(chance.randint(1, 20))]
            said.append(message(1 - speaker, day, "a few words"))
        counts = sorted(Counter(each.author for each in said).items(), key=lambda pair: -pair[1])
        order = {author: place for place, (author, _) in enumerate(counts)}
        told = traits([each._replace(author=order[each.author]) for each in said], 2)
        leaders += ("most", 0) in told
        (_, first), (_, second) = counts
        clear += first - second >= 2.9 * sqrt(first + second)
    assert leaders <= 2
    assert clear > 50


def test_who_is_up_at_night_is_told() -> None:
    said = [message(n % 2, n, "a few words", hour=2 if n % 2 else 15) for n in range(120)]
    assert traits(said, 2) == [("night", 1)]


def test_one_long_night_is_no_habit() -> None:
    said = [message(n % 2, n, "a few words", hour=15) for n in range(80)]
    said += [Said(1, 90 * DAY_S + n * 60, "a few words") for n in range(120)]
    assert ("night", 0) not in traits(said, 2)
    assert ("night", 1) not in traits(said, 2)


def test_chance_alone_seldom_tells_anything() -> None:
    told = 0
    for seed in range(60):
        chance = random.Random(seed)  # noqa: S311 - invented chats
        said = [
            message(chance.randrange(4), n, "w " * chance.randint(1, 9), chance.randrange(24))
            for n in range(400)
        ]
        counts = [sum(said_by.author == person for said_by in said) for person in range(4)]
        order = sorted(range(4), key=lambda person: -counts[person])
        told += bool(traits([one._replace(author=order.index(one.author)) for one in said], 4))
    assert told <= 3


def test_an_answer_comes_right_after_another_one_within_six_hours() -> None:
    said = [Said(0, 0, ""), Said(1, 60, ""), Said(1, 120, ""), Said(0, 180, ""), Said(9, 200, "")]
    said += [Said(0, 260, ""), Said(1, 260 + 7 * HOUR_S, ""), Said(0, None, "")]
    assert answers_among(said, [0, 1]) == [[0, 1], [1, 0]]


PEOPLE = range(4)


def talks(seed: int, *, with_favourite: bool = False) -> list[Said]:
    """Return days of which each is a conversation of two, drawn by lot or those of a favourite."""
    chance = random.Random(seed)  # noqa: S311 - invented conversations
    said: list[Said] = []
    for day in range(60):
        one, second = chance.sample(PEOPLE, 2)
        if with_favourite and 3 in (one, second):
            one, second = 3, 0
        start = day * 86_400 + 36_000
        turns = range(chance.randint(2, 14))
        said += [Said((one, second)[turn % 2], start + 60 * turn, "tea") for turn in turns]
    return said


def by_single_answers(said: list[Said]) -> bool:
    counts, answers = Counter(each.author for each in said), answers_among(said, PEOPLE)
    for person, row in enumerate(answers):
        favourite = max(PEOPLE, key=row.__getitem__)
        chance = counts[favourite] / (len(said) - counts[person])
        lead = row[favourite] - sum(row) * chance
        if lead >= 2.9 * sqrt(sum(row) * chance * (1 - chance)):
            return True
    return False


def lots(seed: int, favourite: float = 0.0) -> list[Said]:
    """Return days of five people who speak by lot; person 4 writes in bursts.

    favourite: how often person 3 speaks right after person 1.
    """
    chance = random.Random(seed)  # noqa: S311 - invented conversations
    said: list[Said] = []
    for day in range(50):
        time, speaker = day * 86_400 + 36_000, 0
        for _ in range(40):
            (other,) = chance.choices(range(5), (5, 3, 2, 2, 2))
            speaker = 3 if speaker == 1 and chance.random() < favourite else other
            for _ in range(chance.randint(3, 6) if speaker == 4 else 1):
                said.append(Said(speaker, time, "tea"))
                time += 60
    return said


def test_who_speaks_by_lot_prefers_nobody_though_one_writes_in_bursts() -> None:
    found = [clearest_answers(lots(seed), range(5)) for seed in range(20)]
    assert sum(pair is not None for pair in found) <= 1
    planted = [clearest_answers(lots(seed, 0.4), range(5)) for seed in range(4)]
    assert all(pair and (pair.person, pair.other) == (3, 1) for pair in planted)


def test_who_left_before_somebody_came_prefers_nobody() -> None:
    """Person 2 replies to 0 and 1 only, since person 3, to whom these reply most, came later."""
    chance = random.Random(4)  # noqa: S311 - invented conversations
    said: list[Said] = []
    for day in range(80):
        people, weights = ((0, 1, 2), (1, 3, 2)) if day < 40 else ((0, 1, 3), (1, 1, 9))
        speakers = chance.choices(people, weights, k=30)
        said += [Said(who, day * 86_400 + 60 * n, "tea") for n, who in enumerate(speakers)]
    assert clearest_answers(said, PEOPLE) is None


def test_pairs_by_lot_answer_nobody_more() -> None:
    chats = [talks(seed) for seed in range(100)]
    assert sum(pair is not None for pair in [clearest_answers(said, PEOPLE) for said in chats]) <= 2
    assert sum(map(by_single_answers, chats)) > 15


def test_whom_somebody_answers_day_by_day_is_found() -> None:
    said = talks(1, with_favourite=True)
    found = clearest_answers(said, PEOPLE)
    assert found is not None
    assert (found.person, found.other) in {(3, 0), (0, 3)}
    assert found.share > 1.2 * found.chance > 0
    # Of few answers nothing is told, and one alone answers nobody.
    assert clearest_answers(said[:30], PEOPLE) is None
    assert clearest_answers([Said(0, number, "tea") for number in range(50)], [0]) is None
