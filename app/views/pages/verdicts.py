"""An answer as people read it: its heading and its bars, on the page and in its picture."""

from dataclasses import dataclass

from app.compute.judgement import Verdict
from app.i18n import gettext
from app.services.compare.judging import Comparison


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: an author, or somebody else."""

    username: str | None
    share: float
    """After all: of one of the authors, times that it was one of them."""
    closed: float
    """If it was one of the authors."""
    tweets: int


def bars_of(comparison: Comparison) -> list[Bar]:
    """Return the bars, the likeliest first."""
    known = 1 - (comparison.none or 0.0)
    found = [
        Bar(each.username, known * each.probability, each.probability, each.tweets)
        for each in comparison.ranking
    ]
    if comparison.none is not None:
        found.append(Bar(None, comparison.none, 0.0, 0))
    return sorted(found, key=lambda bar: -bar.share)


def headings_of(comparison: Comparison, *, is_named: bool) -> dict[Verdict, str]:
    """Return the heading for each verdict, relative to the authors asked about.

    A script shows another one when the asker's belief moves the bars.
    """
    count, first = len(comparison.ranking), comparison.ranking[0].username
    facts = {"count": count, "username": first}
    if count == 1:
        return {
            "likely": gettext("Reads like %(username)s") % facts,
            "close": gettext("%(username)s, or somebody else?") % facts,
            "unfamiliar": gettext("Does not read like %(username)s") % facts,
            "short": gettext("Too little to go on"),
        }
    likely = (
        gettext("Of these %(count)s, most like %(username)s")
        if is_named
        else gettext("Of the authors here, most like %(username)s")
    )
    return {
        "likely": likely % facts,
        "close": gettext("Too close to call"),
        "unfamiliar": gettext("Reads like none of them"),
        "short": gettext("Too little to go on"),
    }
