"""The picture of a year of a chat, to send into it."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import asdict, replace
from quart import url_for
from quart.typing import ResponseReturnValue

from app.compute.names import ManyNames
from app.drawing.drawings import Bars, NamedBar
from app.drawing.lettering import drawn_name, drawn_text
from app.drawing.poster import Poster, PosterFigure, PosterLine
from app.language.dates import show_zone
from app.language.i18n import gettext, rounded_parts, show_percent, speaking
from app.lifespan import resources
from app.parts.pictures.picture_page import (
    PicturePage,
    cast_in_picture,
    names_hidden_in,
    picture_of,
    short_address,
)
from app.parts.years.compared_years import YearWord
from app.parts.years.figures import DaysOfRoom, PeopleOfYear, words_of
from app.parts.years.year import RoomYear, read_room_year
from app.services.rooms.room_facts import get_room, names_in
from app.views.answers import see_other
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, hue
from app.views.filters import zone_of_page, zone_of_picture
from app.views.page import cast_on, render
from app.views.picture_args import PictureArgs
from app.views.rooms.figures import name_of

blueprint = PageBlueprint("room_year_pictures")

PICTURED_WORDS: Final = 5


@blueprint.page("/room/<id:room_id>/<year:year>/picture", is_cacheable=True)
async def show_room_year_picture_page(
    room_id: int, year: int, args: PictureArgs
) -> ResponseReturnValue:
    shown = await _read(room_id, year, args, is_page=True)
    if shown.room.id != room_id:
        return _led_on("room_year_pictures.show_room_year_picture_page", shown, args)
    poster = await read_poster(shown, args)
    here: dict[str, Any] = {"room_id": room_id, "year": year}
    return await render(
        PicturePage(
            args=args,
            address=url_for("room_year_pictures.show_room_year_picture_page", **here),
            back=url_for("room_years.show_room_year", **here, tz=args.tz or None),
            title=poster.title,
            finding=poster.finding,
            tz=shown.tz,
            has_own_zone=shown.room.tz is not None,
            words=gettext("Words that changed") if words_of(shown) else "",
            in_chat=True,
        )
    )


@blueprint.page("/room/<id:room_id>/<year:year>/picture.png", is_cacheable=True)
async def show_room_year_picture(room_id: int, year: int, args: PictureArgs) -> ResponseReturnValue:
    """Draw the year that the page above this name shows."""
    shown = await _read(room_id, year, args, is_page=False)
    if shown.room.id != room_id:
        return _led_on("room_year_pictures.show_room_year_picture", shown, args)
    with speaking(args.lang):
        poster = await read_poster(shown, args)
    return await picture_of(poster, args)


async def _read(room_id: int, year: int, args: PictureArgs, *, is_page: bool) -> RoomYear:
    async with resources().read_long() as session:
        room = await get_room(session, room_id)
        zone_of = zone_of_page if is_page else zone_of_picture
        zone, kept = zone_of(args.tz, room.tz), resources().of_parts["years"]
        return await read_room_year(session, room, year, zone, kept)


def _led_on(endpoint: str, shown: RoomYear, args: PictureArgs) -> ResponseReturnValue:
    """Lead to the same of the room that this one was joined to."""
    query = {name: value for name, value in asdict(args).items() if value}
    here: dict[str, Any] = {"room_id": shown.room.id, "year": shown.calendar.year}
    return see_other(url_for(endpoint, **here, **query))


async def read_poster(shown: RoomYear, args: PictureArgs) -> Poster:
    """Return what is drawn of a year, in the visitor's language, with its people."""
    named = [person.username for person in shown.people]
    named += [trait.username for trait in shown.traits]  # May be one of those taken together.
    usernames = [*dict.fromkeys(filter(None, named))]
    cast = await cast_on(shown, shown.room.usernames)
    if args.has_words and not args.has_names:
        shown = _without_names(shown, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, usernames, has_names=args.has_names)):
        return poster_of_room_year(shown, args)


def _without_names(shown: RoomYear, names: ManyNames) -> RoomYear:
    """Return the year without the words that have one of these names."""

    def left(words: Sequence[YearWord]) -> list[YearWord]:
        return [word for word in words if not names.find(word.text)]

    return replace(
        shown,
        came=replace(shown.came, words=left(shown.came.words)) if shown.came else None,
        went=replace(shown.went, words=left(shown.went.words)) if shown.went else None,
        only=left(shown.only),
    )


def poster_of_room_year(shown: RoomYear, args: PictureArgs) -> Poster:
    """Return what is drawn of a year, in the visitor's language; its people are bound."""
    days, year = DaysOfRoom(shown, has_words=args.has_words), shown.calendar.year
    path = url_for("room_years.show_room_year", room_id=shown.room.id, year=year)
    title = gettext("{username} in {year}")
    return Poster(
        title=title.format(username=_title(shown, args) or gettext("A chat"), year=year),
        facts=(*days.notes(), show_zone(shown.tz)),
        finding=days.title(),
        drawing=_people(shown),
        address=short_address(path, has_names=args.has_names),
        lines=tuple(_lines(shown)) if args.has_words else (),
        second=PosterFigure("", (drawn_text(PeopleOfYear(shown).finding().title),), days.plot()),
    )


def _title(shown: RoomYear, args: PictureArgs) -> str:
    """Return the chat's name; nothing where it names people who are known by their initials."""
    written = shown.room.name.casefold()
    if not args.has_names and any(name.casefold() in written for name in names_in(shown.room)):
        return ""
    return drawn_name(shown.room.name)


def _people(shown: RoomYear) -> Bars:
    parts = rounded_parts([person.share for person in shown.people])
    return Bars(
        tuple(
            NamedBar(name_of(person), person.share, show_percent(part), hue(person.username))
            for person, part in zip(shown.people, parts, strict=True)
        )
    )


def _lines(shown: RoomYear) -> list[PosterLine]:
    lines = []
    for figure in words_of(shown):
        names = [drawn_name(name.text) for name in figure.plot().names]
        if text := ", ".join(filter(None, names[:PICTURED_WORDS])):
            lines.append(PosterLine(figure.finding().topic, text))
    return lines
