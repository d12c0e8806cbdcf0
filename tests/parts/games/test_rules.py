"""The rules of games: points, places, codes and names."""

from collections import Counter
from functools import partial

from hypothesis import given, strategies as st

from app.parts.games.drawing import shares
from app.parts.games.hosting import CODE_LENGTH, LETTERS, new_code, typed_code
from app.parts.games.players import LEAST_POINTS, MOST_POINTS, PlayerNames, points_for
from app.parts.games.states import AnswerPeriod, places
from tests.growth import FACTOR, MOST_GROWTH, growth


@given(st.integers(5, 120), st.data())
def test_points_fall_evenly_from_1000_to_500(seconds: int, data: st.DataObject) -> None:
    ms = data.draw(st.integers(0, seconds * 1_000))
    points = points_for(ms, seconds)
    exact = 500 + 500 * (seconds - ms / 1_000) / seconds
    assert exact - 1 < points <= exact + 1e-9
    assert points_for(ms + 1, seconds) <= points
    assert (points_for(0, seconds), points_for(seconds * 1_000, seconds)) == (1_000, 500)
    assert LEAST_POINTS <= points <= MOST_POINTS


@given(st.dictionaries(st.integers(), st.integers(0, 5)))
def test_a_place_is_one_more_than_those_who_have_more(totals: dict[int, int]) -> None:
    assert places(totals) == {
        player: 1 + sum(other > total for other in totals.values())
        for player, total in totals.items()
    }


@given(st.integers(3, 30), st.integers(2, 6))
def test_each_author_is_asked_about_as_often_as_the_others_within_one(
    questions: int, authors: int
) -> None:
    names = list(range(authors))
    counts = shares(questions, names, names[::-1])
    assert sum(counts.values()) == questions
    assert max(counts.values()) - min(counts.values()) <= 1


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 20_000))
def test_a_question_takes_what_arrives_while_it_is_asked(start: int, length: int, at: int) -> None:
    assert AnswerPeriod(start, start + length).takes(at) == (start <= at <= start + length)


def test_codes_are_read_however_they_are_typed() -> None:
    code = new_code()
    assert len(code) == CODE_LENGTH
    assert typed_code(f" {code[:3].lower()}-{code[3:]} ") == code
    assert typed_code(code + "A") != code
    assert Counter(letter for _ in range(2_000) for letter in new_code()).keys() == set(LETTERS)


def test_a_taken_name_gets_the_first_free_number() -> None:
    names = PlayerNames()
    for key in ("mina", "mina 2", "mina 4"):
        names.add(key)
    assert [names.take(name) for name in ("Mina", "MINA", "Jun", "jun")] == [
        *("Mina 3", "MINA 5", "Jun", "jun 2")
    ]


def test_thousands_of_one_name_are_numbered_at_once() -> None:
    def take(number: int) -> None:
        names = PlayerNames()
        assert [names.take("Kim") for _ in range(number)][-1] == f"Kim {number}"

    assert growth(partial(take, 2_500), partial(take, 2_500 * FACTOR)) < MOST_GROWTH
