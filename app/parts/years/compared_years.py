"""A year and the year before it, on the days that both have: posts and habits.

Nothing is known of an author before the first post or after the last, so the spring of an
unfinished year is not compared with a whole year.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from typing import Final, NamedTuple, Self
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from app.runtime.clock import days_between, first_instant, span_of_year
from app.services.archive.author_archive import CalendarYear
from app.services.archive.author_portrait import answered_names
from app.services.posts.selection import Scan, Span, scan, written_in
from saywho.people.fingerprint import Measure, changes, tally_of
from saywho.people.phrases import Phrase, WordedTexts
from saywho.people.times import DAY_S, WEEK_DAYS, WrittenTexts, conversations_of
from saywho.people.typical_words import GainedWord
from saywho.significance import fullest, is_ahead
from saywho.text import username_key
from saywho.words import NameCount, count_names

FEWEST_DAYS: Final = 14
"""Fewest days that two years need in common: two weeks have each weekday as often."""
LACK: Final = timedelta(7)
"""Days that a whole year may lack at either end."""
FEWEST_COMPARED: Final = 20
MOST_COMPARED: Final = 3_000
"""Newest posts of each year that are compared."""
MOST_GUESSED: Final = 500
"""Largest number of posts by which the language is guessed, evenly spread."""


class Owner(NamedTuple):
    is_theirs: ColumnElement[bool]
    first_tweet_at: datetime | None
    newest_tweet_at: datetime | None
    username: str = ""


class SameDays(msgspec.Struct, frozen=True):
    """The days of a year that the year before has too, and the posts of both on them."""

    first: date
    """First of these days, in the year before."""
    last: date
    """Last of these days, in the year before."""
    tweets: int
    """Number of posts of the year on these days."""
    tweets_before: int
    """Number of posts of the year before on these days."""
    is_clear: bool
    """Whether the two years differ by more than chance, compared by week."""


class SharedSpan(NamedTuple):
    since: date
    until: date
    since_before: date
    until_before: date

    def spans(self, zone: ZoneInfo) -> tuple[Span, Span]:
        since, until, since_before, until_before = (first_instant(day, zone) for day in self)
        return (since, until), (since_before, until_before)


def stretch_of(year: int, first: date, last: date, *, is_over: bool) -> SharedSpan | None:
    """Return the days that a year and the year before have; None for too few.

    first, last: days of an author's first and last post.
    """
    before, after = date(year - 1, 1, 1), date(year + 1, 1, 1)
    since = _moved(first if first - before >= LACK else before, 1)
    is_whole = last + timedelta(1) >= after - (LACK if is_over else timedelta())
    end = after if is_whole else last + timedelta(1)
    if end - since < timedelta(FEWEST_DAYS):
        return None
    # Until February 28 there is no leap day in the year before, either.
    end_before = min(_moved(end, -1), _moved(end - timedelta(1), -1) + timedelta(1))
    return SharedSpan(since, end, _moved(since, -1), end_before)


def same_stretch(writers: Owner, year: int, zone: ZoneInfo, at: datetime) -> SharedSpan | None:
    """Return the days that a year and the one before have at a time; None for too few."""
    days = days_between(writers.first_tweet_at, writers.newest_tweet_at, zone)
    if days is None or not MINYEAR < year < MAXYEAR:
        return None
    return stretch_of(year, *days, is_over=span_of_year(year, zone)[1] <= at)


def same_days_of(
    writers: Owner, calendar: CalendarYear, before: Mapping[date, int], zone: ZoneInfo, at: datetime
) -> SameDays | None:
    """Return a year next to the year before; None for too few common days.

    before: number of posts by day of the year before.
    """
    stretch = same_stretch(writers, calendar.year, zone, at)
    if stretch is None:
        return None
    days = {day.date: day.tweets for month in calendar.months for day in month.days}
    weeks = _weeks(days, stretch.since, stretch.until)
    weeks_before = _weeks(before, stretch.since_before, stretch.until_before)
    return SameDays(
        first=stretch.since_before,
        last=stretch.until_before - timedelta(1),
        tweets=sum(weeks),
        tweets_before=sum(weeks_before),
        is_clear=is_ahead(weeks, weeks_before) or is_ahead(weeks_before, weeks),
    )


def _weeks(days: Mapping[date, int], since: date, until: date) -> list[int]:
    weeks = [0] * -(-(until - since).days // WEEK_DAYS)
    for day, posts in days.items():
        if since <= day < until:
            weeks[(day - since).days // WEEK_DAYS] += posts
    return weeks


def _moved(day: date, years: int) -> date:
    """Return the same day of another year; March 1 for a missing February 29."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


class YearWord(
    GainedWord, frozen=True, rename={"posts": "tweets", "posts_beside": "tweets_beside"}
):
    """A word or phrase in a clearly larger share of a year's posts than of another year's."""

    posts: int
    """Number of posts of the year with the word."""
    posts_beside: int
    """Number of posts of the other year with the word."""
    times: float | None
    """How many times as often as in the other year, by the share of posts; null if never there."""

    @classmethod
    def of(cls, phrase: Phrase, own: WordedTexts, beside: WordedTexts, posts: int) -> Self:
        times = None
        if posts_beside := phrase.messages_elsewhere:
            share = phrase.messages / len(own.texts)
            times = round(share / (posts_beside / len(beside.texts)), 2)
        return cls(phrase.text, posts, posts_beside, times)

    @property
    def is_rare_beside(self) -> bool:
        """Whether it is new or gone: its share is at least ten times the other's."""
        return self.times is None or self.times >= 10


class ChangesOfYear(NamedTuple):
    """Changes in the texts of an author's year; the fields of `AuthorYear`."""

    measures: list[Measure] | None
    answered: list[NameCount]
    most_answered: str | None


async def compare_years(
    session: AsyncSession, author: Owner, year: int, zone: ZoneInfo, at: datetime
) -> ChangesOfYear:
    """Return the changes of a year until the time `at`, and the people that the author answered."""
    whole = await _scan_span(session, author, span_of_year(year, zone))
    stretch = same_stretch(author, year, zone, at)
    pair: tuple[Scan, Scan] | None = None
    if stretch is not None:
        span, span_before = stretch.spans(zone)
        pair = (
            await _scan_span(session, author, span),
            await _scan_span(session, author, span_before),
        )
    return await asyncio.to_thread(_compare, whole, pair, author)


async def _scan_span(session: AsyncSession, author: Owner, span: Span) -> Scan:
    return await scan(
        session,
        author.is_theirs,
        written_in(span),
        columns=("time", "text", "answered"),
        limit=MOST_COMPARED,
    )


def _compare(whole: Scan, pair: tuple[Scan, Scan] | None, author: Owner) -> ChangesOfYear:
    answered = answered_names(whole, author.username)
    most = count_names(answered, most=8)
    first_two = [username_key(counted.name) for counted in most[:2]]
    days = [*dict.fromkeys(time // DAY_S for time in whole.time if time is not None)]
    places = {day: place for place, day in enumerate(days)}
    counts = [[0] * len(days) for _ in first_two]
    for name, time in zip(answered, whole.time, strict=True):
        if name and time is not None and (key := username_key(name)) in first_two:
            counts[first_two.index(key)][places[time // DAY_S]] += 1
    most_answered = most[0].name if fullest(counts) == 0 else None
    return ChangesOfYear(pair and _measures(*pair), most, most_answered)


def worded_texts(texts: Sequence[str], times: Iterable[int | None]) -> WordedTexts:
    return WordedTexts.of(WrittenTexts([*texts], conversations_of(times)))


def _measures(own: Scan, before: Scan) -> list[Measure] | None:
    if min(len(own.text), len(before.text)) < FEWEST_COMPARED:
        return None
    # What is written of for some days is no change: of years weeks are compared.
    weeks = conversations_of([*own.time, *before.time], WEEK_DAYS * DAY_S)
    tally = tally_of(own.text, weeks, is_chat=False)
    tally_before = tally_of(before.text, weeks[len(own.time) :], is_chat=False)
    if min(tally.messages, tally_before.messages) < FEWEST_COMPARED:
        return None
    return changes(tally, tally_before)
