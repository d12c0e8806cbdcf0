"""Replies among the people of a chat, compared with chance."""

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saywho.people.times import DAY_S, Said, replies_in
from saywho.significance import CLEAR_OF_MANY, counts_in, most_frequent, surplus_errors

FEWEST_ANSWERS: Final = 20


class Preference(NamedTuple):
    """A person who gets more of someone's replies than chance explains."""

    person: int
    """Place of the person, as is `other`."""
    other: int
    share: float
    """Share of the person's replies that are to the other."""
    chance: float
    """The same if the person replied to each other as all others do."""


def clearest_answers(messages: Sequence[Said], people: Sequence[int]) -> Preference | None:
    """Return the clearest preference, None without one.

    people: ids. Tested by days, since a day's replies are one conversation.
    """
    places = {author: place for place, author in enumerate(people)}
    replies = replies_in(messages)
    authors, numbers = np.unique(
        np.concatenate([replies.author, replies.answered]), return_inverse=True
    )
    repliers, to_whom = np.split(numbers, 2)
    best: tuple[float, Preference] | None = None
    for author, place in places.items():
        own = replies.author == author
        answered = replies.answered[own].tolist()
        if len(answered) < FEWEST_ANSWERS:
            continue
        favourite = most_frequent(Counter(answered))
        if favourite not in places:
            continue
        number, of_other = authors.searchsorted([author, favourite]).tolist()
        # Nobody replies to people who are yet to come, or who have left.
        (there,) = (own | (replies.answered == author)).nonzero()
        while_there = slice(there[0], there[-1] + 1)
        drawn = _chances_of_answers(repliers[while_there], to_whom[while_there], authors.size)
        chance = float(drawn[of_other] / max(drawn.sum() - drawn[number], drawn[of_other]))
        hits = [other == favourite for other in answered]
        errors = surplus_errors(hits, (replies.time[own] // DAY_S).tolist(), chance)
        share = sum(hits) / len(answered)
        # From here on, people would agree to a preference.
        if share >= 1.25 * chance and (best is None or errors > best[0]):
            best = errors, Preference(place, places[favourite], share, chance)
    return best[1] if best and best[0] >= CLEAR_OF_MANY else None


def _chances_of_answers(
    repliers: NDArray[np.intp], answered: NDArray[np.intp], many: int
) -> NDArray[np.float64]:
    """Return how much each of `many` people draws replies, (many,), if it does not depend on who
    replies.

    repliers, answered: of each reply, (n,). Nobody replies to themselves, so someone who writes
    much, in bursts or not, has fewer to reply to. Source: Goodman 1968, quasi-independence.
    """
    received, given = counts_in(answered, many), counts_in(repliers, many)
    drawn, replying = received, given
    for _ in range(50):
        drawn = received / np.maximum(replying.sum() - replying, 1e-9)
        replying = given / np.maximum(drawn.sum() - drawn, 1e-9)
    return drawn
