"""The picture of an answer, 1200 × 630: what a shared link shows in other programs."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby, islice
from typing import Final, NamedTuple

from babel.dates import format_date

from app.compute.judgement import SURE
from app.i18n import gettext, language, ngettext, show_number, show_percent
from app.services.compare.answering import Comparison
from app.views.canvas import FOOT, MARGIN, SIZE, WIDTH, Canvas, theme_of
from app.views.comparing.marks import shown_marks
from app.views.comparing.verdicts import (
    ELSEWHERE_ALONE,
    bars_of,
    heading_of,
    is_often_wrong,
    rate_of,
)
from app.views.lettering import clipped, drawable, drawn_name, first_rows, font_of, rows_of
from app.views.names import hue, shown_name

NOBODY: Final = "#8a847c"
MOST_BARS: Final = 5
"""Authors with a bar, the likeliest."""
FEWEST_BARS: Final = 2
LEAST_SHARE: Final = 0.01
"""Bars after the first two have at least this share, since the text needs the room."""
MOST_KEPT: Final = 64
"""Pictures in memory, of some 70 KB each: programs ask for a shared one several times."""
HEADING: Final = 46
"""Size of letters in pixels, like all measures here."""
TEXTS: Final = (72, 60, 48, 40, 32)
"""The large letters are for texts that then have room."""
BARS: Final = 24
STRUCK: Final = "struck"
"""In place of a colour: the piece has a line through it."""
_ROW: Final = 1.6
"""Height of a row of the text, by the size of its letters."""


class PictureBar(NamedTuple):
    """One row of the answer; `colour` is None for somebody else."""

    name: str
    share: float
    """In [0, 1]."""
    percent: str
    """The same as it is written."""
    colour: str | None


class Picture(NamedTuple):
    """What is drawn: words are in the visitor's language already."""

    heading: str
    text: str
    marks: tuple[tuple[int, int, str], ...]
    """Pieces of the text that speak for an author: where each begins and ends, and the colour."""
    bars: tuple[PictureBar, ...]
    """The likeliest first; none where no number would be honest."""
    premise: str
    """What stands at the foot."""
    warning: str = ""
    """What stands below the heading, where strangers often get the same answer, or nobody else here
    writes the language."""
    struck: tuple[tuple[int, int], ...] = ()
    """Pieces of the text that did not count."""


def picture_of(
    comparison: Comparison, *, is_named: bool, samples: Collection[str], today: date
) -> Picture:
    """Return what is drawn of an answer, in the visitor's language, with the cast that is bound.

    samples: authors who are invented.
    """
    best = [ranked.username for ranked in comparison.ranking[:MOST_BARS]]
    colours = {username: theme_of("light").hues[hue(username)] for username in best}
    is_told = comparison.verdict in {"likely", "close"}
    invented = {ranked.username for ranked in comparison.ranking} & set(samples)
    is_all_invented = len(invented) == len(comparison.ranking)
    bars = [
        PictureBar(
            _bar_name(bar.username, is_invented=bar.username in invented and not is_all_invented),
            bar.share,
            show_percent(bar.share),
            colours.get(bar.username or ""),
        )
        for place, bar in enumerate(bars_of(comparison))
        if is_told
        and (bar.username is None or bar.username in colours)
        and (place < FEWEST_BARS or bar.share >= LEAST_SHARE)
    ]
    marks = [
        (mark.start, mark.end, colours[mark.username])
        for mark in shown_marks(comparison)
        if is_told and mark.username in colours and mark.weight > 0
    ]
    heading = heading_of(comparison, is_named=is_named)
    foot = _foot(comparison, today, is_all_invented=is_all_invented)
    warning = rate_of(comparison) if is_often_wrong(comparison) else None
    if is_told and not warning and "elsewhere" in comparison.limits:
        warning = gettext(ELSEWHERE_ALONE)
    struck = tuple(comparison.without) if isinstance(comparison.without, list) else ()
    return Picture(heading, comparison.text, tuple(marks), tuple(bars), foot, warning or "", struck)


def stand_ins_of(usernames: Sequence[str]) -> dict[str, str]:
    """Return what stands for those whose names the fonts lack, in the order of an answer."""
    person = gettext("Person {number}")
    return {
        username: drawn_name(username) or person.format(number=number)
        for number, username in enumerate(usernames[:MOST_BARS], 1)
        if not drawn_name(shown_name(username))
    }


def _bar_name(username: str | None, *, is_invented: bool) -> str:
    if username is None:
        return gettext("Somebody else")
    if is_invented:
        return gettext("{username} (invented)").format(username=shown_name(username))
    return shown_name(username)


def _foot(comparison: Comparison, today: date, *, is_all_invented: bool) -> str:
    count = len(comparison.ranking)
    if is_all_invented:
        count_text = ngettext(
            "{count} invented author asked about", "{count} invented authors asked about", count
        )
    else:
        count_text = ngettext("{count} author asked about", "{count} authors asked about", count)
    parts = [
        count_text.format(count=show_number(count)),
        format_date(today, locale=language()),
        gettext("Style is evidence, not proof."),
    ]
    if comparison.none is not None and comparison.sure != SURE:
        parts.append(f"{gettext('Sure beforehand:')} {show_percent(comparison.sure)}")
    return " · ".join(parts)


@lru_cache(maxsize=MOST_KEPT)
def draw_picture(picture: Picture) -> bytes:
    """Return the picture as PNG; a new one takes some 200 ms, so call it in a thread."""
    canvas = Canvas()
    canvas.draw_foot(picture.premise, size=20)
    end = _draw_bars(canvas, picture.bars)
    top = _draw_heading(canvas, picture.heading, picture.warning)
    _draw_text(canvas, picture, top, end)
    return canvas.as_png()


def _draw_heading(canvas: Canvas, heading: str, warning: str) -> float:
    """Draw one row, or two, with the warning below, and return where they end."""
    font, top = font_of(bold=True, size=HEADING), 44.0
    text = "".join(sign for sign, _ in drawable(heading))
    for _, row in first_rows(list(islice(rows_of(text, font, WIDTH), 3)), 2, font, WIDTH):
        canvas.write((MARGIN, top), row, font)
        top += HEADING * 1.3
    if warning:
        font = font_of(bold=False, size=BARS)
        canvas.write((MARGIN, top + 6), clipped(warning, font, WIDTH), font)
        top += BARS * 1.75
    return top + 20


def _draw_bars(canvas: Canvas, bars: Sequence[PictureBar]) -> float:
    """Draw the bars above the foot, and return where they begin."""
    font, bold = font_of(bold=False, size=BARS), font_of(bold=True, size=BARS)
    height = BARS * 1.8
    begin = top = FOOT - 14 - height * len(bars)
    left, right = MARGIN + 330, SIZE[0] - MARGIN - 100
    for bar in bars:
        name = "".join(sign for sign, _ in drawable(bar.name))
        canvas.write((MARGIN, top), clipped(name, font, 310), font)
        ends_at = SIZE[0] - MARGIN - bold.getlength(bar.percent)
        canvas.write((ends_at, top), bar.percent, bold)
        box = left, top + BARS * 0.4, right, top + BARS * 1.3
        canvas.draw_bar(box, bar.share, NOBODY if bar.colour is None else bar.colour)
        top += height
    return begin


def _draw_text(canvas: Canvas, picture: Picture, top: float, end: float) -> None:
    """Draw as much of the marked text as there is room for."""
    pen, theme = canvas.pen, canvas.theme
    spans = [*picture.marks, *((*gap, STRUCK) for gap in picture.struck)]
    marked = {place: colour for start, stop, colour in spans for place in range(start, stop)}
    signs = drawable(picture.text, marked)
    text, colours = "".join(sign for sign, _ in signs), [colour for _, colour in signs]
    for size in TEXTS:
        font = font_of(bold=False, size=size)
        most = int((end - 16 - top) // (_ROW * size))
        rows = list(islice(rows_of(text, font, WIDTH), most + 1))
        if len(rows) <= most:
            break
    for start, row in first_rows(rows, most, font, WIDTH):
        run_end = 0
        for colour, run in groupby(colours[start : start + len(row)]):
            run_start, run_end = run_end, run_end + len(list(run))
            if colour is not None:
                left = MARGIN + font.getlength(row[:run_start])
                right = MARGIN + font.getlength(row[:run_end])
                line = top + size * 1.37
                if colour == STRUCK:
                    pen.rectangle((left, top + size * 0.8, right, top + size * 0.85), theme.ink)
                    continue
                pen.rectangle((left, top + 4, right, line), theme.mixed(colour))
                pen.rectangle((left, line, right, line + 2), colour)
        canvas.write((MARGIN, top), row, font)
        top += _ROW * size
