from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from quart import Response, url_for

from app.compute.names import ManyNames
from app.compute.portrait import PersonPortrait
from app.drawing.lettering import drawn_text
from app.drawing.png import RowNotes
from app.drawing.poster import Poster, PosterFigure, PosterLine
from app.language.dates import show_period
from app.language.i18n import gettext, ngettext, show_number
from app.parts.pictures.picture_page import (
    PictureArgs,
    PicturePage,
    Pictures,
    ZoneFor,
    cast_in_picture,
    led_on,
    names_hidden_in,
    short_address,
    title_of_chat,
)
from app.parts.portraits.room import read_in_zone
from app.parts.portraits.room_figures import Shares, Timing, TypicalWords
from app.services.rooms.sight import ChatSight
from app.views.blueprints import PageBlueprint
from app.views.cast import bound
from app.views.habit_words import told_alone
from app.views.page import cast_on
from app.views.rooms.figures import Months, finding_of, length_in_words, of_most_days

blueprint = PageBlueprint("room_pictures")


async def _read(args: PictureArgs, zone_for: ZoneFor, room_id: int) -> ChatSight | Response:
    portrait = await read_in_zone(room_id, partial(zone_for, args.tz))
    if portrait.room.id != room_id:
        return led_on(args, room_id=portrait.room.id)
    return portrait


async def read_poster(portrait: ChatSight, args: PictureArgs) -> Poster:
    named = [person.username for person in portrait.people]
    named += [trait.username for trait in portrait.traits]  # May be one of those taken together.
    usernames = [*dict.fromkeys(filter(None, named))]
    cast = await cast_on(portrait, portrait.room.usernames, in_chat=True)
    if args.has_words and not args.has_names:
        portrait = _without_names(portrait, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, usernames, has_names=args.has_names)):
        return poster_of_room(portrait, args)


def _without_names(portrait: ChatSight, names: ManyNames) -> ChatSight:
    people = [
        replace(person, typical=[word for word in person.typical if not names.find(word.text)])
        if person.typical
        else person
        for person in portrait.people
    ]
    return replace(portrait, people=people)


def poster_of_room(portrait: ChatSight, args: PictureArgs) -> Poster:
    path = url_for("portraits.show_portrait", room_id=portrait.room.id)
    return Poster(
        title=title_of_chat(portrait.room, args),
        facts=_facts(portrait),
        finding=finding_of(portrait.people, portrait.traits, portrait.room, is_drawn=True),
        drawing=Shares(portrait).plot(),
        address=short_address(path, has_names=args.has_names),
        lines=_silence(portrait),
        notes=notes_of(portrait, args),
        second=_months(portrait),
    )


def _facts(portrait: ChatSight) -> tuple[str, ...]:
    room, zone = portrait.room, ZoneInfo(portrait.tz)
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
    if portrait.scanned < room.messages:
        text = gettext("of the newest {count} messages")
        parts.append(text.format(count=show_number(portrait.scanned)))
    return tuple(parts)


def _silence(portrait: ChatSight) -> tuple[PosterLine, ...]:
    """Return the longest silence, unless another one is told as equally long."""
    zone, silences = ZoneInfo(portrait.tz), portrait.silences
    longest = of_most_days(silences, zone) or silences[:2]
    lengths = [length_in_words(silence, zone) for silence in longest[:2]]
    is_told = bool(lengths) and lengths.count(lengths[0]) == 1
    if not is_told or not any(person.beginnings for person in portrait.people):
        return ()
    return (PosterLine("", gettext("The longest silence: {length}").format(length=lengths[0])),)


def notes_of(portrait: ChatSight, args: PictureArgs) -> RowNotes:
    """Return the notes about each person beside the share.

    A note that most people have sets no one apart. A person without others has messages and share,
    so that each person has a line.
    """
    notes = [line_about(person, portrait, args) for person in portrait.people]
    times = Counter(part for note in notes for part in note)
    usual = {part for part in times if len(notes) > 1 and 2 * times[part] > len(notes)}
    rows = [tuple(part for part in note if part not in usual) for note in notes]
    bars = Shares(portrait).plot().rows
    for number, (person, bar) in enumerate(zip(portrait.people, bars, strict=True)):
        if person.username and not rows[number]:
            messages = ngettext("{count} message", "{count} messages", person.messages)
            rows[number] = (f"{messages.format(count=show_number(person.messages))}, {bar.label}",)
    return RowNotes(tuple(rows), are_wanted=args.has_words)


def line_about(person: PersonPortrait, portrait: ChatSight, args: PictureArgs) -> list[str]:
    if person.username is None:
        return []
    # Figures whose lines chance does not explain.
    figures = (TypicalWords, Timing) if args.has_words else (Timing,)
    parts = [told_alone(person.trait)] if person.trait else []
    parts += [part for figure in figures for part in figure(portrait).line_of(person)]
    return [*map(drawn_text, parts)]


def _months(portrait: ChatSight) -> PosterFigure | None:
    months = Months(portrait)
    finding, drawing = months.finding(), months.plot()
    return PosterFigure(finding.topic, (finding.title,), drawing) if drawing else None


def _page(portrait: ChatSight, args: PictureArgs, poster: Poster) -> PicturePage:
    here: dict[str, Any] = {"room_id": portrait.room.id}
    return PicturePage(
        args=args,
        address=url_for("room_pictures.show_room_picture_page", **here),
        back=url_for("portraits.show_portrait", **here, tz=args.tz or None),
        title=poster.title,
        finding=poster.finding,
        tz=portrait.tz,
        has_own_zone=portrait.room.tz is not None,
        words=gettext("Typical words"),
        in_chat=True,
    )


pictures = Pictures(args=PictureArgs, read=_read, poster_of=read_poster, page_of=_page)
pictures.declare(blueprint, "/room/<id:room_id>/portrait/picture")
