"""Who answers one of the others clearly more often than by how much that one writes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import sqrt
from typing import Final, NamedTuple

from app.compute.chat_timing import SILENCE_S, Said
from app.compute.chat_traits import CLEAR
from app.compute.hours import DAY_S

FEWEST_ANSWERS: Final = 20


class _Answer(NamedTuple):
    """A message right after one of somebody else."""

    author: int
    answered: int
    day: int


def clearest_answers(
    messages: Sequence[Said], people: Sequence[int], written: Sequence[int], total: int
) -> tuple[int, int] | None:
    """Return the places of who answers most clearly, and whom; None where nobody clearly does.

    people: their ids. written: how many messages each wrote, of the total of all. Answers of a day
    are one conversation, and no proof each: the error is that of the surplus of the days
    (clustered: Liang and Zeger 1986). The messages are the oldest first.
    """
    places = {author: place for place, author in enumerate(people)}
    answers = _answers_in(messages, places)
    best: tuple[float, tuple[int, int]] | None = None
    for place in range(len(people)):
        of_one = [answer for answer in answers if answer.author == place]
        if len(of_one) < FEWEST_ANSWERS or total <= written[place]:
            continue
        ((favourite, _),) = Counter(answer.answered for answer in of_one).most_common(1)
        errors = _errors(of_one, favourite, written[favourite] / (total - written[place]))
        if best is None or errors > best[0]:
            best = errors, (place, favourite)
    return best[1] if best and best[0] >= CLEAR else None


def _answers_in(messages: Sequence[Said], places: Mapping[int, int]) -> list[_Answer]:
    """Return the answers, within six hours, of people who have places among themselves."""
    dated = [(author, time) for author, time, _ in messages if time is not None]
    return [
        _Answer(places[author], places[author_before], time // DAY_S)
        for (author_before, before), (author, time) in pairwise(dated)
        if author != author_before and time - before <= SILENCE_S
        if author in places and author_before in places
    ]


def _errors(answers: Sequence[_Answer], favourite: int, chance: float) -> float:
    """Return by how many standard errors somebody is answered more often than by chance."""
    surplus: dict[int, float] = {}
    for answer in answers:
        more = (answer.answered == favourite) - chance
        surplus[answer.day] = surplus.get(answer.day, 0.0) + more
    # Of few days the error is at least that of single answers.
    spread = max(sum(more**2 for more in surplus.values()), len(answers) * chance * (1 - chance))
    return sum(surplus.values()) / sqrt(spread) if spread else 0.0
