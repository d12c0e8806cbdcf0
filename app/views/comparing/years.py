"""The years of an author, for a text, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.compute.year_sample import FEWEST_POSTS
from app.i18n import gettext, ngettext, show_list, show_number
from app.services.compare.answering import Comparison
from app.services.compare.marked_pieces import YearEvidence
from app.services.compare.year_ranking import ComparedYears, RankedYear
from app.views.comparing.verdicts import is_brief
from app.views.names import shown_name

MOST_LISTED: Final = 5
"""Years that a sentence lists: those with the most posts."""
SHOWN_PIECES: Final = 6


@dataclass(frozen=True, slots=True)
class ShownYears:
    """What a page shows of the years."""

    heading: str
    username: str
    ranking: Sequence[RankedYear]
    pieces: Sequence[YearEvidence]
    """What speaks for the year that is named, the strongest first."""
    reason: str = ""
    """Why there is no ranking."""


def shown_years(comparison: Comparison) -> ShownYears | None:
    """Return what is shown of the years; None where nobody asked about them."""
    years = comparison.years
    if not isinstance(years, ComparedYears):
        return None
    name = shown_name(years.username)
    if years.verdict == "few":
        text = gettext("{username} has too few posts for a comparison of years")
        return ShownYears(text.format(username=name), years.username, [], [], _too_few(years))
    if is_brief(comparison):
        heading = gettext("Too few words for a year")
        reason = gettext("A few more words, please: four at least.")
        return ShownYears(heading, years.username, [], [], reason)
    first = years.ranking[0].year
    if years.verdict == "same":
        text = gettext("{username}’s years do not differ here")
        return ShownYears(text.format(username=name), years.username, years.ranking, [])
    pieces = sorted(
        (mark for mark in years.evidence if mark.year == first), key=lambda mark: -mark.weight
    )
    heading = gettext("Most like {username} in {year}").format(username=name, year=first)
    return ShownYears(heading, years.username, years.ranking, pieces[:SHOWN_PIECES])


def _too_few(years: ComparedYears) -> str:
    most = sorted(years.posts, key=lambda entry: -entry.tweets)[:MOST_LISTED]
    if not most:
        return gettext("None of the posts with words has a time.")
    counts = [
        ngettext("{year}: {count} post", "{year}: {count} posts", entry.tweets).format(
            year=entry.year, count=show_number(entry.tweets)
        )
        for entry in sorted(most, key=lambda entry: entry.year)
    ]
    text = gettext("Two years with {fewest} posts with words are needed; here are {years}.")
    return text.format(fewest=FEWEST_POSTS, years=show_list(counts))
