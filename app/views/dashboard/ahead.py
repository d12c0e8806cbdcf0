"""Which period, and who, is clearly ahead of all others: by days, which are conversations."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from app.compute.chat_traits import CLEAR
from app.compute.peaks import fullest, fullest_day
from app.services.posts.statistics import DayCell


def busiest_period(cells: Sequence[DayCell], begins: Sequence[date]) -> int | None:
    """Return the place of the period that is clearly ahead of all others, None without one."""
    days = Counter[date]()
    for day, _, posts in cells:
        days[day] += posts
    counts = [
        [days[start + timedelta(number)] for number in range((end - start).days)]
        for start, end in pairwise(begins)
    ]
    if all(len(of_period) == 1 for of_period in counts):
        return fullest_day([posts for (posts,) in counts])
    return fullest(counts)


def leader_of(cells: Sequence[DayCell], rows: Mapping[str, Sequence[int]]) -> str | None:
    """Return who wrote clearly more than anybody else, None for nobody.

    As sure as the page of a chat is of it, which it must not contradict.
    """
    names = sorted(rows, key=lambda name: -sum(rows[name]))[:2]
    days = sorted({day for day, name, _ in cells if name in names})
    posts_on = {(day, name): posts for day, name, posts in cells}
    counts = [[posts_on.get((day, name), 0) for day in days] for name in names]
    leader = fullest(counts, CLEAR)
    return None if leader is None else names[leader]
