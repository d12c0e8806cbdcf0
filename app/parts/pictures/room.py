"""The picture of a room, to send into it: who writes how much, and how."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from msgspec.structs import asdict, replace
from quart import url_for
from quart.typing import ResponseReturnValue

from app.compute.names import ManyNames
from app.compute.portrait import PersonPortrait
from app.drawing.lettering import drawn_name, drawn_text
from app.drawing.png import RowNotes
from app.drawing.poster import Poster, PosterFigure, PosterLine
from app.language.dates import show_period
from app.language.i18n import gettext, ngettext, show_number, speaking
from app.parts.pictures.picture_page import (
    PicturePage,
    cast_in_picture,
    names_hidden_in,
    picture_of,
    short_address,
)
from app.parts.portraits.room import read_in_zone
from app.parts.portraits.room_figures import Shares, Timing, TypicalWords
from app.services.rooms.room_facts import RoomFacts, names_in
from app.services.rooms.sight import ChatSight
from app.views.answers import see_other
from app.views.blueprints import PageBlueprint
from app.views.cast import bound
from app.views.filters import zone_of_page, zone_of_picture
from app.views.habit_words import told_alone
from app.views.page import cast_on, render
from app.views.picture_args import PictureArgs
from app.views.rooms.figures import Months, length_in_words
from app.views.rooms.room_finding import finding_of

blueprint = PageBlueprint("room_pictures")

TOLD: Final = (Timing,)
"""Of which figures a line about a person tells: those that say what chance does not explain."""
TOLD_WITH_WORDS: Final = (TypicalWords, Timing)


@blueprint.page("/room/<id:room_id>/portrait/picture", is_cacheable=True)
async def show_room_picture_page(room_id: int, args: PictureArgs) -> ResponseReturnValue:
    portrait = await read_in_zone(room_id, partial(zone_of_page, args.tz))
    if portrait.room.id != room_id:
        return _led_on("room_pictures.show_room_picture_page", portrait, args)
    poster = await read_poster(portrait, args)
    here: dict[str, Any] = {"room_id": room_id}
    return await render(
        PicturePage(
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
    )


@blueprint.page("/room/<id:room_id>/portrait/picture.png", is_cacheable=True)
async def show_room_picture(room_id: int, args: PictureArgs) -> ResponseReturnValue:
    """Draw the portrait that the page above this name shows."""
    portrait = await read_in_zone(room_id, partial(zone_of_picture, args.tz))
    if portrait.room.id != room_id:
        return _led_on("room_pictures.show_room_picture", portrait, args)
    with speaking(args.lang):
        poster = await read_poster(portrait, args)
    return await picture_of(poster, args)


def _led_on(endpoint: str, portrait: ChatSight, args: PictureArgs) -> ResponseReturnValue:
    """Lead to the same of the room that this one was joined to."""
    query = {name: value for name, value in asdict(args).items() if value}
    return see_other(url_for(endpoint, room_id=portrait.room.id, **query))


async def read_poster(portrait: ChatSight, args: PictureArgs) -> Poster:
    """Return what is drawn of a portrait, in the visitor's language, with all its people."""
    named = [person.username for person in portrait.people]
    named += [trait.username for trait in portrait.traits]  # May be one of those taken together.
    usernames = [*dict.fromkeys(filter(None, named))]
    cast = await cast_on(portrait, portrait.room.usernames)
    if args.has_words and not args.has_names:
        portrait = _without_names(portrait, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, usernames, has_names=args.has_names)):
        return poster_of_room(portrait, args)


def _without_names(portrait: ChatSight, names: ManyNames) -> ChatSight:
    """Return the portrait without the typical words that have one of these names."""
    people = [
        replace(person, typical=[word for word in person.typical if not names.find(word.text)])
        if person.typical
        else person
        for person in portrait.people
    ]
    return replace(portrait, people=people)


def poster_of_room(portrait: ChatSight, args: PictureArgs) -> Poster:
    """Return what is drawn of a portrait, in the visitor's language; its people are bound."""
    path = url_for("portraits.show_portrait", room_id=portrait.room.id)
    return Poster(
        title=_title(portrait.room, args) or gettext("A chat"),
        facts=_facts(portrait),
        finding=finding_of(portrait.people, portrait.traits, portrait.room, is_drawn=True),
        drawing=Shares(portrait).plot(),
        address=short_address(path, has_names=args.has_names),
        lines=_silence(portrait),
        notes=notes_of(portrait, args),
        second=_months(portrait),
    )


def _title(room: RoomFacts, args: PictureArgs) -> str:
    """Return the room's name; nothing where it names people who are known by their initials."""
    written = room.name.casefold()
    if not args.has_names and any(name.casefold() in written for name in names_in(room)):
        return ""
    return drawn_name(room.name)


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
    silence = portrait.longest_silence
    if silence is None or not any(person.beginnings for person in portrait.people):
        return ()
    length = length_in_words(silence, ZoneInfo(portrait.tz))
    return (PosterLine("", gettext("The longest silence: {length}").format(length=length)),)


def notes_of(portrait: ChatSight, args: PictureArgs) -> RowNotes:
    """Return what a picture tells of each person beside the share.

    A note that most people have sets no one apart. A person without other notes has the number of
    messages and the share, so that each person has a line.
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
    """Return what can be told of a person, in parts, the most telling first; nothing of several."""
    if person.username is None:
        return []
    figures = TOLD_WITH_WORDS if args.has_words else TOLD
    parts = [told_alone(person.trait)] if person.trait else []
    parts += [part for figure in figures for part in figure(portrait).line_of(person)]
    return [*map(drawn_text, parts)]


def _months(portrait: ChatSight) -> PosterFigure | None:
    """Return the months by person; None for fewer than two."""
    months = Months(portrait)
    finding, drawing = months.finding(), months.plot()
    return PosterFigure(finding.topic, (finding.title,), drawing) if drawing else None
