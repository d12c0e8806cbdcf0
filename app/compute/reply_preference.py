"""Whose answers go to one other person clearly more often than that person's messages explain."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from app.compute.chat_timing import SILENCE_S, Said
from app.compute.hours import DAY_S
from app.compute.significance import CLEAR_OF_MANY, surplus_errors

FEWEST_ANSWERS: Final = 20


class _Answer(NamedTuple):
    """A message right after another person's message."""

    author: int
    answered: int
    day: int


def clearest_answers(
    messages: Sequence[Said], people: Sequence[int], written: Sequence[int], total: int
) -> tuple[int, int] | None:
    """Return the places of the person with the clearest preference and of its target, or None.

    people: their ids. written: the number of messages of each, of the total of all. Tested by
    days, since the answers of a day belong to one conversation. The messages are the oldest first.
    """
    places = {author: place for place, author in enumerate(people)}
    answers = _answers_in(messages, places)
    best: tuple[float, tuple[int, int]] | None = None
    for place in range(len(people)):
        of_one = [answer for answer in answers if answer.author == place]
        if len(of_one) < FEWEST_ANSWERS or total <= written[place]:
            continue
        ((favourite, _),) = Counter(answer.answered for answer in of_one).most_common(1)
        errors = surplus_errors(
            [answer.answered == favourite for answer in of_one],
            [answer.day for answer in of_one],
            written[favourite] / (total - written[place]),
        )
        if best is None or errors > best[0]:
            best = errors, (place, favourite)
    return best[1] if best and best[0] >= CLEAR_OF_MANY else None


def _answers_in(messages: Sequence[Said], places: Mapping[int, int]) -> list[_Answer]:
    """Return the answers, within six hours, of people who have places among themselves."""
    dated = [(author, time) for author, time, _ in messages if time is not None]
    return [
        _Answer(places[author], places[author_before], time // DAY_S)
        for (author_before, before), (author, time) in pairwise(dated)
        if author != author_before and time - before <= SILENCE_S
        if author in places and author_before in places
    ]
