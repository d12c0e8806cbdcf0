"""The composition of a picture to pass on, by the room that its format has.

Measures are in pixels.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from app.views.canvas import MARGIN, Canvas, Field, Heights, RowNotes, ThemeName
from app.views.lettering import (
    Lettering,
    clipped,
    drawn_text,
    even_rows,
    font_of,
    joined_rows,
    text_rows,
)
from app.views.painting import NO_NOTES, Drawing, heights_of, paint
from app.views.poster import FORMATS, Format, Measures, Poster, PosterLine

MOST_KEPT: Final = 32
"""Pictures in memory: programs ask for a shared one several times."""
_ROW: Final = 1.25
"""Height of a row, by the size of its letters."""
_HUED: Final = 28
"""What the line in somebody's colour takes beside the finding."""
_LINE_ROW: Final = 1.5
"""Height of a line below the drawing, by the size of its letters."""
_ABOVE: Final = 20
"""Between what is written above a second drawing and the drawing."""
_QUOTED: Final = 56
"""What a quotation takes of the height beside its rows."""
_MOST_LARGE: Final = 4
"""Most rows of a finding in letters that are not the smallest."""
_FACT_ROW: Final = 1.4
"""Height of a row of the facts, by the size of its letters."""
_LABEL: Final = 0.4
"""Most of the width that the label of a line takes."""


class _Block(NamedTuple):
    """A drawing with what is written above it, and what both take of the height."""

    drawing: Drawing
    heights: Heights
    space: int
    """Least above it."""
    notes: RowNotes = NO_NOTES
    head: tuple[str, ...] = ()


class _Rows(NamedTuple):
    """Rows of letters."""

    font: Lettering
    texts: Sequence[str]

    @property
    def height(self) -> float:
        return len(self.texts) * self.font.size * _ROW


@lru_cache(maxsize=MOST_KEPT)
def draw_poster(poster: Poster, format_: Format = "1200x630", theme: ThemeName = "light") -> bytes:
    """Return the picture as PNG; a new one takes some 150 ms, so call it in a thread."""
    measures = FORMATS[format_]
    canvas = Canvas(measures.size, theme)
    canvas.draw_foot([poster.address], size=measures.small, top=measures.foot)
    bottom, blocks = float(measures.foot - measures.space), _blocks(canvas, poster, measures)
    least = _finding(poster, measures, measures.findings[-1]).height
    least += sum(block.heights.least + block.space for block in blocks[:1])
    quote = measures.quote_size * _FACT_ROW + _QUOTED if poster.quote else 0
    top = _draw_title(canvas, poster, measures, bottom - measures.top - least - quote)
    bottom = _draw_quote(canvas, poster, measures, (bottom, bottom - top - least))
    finding, shown = _largest(canvas, poster, measures, blocks, bottom - top)
    top = _draw_finding(canvas, finding, poster.hue, top)
    # Beside each other, who is in a drawing is told before what stands below it.
    whole = shown if canvas.is_upright else blocks[: len(shown)]
    room = bottom - top - _height(whole) - measures.space
    bottom = _draw_lines(canvas, poster.lines, measures, (bottom, room))
    _draw_blocks(canvas, shown, measures, (top, bottom))
    return canvas.as_png()


def _blocks(canvas: Canvas, poster: Poster, measures: Measures) -> list[_Block]:
    """Return the drawings with what they take of the height, the most important first."""
    blocks = []
    if poster.drawing:
        head = tuple(filter(None, poster.head))
        blocks.append(_block(canvas, poster.drawing, measures, head, poster.notes))
    if poster.second and canvas.is_upright:
        head = tuple(filter(None, (poster.second.topic, *poster.second.about)))
        blocks.append(_block(canvas, poster.second.drawing, measures, head))
    return blocks


def _block(
    canvas: Canvas,
    drawing: Drawing,
    measures: Measures,
    head: tuple[str, ...],
    notes: RowNotes = NO_NOTES,
) -> _Block:
    """Return a drawing with what is written above it."""
    above = len(head) * measures.facts[0] * _ROW + _ABOVE if head else 0
    heights = Heights(*(height + above for height in heights_of(canvas, drawing, notes)))
    return _Block(drawing, heights, measures.above, notes, head)


def _height(blocks: Sequence[_Block]) -> float:
    """Return the height at which drawings are good, with the space above each."""
    return sum(block.heights.good + block.space for block in blocks)


def _largest(
    canvas: Canvas, poster: Poster, measures: Measures, blocks: list[_Block], height: float
) -> tuple[_Rows, list[_Block]]:
    """Return the finding as large as there is room for, and the drawings that have room then.

    An upright picture rather has a second drawing, and all lines, than a large first one.
    """
    lines = len(poster.lines) * measures.lines * _LINE_ROW + measures.space
    beside = lines if poster.lines and canvas.is_upright else 0
    lower = [block._replace(heights=block.heights.lower()) for block in blocks]
    findings = [_finding(poster, measures, size) for size in measures.findings]
    for stack in (*([blocks, lower] if len(blocks) > 1 else []), blocks[:1], lower[:1]):
        room = height - _height(stack) - beside
        # Names with their notes, of which only some have room, go before large letters.
        is_short = stack == lower[:1] != blocks and poster.notes.are_wanted
        for finding in findings[::-1] if is_short else findings:
            is_large = finding is not findings[-1]
            if finding.height <= room and not (is_large and len(finding.texts) > _MOST_LARGE):
                return finding, stack
    return _cut(findings[-1], height), lower[:1]


def _finding(poster: Poster, measures: Measures, size: int) -> _Rows:
    """Return the rows of the finding in letters of a size."""
    font, width = font_of(bold=True, size=size), measures.size[0] - 2 * MARGIN
    text = drawn_text(poster.finding)
    return _Rows(font, even_rows(text, font, width - (_HUED if poster.hue else 0)))


def _cut(rows: _Rows, height: float) -> _Rows:
    """Return as many of the rows as a height allows, which are all but of endless words."""
    most = max(1, int(height // (rows.font.size * _ROW)))
    if len(rows.texts) <= most:
        return rows
    width = max(map(rows.font.getlength, rows.texts))
    last = clipped(f"{rows.texts[most - 1]} …", rows.font, width)
    return _Rows(rows.font, [*rows.texts[: most - 1], last])


def _draw_title(canvas: Canvas, poster: Poster, measures: Measures, room: float) -> float:
    """Draw the title and the facts, each in two rows if there is room, and return where they end.

    The title comes first.
    """
    width, top, text = canvas.width - 2 * MARGIN, float(measures.top), drawn_text(poster.title)
    fonts = [font_of(bold=True, size=size) for size in measures.titles]
    font = next((font for font in fonts if font.getlength(text) <= width), fonts[-1])
    row, fact_row = font.size * _ROW, measures.facts[0] * _FACT_ROW
    spare = room - row - fact_row - measures.space * 0.5 - font.size * 0.15
    title = text_rows(text, font, width, 2 if row <= spare else 1)
    spare -= row * (len(title) - 1)
    for title_row in title:
        canvas.write((MARGIN, top), title_row, font)
        top += row
    small, facts = _facts(poster, measures, width, 2 if fact_row <= spare else 1)
    top += font.size * 0.15
    for facts_row in facts:
        canvas.write((MARGIN, top), facts_row, small, canvas.theme.soft)
        top += small.size * _FACT_ROW
    return top + measures.space * 0.5


def _facts(
    poster: Poster, measures: Measures, width: int, most: int
) -> tuple[Lettering, list[str]]:
    """Return the letters and up to so many rows of the facts: one if there are letters for it."""
    fonts = [font_of(bold=False, size=size) for size in measures.facts]
    sets = [joined_rows(map(drawn_text, poster.facts), font, width, 2) for font in fonts]
    pairs = zip(fonts, sets, strict=True)
    font, rows = next((pair for pair in pairs if len(pair[1]) < 2), (fonts[0], sets[0]))
    return font, rows[:most]


def _draw_finding(canvas: Canvas, finding: _Rows, hue: str, top: float) -> float:
    """Draw it, and return where it ends."""
    size, left, begin = finding.font.size, MARGIN + (_HUED if hue else 0), top
    for row in finding.texts:
        canvas.write((left, top), row, finding.font)
        top += size * _ROW
    if hue and finding.texts:
        box = MARGIN, begin + size * 0.3, MARGIN + 8, top + size * 0.05
        canvas.pen.rounded_rectangle(box, 4, canvas.theme.hues[hue])
    return top


def _draw_blocks(
    canvas: Canvas, blocks: Sequence[_Block], measures: Measures, ends: tuple[float, float]
) -> None:
    """Draw them between two places; what they cannot use is around them in equal parts."""
    top, bottom = ends
    spare = bottom - top - _height(blocks)
    heights = []
    for number, block in enumerate(blocks):
        share = spare / (len(blocks) - number) if spare > 0 else spare
        heights.append(min(block.heights.good + share, block.heights.most))
        spare -= heights[-1] - block.heights.good
    around = max(0.0, spare) / (len(blocks) + 1)
    for block, height in zip(blocks, heights, strict=True):
        top += block.space + around
        begin = _draw_head(canvas, block.head, measures, top)
        field = Field(MARGIN, begin, canvas.width - MARGIN, top + height)
        paint(canvas, block.drawing, field, block.notes)
        top += height


def _draw_head(canvas: Canvas, head: Sequence[str], measures: Measures, top: float) -> float:
    """Draw what stands above a drawing, and return where that begins."""
    for number, text in enumerate(head):
        font = font_of(bold=not number, size=measures.facts[0])
        colour = canvas.theme.soft if number else ""
        canvas.write((MARGIN, top), clipped(text, font, canvas.width - 2 * MARGIN), font, colour)
        top += font.size * _ROW
    return top + (_ABOVE if head else 0)


def _draw_lines(
    canvas: Canvas, lines: Sequence[PosterLine], measures: Measures, place: tuple[float, float]
) -> float:
    """Draw as many lines above a place as a height allows, and return where they begin."""
    bottom, room = place
    label_font, font = [font_of(bold=bold, size=measures.lines) for bold in (True, False)]
    row = measures.lines * _LINE_ROW
    lines = lines[: max(0, int(room // row))]
    widest = max((label_font.getlength(line.label) for line in lines), default=0)
    before = min(widest + 24, canvas.width * _LABEL) if widest else 0
    begin = top = bottom - row * len(lines)
    for label, text in lines:
        if label:
            canvas.write((MARGIN, top), clipped(label, label_font, before - 16), label_font)
        row_text = clipped(drawn_text(text), font, canvas.width - 2 * MARGIN - before)
        canvas.write((MARGIN + before, top), row_text, font)
        top += row
    return begin - (measures.space if lines else 0)


def _draw_quote(
    canvas: Canvas, poster: Poster, measures: Measures, place: tuple[float, float]
) -> float:
    """Draw as many rows of somebody's words above a place as a height allows, at least one.

    Return where they begin.
    """
    bottom, room = place
    font, width = font_of(bold=False, size=measures.quote_size), canvas.width - 2 * MARGIN - _HUED
    row = font.size * _FACT_ROW
    most = min(measures.quote, max(1, int((room - _QUOTED) // row)))
    rows = text_rows(" ".join(drawn_text(poster.quote).split()), font, width, most)
    if not rows:
        return bottom
    begin = top = bottom - row * len(rows) - 12
    colour = canvas.theme.hues[poster.hue] if poster.hue else canvas.theme.line
    box = MARGIN, begin - 12, canvas.width - MARGIN, bottom
    canvas.pen.rounded_rectangle(box, 12, canvas.theme.mixed(colour))
    for text in rows:
        canvas.write((MARGIN + _HUED / 2, top - 6), text, font)
        top += row
    return begin - 12 - measures.space * 0.5
