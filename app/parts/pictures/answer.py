"""What is in the picture of an answer: what a shared link shows in other programs."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final, NamedTuple

from babel.dates import format_date

from app.compute.gaps import Gap
from app.compute.judgement import SURE
from app.compute.names import SHOWN_HIDDEN
from app.drawing.drawings import NO_HUE
from app.language.i18n import gettext, language, ngettext, show_number, show_percent
from app.services.compare.verdict import Comparison
from app.views.cast import hue, shown_name
from app.views.comparing.evidence import shown_marks
from app.views.comparing.verdicts import (
    ELSEWHERE_ALONE,
    bars_of,
    heading_of,
    rate_of,
    strange_places,
    threshold_of,
    why_nobody,
)

MOST_BARS: Final = 5
"""Authors with a bar, the likeliest."""
FEWEST_BARS: Final = 2
LEAST_SHARE: Final = 0.05
"""Bars after the first two have at least this share, since the text needs the room."""

TOLD: Final = frozenset({"likely", "close"})
"""Verdicts with bars."""
HIGH_RATE: Final = 0.1
"""Share of strangers' texts from which it matters more than that nobody here was compared."""


class PictureBar(NamedTuple):
    """One row of the answer."""

    name: str
    share: float
    """In [0, 1]."""
    percent: str
    """The same as it is written."""
    hue: str
    """The class of its colour; somebody else has that of nobody."""


class Picture(NamedTuple):
    """What is drawn: words are in the visitor's language already."""

    heading: str
    text: str
    marks: tuple[tuple[int, int, str], ...]
    """Pieces of the text that speak for an author: where each begins and ends, and the class of the
    colour."""
    bars: tuple[PictureBar, ...]
    """The likeliest first; none where no number would be honest."""
    premise: tuple[str, ...]
    """What stands at the foot, in parts."""
    why: str = ""
    """What stands below the heading: how many strangers get the same answer, that nobody else here
    writes the language, or why it is nobody."""
    struck: tuple[tuple[int, int], ...] = ()
    """Pieces of the text that did not count."""


def picture_of(
    comparison: Comparison, *, is_named: bool, samples: Collection[str], today: date
) -> Picture:
    """Return what is drawn of an answer, in the visitor's language, with the cast that is bound.

    samples: authors who are invented.
    """
    best = [ranked.username for ranked in comparison.ranking[:MOST_BARS]]
    hues = {username: hue(username) for username in best}
    is_told = comparison.verdict in TOLD
    invented = {ranked.username for ranked in comparison.ranking} & set(samples)
    is_all_invented = len(invented) == len(comparison.ranking)
    bars = [
        PictureBar(
            _bar_name(bar.username, is_invented=bar.username in invented and not is_all_invented),
            bar.share,
            show_percent(bar.share),
            hues.get(bar.username or "", NO_HUE),
        )
        for place, bar in enumerate(bars_of(comparison))
        if is_told
        and (bar.username is None or bar.username in hues)
        and (place < FEWEST_BARS or bar.share >= LEAST_SHARE)
    ]
    # A colour without a bar would tell nothing.
    barred = {bar.hue for bar in bars}
    marks = [
        (mark.start, mark.end, hues[mark.username])
        for mark in shown_marks(comparison)
        if hues.get(mark.username) in barred and mark.weight > 0
    ]
    marks += [(start, end, NO_HUE) for start, end in strange_places(comparison)]
    heading = heading_of(comparison, is_named=is_named)
    foot = _foot(comparison, today, is_all_invented=is_all_invented)
    struck = tuple(comparison.without) if isinstance(comparison.without, list) else ()
    why = _why(comparison)
    return Picture(heading, comparison.text, tuple(marks), tuple(bars), foot, why, struck)


def without_names(picture: Picture, gaps: Sequence[Gap]) -> Picture:
    """Return the picture with a mark in place of gaps of its text.

    Its colours stay where they were; a colour or a line inside a gap is left out.
    """
    pieces, place, moved = list[str](), 0, list[tuple[int, int, int, int]]()
    length = 0
    for start, end in gaps:
        pieces += [picture.text[place:start], SHOWN_HIDDEN]
        length += start - place
        moved.append((start, end, length, length + len(SHOWN_HIDDEN)))
        place, length = end, length + len(SHOWN_HIDDEN)

    def at(old: int, *, is_start: bool) -> int:
        before = 0
        for start, end, new_start, new_end in moved:
            if old <= start:
                break
            if old < end:
                return new_end if is_start else new_start
            before = new_end - end
        return old + before

    def span(start: int, end: int) -> tuple[int, int]:
        return at(start, is_start=True), at(end, is_start=False)

    marks = [(*span(start, end), colour) for start, end, colour in picture.marks]
    struck = [span(start, end) for start, end in picture.struck]
    return picture._replace(
        text="".join([*pieces, picture.text[place:]]),
        marks=tuple(mark for mark in marks if mark[0] < mark[1]),
        struck=tuple(piece for piece in struck if piece[0] < piece[1]),
    )


def _why(comparison: Comparison) -> str:
    rate = rate_of(comparison) if comparison.verdict == "likely" else None
    is_elsewhere = comparison.verdict in TOLD and "elsewhere" in comparison.limits
    if is_elsewhere and (comparison.strangers or 0) <= HIGH_RATE:
        return gettext(ELSEWHERE_ALONE)
    return rate or threshold_of(comparison) or " ".join(why_nobody(comparison))


def _bar_name(username: str | None, *, is_invented: bool) -> str:
    if username is None:
        return gettext("Someone else")
    if is_invented:
        return gettext("{username} (sample)").format(username=shown_name(username))
    return shown_name(username)


def _foot(comparison: Comparison, today: date, *, is_all_invented: bool) -> tuple[str, ...]:
    count = max(comparison.compared, len(comparison.ranking))
    if is_all_invented:
        count_text = ngettext(
            "{count} sample author compared", "{count} sample authors compared", count
        )
    else:
        count_text = ngettext("{count} author compared", "{count} authors compared", count)
    parts = [
        count_text.format(count=show_number(count)),
        format_date(today, locale=language()),
        gettext("Style is evidence, not proof."),
    ]
    if comparison.none is not None and comparison.sure != SURE:
        parts.append(f"{gettext('Starting belief:')} {show_percent(comparison.sure)}")
    return tuple(parts)
