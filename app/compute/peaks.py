"""What stands out among counts, and a scale of bars that a few very high ones do not flatten."""

import math
from collections.abc import Sequence
from itertools import zip_longest
from statistics import fmean, pvariance
from typing import Final

CLEAR: Final = 1.96
"""Standard errors from which a difference is significant."""
CLEAR_DAY: Final = 2.9
"""The same of the fullest of many days, which vary a lot."""
DRAWN_PERCENT: Final = 95
"""Share of the bars that fit on a scale, in per cent."""
FEWEST_BARS: Final = 4
MUCH_HIGHER: Final = 2


def clear_peak(counts: Sequence[int], clear: float = CLEAR) -> int | None:
    """Return the place of the one count that is clearly ahead of all others, None without one.

    Two numbers of chance events (Poisson) differ clearly from 1.96 standard errors on; the error
    of their difference is the root of their sum. One count alone is ahead of nothing.
    clear: the standard errors from which it is told.
    """
    if len(counts) < 2:
        return None
    *_, second, first = sorted(counts)
    is_clear = first > second and first - second >= clear * math.sqrt(first + second)
    return counts.index(first) if is_clear else None


def is_ahead(counts: Sequence[int], beside: Sequence[int], clear: float = CLEAR) -> bool:
    """Return whether the sum of counts is larger than another one by more than chance.

    The counts are of days or weeks: what was written in one of them is a conversation, and no
    proof each. So the error is that of the leads of each day or week (clustered: Liang and Zeger
    1986): of posts that come in bursts, their number alone takes every second year for a change.
    clear: the standard errors from which it is told.
    """
    leads = [count - second for count, second in zip_longest(counts, beside, fillvalue=0)]
    error = math.sqrt(sum(lead * lead for lead in leads))
    return error > 0 and sum(leads) >= clear * error


def fullest(periods: Sequence[Sequence[int]], clear: float = CLEAR) -> int | None:
    """Return the place of the period that is ahead of the next one, None without one.

    periods: the counts of the days of each. clear: see `is_ahead`.
    """
    if len(periods) < 2:
        return None
    *_, second, first = sorted(range(len(periods)), key=lambda place: sum(periods[place]))
    return first if is_ahead(periods[first], periods[second], clear) else None


def fullest_day(counts: Sequence[int]) -> int | None:
    """Return the place of the day that is clearly ahead of all others, None without one.

    A day is one conversation or few, so numbers of days vary more than those of chance events: the
    error of the difference is as much larger as the other days tell (Wedderburn 1974).
    """
    *others, _ = sorted(counts)
    if not others or not any(others):
        return None
    spread = pvariance(others) / fmean(others)
    return clear_peak(counts, CLEAR_DAY * math.sqrt(max(spread, 1.0)))


def scale_end(counts: Sequence[int]) -> int:
    """Return the count at which a scale of bars ends: most often the highest count.

    Where that is more than twice the 95th percentile (nearest rank), the scale ends there; of at
    least four bars the percentile leaves out one.
    """
    ordered = sorted(counts)
    if len(ordered) < FEWEST_BARS:
        return ordered[-1]
    rank = min(math.ceil(len(ordered) * DRAWN_PERCENT / 100), len(ordered) - 1)
    end = ordered[rank - 1]
    return end if ordered[-1] > MUCH_HIGHER * end else ordered[-1]
