"""The picture of an answer, shown for a shared link: content, drawing in pixels, and page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import groupby, islice
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date
from quart import Response, request, url_for

from app.compute.judgement import SURE
from app.compute.names import HIDDEN, SHOWN_HIDDEN
from app.compute.text import Gap
from app.drawing.drawings import NO_HUE, NamedBar
from app.drawing.lettering import (
    Lettering,
    clipped,
    drawable,
    drawn_text,
    even_rows,
    first_rows,
    font_of,
    rows_of,
    text_rows,
)
from app.drawing.png import MARGIN, Canvas, Field, ThemeName
from app.drawing.poster import FORMATS, Format
from app.language.i18n import gettext, language, ngettext, show_number, show_percent, speaking
from app.lifespan import resources
from app.parts.pictures.picture_page import (
    PeopleArgs,
    PicturePage,
    cast_in_picture,
    names_hidden_in,
)
from app.runtime.clock import now
from app.services.compare.comparing import taken_apart
from app.services.compare.name_masking import hide
from app.services.compare.verdict import Comparison
from app.services.posts.users import list_samples
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, hue, shown_name
from app.views.comparing.evidence import shown_marks
from app.views.comparing.pages import ComparePageArgs, asked_here, given_texts, people_of
from app.views.comparing.verdicts import (
    ELSEWHERE_ALONE,
    bars_of,
    chance_of,
    heading_of,
    held_back_of,
    strange_places,
    threshold_of,
    why_nobody,
)
from app.views.filters import zone_of_page, zone_of_picture
from app.views.page import cast_on, render
from app.views.requests import args_of


class Picture(NamedTuple):
    heading: str
    text: str
    marks: tuple[tuple[int, int, str], ...]
    """Start, end and colour class of each piece of text that speaks for an author."""
    bars: tuple[NamedBar, ...]
    """Bars, the likeliest first; none where no number would be honest."""
    premise: tuple[str, ...]
    why: str = ""
    """Reason below the heading, such as a share of strangers' texts."""
    struck: tuple[tuple[int, int], ...] = ()
    """Start and end of each piece of the text that did not count."""


MOST_KEPT: Final = 64
"""Number of cached pictures of 70 KB; programs request them several times."""
STRUCK: Final = "struck"
"""Colour of a piece of the text that has a line through it."""
_ROW: Final = 1.6
"""Height of a row of the text, by the size of its letters."""
_ABOVE: Final = 16
_NAME: Final = 330


class AnswerMeasures(NamedTuple):
    """Measures of a format; letter sizes are tried in order."""

    top: int
    heading: int
    headings: int
    texts: tuple[int, ...]
    reason: int
    bars: int
    bar_row: int
    foot: int


MEASURES: Final[Mapping[Format, AnswerMeasures]] = MappingProxyType(
    {
        "1200x630": AnswerMeasures(44, 46, 2, (72, 60, 48, 40, 32), 28, 24, 43, 22),
        "1080x1350": AnswerMeasures(72, 60, 3, (96, 80, 64, 52, 40), 34, 34, 104, 24),
        "1080x1920": AnswerMeasures(190, 64, 3, (112, 96, 80, 64, 52, 40), 36, 36, 112, 26),
    }
)


class _Text(NamedTuple):
    font: Lettering
    rows: Sequence[tuple[int, str]]
    colours: Sequence[str | None]

    @property
    def height(self) -> float:
        return len(self.rows) * self.font.size * _ROW


@lru_cache(maxsize=MOST_KEPT)
def draw_picture(
    picture: Picture, format_: Format = "1200x630", theme: ThemeName = "light"
) -> bytes:
    """Return the picture as PNG; call it in a thread."""
    measures, frame = MEASURES[format_], FORMATS[format_]
    canvas = Canvas(frame.size, theme)
    foot = canvas.draw_foot(picture.premise, size=measures.foot, top=frame.foot, rows=2)
    top, bottom, count = _draw_heading(canvas, picture, measures), foot - 14, len(picture.bars)
    room, row = bottom - measures.bar_row * count - _ABOVE - top, float(measures.bar_row)
    lack = _ROW * measures.texts[-1] - room
    if count and lack > 0:  # The text has a row at least, for which the bars stand closer.
        room, row = room + lack, row - lack / count
    text = _text_of(picture, measures, canvas.width, room)
    if count:
        # In a picture that is not upright, the letters grow with the bar.
        most = 1.7 if canvas.is_upright else 1.5
        row = min(row * most, row + max(0, room - text.height) / 2 / count)
    if not canvas.is_upright:
        measures = measures._replace(bars=int(measures.bars * max(row / measures.bar_row, 1)))
    bars_top = bottom - row * count
    draw_bar = _draw_high_bar if canvas.is_upright else _draw_bar
    for number, bar in enumerate(picture.bars):
        begin = bars_top + number * row
        draw_bar(canvas, bar, measures, Field(MARGIN, begin, canvas.width - MARGIN, begin + row))
    # It stands in the middle of its room.
    spare = bars_top - _ABOVE - top - text.height
    _draw_text(canvas, text, top + max(0, spare) / 2)
    return canvas.as_png()


def _draw_heading(canvas: Canvas, picture: Picture, measures: AnswerMeasures) -> float:
    font, top = font_of(bold=True, size=measures.heading), float(measures.top)
    width = canvas.width - 2 * MARGIN
    for row in _even_rows(drawn_text(picture.heading), font, width, measures.headings):
        canvas.write((MARGIN, top), row, font)
        top += font.size * 1.3
    if picture.why:
        font = font_of(bold=False, size=measures.reason)
        for row in _even_rows(drawn_text(picture.why), font, width, 3):
            canvas.write((MARGIN, top + 10), row, font)
            top += font.size * 1.4
        top += font.size * 0.35
    return top + 30


def _even_rows(text: str, font: Lettering, width: float, most: int) -> list[str]:
    even, cut = even_rows(text, font, width), text_rows(text, font, width, most)
    return even if len(even) == len(cut) else cut


def _draw_bar(canvas: Canvas, bar: NamedBar, measures: AnswerMeasures, field: Field) -> None:
    size = measures.bars
    font, bold = font_of(bold=False, size=size), font_of(bold=True, size=size)
    name = clipped(drawn_text(bar.name), font, _NAME - 20)
    canvas.write((field.left, field.top), name, font)
    canvas.write((field.right - bold.getlength(bar.label), field.top), bar.label, bold)
    top, end = field.top + size * 0.4, field.right - 100
    box = field.left + _NAME, top, end, top + size * 0.9
    canvas.draw_bar(box, bar.share, canvas.theme.hues[bar.hue])


def _draw_high_bar(canvas: Canvas, bar: NamedBar, measures: AnswerMeasures, field: Field) -> None:
    font, bold = [font_of(bold=bold, size=measures.bars) for bold in (False, True)]
    left = field.right - bold.getlength(bar.label)
    canvas.write((left, field.top), bar.label, bold)
    name = clipped(drawn_text(bar.name), font, left - field.left - 24)
    canvas.write((field.left, field.top), name, font)
    top = field.top + font.size * 1.5
    box = field.left, top, field.right, top + (field.bottom - top) * 0.6
    canvas.draw_bar(box, bar.share, canvas.theme.hues[bar.hue])


def _text_of(picture: Picture, measures: AnswerMeasures, width: int, room: float) -> _Text:
    """Return as much of the text as fits, in the largest letters for all of it."""
    spans = [*picture.marks, *((*gap, STRUCK) for gap in picture.struck)]
    marked = {place: colour for start, stop, colour in spans for place in range(start, stop)}
    signs, inner = drawable(picture.text, marked), width - 2 * MARGIN
    text, colours = "".join(sign for sign, _ in signs), [colour for _, colour in signs]
    for size in measures.texts:
        font, most = font_of(bold=False, size=size), max(1, int(room / (_ROW * size)))
        rows = [*islice(rows_of(text, font, inner), most + 1)]
        if len(rows) <= most:
            break
    return _Text(font, first_rows(rows, most, font, inner), colours)


def _draw_text(canvas: Canvas, text: _Text, top: float) -> None:
    font, size = text.font, text.font.size
    for start, row in text.rows:
        run_end = 0
        for colour, run in groupby(text.colours[start : start + len(row)]):
            run_start, run_end = run_end, run_end + len([*run])
            if colour is None:
                continue
            left, right = (MARGIN + font.getlength(row[:end]) for end in (run_start, run_end))
            line = top + size * 1.37
            if colour == STRUCK:
                box = left, top + size * 0.8, right, top + size * 0.85
                canvas.pen.rectangle(box, canvas.theme.ink)
                continue
            hue = canvas.theme.hues[colour]
            canvas.pen.rectangle((left, top + 4, right, line), canvas.theme.mixed(hue))
            canvas.pen.rectangle((left, line, right, line + 2), hue)
        canvas.write((MARGIN, top), row, font)
        top += _ROW * size


blueprint = PageBlueprint("answer_pictures")

MOST_BARS: Final = 5
"""Number of authors with a bar, the likeliest."""
TOLD: Final = frozenset({"likely", "close"})


@blueprint.page("/compare/picture")
async def show_answer_picture_page(args: ComparePageArgs) -> str:
    look = _look()
    zone = zone_of_page(look.tz)
    picture, about = await read_picture(args, look, zone)
    return await render(
        PicturePage(
            args=look,
            address=url_for("answer_pictures.show_answer_picture_page"),
            back=f"{url_for('compare.show_compare')}?{urlencode(asked_here())}",
            title=picture.heading,
            finding=picture.heading,
            subject=asked_here(),
            tz=zone.key,
            about=about,
        )
    )


@blueprint.page("/compare/picture.png")
async def show_answer_picture(args: ComparePageArgs) -> Response:
    """Draw the answer that `/compare` gives at the same address."""
    look = _look()
    with speaking(look.lang):
        picture, _ = await read_picture(args, look, zone_of_picture(look.tz))
    drawn = await resources().work_pool.run(draw_picture, picture, look.format, look.theme)
    return Response(drawn, content_type="image/png")


def _look() -> PeopleArgs:
    return args_of(request.args, PeopleArgs, is_strict=False)


async def read_picture(
    args: ComparePageArgs, look: PeopleArgs, zone: ZoneInfo
) -> tuple[Picture, list[str]]:
    """Return the picture of an answer, in the request's language, and its people.

    Raises InvalidInputError and NotFoundError.
    """
    names, asked = args.names, args.question(given_texts(args.text))
    question, apart = await taken_apart(asked)  # No picture has the heads of copied messages.
    comparison = await resources().comparer.ask(replace(question, heads=False))
    comparison = apart.about_people(comparison) if apart else comparison
    async with resources().db.read() as session:
        samples = await list_samples(session)
    about = people_of(names, comparison)
    cast = await cast_on(comparison, about)
    best = [ranked.username for ranked in comparison.ranking[:MOST_BARS]]
    today = now().astimezone(zone).date()
    with bound(cast_in_picture(cast, best, has_names=look.has_names)):
        picture = picture_of(comparison, is_named=bool(names), samples=samples, today=today)
    if not look.has_names:
        # A text that has the sign of a gap has another sign there, so that all places stay.
        text = picture.text.replace(HIDDEN, " ")
        hiding = await hide(text, chat_names=await names_hidden_in(cast, look))
        picture = without_names(picture, hiding.gaps)
    return picture, about


def picture_of(
    comparison: Comparison, *, is_named: bool, samples: Collection[str], today: date
) -> Picture:
    """Return the picture of an answer; its cast is bound."""
    best = [ranked.username for ranked in comparison.ranking[:MOST_BARS]]
    hues = {username: hue(username) for username in best}
    is_told = comparison.verdict in TOLD
    invented = {ranked.username for ranked in comparison.ranking} & set(samples)
    is_all_invented = len(invented) == len(comparison.ranking)
    bars = [
        NamedBar(
            _bar_name(bar.username, is_invented=bar.username in invented and not is_all_invented),
            bar.share,
            show_percent(bar.share),
            hues.get(bar.username or "", NO_HUE),
        )
        for place, bar in enumerate(bars_of(comparison))
        if is_told
        and (bar.username is None or bar.username in hues)
        and (place < 2 or bar.share >= 0.05)  # The text needs the room of smaller bars.
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
    """Return the picture with `SHOWN_HIDDEN` for gaps of its text, whose marks move with it or,
    inside a gap, are left out.
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
    is_elsewhere = comparison.verdict in TOLD and "elsewhere" in comparison.limits
    # A higher rate of strangers' texts matters more than that nobody here was compared.
    if is_elsewhere and (comparison.strangers or 0) <= 0.1:
        return gettext(ELSEWHERE_ALONE)
    why = chance_of(comparison) if comparison.verdict == "likely" else held_back_of(comparison)
    return why or threshold_of(comparison) or " ".join(why_nobody(comparison))


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
