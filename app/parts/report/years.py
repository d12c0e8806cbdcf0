"""A year of a chat or an author as one file."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import TypeVar
from zoneinfo import ZoneInfo

from jinja2 import Environment
from msgspec import structs
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.result_cache import LruStore
from app.language.i18n import gettext, speaking
from app.models import Tweet
from app.parts.report.names import Calling, names_beside_nobody
from app.parts.report.quotes import Quote, Shown, choices_among, read_quotes, read_shared
from app.parts.report.rendering import render_report
from app.parts.report.rooms import ReportChoice, call_people, cast_in_file, frame_of, title_of
from app.parts.report.words import (
    FEWEST_MESSAGES,
    CommonWords,
    people_without_rare_words,
    read_chat,
    read_common_words,
    terms_of,
)
from app.parts.years.figures import DaysOfAuthor, year_title
from app.parts.years.pages import RoomYearPage, YearPage
from app.parts.years.year import (
    AuthorYear,
    KeptYears,
    RoomYear,
    WrittenYear,
    read_room_year,
    read_year,
)
from app.services.compare.name_masking import read_names_around
from app.services.posts.selection import scan
from app.services.posts.users import Author
from app.services.rooms.periods import DayPeriod
from app.services.rooms.room_facts import RoomFacts, room_of_author
from app.views.cast import cast_of, named_in
from app.views.filters import ZoneArgs, day_of

YearT = TypeVar("YearT", bound=WrittenYear)


def no_years() -> KeptYears:
    """Return a store of years for one file."""
    return LruStore(1, lambda _: 1)


class ChatYearReport(RoomYearPage, frozen=True, kw_only=True, dict=True):
    """A year of a chat as one file; all that it shows may be given away."""

    template = "report/room_year.html"

    quotes: Sequence[Quote]
    choices: Sequence[str]
    shared: Collection[int]
    """Quoted messages whose text another of the choices wrote."""
    day_ids: Sequence[int]


class AuthorYearReport(YearPage, frozen=True, kw_only=True, dict=True):
    """A year of an author as one file; all that it shows may be given away."""

    template = "report/author_year.html"

    has_names: bool
    quotes: Sequence[Quote]
    day_ids: Sequence[int]

    @property
    def days(self) -> DaysOfAuthor:
        return DaysOfAuthor(self.shown, has_names=self.has_names)


async def make_room_year_report(
    session: AsyncSession,
    environment: Environment,
    store: KeptYears,
    room: RoomFacts,
    choice: ReportChoice,
) -> bytes:
    """Return the file. Raises NotFoundError for a year without a page."""
    zone, year = choice.zone, choice.year or 0
    read = await read_room_year(session, room, year, zone, store)
    calling = await call_people(session, room, choice)
    period = DayPeriod(date(year, 1, 1), date(year + 1, 1, 1))
    scans = await read_chat(session, room.id, zone, period)
    by_people = (word for person in read.words_of_people for word in person.words)
    terms = [*_terms(read), *terms_of(read.people), *by_people]
    words = await read_common_words(scans, terms, calling)
    shown: RoomYear = structs.replace(
        _without_rare_words(read, words),
        people=people_without_rare_words(read.people, words),
        words_of_people=[
            structs.replace(person, words=kept)
            for person in read.words_of_people
            if (kept := [*filter(None, map(words.written, person.words))])
        ],
    )
    quotes = await read_quotes(session, choice.quotes, calling, room_id=room.id)
    choices = choices_among(room.usernames, quotes)
    page = ChatYearReport(
        args=ZoneArgs(tz=zone.key),
        shown=shown,
        quotes=quotes,
        choices=choices,
        shared=await read_shared(session, quotes, choices),
        day_ids=_day_ids(read),
    )
    with speaking(choice.language):
        title = year_title(read, title_of(room, choice))
        newest = _newest_day(day_of(room.newest_message_at, zone), year)
        frame = frame_of(title, newest, ("room", year), choice)
    return await render_report(
        environment, page, frame, await cast_in_file(session, room, calling, shown)
    )


async def make_author_year_report(
    session: AsyncSession,
    environment: Environment,
    kept: KeptYears,
    author: Author,
    choice: ReportChoice,
) -> bytes:
    """Return the file. Raises NotFoundError for a year without posts."""
    zone, year = choice.zone, choice.year or 0
    read = await read_year(session, author, year, zone, kept)
    all_names = await read_names_around(session, [author.username])
    names = choice.names
    if await room_of_author(session, author) is None:
        with speaking(choice.language):
            names = names_beside_nobody(author, names, has_names=choice.has_names)
    calling = Calling([author], names, has_names=choice.has_names, all_names=all_names)
    scans = [await scan(session, Tweet.user_id == author.id, columns=("text",))]
    words = await read_common_words(scans, _terms(read), calling)
    shown: AuthorYear = structs.replace(
        _without_rare_words(read, words),
        emoji=[emoji for emoji in read.emoji if emoji.posts >= FEWEST_MESSAGES],
        answered=read.answered if choice.has_names else [],
        most_answered=read.most_answered if choice.has_names else None,
    )
    page = AuthorYearReport(
        args=ZoneArgs(tz=zone.key),
        shown=shown,
        author=author,
        has_own_zone=True,
        year=year,
        has_names=choice.has_names,
        quotes=await read_quotes(session, choice.quotes, calling, username=author.username),
        day_ids=_day_ids(read),
    )
    called = calling.called.get(author.username, author.display_name or author.username)
    with speaking(choice.language):
        newest = _newest_day(day_of(author.newest_tweet_at, zone), year)
        frame = frame_of(year_title(read, called), newest, ("author", year), choice)
    cast = await cast_of(session, named_in(shown).usernames, about=[author.username])
    return await render_report(environment, page, frame, cast.with_names(calling.called))


async def shown_of_room_year(
    session: AsyncSession, store: KeptYears, room: RoomFacts, year: int, zone: ZoneInfo
) -> Shown:
    """Return the messages that a chat's year shows."""
    read = await read_room_year(session, room, year, zone, store)
    return [
        (gettext("The busiest day"), read.day.shown if read.day else []),
        (gettext("The message most like each person"), read.most_like),
        (gettext("Most loved messages"), [each.post for each in read.loved[:1]]),
    ]


async def shown_of_author_year(
    session: AsyncSession, store: KeptYears, author: Author, year: int, zone: ZoneInfo
) -> Shown:
    """Return the posts that an author's year shows."""
    read = await read_year(session, author, year, zone, store)
    return [
        (gettext("The busiest day"), read.day.shown if read.day else []),
        (gettext("Most liked"), read.most_liked[:1]),
    ]


def _day_ids(year: WrittenYear) -> list[int]:
    return [post.id for post in year.day.shown] if year.day else []


def _newest_day(newest: date | None, year: int) -> date | None:
    return min(newest, date(year, 12, 31)) if newest else None


def _terms(year: WrittenYear) -> Iterator[str]:
    compared = [each.words for each in (year.came, year.went) if each]
    for listed in (year.only, year.words or (), *compared):
        yield from (word.text for word in listed)
    yield from year.day.words if year.day else ()


def _without_rare_words(year: YearT, words: CommonWords) -> YearT:
    """Return a year without rare words, and without the messages of its day."""
    day = year.day and structs.replace(
        year.day, words=[*filter(None, map(words.written, year.day.words))], shown=[]
    )
    came, went = (
        compared and structs.replace(compared, words=words.kept(compared.words))
        for compared in (year.came, year.went)
    )
    return structs.replace(
        year,
        only=words.kept(year.only),
        words=None if year.words is None else words.kept(year.words),
        came=came,
        went=went,
        day=day,
    )
