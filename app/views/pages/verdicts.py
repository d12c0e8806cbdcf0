"""An answer as people read it: heading, bars, marks and limits, on the page and in its picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from msgspec import UnsetType
from quart import url_for

from app.clock import now
from app.compute.judgement import FEWEST_JUDGED, LIKELY, SURE, UNFAMILIAR, Limit, Verdict
from app.compute.strangers import BELIEF, stranger_rate
from app.compute.text import guess_language, own_words, word_count
from app.drawing import AUTHORS, Picture, PictureBar, PictureMark
from app.i18n import gettext, gettext_noop, show_number, show_percent
from app.lifespan import resources
from app.services.compare.judging import Comparison, Evidence, JudgedPassage
from app.services.posts.tweets import Post, find_posts
from app.views.pages.parts import hues_of, marked_text

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


LINES: Final = 4
"""Authors with an underline of their own, numbered from 1; they share the evidence."""
STRONG_WEIGHT: Final = 1.0
"""Log-odds from which a mark is drawn double: it alone makes an author 2.7 times as likely."""
SURE_SENTENCE: Final = 0.9
"""Probability from which a sentence is marked double."""
LONGEST_UNFOLDED: Final = 1_500
"""Characters of a text that are all in sight; a longer one scrolls."""
SHOWN_BARS: Final = 5
FOLDED_SHARE: Final = 0.01
"""Below the first bars, those of a smaller share are folded."""


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


def rate_of(comparison: Comparison) -> dict[str, str]:
    """Return how often a text by somebody else is given to one of so many authors, if known.

    `measured` holds up to the belief it was measured with, `surer` is said above that.
    """
    words, count = word_count(own_words(comparison.text)), len(comparison.ranking)
    rate = stranger_rate(guess_language(comparison.text), count, words)
    if rate is None or comparison.none is None:
        return {}
    told = (
        gettext("Of texts of this length by somebody else, about {share} pass for this author’s.")
        if count == 1
        else gettext(
            "Of texts of this length by somebody else, about {share} pass for one of so many "
            "authors’."
        )
    )
    surer = gettext(
        "Of texts of this length by somebody else, about {share} passed where one was {sure} sure "
        "beforehand. The surer you are, the more of them pass."
    )
    share = show_percent(rate)
    return {
        "measured": told.format(share=share),
        "surer": surer.format(share=share, sure=show_percent(BELIEF)),
    }


def odds_of(comparison: Comparison) -> float | None:
    """Return by how much the text itself changes the odds of one of the authors."""
    none, sure = comparison.none, comparison.sure
    if none is None:
        return None
    return (1 - none) / max(none, 1e-9) * (1 - sure) / sure


@dataclass(frozen=True, slots=True)
class Use:
    """How often the author of some marks uses their words, and where."""

    number: int
    mark: Evidence
    posts: list[Post]


async def shown_comparison(
    comparison: Comparison,
    names: list[str],
    passages: Sequence[JudgedPassage],
    hidden_post: int | None,
) -> dict[str, object]:
    """Return what the page shows of a comparison."""
    best = [ranked.username for ranked in comparison.ranking]
    marks = shown_marks(comparison)
    uses = _uses(marks)
    ids = {each for mark in uses.values() for each in mark.posts or ()} | {hidden_post or 0}
    async with resources().db.read() as session:
        hues = await hues_of(session, best)
        posts = await find_posts(session, sorted(ids))
    shown = {
        key: Use(number, mark, [posts[each] for each in mark.posts or () if each in posts])
        for number, (key, mark) in enumerate(uses.items(), 1)
    }
    text, answers = comparison.text, bars_of(comparison)
    folded = sum(each.share < FOLDED_SHARE for each in answers[SHOWN_BARS:])
    return {
        "comparison": comparison,
        "heading": heading_of(comparison, is_named=bool(names)),
        "headings": headings_of(comparison, is_named=bool(names)),
        "answers": answers,
        "folded": folded if folded > 1 else 0,
        "odds": odds_of(comparison),
        "fewest": FEWEST_JUDGED,
        "likely": LIKELY,
        "unfamiliar": UNFAMILIAR,
        "pieces": marked_text(
            text, [(mark.start, mark.end, (mark, shown[_key(mark)])) for mark in marks]
        ),
        "sentences": passages and marked_text(text, [(p.start, p.end, p) for p in passages]),
        "tally": Counter(each.username for each in passages).most_common(),
        "uses": list(shown.values()),
        "has_against": any(mark.weight < 0 for mark in marks),
        "hidden": posts.get(hidden_post or 0),
        "hues": hues,
        "lines": {username: number for number, username in enumerate(best[:LINES], 1)},
        "limits": [gettext(LIMITS[limit]) for limit in comparison.limits],
        "rate": rate_of(comparison),
        "belief": BELIEF,
        "card_address": url_for("compare.show_card", username=names if len(best) > 1 else []),
        "is_long": len(text) > LONGEST_UNFOLDED,
        "made_at": now(),
        "strong_weight": STRONG_WEIGHT,
        "sure_sentence": SURE_SENTENCE,
    }


def _key(mark: Evidence) -> tuple[str, str]:
    return mark.username, str(mark.piece or mark.text).casefold()


def _uses(marks: Sequence[Evidence]) -> dict[tuple[str, str], Evidence]:
    """Return the marks, those of the same words once, the strongest first."""
    uses: dict[tuple[str, str], Evidence] = {}
    for mark in sorted(marks, key=lambda mark: -abs(mark.weight)):
        uses.setdefault(_key(mark), mark)
    return uses


def picture_of(comparison: Comparison, *, is_named: bool) -> Picture:
    """Return what is drawn of an answer, in the visitor's language."""
    verdict = comparison.verdict
    best = [ranked.username for ranked in comparison.ranking[: len(AUTHORS)]]
    colours = {username: number for number, username in enumerate(best)}
    others = len(comparison.ranking) - len(best)
    is_told = verdict in {"likely", "close"}
    bars = [
        PictureBar(
            bar.username or gettext("Somebody else"), bar.share, colours.get(bar.username or "")
        )
        for bar in bars_of(comparison)
        if bar.username is None or bar.username in colours
    ]
    return Picture(
        heading_of(comparison, is_named=is_named),
        comparison.text,
        tuple(
            PictureMark(mark.start, mark.end, colours[mark.username])
            for mark in shown_marks(comparison)
            if is_told and mark.username in colours and mark.weight > 0
        ),
        tuple(bars) if is_told else (),
        _premise(comparison),
        gettext("and %(count)s more") % {"count": show_number(others)}
        if is_told and others > 0
        else "",
    )


def _premise(comparison: Comparison) -> str:
    told = gettext("Style is evidence, not proof.")
    if comparison.none is None or comparison.sure == SURE:
        return told
    return f"{told} {gettext('Sure beforehand:')} {show_percent(comparison.sure)}"
