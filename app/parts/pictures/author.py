from datetime import timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from quart import url_for

from app.compute.fingerprint import Measure, positive_first
from app.drawing.drawings import Thing, Things
from app.drawing.poster import Poster, PosterFigure
from app.language.dates import show_period
from app.language.i18n import gettext, ngettext, show_number
from app.lifespan import resources
from app.parts.pictures.picture_page import (
    PictureArgs,
    PicturePage,
    Pictures,
    ZoneFor,
    cast_in_picture,
    names_hidden_in,
    quoted_without,
    short_address,
)
from app.parts.portraits.author import (
    FEWEST_ROWS,
    Fingerprint,
    hours_of,
    only_other,
    others_called,
    read_in_zone,
)
from app.services.archive.author_portrait import AuthorPortrait
from app.views.blueprints import PageBlueprint
from app.views.cast import bound, display_name, hue, post_count
from app.views.habit_words import HARDLY, label_of, told_alone, value_of
from app.views.page import cast_on

blueprint = PageBlueprint("author_pictures")

THINGS: Final = 3


async def _read(args: PictureArgs, zone_for: ZoneFor, username: str) -> AuthorPortrait:
    async with resources().read_long() as session:
        return await read_in_zone(session, username, partial(zone_for, args.tz))


async def read_poster(portrait: AuthorPortrait, args: PictureArgs) -> Poster:
    username = portrait.user.username
    cast = await cast_on(portrait, hued=[username])
    usernames = [username, *(other.username for other in portrait.others)]
    quote = portrait.most_like.text if portrait.most_like and args.has_words else ""
    if quote and not args.has_names:
        quote = await quoted_without(quote, await names_hidden_in(cast, args))
    with bound(cast_in_picture(cast, usernames, has_names=args.has_names)):
        return poster_of_author(portrait, args, quote)


def poster_of_author(portrait: AuthorPortrait, args: PictureArgs, quote: str = "") -> Poster:
    username = portrait.user.username
    things = _things(portrait)
    figures = [figure for figure in (things or _rows(portrait), _hours(portrait)) if figure]
    if len(portrait.measures) < FEWEST_ROWS:
        figures.reverse()
    first, second = (*figures, None, None)[:2]
    three = gettext("Three things about {name}").format(name=display_name(username))
    path = url_for("author_portraits.show_author_portrait", username=username)
    return Poster(
        title=gettext("How {name} writes").format(name=display_name(username)),
        facts=_facts(portrait),
        finding=three if things else Fingerprint(portrait).finding().title,
        drawing=first.drawing if first else None,
        address=short_address(path, has_names=args.has_names),
        quote=quote,
        hue=hue(username),
        head=(first.topic, *first.about) if first and first.topic else (),
        second=second,
    )


def _things(portrait: AuthorPortrait) -> PosterFigure | None:
    things = _things_beside(portrait) if portrait.others_total else _own_things(portrait)
    if len(things) < THINGS or len(portrait.measures) < FEWEST_ROWS:
        return None
    return PosterFigure("", (), Things(hue(portrait.user.username), tuple(things[:THINGS])))


def _things_beside(portrait: AuthorPortrait) -> list[Thing]:
    """Return what sets an author apart, then the next clearest habits, in numbers."""
    others = others_called(portrait)
    clear = positive_first(measure for measure in portrait.measures if measure.is_clear)
    vague = (each for each in portrait.measures if not each.is_clear and each.own >= HARDLY)

    def beside(measure: Measure) -> str:
        return f"{others}: {value_of(measure, measure.beside)}"

    return [
        *(Thing(told_alone(each), beside(each)) for each in clear),
        *(Thing(label_of(each), f"{value_of(each, each.own)} · {beside(each)}") for each in vague),
    ]


def _own_things(portrait: AuthorPortrait) -> list[Thing]:
    """Return the most frequent habits of an author compared with no one."""
    habits = (each for each in portrait.measures if each.name != "length" and each.own >= HARDLY)
    return [
        Thing(label_of(habit), value_of(habit, habit.own))
        for habit in sorted(habits, key=lambda habit: -habit.own)
    ]


def _rows(portrait: AuthorPortrait) -> PosterFigure | None:
    rows = Fingerprint(portrait).plot()
    return PosterFigure("", (), rows) if rows else None


def _hours(portrait: AuthorPortrait) -> PosterFigure | None:
    hours = hours_of(portrait)
    finding, clock = hours.finding(), hours.plot()
    if clock is None:
        return None
    sentences = finding.title, hours.outline_told
    return PosterFigure(f"{finding.topic} · {finding.zone}", sentences, clock)


def _facts(portrait: AuthorPortrait) -> tuple[str, ...]:
    parts = [post_count(portrait.messages)]
    if portrait.since and portrait.until:
        zone = ZoneInfo(portrait.tz)
        first, last = (time.astimezone(zone).date() for time in (portrait.since, portrait.until))
        parts.append(show_period(first, last + timedelta(days=1)))
    if other_name := only_other(portrait):
        parts.append(gettext("compared with {name}").format(name=other_name))
    elif portrait.others_total:
        beside = ngettext(
            "compared with {count} other", "compared with {count} others", portrait.others_total
        )
        parts.append(beside.format(count=show_number(portrait.others_total)))
    return tuple(parts)


def _page(portrait: AuthorPortrait, args: PictureArgs, poster: Poster) -> PicturePage:
    here: dict[str, Any] = {"username": portrait.user.username}
    told = poster.finding
    if isinstance(poster.drawing, Things):
        things = (f"{thing.text} ({thing.beside})" for thing in poster.drawing.rows)
        told = f"{told}: {' · '.join(things)}"
    return PicturePage(
        args=args,
        address=url_for("author_pictures.show_author_picture_page", **here),
        back=url_for("author_portraits.show_author_portrait", **here, tz=args.tz or None),
        title=poster.title,
        finding=told,
        tz=portrait.tz,
        has_own_zone=portrait.room is not None and portrait.room.tz is not None,
        words=gettext("Their most typical post") if portrait.most_like else "",
        in_chat=portrait.room is not None,
        about=[portrait.user.username],
    )


pictures = Pictures(args=PictureArgs, read=_read, poster_of=read_poster, page_of=_page)
pictures.declare(blueprint, "/user/<username>/portrait/picture")
