"""The pictures of a year of an author and of a chat."""

from collections.abc import Sequence
from typing import Final

from app.drawing.drawings import Bars, NameList
from app.drawing.lettering import drawn_name
from app.drawing.poster import Poster, PosterFigure, PosterLine
from app.language.i18n import gettext, show_zone
from app.parts.pictures.picture_page import (
    PictureArgs,
    cast_in_picture,
    drawn_title,
    left_by,
    names_hidden_in,
    pictures_of,
    short_address,
)
from app.parts.pictures.year_cards import blueprints as of_cards
from app.parts.pictures.year_cards import named_first
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
from app.parts.years.subjects import (
    YearOfAuthor,
    YearOfChat,
    read_year_of_author,
    read_year_of_chat,
)
from app.parts.years.year import AuthorYear, RoomYear
from app.views.authors.figures import most_answered
from app.views.cast import bound, hue, numbered_initials
from app.views.figure import Figure
from app.views.page import cast_on
from app.views.rooms.figures import share_bars

PICTURED_WORDS: Final = 5


async def read_year_poster(
    subject: YearOfAuthor, author_year: AuthorYear, args: PictureArgs
) -> Poster:
    username = author_year.user.username
    cast = await cast_on(author_year.user)
    if args.has_words and not args.has_names:
        author_year = author_year.with_words(left_by(await names_hidden_in(cast, args)))
    with bound(cast_in_picture(cast, [username], has_names=args.has_names)):
        return poster_of_year(subject, author_year, args)


def poster_of_year(subject: YearOfAuthor, author_year: AuthorYear, args: PictureArgs) -> Poster:
    calendar = DaysOfAuthor(author_year, has_words=args.has_words, has_names=args.has_names)
    finding, username = calendar.finding(), author_year.user.username
    return Poster(
        title=subject.title(is_over=author_year.is_over),
        facts=(*finding.notes, show_zone(author_year.tz)),
        finding=finding.title,
        drawing=calendar.plot(),
        address=short_address(subject.url(), has_names=args.has_names),
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


async def read_room_year_poster(subject: YearOfChat, shown: RoomYear, args: PictureArgs) -> Poster:
    cast = await cast_on(shown, subject.about, in_chat=True)
    if args.has_words and not args.has_names:
        shown = shown.with_words(left_by(await names_hidden_in(cast, args)))
    with bound(cast_in_picture(cast, named_first(shown), has_names=args.has_names)):
        return poster_of_room_year(subject, shown, args)


def poster_of_room_year(subject: YearOfChat, shown: RoomYear, args: PictureArgs) -> Poster:
    days = DaysOfRoom(shown, has_words=args.has_words)
    return Poster(
        title=drawn_title(subject, args, is_over=shown.is_over),
        facts=(*days.notes(), show_zone(shown.tz)),
        finding=days.title(),
        drawing=Bars(tuple(share_bars(shown.people))),
        head=(PeopleOfYear(shown).finding().topic,),
        address=short_address(subject.url(), has_names=args.has_names),
        lines=tuple(_lines_of_words([words_of_whole_year(shown)])) if args.has_words else (),
        second=PosterFigure("", (), days.plot()),
    )


def _words_of_author(shown: AuthorYear) -> str:
    return gettext("Words that changed") if words_of(shown) else ""


def _words_of_room(shown: RoomYear) -> str:
    return gettext("Words of {year}").format(year=shown.calendar.year) if shown.words else ""


blueprints = (
    pictures_of(YearOfAuthor, read_year_of_author, read_year_poster, words=_words_of_author),
    pictures_of(YearOfChat, read_year_of_chat, read_room_year_poster, words=_words_of_room),
    *of_cards,
)
