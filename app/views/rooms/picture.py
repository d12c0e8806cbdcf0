"""The picture of a room, 1200 × 630, to send into it: who writes how much, and how."""

from datetime import timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.compute.portrait import PersonPortrait
from app.dates import show_duration, show_period
from app.i18n import gettext, ngettext, show_number
from app.services.rooms.portrait import RoomPortrait
from app.services.rooms.room_facts import RoomFacts
from app.views.canvas import FOOT, INK, MARGIN, SIZE, SOFT, WIDTH, Canvas, page_colours
from app.views.lettering import clipped, drawn_name, drawn_text, font_of
from app.views.rooms.figures import Laughs, Shares
from app.views.rooms.timing import Timing
from app.views.rooms.typical_words import TypicalWords

MOST_KEPT: Final = 32
"""Pictures in memory: programs ask for a shared one several times."""
LINES: Final = ((Laughs, TypicalWords), (Timing,))
"""Of which figures each line about a person tells: how somebody writes before when."""
_TOP: Final = 186
"""Where the first person begins, from the top; all measures are in pixels."""
_SIZES: Final = (
    (300, 48, 36, 2),
    (140, 36, 28, 2),
    (106, 28, 22, 2),
    (84, 28, 20, 1),
    (64, 24, 20, 1),
    (0, 24, 0, 0),
)
"""Least height of a person, the size of the name and of the lines, and how many of these fit."""
_NAME: Final = 330
_PERCENT: Final = 100
_GAP: Final = 16


class PicturePerson(NamedTuple):
    """Somebody in a room, or several together; words are in the visitor's language already."""

    name: str
    share: float
    """Of the messages, in [0, 1]."""
    percent: str
    """The same as it is written."""
    colour: str
    lines: tuple[str, ...] = ()
    """What else is told, as far as there is room, the first first."""


class RoomPicture(NamedTuple):
    """What is drawn: words are in the visitor's language already."""

    heading: str
    figures: str
    people: tuple[PicturePerson, ...]
    foot: str


def picture_of_room(portrait: RoomPortrait, zone: ZoneInfo) -> RoomPicture:
    """Return what is drawn of a portrait, in the visitor's language; its people are bound."""
    return RoomPicture(
        heading=drawn_name(portrait.room.name) or gettext("A chat"),
        figures=drawn_text(_figures(portrait.room, zone)),
        people=_people_of(portrait),
        foot=drawn_text(_foot(portrait)),
    )


def _figures(room: RoomFacts, zone: ZoneInfo) -> str:
    messages = ngettext("{count} message", "{count} messages", room.messages)
    people = ngettext("{count} person", "{count} people", room.people_total)
    parts = [
        messages.format(count=show_number(room.messages)),
        people.format(count=show_number(room.people_total)),
    ]
    if room.first_message_at and room.newest_message_at:
        first, newest = (
            time.astimezone(zone).date() for time in (room.first_message_at, room.newest_message_at)
        )
        parts += [show_period(first, newest + timedelta(days=1)), zone.key]
    return " · ".join(parts)


def _foot(portrait: RoomPortrait) -> str:
    parts: list[str] = []
    silence = portrait.longest_silence
    if silence and any(person.beginnings for person in portrait.people):
        length = show_duration((silence.until - silence.since).total_seconds())
        parts.append(gettext("The longest silence: {length}").format(length=length))
    if portrait.scanned < portrait.room.messages:
        text = gettext("of the newest {count} messages")
        parts.append(text.format(count=show_number(portrait.scanned)))
    return " · ".join(parts)


def card_lines(person: PersonPortrait, portrait: RoomPortrait) -> tuple[str, ...]:
    """Return what a picture tells of a person beside the share, the most telling first."""
    lines = (
        " · ".join(part for figure in told for part in figure(portrait).line_of(person))
        for told in LINES
    )
    return tuple(filter(None, lines))


@lru_cache(maxsize=MOST_KEPT)
def draw_room(picture: RoomPicture) -> bytes:
    """Return the picture as PNG; a new one takes some 100 ms, so call it in a thread."""
    canvas = Canvas()
    pen = canvas.pen
    heading, figures = font_of(bold=True, size=52), font_of(bold=False, size=28)
    pen.text((MARGIN, 40), clipped(picture.heading, heading, WIDTH), INK, heading)
    pen.text((MARGIN, 120), clipped(picture.figures, figures, WIDTH), SOFT, figures)
    height = (FOOT - 18 - _TOP) / max(1, len(picture.people))
    for place, person in enumerate(picture.people):
        _draw_person(canvas, person, _TOP + place * height, height)
    canvas.draw_foot(picture.foot)
    return canvas.as_png()


def _draw_person(canvas: Canvas, person: PicturePerson, top: float, height: float) -> None:
    """Draw the name, the bar and the share in a row, and below it as many lines as fit."""
    pen = canvas.pen
    _, size, detail_size, count = next(sizes for sizes in _SIZES if height >= sizes[0])
    font, right = font_of(bold=True, size=size), SIZE[0] - MARGIN
    pen.text((MARGIN, top), clipped(person.name, font, _NAME - _GAP), person.colour, font)
    pen.text((right - font.getlength(person.percent), top), person.percent, INK, font)
    bar_end = right - max(_PERCENT, font.getlength("100%") + _GAP)
    bar = (MARGIN + _NAME, top + size * 0.4, bar_end, top + size * 1.2)
    canvas.draw_bar(bar, person.share, person.colour)
    top += size * 1.5
    for line in person.lines[:count]:
        detail = font_of(bold=False, size=detail_size)
        pen.text((MARGIN, top), clipped(line, detail, WIDTH), SOFT, detail)
        top += detail.size * 1.4


def _people_of(portrait: RoomPortrait) -> tuple[PicturePerson, ...]:
    bars = Shares(portrait).plot().rows
    return tuple(
        PicturePerson(
            # A name is written as far as it can be drawn.
            name=drawn_name(bar.name) or gettext("Person {number}").format(number=number),
            share=bar.share,
            percent=bar.label,
            colour=page_colours()[bar.hue],
            lines=tuple(map(drawn_text, card_lines(person, portrait))),
        )
        for number, (person, bar) in enumerate(zip(portrait.people, bars, strict=True), 1)
    )
