"""Who answers one of the others clearly more often, and not by the conversations of some days."""

import random
from math import sqrt

from app.compute.portrait import clearest_answers
from app.compute.times import Said, answers_among

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


def written(said: list[Said]) -> list[int]:
    return [sum(each.author == person for each in said) for person in PEOPLE]


def by_single_answers(said: list[Said]) -> bool:
    counts, answers = written(said), answers_among(said, PEOPLE)
    for person, row in enumerate(answers):
        favourite = max(PEOPLE, key=row.__getitem__)
        chance = counts[favourite] / (len(said) - counts[person])
        lead = row[favourite] - sum(row) * chance
        if lead >= 2.9 * sqrt(sum(row) * chance * (1 - chance)):
            return True
    return False


def test_pairs_by_lot_answer_nobody_more() -> None:
    chats = [talks(seed) for seed in range(100)]
    found = [clearest_answers(said, PEOPLE, written(said), len(said)) for said in chats]
    assert sum(pair is not None for pair in found) <= 2
    assert sum(map(by_single_answers, chats)) > 15


def test_whom_somebody_answers_day_by_day_is_found() -> None:
    said = talks(1, with_favourite=True)
    assert clearest_answers(said, PEOPLE, written(said), len(said)) in {(3, 0), (0, 3)}
    # Of few answers nothing is told, and one alone answers nobody.
    assert clearest_answers(said[:30], PEOPLE, written(said), len(said)) is None
    alone = [Said(0, number, "tea") for number in range(50)]
    assert clearest_answers(alone, [0], [50], 50) is None
