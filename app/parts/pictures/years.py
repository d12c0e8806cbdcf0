"""The pictures of a year of an author and of a chat."""

from collections.abc import Sequence
from typing import Any, Final

from quart import url_for

from app.drawing.drawings import Bars, NameList
from app.drawing.lettering import drawn_name
from app.drawing.poster import Poster, PosterFigure, PosterLine
from app.language.i18n import gettext, show_zone
from app.parts.pictures.picture_page import (
    PictureArgs,
    PicturePage,
    Pictures,
    cast_in_picture,
    names_hidden_in,
    short_address,
    title_of_chat,
)
from app.parts.pictures.read_years import (
    ReadYear,
    named_first,
    read_author_year,
    read_room_year,
    without_words,
)
from app.parts.pictures.year_cards import blueprints as of_cards
from app.parts.years.figures import (
    ComparedWords,
    DaysOfAuthor,
    DaysOfRoom,
    PeopleOfYear,
    hours_of_author,
    is_long_enough,
    words_of,
    words_of_whole_year,
    year_title,
)
from app.parts.years.year import AuthorYear, RoomYear
from app.views.authors.figures import most_answered
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, display_name, hue, numbered_initials
from app.views.figure import Figure
from app.views.page import cast_on
from app.views.rooms.figures import share_bars

PICTURED_WORDS: Final = 5


async def read_year_poster(author_year: AuthorYear, args: PictureArgs) -> Poster:
    username = author_year.user.username
    cast = await cast_on(author_year.user)
    if args.has_words and not args.has_names:
        author_year = without_words(author_year, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, [username], has_names=args.has_names)):
        return poster_of_year(author_year, args)


def poster_of_year(author_year: AuthorYear, args: PictureArgs) -> Poster:
    calendar = DaysOfAuthor(author_year, has_words=args.has_words, has_names=args.has_names)
    finding, username = calendar.finding(), author_year.user.username
    path = url_for("years.show_year", username=username, year=author_year.calendar.year)
    return Poster(
        title=year_title(author_year, display_name(username)),
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
    return PosterFigure(
        f"{finding.topic} · {show_zone(author_year.tz)}", (title, *finding.notes), clock
    )


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
    parts = tuple(names[:PICTURED_WORDS])
    return [PosterLine(figure.finding().topic, parts)] if parts else []


def _drawn_names(drawing: NameList | None) -> list[str]:
    if drawing is None:
        return []
    names = (drawn_name(name.text) for name in drawing.names)
    return [f"{drawing.prefix}{name}" for name in names if name]


def _author_page(subject: ReadYear, args: PictureArgs, poster: Poster) -> PicturePage:
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


async def read_room_year_poster(shown: RoomYear, args: PictureArgs) -> Poster:
    cast = await cast_on(shown, shown.room.usernames, in_chat=True)
    if args.has_words and not args.has_names:
        shown = without_words(shown, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, named_first(shown), has_names=args.has_names)):
        return poster_of_room_year(shown, args)


def poster_of_room_year(shown: RoomYear, args: PictureArgs) -> Poster:
    days, year = DaysOfRoom(shown, has_words=args.has_words), shown.calendar.year
    path = url_for("room_years.show_room_year", room_id=shown.room.id, year=year)
    return Poster(
        title=year_title(shown, title_of_chat(shown.room, args)),
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
        read=read_author_year,
        poster_of=lambda subject, args: read_year_poster(subject.author_year, args),
        page_of=_author_page,
    ).declare(PageBlueprint("year_pictures"), "/user/<username>/<year:year>/picture"),
    Pictures(
        args=PictureArgs, read=read_room_year, poster_of=read_room_year_poster, page_of=_room_page
    ).declare(PageBlueprint("room_year_pictures"), "/room/<id:room_id>/<year:year>/picture"),
    *of_cards,
)
