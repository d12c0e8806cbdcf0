"""How somebody's messages differ from others': seven measures, and when one sets them apart."""

import random
from collections.abc import Sequence

import pytest

from app.compute.fingerprint import Measure, Tally, fingerprint, tally_of, together

NOBODY = together([])


def measures_of(own: Sequence[str], *others: Sequence[str]) -> dict[str, Measure]:
    measures = fingerprint(tally_of(own), [*map(tally_of, others)], NOBODY)
    return {measure.name: measure for measure in measures}


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
    tally = tally_of(own, after_silence=2)
    assert (tally.messages, tally.words) == (6, 11)
    assert dict(tally.signs) == {
        ("questions", ""): 1,
        ("exclamations", ""): 1,
        ("laughing", ""): 2,
        ("laughing", "ㅋㅋ"): 2,
        ("emoji", ""): 1,
        ("emoji", "🌸"): 1,
        ("endings", "~"): 1,
        ("endings", "요"): 1,
        ("endings", "…"): 1,
        ("beginnings", "small"): 3,
        ("beginnings", "silence"): 2,
    }


def test_the_clearest_measure_comes_first() -> None:
    own = ["tea and cake~"] * 30 + ["and so on"] * 30
    other = ["and so on"] * 60
    first, *rest = fingerprint(tally_of(own), [tally_of(other)], NOBODY)
    assert (first.name, first.sign, first.own, first.beside) == ("endings", "~", 0.5, 0)
    assert first.is_clear
    assert rest == []  # All others have the same value for both.


def test_crying_is_no_laughing_and_skins_are_one_emoji() -> None:
    tally = tally_of(["흑 ㅠㅠ", "👍🏽", "👍🏿"])
    assert tally.signs["laughing", ""] == 0
    assert tally.signs["endings", "ㅠㅠ"] == 1
    assert tally.signs["emoji", "👍"] == 2


@pytest.mark.parametrize(("further", "is_clear"), [(0, True), (1, True), (2, False)])
def test_few_of_the_others_may_go_further(further: int, is_clear: bool) -> None:
    own = ["yes!"] * 80 + ["yes"] * 80
    others = [["yes!"] * 200] * further + [["yes"] * 200] * (4 - further)
    measure = measures_of(own, *others)["exclamations"]
    assert measure.is_clear == is_clear


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


def test_chance_sets_one_of_twenty_apart_at_most() -> None:
    chance = random.Random(1)  # noqa: S311 - no secret

    def tally() -> Tally:
        words = ["so", "tea", "Home", "now!", "go?", "ah~", "no.", "haha", "🌸"]
        return tally_of(" ".join(chance.choices(words, k=chance.randint(1, 5))) for _ in range(150))

    portraits = [fingerprint(tally(), [tally(), tally(), tally()], NOBODY) for _ in range(200)]
    assert sum(any(one.is_clear for one in measures) for measures in portraits) <= 10
