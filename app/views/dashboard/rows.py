"""Rows of a figure over time: of each author; of many, of those with the most and of the others."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from app.i18n import gettext, show_number
from app.views.names import hue, shown_name

MOST_ROWS: Final = 8
"""Rows that are still high enough to be read on a first screen."""
LEAST_SHARE: Final = 0.1
"""Of the posts of whoever has the most: with fewer, a row is a line of hairs."""


class Row(NamedTuple):
    """Bars beside each other, and whose posts they are."""

    name: str
    colour: str
    counts: Sequence[int]
    """By period."""
    usernames: Sequence[str]


def rows_of(counts: Mapping[str, Sequence[int]]) -> list[Row]:
    """Return the rows of authors' posts, the most first; of many authors some share the last."""
    totals = {username: sum(row) for username, row in counts.items()}
    order = sorted(counts, key=lambda username: -totals[username])
    leaders = order
    if len(order) > MOST_ROWS:
        least = LEAST_SHARE * totals[order[0]]
        leaders = [username for username in order[: MOST_ROWS - 1] if totals[username] >= least]
    rows = [
        Row(shown_name(username), f"${hue(username)}", counts[username], [username])
        for username in leaders
    ]
    if others := order[len(leaders) :]:
        sums = [sum(column) for column in zip(*(counts[name] for name in others), strict=True)]
        name = gettext("{count} others").format(count=show_number(len(others)))
        rows.append(Row(name, "$soft", sums, others))
    return rows
