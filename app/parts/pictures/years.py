"""The pictures of a year of an author and of a chat."""

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from msgspec.structs import replace
from quart import Response, url_for

from app.compute.names import ManyNames
from app.drawing.drawings import Bars, NameList
from app.drawing.lettering import drawn_name
from app.drawing.poster import Poster, PosterFigure, PosterLine
from app.language.i18n import gettext, show_zone
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
from app.parts.years.compared_years import YearWord
from app.parts.years.figures import (
    ComparedWords,
    DaysOfAuthor,
    DaysOfRoom,
    PeopleOfYear,
    hours_of_author,
    is_long_enough,
    words_of,
    words_of_whole_year,
)
from app.parts.years.pages import (
    read_in_zone,
    read_room_in_zone,
    read_where_it_is,
    zone_of_own_chats,
)
from app.parts.years.year import AuthorYear, RoomYear
from app.views.authors.figures import most_answered
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, display_name, hue, numbered_initials
from app.views.figure import Figure
from app.views.filters import zone_of_page
from app.views.page import cast_on
from app.views.rooms.figures import share_bars

PICTURED_WORDS: Final = 5


class _Read(NamedTuple):
    author_year: AuthorYear
    has_own_zone: bool


async def _read_author_year(
    args: PictureArgs, zone_for: ZoneFor, username: str, year: int
) -> _Read:
    own_zone = await zone_of_own_chats(username)
    if zone_for is zone_of_page:
        author_year = await read_where_it_is(username, year, args.tz, own_zone)
    else:
        author_year = await read_in_zone(username, year, zone_for(args.tz, own_zone))
    return _Read(author_year, own_zone is not None)


async def read_year_poster(author_year: AuthorYear, args: PictureArgs) -> Poster:
    username = author_year.user.username
    cast = await cast_on(author_year.user)
    if args.has_words and not args.has_names:
        author_year = without_words(author_year, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, [username], has_names=args.has_names)):
        return poster_of_year(author_year, args)


YearT = TypeVar("YearT", AuthorYear, RoomYear)


def without_words(year: YearT, names: ManyNames) -> YearT:
    def left(words: Sequence[YearWord]) -> list[YearWord]:
        return [word for word in words if not names.find(word.text)]

    came, went = year.came, year.went
    return replace(
        year,
        came=replace(came, words=left(came.words)) if came else None,
        went=replace(went, words=left(went.words)) if went else None,
        only=left(year.only),
        words=None if year.words is None else left(year.words),
    )


def poster_of_year(author_year: AuthorYear, args: PictureArgs) -> Poster:
    calendar = DaysOfAuthor(author_year, has_words=args.has_words, has_names=args.has_names)
    finding, username = calendar.finding(), author_year.user.username
    path = url_for("years.show_year", username=username, year=author_year.calendar.year)
    return Poster(
        title=gettext("{username} in {year}").format(
            username=display_name(username), year=author_year.calendar.year
        ),
        facts=(*finding.notes, show_zone(author_year.tz)),
        finding=finding.title,
        drawing=calendar.plot(),
        address=short_address(path, has_names=args.has_names),
        lines=tuple(_lines_of_author(author_year, args)),
        hue=hue(username),
        second=_hours(author_year, finding.title),
    )


def _hours(author_year: AuthorYear, told: str) -> PosterFigure | None:
    hours = hours_of_author(author_year)
    finding, clock = hours.finding(), hours.plot()
    if clock is None or not is_long_enough(author_year):
        return None
    title = "" if finding.title in told else finding.title
    return PosterFigure(finding.topic, (title, *finding.notes), clock)


def _lines_of_author(author_year: AuthorYear, args: PictureArgs) -> list[PosterLine]:
    """Return whom the author answered, and requested words; nothing for a short year."""
    if not is_long_enough(author_year):
        return []
    answered = most_answered(author_year.user, author_year.answered)
    names = _drawn_names(answered.plot())
    return [
        *(
            _lines_of_words([words_of_whole_year(author_year), *words_of(author_year)])
            if args.has_words
            else ()
        ),
        *_line(answered, names if args.has_names else numbered_initials(names)),
    ]


def _lines_of_words(figures: Sequence[ComparedWords]) -> list[PosterLine]:
    return [line for figure in figures for line in _line(figure, _drawn_names(figure.plot()))]


def _line(figure: Figure[NameList], names: list[str]) -> list[PosterLine]:
    """Return the figure's first names in a line; no line without names."""
    text = ", ".join(names[:PICTURED_WORDS])
    return [PosterLine(figure.finding().topic, text)] if text else []


def _drawn_names(drawing: NameList | None) -> list[str]:
    if drawing is None:
        return []
    names = (drawn_name(name.text) for name in drawing.names)
    return [f"{drawing.prefix}{name}" for name in names if name]


def _author_page(subject: _Read, args: PictureArgs, poster: Poster) -> PicturePage:
    author_year = subject.author_year
    username = author_year.user.username
    here: dict[str, Any] = {"username": username, "year": author_year.calendar.year}
    return PicturePage(
        args=args,
        address=url_for("year_pictures.show_year_picture_page", **here),
        back=url_for("years.show_year", **here, tz=args.tz or None),
        title=poster.title,
        finding=poster.finding,
        tz=author_year.tz,
        has_own_zone=subject.has_own_zone,
        words=gettext("Words that changed") if words_of(author_year) else "",
        about=[username],
    )


async def _read_room_year(
    args: PictureArgs, zone_for: ZoneFor, room_id: int, year: int
) -> RoomYear | Response:
    shown = await read_room_in_zone(room_id, year, partial(zone_for, args.tz))
    own_id = shown.room.id
    return shown if own_id == room_id else led_on(args, room_id=own_id, year=year)


async def read_room_year_poster(shown: RoomYear, args: PictureArgs) -> Poster:
    named = [person.username for person in shown.people]
    named += [trait.username for trait in shown.traits]  # May be one of those taken together.
    cast = await cast_on(shown, shown.room.usernames, in_chat=True)
    if args.has_words and not args.has_names:
        shown = without_words(shown, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, named, has_names=args.has_names)):
        return poster_of_room_year(shown, args)


def poster_of_room_year(shown: RoomYear, args: PictureArgs) -> Poster:
    days, year = DaysOfRoom(shown, has_words=args.has_words), shown.calendar.year
    path = url_for("room_years.show_room_year", room_id=shown.room.id, year=year)
    title = gettext("{username} in {year}")
    return Poster(
        title=title.format(username=title_of_chat(shown.room, args), year=year),
        facts=(*days.notes(), show_zone(shown.tz)),
        finding=days.title(),
        drawing=Bars(tuple(share_bars(shown.people))),
        head=(PeopleOfYear(shown).finding().topic,),
        address=short_address(path, has_names=args.has_names),
        lines=tuple(_lines_of_words([words_of_whole_year(shown)])) if args.has_words else (),
        second=PosterFigure("", (), days.plot()),
    )


def _room_page(shown: RoomYear, args: PictureArgs, poster: Poster) -> PicturePage:
    here: dict[str, Any] = {"room_id": shown.room.id, "year": shown.calendar.year}
    return PicturePage(
        args=args,
        address=url_for("room_year_pictures.show_room_year_picture_page", **here),
        back=url_for("room_years.show_room_year", **here, tz=args.tz or None),
        title=poster.title,
        finding=poster.finding,
        tz=shown.tz,
        has_own_zone=shown.room.tz is not None,
        words=gettext("Words of {year}").format(year=shown.calendar.year) if shown.words else "",
        in_chat=True,
    )


blueprints = (
    Pictures(
        args=PictureArgs,
        read=_read_author_year,
        poster_of=lambda subject, args: read_year_poster(subject.author_year, args),
        page_of=_author_page,
    ).declare(PageBlueprint("year_pictures"), "/user/<username>/<year:year>/picture"),
    Pictures(
        args=PictureArgs, read=_read_room_year, poster_of=read_room_year_poster, page_of=_room_page
    ).declare(PageBlueprint("room_year_pictures"), "/room/<id:room_id>/<year:year>/picture"),
)
