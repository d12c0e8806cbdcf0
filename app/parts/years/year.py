"""A year of an author or a chat: when they wrote, and which words are typical of it."""

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from msgspec import structs
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.result_cache import EVERYTHING, depends_on, holds_until
from app.errors import NotFoundError
from app.models import Tweet, User
from app.parts.years import compared_years, remembered
from app.runtime.clock import days_between, first_instant, span_of_year
from app.services.archive.author_archive import (
    CalendarYear,
    DayPosts,
    calendar_of,
    make_calendar,
    posts_by_day,
)
from app.services.posts.local_time import HOUR_S, local_unit, seconds_of
from app.services.posts.post_counts import count_by_hour, count_in_spans, have_posts
from app.services.posts.selection import MOST_SCANNED, Selection, messages_of, scan, written_in
from app.services.posts.tweets import Post, as_post, most_liked, select_posts
from app.services.posts.users import Author
from app.services.rooms import chats
from app.services.rooms.chat_portrait import ChatCounts, count_chat, time_before, with_names
from app.services.rooms.timeline import FEWEST_OF_YEAR, Absence, messages_by_year, with_absences
from saywho.clock import now
from saywho.people import times
from saywho.people.fingerprint import Measure
from saywho.people.portrait import PersonPortrait, Trait
from saywho.words import NameCount, Written, written_as


class YearBefore(msgspec.Struct, frozen=True):
    """The year before, with which a year is compared."""

    year: int
    tweets: int
    hours: list[int]
    """Number of posts in each hour of the day in `tz`, only on the days of `same_days`."""
    same_days: compared_years.SameDays | None
    """Days that both years have; null if there are fewer than 14."""


class Milestone(msgspec.Struct, frozen=True):
    """A round number of posts, and the day when an author reached it."""

    count: int
    day: date


class WrittenYear(msgspec.Struct, frozen=True, kw_only=True):
    tz: str
    calendar: CalendarYear
    hours: times.DayHours
    busy_from: times.BusyFrom
    busy_part: times.BusyPart
    days_apart: times.DaysApart
    is_over: bool
    """Whether the year has ended in `tz`."""
    until: date
    """Last day of the year; today, if the year has not ended."""
    by_year: list[int]
    """Number of posts in each of the calendar's `years`."""
    only: list[compared_years.YearWord] = []
    """Empty since version 2: see `words`."""
    words: list[compared_years.YearWord] | None
    """Terms in a clearly larger share of this year's posts than of all other years', the clearest
    first; null if this year or the others have fewer than 20 posts. Of more than 1,500 posts of the
    other years, an even sample of them is compared.
    """
    words_of_all: bool
    """Whether `words` were compared with all posts of the other years."""
    day: remembered.DayOfYear | None
    """The day with the most posts, and the days of a trip around it; null if a day elsewhere has as
    many, or if it has fewer than ten, or than twice the usual number.
    """
    silence: remembered.LongestSilence | None
    """The longest silence of at least three days, also if it began in an earlier year or ended in a
    later one; null without any, or if several are equal.
    """

    def with_words(self, written: Written) -> Self:
        """Return the year with all words of texts as `written` gives them, without empty ones.

        What goes to others passes here, so a new list of words has its line here.
        """
        day = self.day and structs.replace(
            self.day, words=[*filter(None, map(written, self.day.words))]
        )
        words = self.words and written_as(self.words, written)
        return structs.replace(self, words=words, day=day)


class AuthorYear(WrittenYear, frozen=True, kw_only=True):
    """A year of an author."""

    user: Author
    before: YearBefore | None
    """The year before; null if it has no posts."""
    measures: list[Measure] | None
    """Habits of this year (`own`) and the year before (`beside`), on the days that both have, clear
    changes first; null if either has fewer than 20 posts with text on these days.
    """
    answered: list[NameCount]
    """Usernames that the replies answer."""
    most_answered: str | None
    """Username that they answer clearly more than any other, compared by day, or null."""
    emoji: list[NameCount]
    """At most five emoji, by the number of posts with each."""
    most_liked: list[Post]
    first: Post
    last: Post
    milestone: Milestone | None
    """The largest of 1,000, 2,000, 5,000, 10,000 and so on that the number of the author's posts
    here reached in the year; null if some posts have no time.
    """


async def read_year(session: AsyncSession, author: Author, year: int, zone: ZoneInfo) -> AuthorYear:
    """Return a year of the author. Raises NotFoundError if it has no posts."""
    depends_on(author.id)
    if await chats.messages_in_chats(session, author.id):
        depends_on(EVERYTHING)  # The calendar leads to chats.
    span, at = span_of_year(year, zone), _read_at(year, zone)
    if not (await have_posts(session, author.id, [span]))[0]:
        raise NotFoundError(
            "There are no posts by '{username}' in {year}", username=author.username, year=year
        )
    calendar = await calendar_of(session, author, zone, year)
    is_of_year = and_(Tweet.user_id == author.id, written_in(span))
    edges = [await _edge(session, is_of_year, is_last=is_last) for is_last in (False, True)]
    if calendar is None or None in edges:
        raise NotFoundError("User '{username}' doesn't exist", username=author.username)
    liked = await most_liked(session, is_of_year, limit=3)
    hours = await _hours_of(session, author, year, zone)
    ends = author.first_tweet_at, author.newest_tweet_at
    own = compared_years.Owner(Tweet.user_id == author.id, *ends, author.username)
    before = await _year_before(session, own, calendar, zone, at)
    compared = await compared_years.compare_years(session, own, year, zone, at)
    years = [span_of_year(listed, zone) for listed in calendar.years]
    by_year = await count_in_spans(session, author.id, years)
    first, last = (edge for edge in edges if edge)
    newest = await scan(session, is_of_year, columns=("id", "time", "text"), is_dated=True)
    counts = dict(zip(calendar.years, by_year, strict=True))
    others = await remembered.read_others(session, own, year, zone, counts)
    around = await remembered.read_around(session, own, year, zone)

    def count() -> tuple[dict[str, Any], remembered.YearFacts]:
        written = _written(own, hours, zone, year, at)
        posts = remembered.YearPosts(newest, zone)
        return written, remembered.find_remembered(posts, others, posts_by_day(hours), around)

    written, found = await asyncio.to_thread(count)
    return AuthorYear(
        **written,
        **compared._asdict(),
        **await remembered.with_posts(session, found, others),
        emoji=found.emoji,
        user=author,
        calendar=calendar,
        before=before,
        most_liked=liked,
        first=first,
        last=last,
        by_year=by_year,
        milestone=_milestone(author, calendar, by_year),
    )


def _written(
    writers: compared_years.Owner, by_hour: Counter[int], zone: ZoneInfo, year: int, at: datetime
) -> dict[str, Any]:
    is_over = span_of_year(year, zone)[1] <= at
    until = date(year, 12, 31) if is_over else at.astimezone(zone).date()
    return {
        "tz": zone.key,
        "hours": times.hours_of_day(by_hour),
        "busy_from": times.busiest_hours(by_hour),
        "busy_part": times.fullest_part(by_hour),
        "days_apart": _days_apart_in(writers, by_hour, zone, year, until),
        "is_over": is_over,
        "until": until,
    }


def _days_apart_in(
    author: compared_years.Owner, by_hour: Counter[int], zone: ZoneInfo, year: int, until: date
) -> times.DaysApart:
    days = posts_by_day(by_hour)
    ends = days_between(author.first_tweet_at, author.newest_tweet_at, zone)
    first, last = ends or (min(days), until)
    since = max(date(year, 1, 1), first)
    return times.days_apart(days, min(since, *days), max(min(until, last), *days))


def _milestone(author: Author, calendar: CalendarYear, by_year: list[int]) -> Milestone | None:
    if sum(by_year) != author.tweets:
        return None
    years = zip(calendar.years, by_year, strict=True)
    count = sum(posts for year, posts in years if year < calendar.year)
    round_numbers = [digit * 10**zeros for zeros in range(3, 9) for digit in (1, 2, 5)]
    reached: Milestone | None = None
    for day in (day for month in calendar.months for day in month.days):
        before, count = count, count + day.tweets
        if passed := [number for number in round_numbers if before < number <= count]:
            reached = Milestone(passed[-1], day.date)
    return reached


async def _year_before(
    session: AsyncSession,
    author: compared_years.Owner,
    calendar: CalendarYear,
    zone: ZoneInfo,
    at: datetime,
) -> YearBefore | None:
    year = calendar.year - 1
    by_hour = await _hours_of(session, author, year, zone)
    if not by_hour:
        return None
    same_days = compared_years.same_days_of(author, calendar, posts_by_day(by_hour), zone, at)
    compared = Counter[int]()
    if same_days is not None:
        first, last = (day.toordinal() - 1 for day in (same_days.first, same_days.last))
        compared.update({h: n for h, n in by_hour.items() if first <= h // times.DAY_H <= last})
    return YearBefore(year, by_hour.total(), times.hours_of_day(compared), same_days)


async def _hours_of(
    session: AsyncSession, author: Author | compared_years.Owner, year: int, zone: ZoneInfo
) -> Counter[int]:
    since, until = span_of_year(year, zone)
    selection = Selection(usernames=(author.username,), since=since, until=until)
    return await count_by_hour(session, selection, zone)


async def _edge(
    session: AsyncSession, is_of_year: ColumnElement[bool], *, is_last: bool
) -> Post | None:
    order = [column.desc() if is_last else column for column in (Tweet.created_at, Tweet.id)]
    ordered = select_posts().where(is_of_year).order_by(*order)
    row = (await session.execute(ordered.limit(1))).first()
    return as_post(row) if row else None


class RoomYear(WrittenYear, frozen=True, kw_only=True):
    """A year of a chat."""

    room: chats.RoomFacts
    people_total: int
    """How many people wrote in the year."""
    people: list[PersonPortrait]
    """Six with the most messages of the year, then everyone else together."""
    absences: list[Absence]
    """When each of the six was not in the chat, by the lines of its file."""
    traits: list[Trait]
    """Habits that set some people apart by more than chance; at most three."""
    scanned: int
    """Messages that were looked through: the newest 20,000 of the year."""
    loved: list[chats.LovedMessage]
    """The message of the year with the most reactions, and with the most of each sign; empty if
    more than three have the most.
    """
    words_of_people: list[remembered.WordsOfPerson]
    """Terms that each of the first six people wrote clearly more often than the others, at most
    three, if `words` has none.
    """
    habits: list[remembered.ChangedHabit]
    """The clearest habit that a person took up, and the clearest that a person gave up, against the
    year before on the days that both have.
    """
    most_like: list[Post]
    """Of each of the first six people, the message with a term that is typical of them whose words
    tell them from the others most surely, if there is one.
    """

    def with_words(self, written: Written) -> Self:
        return structs.replace(
            super().with_words(written),
            people=[person.with_words(written) for person in self.people],
            words_of_people=[
                structs.replace(person, words=words)
                for person in self.words_of_people
                if (words := [*filter(None, map(written, person.words))])
            ],
        )


def _read_at(year: int, zone: ZoneInfo) -> datetime:
    """Return the time, read once: a year that ends meanwhile is over in none of its parts."""
    at = now()
    if span_of_year(year, zone)[1] > at:
        holds_until(first_instant(at.astimezone(zone).date() + timedelta(1), zone))
    elif (end_beside := span_of_year(year + 1, zone)[1]) > at:
        holds_until(end_beside)
    return at


async def read_room_year(
    session: AsyncSession, room: chats.RoomFacts, year: int, zone: ZoneInfo
) -> RoomYear:
    """Return a year of a chat. Raises NotFoundError below 100 messages."""
    depends_on(EVERYTHING)
    span, at = span_of_year(year, zone), _read_at(year, zone)
    by_year = await messages_by_year(session, room, zone)
    if not by_year.get(year):
        raise NotFoundError("There are no messages in {year}", year=year)
    if by_year[year] < FEWEST_OF_YEAR:
        raise NotFoundError(
            "There are fewer than {count} messages in {year}", count=FEWEST_OF_YEAR, year=year
        )
    is_alive = Tweet.user_id.in_(select(User.id).where(User.deleted_at.is_(None)))
    is_theirs = and_(Tweet.room_id == room.id, is_alive)
    is_of_year = and_(is_theirs, written_in(span))
    writers = compared_years.Owner(is_theirs, room.first_message_at, room.newest_message_at)
    newest = await scan(
        session, is_of_year, columns=("id", "author", "time", "text"), is_dated=True
    )
    stretch = compared_years.same_stretch(writers, year, zone, at)
    others = await remembered.read_others(session, writers, year, zone, by_year, stretch)
    around = await remembered.read_around(session, writers, year, zone)
    has_more = len(newest.time) >= MOST_SCANNED
    earlier = await time_before(session, newest, is_theirs)
    of_all = await _by_hour(session, is_of_year, zone) if has_more else None

    def count() -> tuple[
        dict[str, Any], Counter[date], ChatCounts, list[Trait], remembered.YearFacts
    ]:
        counted = count_chat(messages_of([newest]), room, zone, has_typical=False, before=earlier)
        hours = of_all or _hours_among(counted)
        by_day = posts_by_day(hours)
        written = _written(writers, hours, zone, year, at)
        posts, names = remembered.YearPosts(newest, zone), chats.names_in(room)
        found = remembered.find_remembered(posts, others, by_day, around, names, has_people=True)
        return written, by_day, counted, counted.traits({}), found

    written, by_day, counted, told, found = await asyncio.to_thread(count)
    ids, of_traits = counted.ids, counted.told_of(told)
    people, traits = await with_names(session, counted.people, ids, told, of_traits)
    moments = np.array(newest.time, np.int64)
    first = datetime.fromtimestamp(moments.min(), UTC) if has_more else span[0]
    within = {"since": first, "until": span[1]}
    people, absences = await with_absences(session, room.id, people, counted.ids, within, moments)
    loved = await chats.most_loved(session, room.id, span)
    of_year = {listed: count for listed, count in by_year.items() if count >= FEWEST_OF_YEAR}
    days = [DayPosts(day, by_day[day], room.id) for day in sorted(by_day)]
    return RoomYear(
        **written,
        room=room,
        calendar=make_calendar(year, [*of_year], days),
        by_year=[*of_year.values()],
        people_total=len(counted.speakers),
        people=people,
        absences=absences,
        traits=traits,
        scanned=counted.scanned,
        loved=loved if loved and loved[0].sign is None else [],
        **await remembered.with_posts(session, found, others),
        **await remembered.of_people(session, found),
    )


async def _by_hour(
    session: AsyncSession, is_of_year: ColumnElement[bool], zone: ZoneInfo
) -> Counter[int]:
    hour = local_unit(seconds_of(Tweet.created_at), zone, HOUR_S, tick_s=1).label("hour")
    query = select(hour, func.count()).where(is_of_year).group_by("hour")
    return Counter({int(hour): count for hour, count in await session.execute(query)})


def _hours_among(counted: ChatCounts) -> Counter[int]:
    """Return the counted messages by hour since the year 1, as `_by_hour` does for all."""
    until_1970 = (date(1970, 1, 1).toordinal() - 1) * times.DAY_H
    hours = Counter[int]()
    for speaker in counted.speakers:
        for hour, messages in speaker.hours.items():
            hours[hour + until_1970] += messages
    return hours
