"""The layout of a picture to share, in pixels of its format: a title, one giant number or word, a
sentence, rows, and at the foot an address as text and as a code for phones.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from app.drawing.card_rows import card_rows_heights, paint_card_rows
from app.drawing.drawings import CardRows
from app.drawing.lettering import (
    Lettering,
    clipped,
    drawn_text,
    even_rows,
    font_of,
    is_emoji,
    joined_rows,
    text_rows,
)
from app.drawing.png import MARGIN, Canvas, Field, Heights, ThemeName

Format = Literal["1200x630", "1080x1350", "1080x1920"]


class Measures(NamedTuple):
    """Measures of a format, in pixels; letter sizes are tried in order."""

    size: tuple[int, int]
    top: int
    """Top of the title: programs cover the edges of the highest format."""
    foot: int
    """Bottom of the foot."""
    title: int
    text: int
    """Size of the letters of the reason for a finding."""
    small: int
    findings: tuple[int, ...]
    space: int
    giants: tuple[int, ...]
    """Sizes of the one number or word that a picture is about."""
    code: int
    """Side of the code of an address."""


FORMATS: Final[Mapping[Format, Measures]] = {
    "1200x630": Measures(
        size=(1200, 630),
        top=32,
        foot=598,
        title=32,
        text=28,
        small=22,
        findings=(56, 52, 48, 44, 40),
        space=20,
        giants=(200, 170, 140, 120, 96),
        code=104,
    ),
    "1080x1350": Measures(
        size=(1080, 1350),
        top=72,
        foot=1290,
        title=44,
        text=32,
        small=26,
        findings=(72, 64, 56),
        space=40,
        giants=(320, 280, 240, 200, 160, 128),
        code=176,
    ),
    "1080x1920": Measures(
        size=(1080, 1920),
        top=190,
        foot=1740,
        title=48,
        text=40,
        small=40,
        findings=(80, 72, 64, 56),
        space=60,
        giants=(440, 380, 320, 260, 200, 160, 128),
        code=232,
    ),
}


class Poster(NamedTuple):
    """The content of a picture, in the visitor's language, with drawable names."""

    title: str
    finding: str
    drawing: CardRows | None
    home: tuple[str, str]
    """The address of the site or how to get the program, and what the code at the foot leads to,
    which is empty for no code.
    """
    hue: str = ""
    """The person in whose full colour it is; empty for paper."""
    giant: str = ""
    """The one number or word that it is about."""
    reason: str = ""
    """Text below the finding, such as the chance of a mistake."""
    premises: tuple[str, ...] = ()
    """Text of the foot above the address, in up to two rows."""


MOST_KEPT: Final = 96
"""Number of cached pictures of 70 KB: programs request a shared picture several times."""
_LARGEST_EMOJI: Final = 320
"""The font has emoji as pictures of 128 pixels."""
_ROW: Final = 1.25
"""Height of a row, by the size of its letters."""
_TEXT_ROW: Final = 1.4
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
"""Where a sentence ends, and so does a row."""
_LIFT: Final = 0.4
"""Part of empty space that is above a giant number instead of below the rows."""


class _Rows(NamedTuple):
    font: Lettering
    texts: Sequence[str]
    space: float
    """Height of the space below them."""
    row: float = _ROW

    @property
    def height(self) -> float:
        return len(self.texts) * self.row * self.font.size + self.space if self.texts else 0

    def draw(self, canvas: Canvas, top: float) -> float:
        canvas.write_rows((MARGIN, top), self.texts, self.font, self.row)
        return top + self.height


class _Giant(NamedTuple):
    font: Lettering
    text: str
    space: float

    @property
    def height(self) -> float:
        top, bottom = self.font.ink(self.text)
        return bottom - top + self.space

    def draw(self, canvas: Canvas, top: float) -> float:
        above = -self.font.ink(self.text)[0]
        colour = canvas.theme.accent if canvas.hue else ""
        canvas.write((MARGIN, top + above), self.text, self.font, colour)
        return top + self.height


_Text = _Rows | _Giant


@lru_cache(maxsize=MOST_KEPT)
def draw_poster(poster: Poster, format_: Format = "1200x630", theme: ThemeName = "light") -> bytes:
    """Return a picture as PNG; call it in a thread."""
    measures = FORMATS[format_]
    canvas = Canvas(measures.size, theme, poster.hue)
    bottom = _draw_foot(canvas, poster, measures) - measures.space
    title = font_of(bold=True, size=measures.title)
    width = canvas.width - 2 * MARGIN
    titles = text_rows(drawn_text(poster.title), title, width, 2 if canvas.is_upright else 1)
    top = canvas.write_rows((MARGIN, measures.top), titles, title, _ROW, canvas.theme.soft)
    top += measures.space if titles else 0
    rows = card_rows_heights(canvas, poster.drawing) if poster.drawing else Heights(0, 0, 0)
    texts, height = _fitting(poster, measures, rows, bottom - top)
    spare = bottom - top - sum(text.height for text in texts)
    height = min(rows.most, max(height, spare)) if height else 0
    if canvas.is_upright:
        top += max(0, spare - height) * _LIFT
    for text in texts:
        top = text.draw(canvas, top)
    if poster.drawing and height:
        field = Field(MARGIN, top, canvas.width - MARGIN, top + height)
        paint_card_rows(canvas, poster.drawing, field)
    return canvas.as_png()


def _fitting(
    poster: Poster, measures: Measures, rows: Heights, room: float
) -> tuple[Sequence[_Text], float]:
    """Return the texts in the largest letters that fit above rows in a good height, else in the
    smallest above low rows or none.
    """
    giants, findings = [*_giants(poster, measures)], [*_findings(poster, measures)]
    reason = _reason(poster, measures)
    stated: list[Sequence[_Text]] = [
        [*giants[min(step, len(giants) - 1) :][:1], findings[min(step, len(findings) - 1)], reason]
        for step in range(max(len(giants), len(findings)))
    ]
    small: list[Sequence[_Text]] = [stated[-1], [findings[-1], reason]]
    attempts = [(texts, rows.good) for texts in stated]
    attempts += [(texts, height) for height in (rows.least, 0.0) for texts in small]
    for texts, height in attempts:
        if sum(text.height for text in texts) + height <= room:
            return texts, height
    return [_cut(findings[-1], room)], 0.0


def _findings(poster: Poster, measures: Measures) -> Iterator[_Rows]:
    text, width = drawn_text(poster.finding), measures.size[0] - 2 * MARGIN
    for size in measures.findings:
        font = font_of(bold=True, size=size)
        rows = [row for told in _SENTENCE.split(text) for row in even_rows(told, font, width)]
        yield _Rows(font, rows, measures.space)


def _giants(poster: Poster, measures: Measures) -> Iterator[_Giant]:
    """Yield it in each size in which it is one row, largest first."""
    text, width = drawn_text(poster.giant), measures.size[0] - 2 * MARGIN
    has_emoji = any(map(is_emoji, text))
    for size in measures.giants if text else ():
        font = font_of(bold=True, size=size)
        if font.getlength(text) <= width and not (has_emoji and size > _LARGEST_EMOJI):
            yield _Giant(font, text, measures.space)


def _reason(poster: Poster, measures: Measures) -> _Rows:
    font, text = font_of(bold=False, size=measures.text), drawn_text(poster.reason)
    is_upright, width = measures.size[1] > measures.size[0], measures.size[0] - 2 * MARGIN
    return _Rows(
        font, text_rows(text, font, width, 5 if is_upright else 3), measures.space, _TEXT_ROW
    )


def _cut(rows: _Rows, height: float) -> _Rows:
    most = max(1, int((height - rows.space) // (rows.font.size * rows.row)))
    if len(rows.texts) <= most:
        return rows
    width = max(map(rows.font.getlength, rows.texts))
    last = clipped(f"{rows.texts[most - 1]} …", rows.font, width)
    return rows._replace(texts=[*rows.texts[: most - 1], last])


def _draw_foot(canvas: Canvas, poster: Poster, measures: Measures) -> float:
    """Draw the address as text and code, and what an answer rests on; return the top of both."""
    bottom, right = measures.foot, float(canvas.width - MARGIN)
    top = bottom
    address, link = poster.home
    if link:
        side = canvas.draw_code(link, measures.code, (right, bottom))
        top, right = bottom - side, right - side - 24
    small, mark = (font_of(bold=bold, size=measures.small) for bold in (False, True))
    width = right - MARGIN
    addresses = text_rows(drawn_text(address), small, width, 2)
    premises = joined_rows(map(drawn_text, poster.premises), small, width, 2)
    begin = bottom - (len(premises) + 1 + len(addresses)) * measures.small * _TEXT_ROW
    row = (MARGIN, begin)
    below = canvas.write_rows(row, premises, small, _TEXT_ROW, canvas.theme.soft)
    below = canvas.write_rows((MARGIN, below), ["saywho"], mark, _TEXT_ROW, canvas.theme.accent)
    canvas.write_rows((MARGIN, below), addresses, small, _TEXT_ROW, canvas.theme.soft)
    return min(top, begin)
