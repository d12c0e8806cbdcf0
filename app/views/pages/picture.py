"""The picture of an answer, 1200 × 630: what a shared link shows in other programs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

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
HEADINGS: Final = (76, 64, 46, 34)
"""Sizes of letters in pixels, like all measures here: the largest counts with which all fits."""
TEXTS: Final = (56, 44, 36, 30)
BARS: Final = (26, 23)
SMALL_BARS: Final = 20
_WIDTH: Final = SIZE[0] - 2 * MARGIN
_FOOT: Final = SIZE[1] - 62
"""Where the line at the foot begins, from the top."""
_ROW: Final = 1.6
"""Height of a row of the text, by the size of its letters."""
_BREAK: Final = 14
"""Free space where the text has an empty line, as between two messages."""
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
    others: str = ""
    """How many more authors there are than bars, in words."""
    caption: str = ""
    """What the bars hold under; they are small then."""


class Lettering(NamedTuple):
    """A line of text where it is drawn; `left` and `top` are its corner."""

    left: float
    top: float
    text: str
    size: int
    colour: str = INK
    bold: bool = False

    @property
    def font(self) -> ImageFont.FreeTypeFont:
        return _font(bold=self.bold, size=self.size)


Block = tuple[tuple[float, float, float, float], int, str]
"""A filled rectangle: its corners, how round they are, and its colour."""


@dataclass(slots=True)
class Arrangement:
    """All that is drawn of an answer; the text has the room that the rest leaves."""

    lines: list[Lettering] = field(default_factory=list)
    shapes: list[Block] = field(default_factory=list)
    """They are below the lines."""

    def write(
        self, top: float, text: str, size: int, width: float = _WIDTH, colour: str = INK
    ) -> None:
        """Add one line at the left margin, cut where it is too long."""
        shown = _clipped(_drawable(text), _font(bold=False, size=size), width)
        self.lines.append(Lettering(MARGIN, top, shown, size, colour))


@lru_cache(maxsize=MOST_KEPT)
def draw_picture(picture: Picture) -> bytes:
    """Return the picture as PNG; a new one takes some 200 ms, so call it in a thread."""
    image = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(image)
    layout = laid_out(picture)
    for shape in layout.shapes:
        pen.rounded_rectangle(*shape)
    for line in layout.lines:
        pen.text((line.left, line.top), line.text, line.colour, line.font)
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def laid_out(picture: Picture) -> Arrangement:
    """Return where everything of a picture stands."""
    layout = Arrangement()
    end = _place_foot(layout, picture.premise)
    if picture.bars:
        end = _place_bars(layout, picture, end - 14)
    _place_text(layout, picture, _place_heading(layout, picture), end)
    return layout


def _place_heading(layout: Arrangement, picture: Picture) -> float:
    """Place one row, or two of small letters, and return where they end; bars leave less room."""
    title, top = _drawable(picture.heading), 44.0
    has_bars = picture.bars and not picture.caption
    for size in HEADINGS[2 if has_bars else 0 :]:
        font = _font(bold=True, size=size)
        if font.getlength(title) <= _WIDTH:
            break
    for row in _fitting(_rows(title, font), font, 2 * _ROW * size):
        layout.lines.append(Lettering(MARGIN, top, row.text, size, bold=True))
        top += size * 1.3
    return top + size * 0.45


def _place_foot(layout: Arrangement, premise: str) -> float:
    """Place the line under everything, and return where it begins."""
    name = _font(bold=True, size=24).getlength("saywho")
    layout.write(_FOOT + 1, premise, 22, _WIDTH - name - 24, SOFT)
    left = SIZE[0] - MARGIN - name
    layout.lines.append(Lettering(left, _FOOT - 2, "saywho", 24, AUTHORS[3], bold=True))
    return _FOOT


def _place_bars(layout: Arrangement, picture: Picture, end: float) -> float:
    """Place the bars above that, closer together where they are many; return where they begin."""
    bars = picture.bars[: len(AUTHORS) + 1]
    count = len(bars) + bool(picture.others) + bool(picture.caption)
    size = SMALL_BARS if picture.caption else BARS[count > 4]
    height = size * 2 - 4
    begin = top = end - height * count
    if picture.caption:
        layout.write(top, picture.caption, size, colour=SOFT)
        top += height
    left, right = MARGIN + 330, SIZE[0] - MARGIN - 100
    for bar in bars:
        colour = NOBODY if bar.colour is None else AUTHORS[bar.colour % len(AUTHORS)]
        layout.write(top, bar.name, size, 310)
        place = SIZE[0] - MARGIN - _font(bold=True, size=size).getlength(bar.percent)
        layout.lines.append(Lettering(place, top, bar.percent, size, bold=True))
        upper, lower = top + size * 0.4, top + size * 1.3
        layout.shapes.append(((left, upper, right, lower), 6, LINE))
        length = (right - left) * bar.share
        if length >= 1:
            layout.shapes.append(((left, upper, left + max(length, 12), lower), 6, colour))
        top += height
    if picture.others:
        layout.write(top, picture.others, size, colour=SOFT)
    return begin


def _place_text(layout: Arrangement, picture: Picture, top: float, end: float) -> None:
    """Place as much of the marked text as there is room for."""
    text = _drawable(picture.text)
    colours = {
        place: author % len(AUTHORS)
        for start, end, author in picture.marks
        for place in range(start, end)
    }
    for size in TEXTS:
        font = _font(bold=False, size=size)
        rows = _fitting(_rows(text, font), font, end - 16 - top)
        if not rows or not rows[-1].is_cut:
            break
    for row in rows:
        top += _BREAK * row.is_apart
        layout.lines.append(Lettering(MARGIN, top, row.text, size))
        run_end = 0
        for colour, run in groupby(map(colours.get, range(row.start, row.start + len(row.text)))):
            run_start, run_end = run_end, run_end + len(list(run))
            if colour is not None:
                left = MARGIN + font.getlength(row.text[:run_start])
                right = MARGIN + font.getlength(row.text[:run_end])
                line = top + size * 1.37
                layout.shapes.append(((left, top + 4, right, line), 0, TINTS[colour]))
                layout.shapes.append(((left, line, right, line + 2), 0, AUTHORS[colour]))
        top += _ROW * size


class _Row(NamedTuple):
    start: int
    """Where its first sign stands in the text."""
    text: str
    is_apart: bool = False
    """Whether an empty line is before it."""
    is_cut: bool = False
    """Whether more would follow."""


def _rows(text: str, font: ImageFont.FreeTypeFont) -> Iterator[_Row]:
    """Yield the rows of a text without the space around them."""
    before = None
    for match in re.finditer(r"[^\n]*\S[^\n]*", text):
        start, is_apart = match.start(), before is not None and match.start() - before > 1
        while start < match.end():
            end = _row_end(text, start, match.end(), font)
            row = text[start:end].lstrip()
            if row:
                yield _Row(end - len(row), row.rstrip(), is_apart)
                is_apart = False
            start = end
        before = match.end()


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


def _fitting(rows: Iterable[_Row], font: ImageFont.FreeTypeFont, height: float) -> list[_Row]:
    """Return the first rows, as many as fit; the last one is cut where more would follow."""
    kept: list[_Row] = []
    for row in rows:
        height -= _ROW * font.size + _BREAK * row.is_apart
        if height < 0:
            shown = _clipped(f"{kept[-1].text} …", font, _WIDTH) if kept else ""
            return [*kept[:-1], *(each._replace(text=shown, is_cut=True) for each in kept[-1:])]
        kept.append(row)
    return kept


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
