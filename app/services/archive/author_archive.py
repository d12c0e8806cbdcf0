"""An author's archive for its page and the API."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, structs
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.result_cache import EVERYTHING, depends_on, holds_until
from app.models import RoomPerson, Tweet
from app.runtime.clock import first_instant, span_of_year
from app.services.archive import author_portrait
from app.services.posts.local_time import DAY_S, local_unit, seconds_of
from app.services.posts.post_counts import MOST_YEARS, Date, count_by_day, count_by_hour, have_posts
from app.services.posts.selection import Selection, Span, written_in
from app.services.posts.tweets import (
    Post,
    PostMedium,
    as_post,
    list_posts,
    most_liked,
    select_posts,
)
from app.services.posts.users import Author
from app.services.rooms.chats import room_of_author
from saywho.clock import now
from saywho.people.times import DAY_H, BusyFrom, DayHours, busiest_hours, hours_of_day
from saywho.significance import fullest, plain_peak
from saywho.words import NameCount

FEWEST_DAYS: Final = 10
"""Minimum of days with posts for a drawn calendar."""
NEW_YEAR: Final = timedelta(days=59)
"""The beginning of a year with a nearly empty drawing: January and February."""


class DayPosts(msgspec.Struct, frozen=True):
    """A day with posts, and how many."""

    date: Date
    """A day in `tz`."""
    tweets: int
    room: int | None
    """ID of the chat, if all posts of the day are from one chat."""


class MonthPosts(msgspec.Struct, frozen=True):
    """A month with posts, and its days that have any."""

    month: int
    """From 1 to 12."""
    tweets: int
    days: list[DayPosts]


class CalendarYear(msgspec.Struct, frozen=True):
    """A year of posting."""

    year: int
    years: list[int]
    """Years with posts among the last 40, newest first, and `year`."""
    tweets: int
    days: int
    """Number of days with posts."""
    months: list[MonthPosts]
    """Months with posts, in order."""


async def calendar_of(
    session: AsyncSession, author: Author, zone: ZoneInfo, year: int | None
) -> CalendarYear | None:
    """Return a year's calendar, by default the newest; None without dated posts.

    Other years become the first or last year.
    """
    if (days := author.days(zone)) is None:
        return None
    first, last = (day.year for day in days)
    year = min(max(year or last, first), last)
    since, until = span = span_of_year(year, zone)
    selection = Selection(usernames=(author.username,), since=since, until=until)
    cells = await count_by_day(session, selection, zone, limit=366)
    rooms = await _rooms_by_day(session, author, zone, [day for day, _, _ in cells], span)
    newest = range(last, max(first, last - MOST_YEARS + 1) - 1, -1)
    years = [*newest, *([] if year in newest else [year])]
    have = await have_posts(session, author.id, [span_of_year(y, zone) for y in years])
    listed = [each for each, has in zip(years, have, strict=True) if has or each == year]
    return make_calendar(year, listed, [DayPosts(day, n, rooms.get(day)) for day, _, n in cells])


async def fuller_calendar(
    session: AsyncSession, author: Author, zone: ZoneInfo, newest: CalendarYear
) -> CalendarYear:
    """Return the previous year's calendar if the newest year's would be nearly empty."""
    earlier = next((year for year in newest.years if year < newest.year), None)
    has_just_begun = _has_just_begun(author, zone)
    if earlier is None or (newest.days >= FEWEST_DAYS and not has_just_begun):
        return newest
    before = await calendar_of(
        session, author, zone, newest.year - 1 if has_just_begun else earlier
    )
    fewest = min(newest.days, FEWEST_DAYS) if has_just_begun else FEWEST_DAYS
    return before if before and before.days >= fewest else newest


def _has_just_begun(author: Author, zone: ZoneInfo) -> bool:
    if author.first_tweet_at is None or author.newest_tweet_at is None:
        return False
    newest = author.newest_tweet_at.astimezone(zone)
    begin = datetime(newest.year, 1, 1, tzinfo=zone)
    has_fuller_year = author.first_tweet_at <= begin - timedelta(days=182)
    return newest - begin < NEW_YEAR and has_fuller_year


def make_calendar(year: int, years: list[int], days: Sequence[DayPosts]) -> CalendarYear:
    months = [
        MonthPosts(month, sum(day.tweets for day in of_month), of_month)
        for month, group in groupby(days, key=lambda day: day.date.month)
        for of_month in [[*group]]
    ]
    return CalendarYear(year, years, sum(day.tweets for day in days), len(days), months)


async def _rooms_by_day(
    session: AsyncSession, author: Author, zone: ZoneInfo, days: Sequence[date], span: Span
) -> dict[date, int]:
    speaks_in = select(RoomPerson.room_id, RoomPerson.messages).where(
        RoomPerson.user_id == author.id, RoomPerson.messages > 0
    )
    rooms = (await session.execute(speaks_in.limit(2))).all()
    if not rooms:
        return {}
    depends_on(EVERYTHING)
    if len(rooms) == 1 and rooms[0].messages == author.tweets:
        return dict.fromkeys(days, rooms[0].room_id)
    day = local_unit(seconds_of(Tweet.created_at), zone, DAY_S, tick_s=1).label("day")
    first, last = func.min(Tweet.room_id), func.max(Tweet.room_id)
    query = (
        select(day, first.label("room"))
        .where(Tweet.user_id == author.id, written_in(span))
        .group_by("day")
        .having(first == last, func.count() == func.count(Tweet.room_id))
    )
    rows = await session.execute(query)
    return {date.fromordinal(number + 1): int(room or 0) for number, room in rows}


UNSEEN: Final = ".heic"
"""End of URLs of pictures that most browsers cannot show."""


class Anniversary(msgspec.Struct, frozen=True):
    """Posts of this day in an earlier year."""

    years: int
    """How many years ago."""
    date: Date
    """Date of that day in `tz`."""
    items: list[Post]


class ArchivePicture(msgspec.Struct, frozen=True):
    """A picture that is kept here, and its post."""

    post: Post
    medium: PostMedium


async def on_this_day(
    session: AsyncSession, author: Author, today: date, zone: ZoneInfo
) -> list[Anniversary]:
    """Return this day's posts in up to five earlier years, last first."""
    if author.first_tweet_at is None:
        return []
    first = max(author.first_tweet_at.year - 1, today.year - 40)
    days = [day for year in range(today.year - 1, first - 1, -1) if (day := _same_day(today, year))]
    spans = [(first_instant(day, zone), first_instant(day + timedelta(1), zone)) for day in days]
    have = await have_posts(session, author.id, spans) if spans else []
    with_posts = [(day, span) for day, span, has in zip(days, spans, have, strict=True) if has]
    anniversaries = []
    for day, (since, until) in with_posts[:5]:
        posts, _ = await list_posts(session, user_id=author.id, since=since, until=until, limit=2)
        if posts:
            anniversaries.append(Anniversary(today.year - day.year, day, posts))
    return anniversaries


def _same_day(today: date, year: int) -> date | None:
    try:
        return today.replace(year=year)
    except ValueError:
        return None


async def newest_pictures(
    session: AsyncSession, user_id: int, *, limit: int
) -> list[ArchivePicture]:
    depends_on(user_id)
    with_media = select_posts().where(
        Tweet.user_id == user_id, Tweet.media.is_not(None), Tweet.created_at.is_not(None)
    )
    newest = with_media.order_by(Tweet.created_at.desc(), Tweet.id.desc()).limit(100)
    pictures = [
        ArchivePicture(post, medium)
        for post in map(as_post, await session.execute(newest))
        for medium in post.media
        if medium.kind == "photo" and medium.url and not medium.url.endswith(UNSEEN)
    ]
    return pictures[:limit]


class MonthOfPosts(msgspec.Struct, frozen=True):
    """A month, and how many posts it has."""

    first: date
    """First day of the month."""
    tweets: int


class Numbers(msgspec.Struct, frozen=True):
    """Figures over an author's posts. Lists have at most 20 entries, the most frequent first."""

    days: int
    """Number of days in `tz` with posts."""
    fullest_month: MonthOfPosts | None
    """The month with clearly more posts than any other; null if there is none."""
    hours: DayHours
    busy_from: BusyFrom
    weekdays: list[int]
    """Number of posts on each weekday, from Monday."""
    answered: list[NameCount]
    """Usernames that the replies answer."""
    tags: Annotated[list[NameCount], Meta(description="Hashtags, without #.")]
    emoji: list[NameCount]
    sites: list[NameCount]
    """Hosts that posts link to."""
    scanned: int
    """Number of posts with analysed texts: at most the newest 20,000."""


async def numbers_of(
    session: AsyncSession, author: Author, zone: ZoneInfo, snapshot: author_portrait.AuthorSnapshot
) -> Numbers:
    selection = Selection(usernames=(author.username,))
    by_hour = await count_by_hour(session, selection, zone)
    # Fifteen years of posts are in tens of thousands of hours.
    return await asyncio.to_thread(_numbers, by_hour, snapshot)


def _numbers(by_hour: Mapping[int, int], snapshot: author_portrait.AuthorSnapshot) -> Numbers:
    by_day = posts_by_day(by_hour)
    weekdays = [0] * 7
    for day, posts in by_day.items():
        weekdays[day.weekday()] += posts
    return Numbers(
        days=len(by_day),
        fullest_month=fullest_month(by_day),
        hours=hours_of_day(by_hour),
        busy_from=busiest_hours(by_hour),
        weekdays=weekdays,
        **snapshot.mentions._asdict(),
        scanned=snapshot.scanned,
    )


def posts_by_day(by_hour: Mapping[int, int]) -> Counter[date]:
    """Return posts by day; hours count from the year 1."""
    days = Counter[int]()
    for hour, posts in by_hour.items():
        days[hour // DAY_H] += posts
    return Counter({date.fromordinal(day + 1): posts for day, posts in days.items()})


def fullest_month(by_day: Mapping[date, int]) -> MonthOfPosts | None:
    """Return the month clearly ahead of all other months, day by day or by a quarter."""
    months: dict[date, list[int | None]] = {}
    begin, end = min(by_day, default=date.min), max(by_day, default=date.min)
    for day, posts in by_day.items():
        first = day.replace(day=1)
        if first not in months:
            days = [first + timedelta(number) for number in range(31)]
            months[first] = [0 if begin <= each <= end else None for each in days]
        months[first][day.day - 1] = posts
    totals = [sum(filter(None, counts)) for counts in months.values()]
    known = [1 - counts.count(None) / 31 for counts in months.values()]
    place = plain_peak(totals, known)
    place = fullest([*months.values()]) if place is None else place
    return None if place is None else MonthOfPosts([*months][place], totals[place])


PICTURES: Final = 12
"""Pictures that fill rows of three, four and six."""


class Memories(msgspec.Struct, frozen=True):
    """Posts that an author may like to see again."""

    user: Author
    tz: str
    """Time zone of days, hours and months."""
    today: date
    """Today’s date in `tz`."""
    on_this_day: list[Anniversary]
    """Posts of this day in earlier years, newest year first."""
    calendar: CalendarYear | None
    """Null if no post has a time."""
    pictures: list[ArchivePicture]
    """Stored pictures of the newest posts with media."""
    most_liked: list[Post]


class AuthorArchive(Memories, frozen=True):
    """Posts that an author may like to see again, typical words, and figures."""

    typical: list[author_portrait.TypicalTerm]
    """Words and phrases, then signs.

    Members of a chat are compared with its other people, everyone else with the authors here who
    write the language.
    """
    shipped_authors: int
    """Number of authors that come with saywho, if they are compared; else 0."""
    numbers: Numbers


async def read_memories(
    session: AsyncSession, author: Author, zone: ZoneInfo, year: int | None
) -> Memories:
    """Return memories, valid until midnight in the zone."""
    today = now().astimezone(zone).date()
    holds_until(first_instant(today + timedelta(1), zone))
    return Memories(
        user=author,
        tz=zone.key,
        today=today,
        on_this_day=await on_this_day(session, author, today, zone),
        calendar=await calendar_of(session, author, zone, year),
        pictures=await newest_pictures(session, author.id, limit=PICTURES),
        most_liked=await most_liked(session, Tweet.user_id == author.id, limit=3),
    )


async def read_archive(
    session: AsyncSession,
    stores: author_portrait.Caches,
    author: Author,
    zone: ZoneInfo,
    year: int | None,
    compared: author_portrait.ComparedAuthor | None = None,
) -> AuthorArchive:
    """Return the archive, valid until midnight in the zone; compared: if it was read before."""
    archive = await read_memories(session, author, zone, year)
    room = await room_of_author(session, author)
    compared = compared or await author_portrait.find_compared(session, stores, author, room)
    snapshot = (
        compared.snapshot
        if compared
        else await author_portrait.read_author_snapshot(session, stores, author, room)
    )
    return AuthorArchive(
        **structs.asdict(archive),
        typical=author_portrait.traits_of(compared, room).typical if room else snapshot.typical,
        shipped_authors=snapshot.shipped,
        numbers=await numbers_of(session, author, zone, snapshot),
    )
