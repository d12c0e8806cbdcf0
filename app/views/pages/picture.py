"""The picture of an answer, 1200 × 630: what a shared link shows in other programs."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from io import BytesIO
from itertools import groupby, islice
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from app.compute.judgement import SURE
from app.i18n import gettext, show_percent
from app.services.compare.answering import Comparison
from app.views.verdicts import bars_of, heading_of, shown_marks

SIZE: Final = (1200, 630)
PAPER: Final = "#fbfaf8"
INK: Final = "#1c1b1a"
SOFT: Final = "#5f5b56"
LINE: Final = "#e4dfd8"
NOBODY: Final = "#8a847c"
AUTHORS: Final = ("#0b63a5", "#b3480d", "#6a3fa0", "#0b6e4f", "#8a5a00")
"""The colours of the first authors."""
TINTS: Final = ("#dbe8f2", "#f5e3da", "#e8e0f0", "#dbeae5", "#f0e6d2")
MARGIN: Final = 64
MOST_KEPT: Final = 64
"""Pictures in memory, of some 70 KB each: programs ask for a shared one several times."""
HEADING: Final = 46
"""Size of letters in pixels, like all measures here."""
TEXTS: Final = (52, 32)
"""The large letters are for texts that then have room."""
BARS: Final = 24
_WIDTH: Final = SIZE[0] - 2 * MARGIN
_FOOT: Final = SIZE[1] - 62
"""Where the line at the foot begins, from the top."""
_ROW: Final = 1.6
"""Height of a row of the text, by the size of its letters."""
_FONTS: Final = Path(__file__).parents[2] / "fonts"
_UNKNOWN: Final = "□"
"""Stands for what the fonts have no sign for, such as emoji."""


class PictureBar(NamedTuple):
    """One row of the answer; `colour` is the author's number, None for somebody else."""

    name: str
    share: float
    """In [0, 1]."""
    percent: str
    """The same as it is written."""
    colour: int | None


class Picture(NamedTuple):
    """What is drawn: words are in the visitor's language already."""

    heading: str
    text: str
    marks: tuple[tuple[int, int, int], ...]
    """Pieces of the text that speak for an author: where each begins and ends, and the author."""
    bars: tuple[PictureBar, ...]
    """The likeliest first; none where no number would be honest."""
    premise: str
    """What stands at the foot."""


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
    premise = gettext("Style is evidence, not proof.")
    if comparison.none is not None and comparison.sure != SURE:
        premise += f" {gettext('Sure beforehand:')} {show_percent(comparison.sure)}"
    heading = heading_of(comparison, is_named=is_named)
    return Picture(heading, comparison.text, tuple(marks), tuple(bars), premise)


@lru_cache(maxsize=MOST_KEPT)
def draw_picture(picture: Picture) -> bytes:
    """Return the picture as PNG; a new one takes some 200 ms, so call it in a thread."""
    image = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(image)
    name = _font(bold=True, size=24)
    left = SIZE[0] - MARGIN - name.getlength("saywho")
    pen.text((left, _FOOT - 2), "saywho", AUTHORS[3], name)
    small = _font(bold=False, size=22)
    premise = _clipped(picture.premise, small, left - MARGIN - 24)
    pen.text((MARGIN, _FOOT + 1), premise, SOFT, small)
    end = _draw_bars(pen, picture.bars)
    top = _draw_heading(pen, picture.heading)
    _draw_text(pen, picture, top, end)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw_heading(pen: ImageDraw.ImageDraw, heading: str) -> float:
    """Draw one row, or two, and return where they end."""
    font, top = _font(bold=True, size=HEADING), 44.0
    for _, row in _first(list(islice(_rows(_drawable(heading), font), 3)), 2, font):
        pen.text((MARGIN, top), row, INK, font)
        top += HEADING * 1.3
    return top + 20


def _draw_bars(pen: ImageDraw.ImageDraw, bars: Sequence[PictureBar]) -> float:
    """Draw the bars above the foot, and return where they begin."""
    font, bold = _font(bold=False, size=BARS), _font(bold=True, size=BARS)
    height = BARS * 1.8
    begin = top = _FOOT - 14 - height * len(bars)
    left, right = MARGIN + 330, SIZE[0] - MARGIN - 100
    for bar in bars:
        pen.text((MARGIN, top), _clipped(_drawable(bar.name), font, 310), INK, font)
        place = SIZE[0] - MARGIN - bold.getlength(bar.percent)
        pen.text((place, top), bar.percent, INK, bold)
        upper, lower = top + BARS * 0.4, top + BARS * 1.3
        pen.rounded_rectangle((left, upper, right, lower), 6, LINE)
        length = (right - left) * bar.share
        if length >= 1:
            colour = NOBODY if bar.colour is None else AUTHORS[bar.colour]
            pen.rounded_rectangle((left, upper, left + max(length, 12), lower), 6, colour)
        top += height
    return begin


def _draw_text(pen: ImageDraw.ImageDraw, picture: Picture, top: float, end: float) -> None:
    """Draw as much of the marked text as there is room for."""
    text = _drawable(picture.text)
    colours = {
        place: author for start, stop, author in picture.marks for place in range(start, stop)
    }
    for size in TEXTS:
        font = _font(bold=False, size=size)
        most = int((end - 16 - top) // (_ROW * size))
        rows = list(islice(_rows(text, font), most + 1))
        if len(rows) <= most:
            break
    for start, row in _first(rows, most, font):
        run_end = 0
        for colour, run in groupby(map(colours.get, range(start, start + len(row)))):
            run_start, run_end = run_end, run_end + len(list(run))
            if colour is not None:
                left = MARGIN + font.getlength(row[:run_start])
                right = MARGIN + font.getlength(row[:run_end])
                line = top + size * 1.37
                pen.rectangle((left, top + 4, right, line), TINTS[colour])
                pen.rectangle((left, line, right, line + 2), AUTHORS[colour])
        pen.text((MARGIN, top), row, INK, font)
        top += _ROW * size


def _rows(text: str, font: ImageFont.FreeTypeFont) -> Iterator[tuple[int, str]]:
    """Yield where each row of a text begins, and its signs, without the space around them."""
    for line in re.finditer(r"\S[^\n]*", text):
        start = line.start()
        while start < line.end():
            end = _row_end(text, start, line.end(), font)
            row = text[start:end].lstrip()
            if row:
                yield end - len(row), row.rstrip()
            start = end


def _row_end(text: str, start: int, end: int, font: ImageFont.FreeTypeFont) -> int:
    """Return where a row ends that begins there: after a space if one fits, or at the end."""
    used, last_space = 0.0, None
    for place in range(start, end):
        used += font.getlength(text[place])
        if used > _WIDTH and not text[place].isspace():
            return last_space or max(place, start + 1)
        if text[place].isspace():
            last_space = place + 1
    return end


def _first(
    rows: list[tuple[int, str]], most: int, font: ImageFont.FreeTypeFont
) -> list[tuple[int, str]]:
    """Return the first rows; the last of them is cut where more would follow."""
    if len(rows) <= most:
        return rows
    start, row = rows[most - 1]
    return [*rows[: most - 1], (start, _clipped(f"{row} …", font, _WIDTH))]


def _clipped(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def _drawable(text: str) -> str:
    """Return the text with a box for each sign that the fonts do not have, length kept."""
    return "".join(sign if sign == "\n" or _has(sign) else _UNKNOWN for sign in text)


@cache
def _font(*, bold: bool, size: int) -> ImageFont.FreeTypeFont:
    name = "NotoSansKR-Bold.otf" if bold else "NotoSansKR-Regular.otf"
    return ImageFont.truetype(_FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _has(sign: str) -> bool:
    """Return whether the fonts have the sign: one that they lack looks like none at all."""
    font = _font(bold=False, size=20)
    return sign.isspace() or bytes(font.getmask(sign)) != bytes(font.getmask("\U0010fffe"))
