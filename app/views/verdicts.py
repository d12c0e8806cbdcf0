"""An answer in words: its heading, bars, marks and limits, for pages, pictures and the terminal."""

from dataclasses import dataclass
from typing import Final, Literal

from msgspec import UnsetType

from app.compute.judgement import BELIEF, LIKELY, Limit, Verdict, stranger_rate
from app.compute.text import guess_language, own_words, word_count
from app.i18n import gettext, gettext_noop, show_percent
from app.services.compare.answering import Comparison, Evidence

NOT_FOR: Final = gettext_noop(
    "This must not be used to find out who stands behind an anonymous account, nor as the only "
    "ground for an accusation, a punishment, a grade or a publication. It is one piece of "
    "evidence among others, and an expert should weigh it."
)
LIMITS: Final[dict[Limit, str]] = {
    "few_posts": gettext_noop("One of these authors has only a few posts here."),
    "few_authors": gettext_noop("There are only a few other authors of the language here."),
    "other_language": gettext_noop("The text is not in the language of one of these authors."),
    "other_platform": gettext_noop("These authors write on different platforms."),
    "other_period": gettext_noop("The posts of these authors are from different times."),
    "topic": gettext_noop("What the text is about may count more here than its style."),
}
"""What makes an answer weak, as sentences."""


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


def shown_marks(comparison: Comparison) -> list[Evidence]:
    """Return the marks that are shown, of an answer with reasons: none for a short text.

    The author uses their words more than the others, or less if they speak against. A piece of a
    mark may be as common elsewhere: then spelling or layout made the mark.
    """
    marks = [] if comparison.verdict == "short" else comparison.evidence
    return [mark for mark in marks if (_times(mark.own) - _times(mark.others)) * mark.weight > 0]


def _times(uses: float | UnsetType) -> float:
    return uses if isinstance(uses, float) else 0.0


def heading_of(comparison: Comparison, *, is_named: bool) -> str:
    """Return the heading of an answer."""
    none, others = comparison.none or 0.0, comparison.ranking[1:2]
    is_rival = any(none > (1 - none) * each.probability for each in others)
    verdict = comparison.verdict
    return headings_of(comparison, is_named=is_named)[
        "rival" if verdict == "close" and is_rival else verdict
    ]


def headings_of(comparison: Comparison, *, is_named: bool) -> dict[Verdict | Literal["rival"], str]:
    """Return the heading for each verdict, relative to the authors asked about.

    `rival` is for a close one where somebody else weighs more than the second author. A script
    shows another one when the asker's belief moves the bars.
    """
    count, first = len(comparison.ranking), comparison.ranking[0].username
    facts = {"count": count, "username": first}
    rival = gettext("%(username)s, or somebody else?") % facts
    if count == 1:
        return {
            "likely": gettext("Reads like %(username)s") % facts,
            "close": rival,
            "rival": rival,
            "unfamiliar": gettext("Does not read like %(username)s") % facts,
            "short": gettext("Too little to go on"),
        }
    likely = (
        gettext("Of these %(count)s, most like %(username)s")
        if is_named
        else gettext("Of the authors here, most like %(username)s")
    )
    close = gettext("Too close to call")
    if comparison.none is None and comparison.ranking[0].probability >= LIKELY:
        close = gettext("If one of these %(count)s wrote it, most like %(username)s") % facts
    return {
        "likely": likely % facts,
        "close": close,
        "rival": rival,
        "unfamiliar": gettext("Reads like none of them"),
        "short": gettext("Too little to go on"),
    }


def rate_of(comparison: Comparison) -> str | None:
    """Return how often a text by somebody else is given to one of so many authors, if known."""
    words, count = word_count(own_words(comparison.text)), len(comparison.ranking)
    rate = stranger_rate(guess_language(comparison.text), count, words)
    if comparison.none is None:
        return None
    told = (
        gettext("Of texts of this length by somebody else, about {share} pass for this author’s.")
        if count == 1
        else gettext(
            "Of texts of this length by somebody else, about {share} pass for one of so many "
            "authors’."
        )
    )
    premise = gettext("That is where one was {sure} sure beforehand; the surer, the more.")
    return f"{told.format(share=show_percent(rate))} {premise.format(sure=show_percent(BELIEF))}"


def odds_of(comparison: Comparison) -> float | None:
    """Return by how much the text itself changes the odds of one of the authors."""
    none, sure = comparison.none, comparison.sure
    if none is None:
        return None
    return (1 - none) / max(none, 1e-9) * (1 - sure) / sure
