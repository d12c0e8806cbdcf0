"""What stands out among counts, and a scale of bars that a few very high ones do not flatten."""

import math
from collections.abc import Sequence
from typing import Final

CLEAR: Final = 1.96
"""Standard errors from which a difference is significant."""
DRAWN_PERCENT: Final = 95
"""Share of the bars that fit on a scale, in per cent."""
FEWEST_BARS: Final = 4
MUCH_HIGHER: Final = 2


def clear_peak(counts: Sequence[int]) -> int | None:
    """Return the place of the one count that is clearly ahead of all others, None without one.

    Two numbers of chance events (Poisson) differ clearly from 1.96 standard errors on; the error
    of their difference is the root of their sum. One count alone is ahead of nothing.
    """
    if len(counts) < 2:
        return None
    *_, second, first = sorted(counts)
    is_clear = first > second and first - second >= CLEAR * math.sqrt(first + second)
    return counts.index(first) if is_clear else None


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
