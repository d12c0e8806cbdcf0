"""Rows of a figure over time: of each author; of many, of those with the most and of the others."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from app.i18n import gettext, show_number
from app.views.names import hue, shown_name

PAIR: Final = 2
"""Authors of whom one has more, where of others one has the most."""
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


class Rest(NamedTuple):
    """Authors who are not counted one by one: how many they are, and their posts by period."""

    authors: int = 0
    counts: Sequence[int] = ()


NO_REST: Final = Rest()


def how_rows_are_read(usernames: Collection[str], rest: Rest) -> str:
    """Return how the rows of these authors are read; empty where it is as of any."""
    if rest.authors:
        return gettext(
            "The author with the most posts is on top. Select a bar to see its posts; a bar of "
            "the others shows all posts of its time."
        )
    two = gettext("The author with more posts is on top. Select a bar to see its posts.")
    return two if len(usernames) == PAIR else ""


def rows_of(counts: Mapping[str, Sequence[int]], rest: Rest = NO_REST) -> list[Row]:
    """Return the rows of authors' posts, the most first; of many authors some share the last.

    It has the rest too, and then no usernames.
    """
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
    others = order[len(leaders) :]
    if others or rest.authors:
        columns = [*(counts[name] for name in others), *([rest.counts] if rest.authors else ())]
        sums = [sum(column) for column in zip(*columns, strict=True)]
        number = show_number(len(others) + rest.authors)
        name = gettext("{count} others").format(count=number)
        rows.append(Row(name, "$soft", sums, () if rest.authors else others))
    return rows
