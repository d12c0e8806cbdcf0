"""People of a chat whom the same habits set apart from most others."""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import structs

from saywho.people.fingerprint import Measure

T = TypeVar("T", bound=Hashable)
Kind = tuple[str, str, bool]
"""A measure, its alternative or script, and whether people do more of it than others."""


class PeopleAlike(msgspec.Struct, frozen=True):
    """People of a chat whom the same habit sets apart from most others; or one person whom a habit
    of nobody else does; or people whom nothing does.
    """

    habit: Measure | None
    """The first person’s habit; its `sign` is empty if the others’ differ. Null if nothing sets
    these people apart.
    """
    lowest: float
    """The smallest `own` among these people; or 0."""
    highest: float
    """The largest `own` among these people; or 0."""
    usernames: list[str]
    """People of the group, most messages first."""
    has_few: bool = False
    """Whether they have too few analysed messages to be compared."""


class SharedHabit(msgspec.Struct, frozen=True):
    """A habit of several people, who do more of it than most others."""

    habit: Measure
    people: int


def shared_habits(groups: Sequence[PeopleAlike]) -> list[SharedHabit]:
    """Return what the largest groups do more than most others, at most three."""
    return [
        SharedHabit(group.habit, len(group.usernames))
        for group in groups
        if group.habit and len(group.usernames) > 1 and group.habit.errors > 0
    ][:3]


def kind_of(habit: Measure) -> Kind:
    """Return what two people with the same habit have in common."""
    # Lengths in two scripts cannot be compared.
    sign = habit.script if habit.habit.is_mean else habit.sign if habit.habit.has_signs else ""
    return habit.name, sign, habit.errors > 0


def does_more(habit: Measure) -> bool:
    """Return whether a person does something more than other people, or writes shorter messages."""
    return habit.errors > 0 or habit.habit.is_mean


def people_alike(
    habits: Mapping[str, Sequence[Measure]], few: Collection[str] = ()
) -> list[PeopleAlike]:
    """Return each person in one group: the groups of several first, the largest first; then who has
    a habit alone; then whom nothing sets apart, and last who wrote too little.

    habits: by username, in the order of messages, the clearest first. few: who wrote too little.
    """
    groups = sorted(_groups_of_several(habits), key=lambda group: -len(group.usernames))
    told = {username for group in groups for username in group.usernames}
    left = {username: of_one for username, of_one in habits.items() if username not in told}
    alone = {username: next(filter(_is_clear, of_one), None) for username, of_one in left.items()}
    groups += [_alike({username: habit}) for username, habit in alone.items() if habit]
    plain = [username for username, habit in alone.items() if habit is None]
    for has_few in (False, True):
        if alike := [username for username in plain if (username in few) == has_few]:
            groups.append(PeopleAlike(None, 0, 0, alike, has_few))
    return groups


def _is_clear(habit: Measure) -> bool:
    return habit.is_clear


def people_of_kind(habits: Mapping[T, Sequence[Measure]]) -> dict[Kind, dict[T, Measure]]:
    """Return who has each habit that a group may share."""
    of_kind: dict[Kind, dict[T, Measure]] = {}
    for username, of_one in habits.items():
        for habit in of_one:
            # Who starts conversations depends on who was there; a group is told beside most others.
            if habit.habit.of != "conversations" and habit.is_beyond_most:
                of_kind.setdefault(kind_of(habit), {}).setdefault(username, habit)
    return of_kind


def _groups_of_several(habits: Mapping[str, Sequence[Measure]]) -> Iterator[PeopleAlike]:
    """Yield groups, most people first, then farthest; what people do more comes first."""
    of_kind = people_of_kind(habits)

    def farthest(kind: Kind) -> tuple[bool, float]:
        members = of_kind[kind].values()
        is_of_more = len(members) > 1 and all(map(does_more, members))
        return is_of_more, sum(abs(habit.distance) for habit in members)

    while of_kind:
        members = of_kind.pop(max(of_kind, key=farthest))
        if len(members) < 2:
            continue
        yield _alike(members)
        for others in of_kind.values():
            for username in members:
                others.pop(username, None)


def _alike(members: Mapping[str, Measure]) -> PeopleAlike:
    values = [habit.own for habit in members.values()]
    first = next(iter(members.values()))
    is_rarely_written = first.errors < 0 and first.habit.has_words
    if is_rarely_written or len({habit.sign for habit in members.values()}) > 1:
        first = structs.replace(first, sign="")
    return PeopleAlike(first, min(values), max(values), [*members])
