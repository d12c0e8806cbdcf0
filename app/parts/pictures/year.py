"""The picture of a year of an author, to pass on."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace
from quart import Response, url_for

from app.compute.names import ManyNames
from app.drawing.drawings import NameList
from app.drawing.lettering import drawn_name
from app.drawing.poster import Poster, PosterFigure, PosterLine
from app.language.dates import show_zone
from app.language.i18n import gettext, speaking
from app.parts.pictures.picture_page import (
    PicturePage,
    cast_in_picture,
    names_hidden_in,
    picture_of,
    short_address,
)
from app.parts.years.compared_years import YearWord
from app.parts.years.figures import DaysOfAuthor, hours_of_author, words_of
from app.parts.years.finding import is_long_enough
from app.parts.years.pages import read_in_zone, read_where_it_is, zone_of_own_chats
from app.parts.years.year import AuthorYear
from app.views.authors.figures import most_answered
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, display_name, hue
from app.views.figure import Figure
from app.views.filters import zone_of_picture
from app.views.initials import numbered_initials
from app.views.page import cast_on, render
from app.views.picture_args import PictureArgs

blueprint = PageBlueprint("year_pictures")

PICTURED_WORDS: Final = 5


@blueprint.page("/user/<username>/<year:year>/picture", is_cacheable=True)
async def show_year_picture_page(username: str, year: int, args: PictureArgs) -> str:
    own_zone = await zone_of_own_chats(username)
    author_year = await read_where_it_is(username, year, args.tz, own_zone)
    poster = await read_poster(author_year, args)
    here: dict[str, Any] = {"username": author_year.user.username, "year": year}
    return await render(
        PicturePage(
            args=args,
            address=url_for("year_pictures.show_year_picture_page", **here),
            back=url_for("years.show_year", **here, tz=args.tz or None),
            title=poster.title,
            finding=poster.finding,
            tz=author_year.tz,
            has_own_zone=own_zone is not None,
            words=gettext("Words that changed") if words_of(author_year) else "",
            about=[author_year.user.username],
        )
    )


@blueprint.page("/user/<username>/<year:year>/picture.png", is_cacheable=True)
async def show_year_picture(username: str, year: int, args: PictureArgs) -> Response:
    """Draw the year that the page above this name shows."""
    own_zone = await zone_of_own_chats(username)
    author_year = await read_in_zone(username, year, zone_of_picture(args.tz, own_zone))
    with speaking(args.lang):
        poster = await read_poster(author_year, args)
    return await picture_of(poster, args)


async def read_poster(author_year: AuthorYear, args: PictureArgs) -> Poster:
    """Return what is drawn of a year, in the visitor's language, with its author."""
    username = author_year.user.username
    cast = await cast_on(author_year.user)
    if args.has_words and not args.has_names:
        author_year = _without_names(author_year, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, [username], has_names=args.has_names)):
        return poster_of_year(author_year, args)


def _without_names(author_year: AuthorYear, names: ManyNames) -> AuthorYear:
    """Return the year without the words that have one of these names."""

    def left(words: Sequence[YearWord]) -> list[YearWord]:
        return [word for word in words if not names.find(word.text)]

    came, went = author_year.came, author_year.went
    return replace(
        author_year,
        came=replace(came, words=left(came.words)) if came else None,
        went=replace(went, words=left(went.words)) if went else None,
        only=left(author_year.only),
    )


def poster_of_year(author_year: AuthorYear, args: PictureArgs) -> Poster:
    """Return what is drawn of a year, in the visitor's language; its author is bound."""
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
        lines=tuple(_lines(author_year, args)),
        hue=hue(username),
        second=_hours(author_year, finding.title),
    )


def _hours(author_year: AuthorYear, told: str) -> PosterFigure | None:
    """Return the hours, in words where the finding has not told of them."""
    hours = hours_of_author(author_year)
    finding, clock = hours.finding(), hours.plot()
    if clock is None or not is_long_enough(author_year):
        return None
    title = "" if finding.title in told else finding.title
    return PosterFigure(finding.topic, (title, *finding.notes), clock)


def _lines(author_year: AuthorYear, args: PictureArgs) -> list[PosterLine]:
    """Return whom the author answered, and words of the year where they are wanted.

    Of a short year neither says anything.
    """
    if not is_long_enough(author_year):
        return []
    words = words_of(author_year) if args.has_words else []
    lines = [_line(figure, _drawn_names(figure.plot())) for figure in words]
    answered = most_answered(author_year.user, author_year.answered)
    names = _drawn_names(answered.plot())
    return [
        line
        for line in [*lines, _line(answered, names if args.has_names else numbered_initials(names))]
        if line.text
    ]


def _line(figure: Figure[NameList], names: list[str]) -> PosterLine:
    return PosterLine(figure.finding().topic, ", ".join(names[:PICTURED_WORDS]))


def _drawn_names(drawing: NameList | None) -> list[str]:
    """Return the names of a list that the fonts have whole."""
    if drawing is None:
        return []
    names = (drawn_name(name.text) for name in drawing.names)
    return [f"{drawing.prefix}{name}" for name in names if name]
