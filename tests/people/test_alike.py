"""Groups of people with the same habits."""

from collections import Counter

from hypothesis import given, strategies as st

from saywho.people.alike import does_more, kind_of, people_alike
from saywho.people.fingerprint import Measure
from saywho.people.signs import ENDINGS

HABITS = st.builds(
    Measure,
    name=st.sampled_from(("length", "exclamations", "endings", "laughing")),
    sign=st.just(""),
    own=st.floats(0, 1),
    beside=st.floats(0, 1),
    each=st.just([]),
    errors=st.sampled_from((-3.0, 3.0)),
    distance=st.floats(-3, 3),
    behind=st.integers(0, 9),
    not_behind=st.integers(0, 9),
).flatmap(
    lambda habit: st.sampled_from(ENDINGS if habit.name == "endings" else ("", "lol")).map(
        lambda sign: Measure(
            habit.name,
            sign,
            habit.own,
            habit.beside,
            [],
            habit.errors,
            habit.distance,
            habit.behind,
            habit.not_behind,
        )
    )
)
NAMES = st.lists(st.text("abcdefgh", min_size=1, max_size=3), unique=True)


@given(st.data())
def test_everybody_is_in_one_group_with_a_habit_of_their_own(data: st.DataObject) -> None:
    names = data.draw(NAMES)
    habits = {name: data.draw(st.lists(HABITS, max_size=4)) for name in names}
    few = {name for name in names if not habits[name] and data.draw(st.booleans())}
    groups = people_alike(habits, few)
    assert Counter(name for group in groups for name in group.usernames) == Counter(names)
    several = [group for group in groups if group.habit and len(group.usernames) > 1]
    sizes = [len(group.usernames) for group in several]
    assert several == groups[: len(several)]
    assert sizes == sorted(sizes, reverse=True)
    assert len({kind_of(group.habit) for group in several if group.habit}) == len(several)
    for group in groups:
        assert group.usernames == sorted(group.usernames, key=names.index)
        of_each = [
            [
                habit
                for habit in habits[name]
                if group.habit and kind_of(habit) == kind_of(group.habit)
            ]
            for name in group.usernames
        ]
        if group.habit is None:
            assert not any(one.is_clear for name in group.usernames for one in habits[name])
            assert {name in few for name in group.usernames} == {group.has_few}
            continue
        assert all(of_each)
        values = {habit.own for of_one in of_each for habit in of_one}
        assert {group.lowest, group.highest} <= values
        if len(group.usernames) > 1:
            assert all(any(one.is_beyond_most for one in of_one) for of_one in of_each)
        else:
            assert group.habit.is_clear


def habit(name: str, errors: float = 3.0, distance: float = 1.0) -> Measure:
    return Measure(name, "", 0.5, 0.1, [], errors, distance, 9, 0)


def test_what_people_do_comes_before_what_they_leave() -> None:
    loud, never = habit("exclamations"), habit("questions", -3.0, -2.0)
    assert does_more(loud)
    assert not does_more(never)
    groups = people_alike({"a": [loud, never], "b": [loud, never], "c": [never], "d": [never]})
    assert [(group.habit and kind_of(group.habit), group.usernames) for group in groups] == [
        (kind_of(loud), ["a", "b"]),
        (kind_of(never), ["c", "d"]),
    ]
