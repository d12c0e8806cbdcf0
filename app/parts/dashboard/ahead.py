"""Which period, and who, is clearly ahead of all others: by days, which are conversations."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from app.compute.significance import CLEAR_OF_MANY, fullest, fullest_day
from app.services.posts.statistics import DayCell

ONE_DAY: Final = timedelta(1)


def busiest_period(cells: Sequence[DayCell], begins: Sequence[date]) -> int | None:
    """Return the place of the period that is clearly ahead of all others, None without one.

    begins: the first day of each period, and the end of the last.
    """
    totals = [0] * (len(begins) - 1)
    for day, _, posts in cells:
        totals[bisect_right(begins, day) - 1] += posts
    if all(end - start == ONE_DAY for start, end in pairwise(begins)):
        return fullest_day(totals)
    # The days of two alone: of all there may be millions.
    places = sorted(range(len(totals)), key=totals.__getitem__)[-2:]
    days: list[list[int]] = [[0] * (begins[place + 1] - begins[place]).days for place in places]
    for day, _, posts in cells:
        if (place := bisect_right(begins, day) - 1) in places:
            days[places.index(place)][(day - begins[place]).days] += posts
    first = fullest(days)
    return None if first is None else places[first]


def leader_of(cells: Sequence[DayCell], rows: Mapping[str, Sequence[int]]) -> str | None:
    """Return who wrote clearly more than anybody else, None for nobody.

    As sure as the page of a chat is of it, which it must not contradict.
    """
    names = sorted(rows, key=lambda name: -sum(rows[name]))[:2]
    days = sorted({day for day, name, _ in cells if name in names})
    posts_on = {(day, name): posts for day, name, posts in cells}
    counts = [[posts_on.get((day, name), 0) for day in days] for name in names]
    leader = fullest(counts, CLEAR_OF_MANY)
    return None if leader is None else names[leader]
