"""The pages of a year of an author and a chat, and at an import's end."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from quart import url_for
from quart.typing import ResponseReturnValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.people.portrait import PersonPortrait
from app.drawing.drawings import Clock, NameList, Spark, StackedBar, WeekGrid
from app.errors import NotFoundError
from app.language.i18n import gettext
from app.lifespan import resources
from app.parts.years.compared_years import FEWEST_COMPARED
from app.parts.years.figures import (
    ChangedWriting,
    ComparedWords,
    DaysOfAuthor,
    DaysOfRoom,
    PeopleOfYear,
    WordsOfWholeYear,
    YearRow,
    best_heading,
    comparison_of,
    day_heading,
    hours_of_author,
    hours_of_room,
    is_long_enough,
    loved_heading,
    people_compared,
    shown_habits,
    told_of_day,
    told_of_silence,
    who_began,
    words_of,
    words_of_whole_year,
    year_title,
)
from app.parts.years.year import AuthorYear, RoomYear, read_room_year, read_year
from app.runtime.clock import now, span_of_year
from app.services.posts.post_counts import MOST_YEARS, count_in_spans
from app.services.posts.users import Author, get_author
from app.services.rooms.periods import FEWEST_OF_YEAR, messages_by_year
from app.services.rooms.room_facts import RoomFacts, get_room, zone_of_chats
from app.views.answers import see_other
from app.views.authors.figures import MostNamed, most_answered
from app.views.blueprints import PageBlueprint
from app.views.cast import display_name
from app.views.figure import FigureParts
from app.views.filters import ZoneArgs, parse_zone, zone_of_page
from app.views.page import WebPage, render

blueprint = PageBlueprint("years")
room_blueprint = PageBlueprint("room_years")


class YearPage(WebPage, frozen=True, kw_only=True, dict=True):
    template = "years/year.html"

    args: ZoneArgs
    shown: AuthorYear
    author: Author
    has_own_zone: bool
    year: int

    @property
    def heading(self) -> str:
        return year_title(self.shown, display_name(self.author.username))

    @cached_property
    def days(self) -> DaysOfAuthor:
        return DaysOfAuthor(self.shown)

    @property
    def years(self) -> FigureParts[Spark]:
        return YearRow(self.shown).parts()

    @property
    def before_told(self) -> str:
        return comparison_of(self.shown)

    @property
    def clock(self) -> FigureParts[Clock]:
        return hours_of_author(self.shown).parts()

    @cached_property
    def words(self) -> list[ComparedWords]:
        return words_of(self.shown)

    @property
    def changes(self) -> FigureParts[NameList]:
        return ChangedWriting(self.shown).parts()

    @property
    def words_unchanged(self) -> str:
        """Sentence that no word came or went; empty without a comparison."""
        has_no_words = (self.shown.came or self.shown.went) and not self.words
        return gettext("No word clearly appeared or disappeared.") if has_no_words else ""

    @property
    def words_of_whole_year(self) -> WordsOfWholeYear:
        return words_of_whole_year(self.shown)

    @property
    def day_heading(self) -> str:
        return day_heading(self.shown.day)

    @property
    def day_told(self) -> str:
        return told_of_day(self.shown.day, "" if self.has_own_zone else self.shown.tz)

    @property
    def silence_told(self) -> str:
        return told_of_silence(self.shown.silence, is_of_chat=False)

    @property
    def is_compared(self) -> bool:
        return is_long_enough(self.shown)

    @property
    def best_heading(self) -> str:
        return best_heading(self.shown)

    @property
    def edges_heading(self) -> str:
        is_only, is_over = self.shown.first.id == self.shown.last.id, self.shown.is_over
        if is_only:
            so_far = gettext("The only post of the year so far")
            return gettext("The only post of the year") if is_over else so_far
        so_far = gettext("The first and the newest post of the year so far")
        return gettext("The first and the last post of the year") if is_over else so_far

    @property
    def answered(self) -> MostNamed:
        return most_answered(self.author, self.shown.answered)


@blueprint.page("/user/<username>/<year:year>", is_cacheable=True)
async def show_year(username: str, year: int, args: ZoneArgs) -> str:
    own_zone = await zone_of_own_chats(username)
    author_year = await read_where_it_is(username, year, args.tz, own_zone)
    return await render(
        YearPage(
            args=args,
            shown=author_year,
            has_own_zone=own_zone is not None,
            author=author_year.user,
            year=year,
            about=[author_year.user.username],
        )
    )


async def zone_of_own_chats(username: str) -> str | None:
    """Return the time zone of an author's chats; None without. Raises NotFoundError."""
    async with resources().db.read() as session:
        author = await get_author(session, username)
        return await zone_of_chats(session, [author.username])


async def read_where_it_is(username: str, year: int, tz: str, own_zone: str | None) -> AuthorYear:
    """Return the year in the page's time zone, or in UTC if it only has posts there: a sent URL
    opens the same year for everyone.
    """
    try:
        return await read_in_zone(username, year, zone_of_page(tz, own_zone))
    except NotFoundError:
        if tz:
            raise
        return await read_in_zone(username, year, parse_zone("UTC"))


async def read_in_zone(username: str, year: int, zone: ZoneInfo) -> AuthorYear:
    async with resources().read_long() as session:
        author = await get_author(session, username)
        return await read_year(session, author, year, zone, resources().of_parts["years"])


class RoomYearPage(WebPage, frozen=True, kw_only=True, dict=True):
    template = "years/room_year.html"

    args: ZoneArgs
    shown: RoomYear
    in_chat: bool = True

    @property
    def room(self) -> RoomFacts:
        return self.shown.room

    @property
    def year(self) -> int:
        return self.shown.calendar.year

    @property
    def heading(self) -> str:
        return year_title(self.shown, self.room.name)

    @cached_property
    def days(self) -> DaysOfRoom:
        return DaysOfRoom(self.shown)

    @property
    def people(self) -> FigureParts[StackedBar]:
        return PeopleOfYear(self.shown).parts()

    @property
    def began(self) -> FigureParts[StackedBar]:
        return who_began(self.shown)

    @property
    def clock(self) -> FigureParts[Clock]:
        return hours_of_room(self.shown).parts()

    @property
    def words(self) -> WordsOfWholeYear:
        return words_of_whole_year(self.shown)

    @property
    def day_heading(self) -> str:
        return day_heading(self.shown.day)

    @property
    def day_told(self) -> str:
        return told_of_day(self.shown.day, "" if self.room.tz else self.shown.tz)

    @property
    def silence_told(self) -> str:
        return told_of_silence(self.shown.silence, is_of_chat=True)

    @property
    def habits(self) -> list[tuple[str, str, str]]:
        return shown_habits(self.shown)

    @property
    def people_compared(self) -> str:
        return people_compared(self.shown)

    @property
    def with_emoji(self) -> list[PersonPortrait]:
        return [person for person in self.shown.people if person.username and person.emoji]

    @property
    def loved_heading(self) -> str:
        return loved_heading(self.shown)


async def read_room_in_zone(
    room_id: int, year: int, zone_for: Callable[[str | None], ZoneInfo], *, is_whole: bool = False
) -> RoomYear:
    """Return a year of a chat in the zone that `zone_for` gives. Raises NotFoundError."""
    async with resources().read_long() as session:
        room, kept = await get_room(session, room_id), resources().of_parts["years"]
        zone = zone_for(room.tz)
        return await read_room_year(session, room, year, zone, kept, is_whole=is_whole)


@room_blueprint.page("/room/<id:room_id>/<year:year>", is_cacheable=True)
async def show_room_year(room_id: int, year: int, args: ZoneArgs) -> ResponseReturnValue:
    async with resources().read_long() as session:
        room = await get_room(session, room_id)
        if room.id != room_id:
            return see_other(_year_path(room, year, args))
        zone, kept = zone_of_page(args.tz, room.tz), resources().of_parts["years"]
        try:
            shown = await read_room_year(session, room, year, zone, kept)
        except NotFoundError:
            counts = await messages_by_year(session, room, zone)
            if year not in counts:
                raise
            if year != max(counts):  # A short or silent year is a period of the chat.
                since, until = date(year, 1, 1), date(year + 1, 1, 1)
                ends: dict[str, Any] = {"since": since.isoformat(), "until": until.isoformat()}
                tz = args.tz or None
                return see_other(url_for("rooms.show_room", room_id=room_id, **ends, tz=tz))
            # The tab of the years leads to that of the newest message, which may be short.
            full = [other for other, count in counts.items() if count >= FEWEST_OF_YEAR]
            return see_other(_year_path(room, max(full, default=None), args))
    return await render(RoomYearPage(args=args, shown=shown, about=room.usernames))


def _year_path(room: RoomFacts, year: int | None, args: ZoneArgs) -> str:
    """Return the URL of a year of a chat, without one of the chat."""
    tz = args.tz or None
    if year is None:
        return url_for("rooms.show_room", room_id=room.id, tz=tz)
    return url_for("room_years.show_room_year", room_id=room.id, year=year, tz=tz)


class NewestYear(Struct, frozen=True):
    newest: AuthorYear

    @property
    def year(self) -> int:
        return self.newest.calendar.year

    def days(self) -> FigureParts[WeekGrid]:
        return DaysOfAuthor(self.newest).parts()


async def read_newest_year(
    session: AsyncSession, author: Author, zone: ZoneInfo
) -> NewestYear | None:
    """Return the newest full year of an author; None below 20 posts."""
    if author.first_tweet_at is None or author.newest_tweet_at is None:
        return None
    first, last = (
        time.astimezone(zone).year for time in (author.first_tweet_at, author.newest_tweet_at)
    )
    years = range(last, max(first, last - MOST_YEARS + 1) - 1, -1)
    spans = [span_of_year(year, zone) for year in years]
    counts = await count_in_spans(session, author.id, spans)
    if max(counts) < FEWEST_COMPARED:
        return None
    year = newest_full(years, counts, now().astimezone(zone).year)
    kept = resources().of_parts["years"]
    return NewestYear(await read_year(session, author, year, zone, kept))


def newest_full(years: Sequence[int], counts: Sequence[int], present: int) -> int:
    """Return the newest long year that is over, otherwise the newest long one, otherwise the
    fullest.

    years: from the newest on, with posts by year in `counts`.
    """
    long = [year for year, posts in zip(years, counts, strict=True) if posts >= FEWEST_OF_YEAR]
    over = [year for year in long if year < present]
    return next(iter([*over, *long]), years[counts.index(max(counts))])
