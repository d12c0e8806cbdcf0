"""The pictures of the portraits of a chat and of an author."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from app.drawing.drawings import Bars, CardRow, CardRows, NamedBar
from app.drawing.lettering import drawn_name, drawn_text
from app.drawing.poster import Poster, PosterFigure
from app.language.i18n import gettext, gettext_noop, ngettext, show_number, show_period, show_zone
from app.parts.pictures.picture_page import (
    PictureArgs,
    cast_in_picture,
    drawn_title,
    left_by,
    names_hidden_in,
    pictures_of,
    short_address,
)
from app.parts.portraits.author import read_portrait_of_author
from app.parts.portraits.author_figures import (
    FEWEST_ROWS,
    AuthorPortrait,
    finding_of as finding_of_author,
    fingerprint,
    hours_of,
    only_other,
    others_called,
)
from app.parts.portraits.room import read_sight
from app.parts.portraits.room_figures import drawn_words, wait_of
from app.services.compare.name_masking import Masker
from app.services.rooms.chat_portrait import ChatSight
from app.views.cast import bound, display_name, hue, post_count
from app.views.figures.chats import Months, other_called, people_count, share_bars, story_of
from app.views.figures.habits import others_of_script
from app.views.page import cast_on
from app.views.subjects import Chat, OneAuthor
from app.views.tell import beside_one, giant_of, label_of, told_alone, value_of
from saywho.people.fingerprint import positive_first
from saywho.people.portrait import PersonPortrait
from saywho.significance import HARDLY_ANY

MOST_THINGS: Final = 3


async def read_room_poster(subject: Chat, portrait: ChatSight, args: PictureArgs) -> Poster:
    named = [person.username for person in portrait.people]
    named += [trait.username for trait in portrait.traits]  # May be one of those taken together.
    cast = await cast_on(portrait, subject.about, in_chat=True)
    if args.has_words and not args.has_names:
        portrait = portrait.with_words(left_by(await names_hidden_in(cast, args)))
    with bound(cast_in_picture(cast, named, has_names=args.has_names)):
        return poster_of_room(subject, portrait, args)


def poster_of_room(subject: Chat, portrait: ChatSight, args: PictureArgs) -> Poster:
    story = story_of(portrait)
    return Poster(
        title=drawn_title(subject, args),
        facts=_facts_of_room(portrait),
        finding=story.text,
        giant=drawn_name(story.giant),
        hue=hue(story.username),
        drawing=noted_bars(portrait, args),
        address=short_address(subject.url(), has_names=args.has_names),
        second=_months(portrait),
    )


def _facts_of_room(portrait: ChatSight) -> tuple[str, ...]:
    room = portrait.room
    parts = [post_count(room.messages), people_count(room.people_total)]
    if days := room.days(portrait.tz):
        first, newest = days
        parts += [show_period(first, newest + timedelta(days=1)), show_zone(portrait.tz)]
    if portrait.scanned < room.messages:
        text = gettext("of the newest {count} messages")
        parts.append(text.format(count=show_number(portrait.scanned)))
    return tuple(parts)


def noted_bars(portrait: ChatSight, args: PictureArgs) -> Bars:
    """Return the share of each person, with notes about them.

    A note that most people have sets no one apart. A person alone has messages and share,
    so that each person has a line.
    """
    notes = [line_about(person, portrait, args) for person in portrait.people]
    times = Counter(part for note in notes for part in note)
    usual = {part for part in times if len(notes) > 1 and 2 * times[part] > len(notes)}
    rows = [tuple(part for part in note if part not in usual) for note in notes]
    bars = list[NamedBar]()
    for person, bar, row in zip(portrait.people, share_bars(portrait.people), rows, strict=True):
        note = row
        if person.username and not note:
            note = (f"{post_count(person.messages)}, {bar.label}",)
        bars.append(bar._replace(note=note))
    return Bars(tuple(bars), are_notes_wanted=args.has_words)


def line_about(person: PersonPortrait, portrait: ChatSight, args: PictureArgs) -> list[str]:
    if person.username is None:
        return []
    whom = beside_one(other_called(person.username, portrait.room))
    parts = [told_alone(person.trait, whom)] if person.trait else []
    parts += drawn_words(person) if args.has_words else []
    return [*map(drawn_text, filter(None, [*parts, wait_of(person)]))]


def _months(portrait: ChatSight) -> PosterFigure | None:
    months = Months(portrait).figure()
    return PosterFigure(months.topic, (months.title,), months.plot) if months.plot else None


async def read_author_poster(
    subject: OneAuthor, portrait: AuthorPortrait, args: PictureArgs
) -> Poster:
    username = portrait.user.username
    cast = await cast_on(portrait, hued=[username])
    usernames = [username, *(other.username for other in portrait.others)]
    quote = portrait.most_like.text if portrait.most_like and args.has_words else ""
    if quote and not args.has_names:
        quote = (await Masker("clues", await names_hidden_in(cast, args)).hide(quote)).shown
    with bound(cast_in_picture(cast, usernames, has_names=args.has_names)):
        return poster_of_author(subject, portrait, args, quote)


def poster_of_author(
    subject: OneAuthor, portrait: AuthorPortrait, args: PictureArgs, quote: str = ""
) -> Poster:
    username = portrait.user.username
    things = _things(portrait)
    more = CardRows(tuple(thing.row for thing in things[1:]))
    habits = PosterFigure("", (), more) if more.rows else _habits(portrait)
    figures = [figure for figure in (habits, _hours(portrait)) if figure]
    if len(portrait.measures) < FEWEST_ROWS:
        figures.reverse()
    first, second = (*figures, None, None)[:2]
    return Poster(
        title=gettext("How {name} writes").format(name=display_name(username)),
        facts=_facts_of_author(portrait),
        finding=things[0].row.label if things else finding_of_author(portrait, has_words=False),
        reason=things[0].row.text if things else "",
        giant=drawn_name(things[0].giant) if things else "",
        drawing=first.drawing if first else None,
        address=short_address(subject.url(), has_names=args.has_names),
        quote=quote,
        hue=hue(username),
        head=(first.topic, *first.about) if first and first.topic else (),
        second=second,
    )


class _Thing(NamedTuple):
    row: CardRow
    giant: str


def _things(portrait: AuthorPortrait) -> list[_Thing]:
    """Return what sets an author apart, or what they often do if nobody else is here."""
    things = (_things_beside if portrait.others_total else _own_things)(portrait)
    return [*islice(things, MOST_THINGS)]


def _things_beside(portrait: AuthorPortrait) -> Iterator[_Thing]:
    others, whom = others_called(portrait), beside_one(only_other(portrait))
    for each in positive_first(each for each in portrait.measures if each.is_clear):
        beside = f"{others_of_script(each) or others}: {value_of(each, each.beside)}"
        told = told_alone(each, whom)
        yield _Thing(CardRow(beside, label=told), giant_of(each))


def _own_things(portrait: AuthorPortrait) -> Iterator[_Thing]:
    shares = (each for each in portrait.measures if not each.habit.is_mean)
    habits = (each for each in shares if each.own >= HARDLY_ANY)
    for habit in sorted(habits, key=lambda habit: -habit.own):
        row = CardRow(value_of(habit, habit.own), label=label_of(habit))
        yield _Thing(row, giant_of(habit))


def _habits(portrait: AuthorPortrait) -> PosterFigure | None:
    rows = fingerprint(portrait).plot
    return PosterFigure("", (), rows) if rows else None


def _hours(portrait: AuthorPortrait) -> PosterFigure | None:
    hours = hours_of(portrait)
    about = hours.title, *hours.notes
    topic = f"{hours.topic} · {hours.zone}"
    return PosterFigure(topic, about, hours.plot) if hours.plot else None


def _facts_of_author(portrait: AuthorPortrait) -> tuple[str, ...]:
    parts = [post_count(portrait.messages)]
    if portrait.since and portrait.until:
        zone = ZoneInfo(portrait.tz)
        first, last = (time.astimezone(zone).date() for time in (portrait.since, portrait.until))
        parts.append(show_period(first, last + timedelta(days=1)))
    if other_name := only_other(portrait):
        parts.append(gettext("compared with {name}").format(name=other_name))
    elif portrait.others_total:
        beside = ngettext(
            "compared with {count} other person",
            "compared with {count} other people",
            portrait.others_total,
        )
        parts.append(beside.format(count=show_number(portrait.others_total)))
    return tuple(parts)


def _told(poster: Poster) -> str:
    if not poster.giant:
        return poster.finding
    more = poster.drawing.rows if isinstance(poster.drawing, CardRows) else ()
    things = [(poster.finding, poster.reason), *((row.label, row.text) for row in more)]
    return f"{poster.title}: {' · '.join(f'{told} ({beside})' for told, beside in things)}"


def _words_of_author(portrait: AuthorPortrait) -> str:
    return gettext_noop("Their most typical post") if portrait.most_like else ""


blueprints = (
    pictures_of(
        Chat,
        read_sight,
        read_room_poster,
        words=lambda _: gettext_noop("Typical words"),
        path="/portrait/picture",
    ),
    pictures_of(
        OneAuthor,
        read_portrait_of_author,
        read_author_poster,
        words=_words_of_author,
        path="/portrait/picture",
        told=_told,
    ),
)
