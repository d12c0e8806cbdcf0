"""A comparison as its page shows it, and as its picture does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from quart import url_for

from app.clock import now
from app.compute.judgement import FEWEST_JUDGED, LIKELY, SURE, UNFAMILIAR
from app.i18n import gettext, show_percent
from app.lifespan import resources
from app.services.compare.answering import Comparison, Evidence
from app.services.posts.tweets import Post, find_posts
from app.views.pages.parts import hues_of, marked_text
from app.views.pages.picture import AUTHORS, Picture, PictureBar
from app.views.verdicts import (
    LIMITS,
    bars_of,
    heading_of,
    headings_of,
    odds_of,
    rate_of,
    shown_marks,
)

LINES: Final = 4
"""Authors with an underline of their own, numbered from 1; they share the evidence."""
STRONG_WEIGHT: Final = 1.0
"""Log-odds from which a mark is drawn double: it alone makes an author 2.7 times as likely."""
LONGEST_UNFOLDED: Final = 1_500
"""Characters of a text that are all in sight; a longer one scrolls."""
SHOWN_BARS: Final = 5
FOLDED_SHARE: Final = 0.01
"""Below the first bars, those of a smaller share are folded."""


@dataclass(frozen=True, slots=True)
class Use:
    """How often the author of some marks uses their words, and where."""

    number: int
    mark: Evidence
    posts: list[Post]


async def shown_comparison(
    comparison: Comparison, names: list[str], hidden_post: int | None
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
        "uses": list(shown.values()),
        "has_against": any(mark.weight < 0 for mark in marks),
        "hidden": posts.get(hidden_post or 0),
        "hues": hues,
        "lines": {username: number for number, username in enumerate(best[:LINES], 1)},
        "limits": [gettext(LIMITS[limit]) for limit in comparison.limits],
        "rate": rate_of(comparison),
        "card_address": url_for("compare.show_card", username=names if len(best) > 1 else []),
        "is_long": len(text) > LONGEST_UNFOLDED,
        "made_at": now(),
        "strong_weight": STRONG_WEIGHT,
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
    best = [ranked.username for ranked in comparison.ranking[: len(AUTHORS)]]
    colours = {username: number for number, username in enumerate(best)}
    is_told = comparison.verdict in {"likely", "close"}
    bars = [
        PictureBar(
            bar.username or gettext("Somebody else"),
            bar.share,
            show_percent(bar.share),
            colours.get(bar.username or ""),
        )
        for bar in bars_of(comparison)
        if is_told and (bar.username is None or bar.username in colours)
    ]
    marks = [
        (mark.start, mark.end, colours[mark.username])
        for mark in shown_marks(comparison)
        if is_told and mark.username in colours and mark.weight > 0
    ]
    heading = heading_of(comparison, is_named=is_named)
    return Picture(heading, comparison.text, tuple(marks), tuple(bars), _premise(comparison))


def _premise(comparison: Comparison) -> str:
    told = gettext("Style is evidence, not proof.")
    if comparison.none is None or comparison.sure == SURE:
        return told
    return f"{told} {gettext('Sure beforehand:')} {show_percent(comparison.sure)}"
