from typing import Any

from quart import Response, url_for

from app.drawing.drawings import Bars, NamedBar
from app.drawing.lettering import drawn_name
from app.drawing.poster import Poster, PosterFigure, PosterLine
from app.language.dates import show_zone
from app.language.i18n import gettext, rounded_parts, show_percent
from app.lifespan import resources
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
from app.parts.pictures.year import PICTURED_WORDS, without_words
from app.parts.years.figures import DaysOfRoom, PeopleOfYear, words_of
from app.parts.years.year import RoomYear, read_room_year
from app.services.rooms.room_facts import get_room
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, hue
from app.views.page import cast_on
from app.views.rooms.figures import name_of

blueprint = PageBlueprint("room_year_pictures")


async def _read(
    args: PictureArgs, zone_for: ZoneFor, room_id: int, year: int
) -> RoomYear | Response:
    async with resources().read_long() as session:
        room = await get_room(session, room_id)
        zone, kept = zone_for(args.tz, room.tz), resources().of_parts["years"]
        shown = await read_room_year(session, room, year, zone, kept)
    return shown if room.id == room_id else led_on(args, room_id=room.id, year=year)


async def read_poster(shown: RoomYear, args: PictureArgs) -> Poster:
    named = [person.username for person in shown.people]
    named += [trait.username for trait in shown.traits]  # May be one of those taken together.
    usernames = [*dict.fromkeys(filter(None, named))]
    cast = await cast_on(shown, shown.room.usernames, in_chat=True)
    if args.has_words and not args.has_names:
        shown = without_words(shown, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, usernames, has_names=args.has_names)):
        return poster_of_room_year(shown, args)


def poster_of_room_year(shown: RoomYear, args: PictureArgs) -> Poster:
    days, year = DaysOfRoom(shown, has_words=args.has_words), shown.calendar.year
    path = url_for("room_years.show_room_year", room_id=shown.room.id, year=year)
    title = gettext("{username} in {year}")
    return Poster(
        title=title.format(username=title_of_chat(shown.room, args), year=year),
        facts=(*days.notes(), show_zone(shown.tz)),
        finding=days.title(),
        drawing=_people(shown),
        head=(PeopleOfYear(shown).finding().topic,),
        address=short_address(path, has_names=args.has_names),
        lines=tuple(_lines(shown)) if args.has_words else (),
        second=PosterFigure("", (), days.plot()),
    )


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


def _page(shown: RoomYear, args: PictureArgs, poster: Poster) -> PicturePage:
    here: dict[str, Any] = {"room_id": shown.room.id, "year": shown.calendar.year}
    return PicturePage(
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


pictures = Pictures(args=PictureArgs, read=_read, poster_of=read_poster, page_of=_page)
pictures.declare(blueprint, "/room/<id:room_id>/<year:year>/picture")
