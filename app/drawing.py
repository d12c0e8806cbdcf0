"""The picture of an answer, 1200 × 630: what a shared link shows in other programs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SIZE: Final = (1200, 630)
PAPER: Final = "#fbfaf8"
INK: Final = "#1c1b1a"
SOFT: Final = "#5f5b56"
LINE: Final = "#e4dfd8"
NOBODY: Final = "#8a847c"
AUTHORS: Final = ("#0b63a5", "#b3480d", "#6a3fa0", "#0b6e4f")
"""The colours of the first four authors, as on the page."""
TINTS: Final = ("#dbe8f2", "#f5e3da", "#e8e0f0", "#dbeae5")
MARGIN: Final = 64
MOST_BARS: Final = 4
MOST_KEPT: Final = 64
"""Pictures in memory, of some 70 KB each: programs ask for a shared one several times."""
_FONTS: Final = Path(__file__).parent / "fonts"
_TEXT_LINES: Final = 5
_UNKNOWN: Final = "□"
"""Stands for what the fonts have no sign for, such as emoji."""


@dataclass(frozen=True, slots=True)
class PictureBar:
    """One row of the answer; `colour` is the author's number, None for somebody else."""

    name: str
    share: float
    """In [0, 1]."""
    colour: int | None


@dataclass(frozen=True, slots=True)
class PictureMark:
    """A piece of the text that speaks for an author, by code points."""

    start: int
    end: int
    colour: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn: words are in the visitor's language already."""

    heading: str
    text: str
    marks: tuple[PictureMark, ...]
    bars: tuple[PictureBar, ...]
    """The likeliest first; none where no number would be honest."""
    premise: str
    """What stands under the bars."""


@lru_cache(maxsize=MOST_KEPT)
def draw(picture: Picture) -> bytes:
    """Return the picture as PNG; a new one takes some 200 ms, so call it in a thread."""
    image = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(image)
    width = SIZE[0] - 2 * MARGIN
    top = 52
    heading = _font(bold=True, size=46)
    for row in _wrapped(_drawable(picture.heading), heading, width, most=2):
        pen.text((MARGIN, top), row.text, INK, heading)
        top += 60
    top = _text(pen, picture, top + 18, width)
    bottom = SIZE[1] - 62
    top = max(top + 22, bottom - 30 - 58 * min(len(picture.bars), MOST_BARS + 1))
    _bars(pen, picture.bars, top)
    small = _font(bold=False, size=22)
    pen.text(
        (MARGIN, bottom), _clipped(_drawable(picture.premise), small, width - 140), SOFT, small
    )
    name = _font(bold=True, size=24)
    pen.text((SIZE[0] - MARGIN, bottom - 2), "saywho", AUTHORS[3], name, anchor="ra")
    file = BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _text(pen: ImageDraw.ImageDraw, picture: Picture, top: int, width: int) -> int:
    """Draw the marked text, and return where it ends."""
    most = _TEXT_LINES if len(picture.bars) < MOST_BARS else _TEXT_LINES - 1
    font, text = _font(bold=False, size=30), _drawable(picture.text)
    colours = {
        place: mark.colour % len(AUTHORS)
        for mark in picture.marks
        for place in range(mark.start, mark.end)
    }
    for row in _wrapped(text, font, width, most):
        left = float(MARGIN)
        for number, sign in enumerate(row.text):
            right = left + font.getlength(sign)
            colour = colours.get(row.start + number)
            if colour is not None and row.start + number < len(text):
                pen.rectangle((left, top + 4, right, top + 42), TINTS[colour])
                pen.line((left, top + 42, right, top + 42), AUTHORS[colour], 3)
            pen.text((left, top), sign, INK, font)
            left = right
        top += 50
    return top


def _bars(pen: ImageDraw.ImageDraw, bars: Sequence[PictureBar], top: int) -> None:
    font, number = _font(bold=False, size=26), _font(bold=True, size=26)
    left, right = MARGIN + 330, SIZE[0] - MARGIN - 100
    for bar in bars[: MOST_BARS + 1]:
        colour = NOBODY if bar.colour is None else AUTHORS[bar.colour % len(AUTHORS)]
        pen.text((MARGIN, top), _clipped(_drawable(bar.name), font, 310), INK, font)
        pen.rounded_rectangle((left, top + 8, right, top + 34), 6, LINE)
        length = (right - left) * min(max(bar.share, 0.0), 1.0)
        if length >= 1:
            pen.rounded_rectangle((left, top + 8, left + max(length, 12), top + 34), 6, colour)
        pen.text((SIZE[0] - MARGIN, top), _percent(bar.share), INK, number, anchor="ra")
        top += 58


def _percent(share: float) -> str:
    """Return a share as the page writes it."""
    if share < 0.01:
        return "<1%"
    return ">99%" if share > 0.99 else f"{share:.0%}"


@dataclass(frozen=True, slots=True)
class _Row:
    start: int
    """Where its first sign stands in the text."""
    text: str


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int, most: int) -> Iterator[_Row]:
    """Yield at most so many rows of the text; the last one ends with … where more would follow."""
    start, rows = 0, 0
    while start < len(text):
        end = _row_end(text, start, font, width)
        rows += 1
        row = text[start:end].rstrip("\n")
        if rows == most:
            is_cut = bool(text[end:].strip())
            yield _Row(start, _clipped(f"{row.rstrip()} …", font, width) if is_cut else row)
            return
        yield _Row(start, row)
        start = end


def _row_end(text: str, start: int, font: ImageFont.FreeTypeFont, width: int) -> int:
    """Return where a row ends that begins there: after a space if one fits, or at a line's end."""
    used, last_space = 0.0, None
    for place in range(start, len(text)):
        if text[place] == "\n":
            return place + 1
        used += font.getlength(text[place])
        if used > width:
            return last_space or max(place, start + 1)
        if text[place] == " ":
            last_space = place + 1
    return len(text)


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
