"""The layout of a picture to share, in pixels of its format."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from app.drawing.drawings import Bars, MarkedText
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
from app.drawing.painting import Drawing, heights_of, paint
from app.drawing.png import MARGIN, Canvas, Field, Heights, ThemeName

Format = Literal["1200x630", "1080x1350", "1080x1920"]


class Measures(NamedTuple):
    """Measures of a format, in pixels; letter sizes are tried in order."""

    size: tuple[int, int]
    top: int
    """Top of the title: programs cover the edges of the highest format."""
    foot: int
    titles: tuple[int, ...]
    facts: tuple[int, ...]
    lines: int
    quote_size: int
    """Size of the letters of a quotation, and of the reason for a finding."""
    small: int
    findings: tuple[int, ...]
    space: int
    above: int
    """Smallest space above a drawing; `space` is that above the foot."""
    quote: int
    giants: tuple[int, ...]
    """Sizes of the one number or word that a picture is about."""


FORMATS: Final[Mapping[Format, Measures]] = {
    "1200x630": Measures(
        size=(1200, 630),
        top=32,
        foot=568,
        titles=(36, 30),
        facts=(24, 22),
        lines=26,
        quote_size=28,
        small=22,
        findings=(56, 52, 48, 44),
        space=22,
        above=33,
        quote=2,
        giants=(280, 240, 200, 170, 140, 110),
    ),
    "1080x1350": Measures(
        size=(1080, 1350),
        top=72,
        foot=1262,
        titles=(48, 40),
        facts=(28, 26, 24),
        lines=30,
        quote_size=32,
        small=26,
        findings=(72, 64, 56),
        space=30,
        above=30,
        quote=6,
        giants=(320, 280, 240, 200, 160, 128),
    ),
    "1080x1920": Measures(
        size=(1080, 1920),
        top=190,
        foot=1690,
        titles=(52, 44),
        facts=(40,),
        lines=40,
        quote_size=40,
        small=40,
        findings=(80, 72, 64, 56),
        space=44,
        above=44,
        quote=8,
        giants=(440, 380, 320, 260, 200, 160, 128),
    ),
}


class PosterLine(NamedTuple):
    label: str
    parts: tuple[str, ...]
    """Names or a sentence, whole, up to the space."""


class PosterFigure(NamedTuple):
    topic: str
    """Topic of the drawing; empty if the title says it."""
    about: tuple[str, ...]
    """Finding of the drawing, and how to read it."""
    drawing: Drawing


class Poster(NamedTuple):
    """The content of a picture, in the visitor's language, with drawable names."""

    title: str
    facts: tuple[str, ...]
    finding: str
    drawing: Drawing | None
    address: str
    head: tuple[str, ...] = ()
    lines: tuple[PosterLine, ...] = ()
    quote: str = ""
    hue: str = ""
    """The person in whose full colour it is; empty for paper."""
    giant: str = ""
    """The one number or word that it is about."""
    second: PosterFigure | None = None
    reason: str = ""
    """Text below the finding, such as the chance of a mistake."""
    premises: tuple[str, ...] = ()
    """Text of the foot besides the address, in up to two rows."""

    @property
    def has_text(self) -> bool:
        """Whether the first drawing is a marked text. Then every picture has the second, too."""
        return isinstance(self.drawing, MarkedText)


MOST_KEPT: Final = 96
"""Number of cached pictures of 70 KB: programs request a shared picture several times."""
_WIDEST: Final = 0.42
"""Part of the width of a wide picture that the giant number has, at the right of the finding."""
_MOST_BESIDE: Final = 3
"""Rows of a finding at the left of a giant number."""
_LIFT: Final = 0.4
"""Part of empty space that is above a giant number instead of below the drawings."""
_LONG_TEXT: Final = 160
"""Signs of a text that leaves a giant number little room."""
_LARGEST_EMOJI: Final = 320
"""The font has emoji as pictures of 128 pixels."""
_ROW: Final = 1.25
"""Height of a row, by the size of its letters."""
_INSET: Final = 28
"""Space at the left and right of the text of a quotation, together."""
_LINE_ROW: Final = 1.5
"""Height of a line below the drawing, by the size of its letters."""
_ABOVE: Final = 20
_QUOTED: Final = 56
_SECOND: Final = 400
"""Good height of the drawing below a marked text in an upright picture, at most."""
_FACT_ROW: Final = 1.4
"""Height of a row of the facts, by the size of its letters."""


class _Block(NamedTuple):
    drawing: Drawing
    heights: Heights
    space: int
    head: Sequence[tuple[str, Lettering]]
    """Rows of the text above it. The topic is bold."""


class _Rows(NamedTuple):
    font: Lettering
    texts: Sequence[str]
    row: float = _ROW
    space: float = 0.0
    """Height of each, and of the space above them, by the size of the letters."""

    @property
    def height(self) -> float:
        return (len(self.texts) * self.row + self.space) * self.font.size if self.texts else 0


class _Giant(NamedTuple):
    font: Lettering
    text: str
    space: float
    """Height of the space above and below it, together."""

    @property
    def width(self) -> float:
        return self.font.getlength(self.text)

    @property
    def height(self) -> float:
        top, bottom = self.font.ink(self.text)
        return bottom - top + self.space

    def draw(self, canvas: Canvas, left: float, top: float) -> float:
        above = self.space * 0.45 - self.font.ink(self.text)[0]
        colour = canvas.theme.accent if canvas.hue else ""
        canvas.write((left, top + above), self.text, self.font, colour)
        return top + self.height


@lru_cache(maxsize=MOST_KEPT)
def draw_poster(poster: Poster, format_: Format = "1200x630", theme: ThemeName = "light") -> bytes:
    """Return a picture as PNG; call it in a thread."""
    measures = FORMATS[format_]
    canvas = Canvas(measures.size, theme, poster.hue)
    giants = [*_giants(poster, measures)]
    width = canvas.width - 2 * MARGIN
    beside = giants[0] if giants and not canvas.is_upright else None
    if beside:
        width -= round(beside.width) + MARGIN // 2
    foot = canvas.draw_foot(
        [*poster.premises, *filter(None, [_address(canvas, poster, measures)])],
        size=measures.small,
        top=measures.foot,
        rows=(3 if canvas.is_upright else 2) if poster.premises else 1,
    )
    bottom, blocks = foot - measures.space, _blocks(canvas, poster, measures)
    reason = _reason(poster, measures, width)
    least = _finding(poster, measures.findings[-1], width).height + reason.height
    least += sum(block.heights.least + block.space for block in blocks[:1])
    quote = measures.quote_size * _FACT_ROW + _QUOTED if poster.quote else 0
    room, giant = bottom - measures.top - least - quote, None
    if giants and not beside:
        spare = room - _head_height(poster, measures, width)
        giant = next((each for each in giants if each.height <= spare), giants[-1])
        least, room = least + giant.height, room - giant.height
    top = _draw_title(canvas, poster, measures, room, width)
    bottom = _draw_quote(canvas, poster, measures, (bottom, bottom - top - least))
    room = bottom - top - reason.height - (giant.height if giant else 0)
    finding, shown = _largest(canvas, poster, measures, blocks, (width, room))
    if canvas.is_upright:
        # Space that no drawing can fill is shared, so that little of it is a hole at the bottom.
        most = sum(block.heights.most + block.space for block in shown)
        top += max(0, room - finding.height - most) * _LIFT
    if giant:
        top = giant.draw(canvas, MARGIN, top)
    top = _draw_rows(canvas, finding, MARGIN, top)
    top = _draw_rows(canvas, reason, MARGIN, top)
    if beside:
        below = beside.draw(canvas, canvas.width - MARGIN - beside.width, measures.top)
        top = max(top, below)
    # In a wide picture, the drawing has priority over the lines below it.
    whole = shown if canvas.is_upright else blocks[: len(shown)]
    room = bottom - top - _height(whole) - measures.space
    bottom = _draw_lines(canvas, poster.lines, measures, (bottom, room))
    _draw_blocks(canvas, shown, (top, bottom), is_first_served=poster.has_text)
    return canvas.as_png()


def _address(canvas: Canvas, poster: Poster, measures: Measures) -> str:
    """Return the address, or the site's address without room: half an address leads nowhere."""
    has_room = canvas.foot_room(measures.small) >= font_of(
        bold=False, size=measures.small
    ).getlength(poster.address)
    return poster.address if has_room else poster.address.partition("/")[0]


def _blocks(canvas: Canvas, poster: Poster, measures: Measures) -> list[_Block]:
    figures = [(poster.head, poster.drawing, measures.above)]
    if poster.second and (canvas.is_upright or poster.has_text):
        texts = poster.second.topic, *poster.second.about
        closer = measures.above // 2 if poster.has_text else measures.above
        figures.append((texts, poster.second.drawing, closer))
    blocks = list[_Block]()
    for texts, drawing, space in figures:
        if drawing:
            head = _head_rows(canvas, texts, measures)
            above = len(head) * measures.facts[0] * _ROW + _ABOVE if head else 0.0
            heights = Heights(*(height + above for height in heights_of(canvas, drawing)))
            if blocks and poster.has_text and canvas.is_upright:
                heights = heights._replace(good=max(heights.good, min(heights.most / 2, _SECOND)))
            blocks.append(_Block(drawing, heights, space, head))
    return blocks


def _height(blocks: Sequence[_Block]) -> float:
    return sum(block.heights.good + block.space for block in blocks)


def _largest(
    canvas: Canvas,
    poster: Poster,
    measures: Measures,
    blocks: list[_Block],
    size: tuple[float, float],
) -> tuple[_Rows, list[_Block]]:
    """Return the finding in the largest letters that fit, and the drawings that then have room.

    In an upright picture, a second drawing and all lines precede a large first drawing.
    """
    width, height = size
    lines = len(poster.lines) * measures.lines * _LINE_ROW + measures.space
    beside = lines if poster.lines and canvas.is_upright else 0
    findings = [_finding(poster, size, width) for size in measures.findings]
    are_notes_wanted = isinstance(poster.drawing, Bars) and poster.drawing.are_notes_wanted
    stacks = _stacks(poster, blocks)
    # Stacks from this one on are low: their words have priority over large letters.
    low = 1 if poster.has_text else len(stacks) - are_notes_wanted
    for number, stack in enumerate(stacks):
        room = height - _height(stack) - beside
        is_short = number >= low and stack != blocks
        for finding in findings[::-1] if is_short else findings:
            is_large = finding is not findings[-1]
            if finding.height <= room and not (is_large and len(finding.texts) > 4):
                return finding, stack
    return _cut(findings[-1], room if poster.has_text else height), stack


def _stacks(poster: Poster, blocks: list[_Block]) -> list[list[_Block]]:
    lower = [block._replace(heights=block.heights.lower()) for block in blocks]
    if poster.has_text:
        return [blocks, lower[:1] + blocks[1:], lower]
    return [*([blocks, lower] if len(blocks) > 1 else []), blocks[:1], lower[:1]]


def _finding(poster: Poster, size: int, width: float) -> _Rows:
    font, text = font_of(bold=True, size=size), drawn_text(poster.finding)
    return _Rows(font, even_rows(text, font, width))


def _giants(poster: Poster, measures: Measures) -> Iterator[_Giant]:
    """Yield it in each size, largest first, in which it is one row that leaves the finding of a
    wide picture enough room.
    """
    text, width = drawn_text(poster.giant), measures.size[0] - 2 * MARGIN
    is_wide = measures.size[0] > measures.size[1]
    most = width * _WIDEST if is_wide else width
    is_long = isinstance(poster.drawing, MarkedText) and len(poster.drawing.text) > _LONG_TEXT
    fewest = (1 if is_wide else 3) if is_long else 0
    for size in measures.giants[-fewest:] if text else ():
        giant = _Giant(font_of(bold=True, size=size), text, measures.space * (1 if is_wide else 2))
        if giant.width > most or (size > _LARGEST_EMOJI and any(map(is_emoji, text))):
            continue
        if not is_wide or _has_room_beside(giant, poster, measures):
            yield giant


def _has_room_beside(giant: _Giant, poster: Poster, measures: Measures) -> bool:
    """Return whether the finding is short beside a giant number, which is hardly higher."""
    width = measures.size[0] - 2 * MARGIN - round(giant.width) - MARGIN // 2
    finding = _finding(poster, measures.findings[-1], width)
    title = 2 * measures.titles[0] if poster.title else measures.above
    height = title + finding.height + _reason(poster, measures, width).height
    is_low = giant.height <= height or giant.font.size == measures.giants[-1]
    return is_low and len(finding.texts) <= _MOST_BESIDE


def _cut(rows: _Rows, height: float) -> _Rows:
    # All rows have room, except rows of endless words.
    most = max(1, int(height // (rows.font.size * _ROW)))
    if len(rows.texts) <= most:
        return rows
    width = max(map(rows.font.getlength, rows.texts))
    last = clipped(f"{rows.texts[most - 1]} …", rows.font, width)
    return _Rows(rows.font, [*rows.texts[: most - 1], last])


def _draw_title(
    canvas: Canvas, poster: Poster, measures: Measures, room: float, width: int
) -> float:
    """Draw the title, in up to four rows if upright, and the facts; return their bottom."""
    top, text = float(measures.top), drawn_text(poster.title)
    font = _title_font(text, measures, width)
    row, fact_row = font.size * _ROW, measures.facts[0] * _FACT_ROW
    spare = room - row - fact_row - measures.space * 0.5 - font.size * 0.15
    most = 4 if canvas.is_upright else 2
    title = text_rows(text, font, width, max(1, min(most, 1 + int(spare // row))))
    spare -= row * (len(title) - 1)
    top = canvas.write_rows((MARGIN, top), title, font, _ROW)
    most = 3 if canvas.is_upright else 2
    most = max(1, min(most, 1 + int(spare // fact_row)))
    small, facts = _facts(poster, measures, width, most)
    place = MARGIN, top + font.size * 0.15
    top = canvas.write_rows(place, facts, small, _FACT_ROW, canvas.theme.soft)
    return top + measures.space * 0.5


def _title_font(text: str, measures: Measures, width: int) -> Lettering:
    fonts = [font_of(bold=True, size=size) for size in measures.titles]
    return next((font for font in fonts if font.getlength(text) <= width), fonts[-1])


def _head_height(poster: Poster, measures: Measures, width: int) -> float:
    """Return the height of the whole title of an upright picture, and of a row of facts."""
    text = drawn_text(poster.title)
    font = _title_font(text, measures, width)
    rows = text_rows(text, font, width, 4)
    title = font.size * (_ROW * len(rows) + 0.15)
    return title + measures.facts[0] * _FACT_ROW + measures.space * 0.5


def _facts(
    poster: Poster, measures: Measures, width: int, most: int
) -> tuple[Lettering, list[str]]:
    fonts = [font_of(bold=False, size=size) for size in measures.facts]
    sets = [joined_rows(map(drawn_text, poster.facts), font, width, max(most, 2)) for font in fonts]
    pairs = zip(fonts, sets, strict=True)
    font, rows = next((pair for pair in pairs if len(pair[1]) < 2), (fonts[0], sets[0]))
    return font, rows[:most]


def _draw_rows(canvas: Canvas, rows: _Rows, left: float, top: float) -> float:
    place = left, top + rows.space * rows.font.size
    canvas.write_rows(place, rows.texts, rows.font, rows.row)
    return top + rows.height


def _reason(poster: Poster, measures: Measures, width: int) -> _Rows:
    """Return the rows of the reason, of similar lengths unless it is cut."""
    font, text = font_of(bold=False, size=measures.quote_size), drawn_text(poster.reason)
    is_upright = measures.size[1] > measures.size[0]
    most, space = (5, 0.5) if is_upright else (3, 0.2)
    cut, even = text_rows(text, font, width, most), even_rows(text, font, width)
    return _Rows(font, even if len(even) == len(cut) else cut, _FACT_ROW, space)


def _draw_blocks(
    canvas: Canvas, blocks: Sequence[_Block], ends: tuple[float, float], *, is_first_served: bool
) -> None:
    """Draw the drawings; they share the space that is left, unless the first is served first."""
    top, bottom = ends
    spare = bottom - top - _height(blocks)
    heights = []
    for number, block in enumerate(blocks):
        is_shared = spare > 0 and not is_first_served
        share = spare / (len(blocks) - number) if is_shared else spare
        heights.append(min(block.heights.good + share, block.heights.most))
        spare -= heights[-1] - block.heights.good
    around = max(0.0, spare) / (len(blocks) + 1)
    for block, height in zip(blocks, heights, strict=True):
        top += block.space + around
        begin = _draw_head(canvas, block.head, top)
        field = Field(MARGIN, begin, canvas.width - MARGIN, top + height)
        paint(canvas, block.drawing, field)
        top += height


def _head_rows(
    canvas: Canvas, texts: Sequence[str], measures: Measures
) -> list[tuple[str, Lettering]]:
    fonts = (font_of(bold=bold, size=measures.facts[0]) for bold in (True, *[False] * len(texts)))
    width = canvas.width - 2 * MARGIN
    return [
        (row, font)
        for text, font in zip(filter(None, texts), fonts, strict=False)
        for row in even_rows(drawn_text(text), font, width)
    ]


def _draw_head(canvas: Canvas, head: Sequence[tuple[str, Lettering]], top: float) -> float:
    for text, font in head:
        colour = "" if font == head[0][1] else canvas.theme.soft
        canvas.write((MARGIN, top), text, font, colour)
        top += font.size * _ROW
    return top + (_ABOVE if head else 0)


def _draw_lines(
    canvas: Canvas, lines: Sequence[PosterLine], measures: Measures, place: tuple[float, float]
) -> float:
    bottom, room = place
    label_font, font = [font_of(bold=bold, size=measures.lines) for bold in (True, False)]
    row = measures.lines * _LINE_ROW
    lines = lines[: max(0, int(room // row))]
    widest = max((label_font.getlength(line.label) for line in lines), default=0)
    before = min(widest + 24, canvas.width * (0.55 if canvas.is_upright else 0.4)) if widest else 0
    begin = top = bottom - row * len(lines)
    for label, parts in lines:
        if label:
            canvas.write((MARGIN, top), clipped(label, label_font, before - 16), label_font)
        text = _listed([*map(drawn_text, parts)], font, canvas.width - 2 * MARGIN - before)
        canvas.write((MARGIN + before, top), text, font)
        top += row
    return begin - (measures.space if lines else 0)


def _listed(parts: Sequence[str], font: Lettering, width: float) -> str:
    rows = [", ".join(parts[:count]) for count in range(len(parts), 1, -1)]
    fitting = (row for row in rows if font.getlength(row) <= width)
    return next(fitting, clipped(parts[0], font, width))


def _draw_quote(
    canvas: Canvas, poster: Poster, measures: Measures, place: tuple[float, float]
) -> float:
    bottom, room = place
    font, width = font_of(bold=False, size=measures.quote_size), canvas.width - 2 * MARGIN - _INSET
    row = font.size * _FACT_ROW
    most = min(measures.quote, max(1, int((room - _QUOTED) // row)))
    rows = text_rows(" ".join(drawn_text(poster.quote).split()), font, width, most)
    if not rows:
        return bottom
    begin = bottom - row * len(rows) - 12
    colour = canvas.theme.hues[poster.hue] if poster.hue else canvas.theme.line
    box = MARGIN, begin - 12, canvas.width - MARGIN, bottom
    canvas.pen.rounded_rectangle(box, 12, canvas.theme.mixed(colour))
    place = MARGIN + _INSET / 2, begin - 6
    canvas.write_rows(place, rows, font, _FACT_ROW, is_quoted=True)
    return begin - 12 - measures.space * 0.5
