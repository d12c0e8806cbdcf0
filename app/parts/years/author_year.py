"""A year of an author: when they wrote, which words came and went, whom they answered."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import first_instant, now, span_of_year
from app.compute.days_apart import DaysApart, days_apart
from app.compute.fingerprint import Measure
from app.compute.hours import (
    DAY_H,
    BusyFrom,
    BusyPart,
    DayHours,
    busiest_hours,
    fullest_part,
    hours_of_day,
)
from app.compute.mentions import NameCount
from app.errors import NotFoundError
from app.models import Tweet
from app.parts.years.compared_years import WordsOfYear, Writers, YearWord, compare_years
from app.parts.years.same_days import SameDays, YearsAuthor, same_days_of
from app.result_cache import holds_until
from app.services.archive.calendar import CalendarYear, calendar_of
from app.services.archive.memories import most_liked
from app.services.archive.numbers import posts_by_day
from app.services.posts.selection import Selection
from app.services.posts.statistics import count_by_hour, count_in_spans, have_posts
from app.services.posts.tweets import Post, as_post, select_posts
from app.services.posts.users import Author

MOST_LIKED: Final = 3
ROUND: Final = tuple(digit * 10**zeros for zeros in range(3, 9) for digit in (1, 2, 5))
"""Numbers of posts that are a milestone."""


class YearBefore(msgspec.Struct, frozen=True):
    """What a year is told beside."""

    year: int
    tweets: int
    hours: Annotated[
        list[int],
        Meta(
            description=(
                "Number of posts in each hour of the day in `tz`, only on the days of `same_days`."
            )
        ),
    ]
    same_days: Annotated[
        SameDays | None,
        Meta(description="Days that both years have; null if there are fewer than 14."),
    ]


class Milestone(msgspec.Struct, frozen=True):
    """A round number of posts, and the day on which an author reached it."""

    count: int
    day: date


class WrittenYear(msgspec.Struct, frozen=True, kw_only=True):
    """A year of an author or of a chat, in a time zone."""

    tz: str
    calendar: CalendarYear
    hours: DayHours
    busy_from: BusyFrom
    busy_part: BusyPart
    days_apart: DaysApart
    is_over: Annotated[bool, Meta(description="Whether the year has ended in `tz`.")]
    until: Annotated[
        date, Meta(description="Last day of the year; today, if the year has not ended.")
    ]
    came: Annotated[
        WordsOfYear | None,
        Meta(
            description=(
                "Compared with the year before, on the days that both have; null if either"
                " has fewer than 20 posts on these days."
            )
        ),
    ]
    went: Annotated[
        WordsOfYear | None,
        Meta(
            description=(
                "Compared with the year after, on the days that both have; null if either has fewer"
                " than 20 posts on these days."
            )
        ),
    ]
    only: Annotated[
        list[YearWord],
        Meta(
            description=(
                "Terms that came and went: in this year, but in neither the year before nor the"
                " year after."
            )
        ),
    ]
    by_year: Annotated[
        list[int], Meta(description="Number of posts in each of the calendar's `years`.")
    ]


class AuthorYear(WrittenYear, frozen=True, kw_only=True):
    """A year of an author."""

    user: Author
    before: Annotated[
        YearBefore | None, Meta(description="The year before; null if it has no posts.")
    ]
    measures: Annotated[
        list[Measure] | None,
        Meta(
            description=(
                "Habits of this year (`own`) and the year before (`beside`), on the days that"
                " both have, clear changes first; null if either has fewer than 20 posts with"
                " text on these days."
            )
        ),
    ]
    answered: Annotated[list[NameCount], Meta(description="Usernames that the replies answer.")]
    most_answered: Annotated[
        str | None,
        Meta(
            description=(
                "Username that they answer clearly more than any other, compared by day; null if"
                " there is none."
            )
        ),
    ]
    most_liked: list[Post]
    first: Post
    last: Post
    milestone: Annotated[
        Milestone | None,
        Meta(
            description=(
                "The largest of 1,000, 2,000, 5,000, 10,000 and so on that the number of the"
                " author's posts here reached in the year; null if some posts have no time."
            )
        ),
    ]


async def read_year(session: AsyncSession, author: Author, year: int, zone: ZoneInfo) -> AuthorYear:
    """Return a year of the author. Raises NotFoundError where it has no posts."""
    # Asked once: a year that ends meanwhile is over in none of its parts.
    at, span = now(), span_of_year(year, zone)
    if not (await have_posts(session, author.id, [span]))[0]:
        raise NotFoundError(
            "There are no posts by '{username}' in {year}", username=author.username, year=year
        )
    calendar = await calendar_of(session, author, zone, year)
    edges = [await _edge(session, author, year, zone, is_last=is_last) for is_last in (False, True)]
    if calendar is None or None in edges:
        raise NotFoundError("User '{username}' doesn't exist", username=author.username)
    liked = await most_liked(session, author.id, limit=MOST_LIKED, span=span)
    is_over, until = end_of_year(year, zone, at)
    hours = await _hours_of(session, author, year, zone)
    before = await _year_before(session, author, calendar, zone, at)
    times = author.first_tweet_at, author.newest_tweet_at
    own = Writers(Tweet.user_id == author.id, *times, author.username)
    compared = await compare_years(session, own, year, zone, at)
    years = [span_of_year(listed, zone) for listed in calendar.years]
    by_year = await count_in_spans(session, author.id, years)
    first, last = (edge for edge in edges if edge)
    return AuthorYear(
        user=author,
        tz=zone.key,
        calendar=calendar,
        hours=hours_of_day(hours),
        busy_from=busiest_hours(hours),
        busy_part=fullest_part(hours),
        days_apart=days_apart_in(own, hours, zone, year, until),
        is_over=is_over,
        until=until,
        before=before,
        **compared._asdict(),
        most_liked=liked,
        first=first,
        last=last,
        by_year=by_year,
        milestone=_milestone(author, calendar, by_year),
    )


def end_of_year(year: int, zone: ZoneInfo, at: datetime) -> tuple[bool, date]:
    """Return whether a year is over, and its last day, or today; note how long that holds."""
    end, end_beside = span_of_year(year, zone)[1], span_of_year(year + 1, zone)[1]
    if end_beside > at:
        holds_until(end_beside)
    if end <= at:
        return True, date(year, 12, 31)
    today = at.astimezone(zone).date()
    holds_until(first_instant(today + timedelta(1), zone))
    return False, today


def days_apart_in(
    author: YearsAuthor, by_hour: Counter[int], zone: ZoneInfo, year: int, until: date
) -> DaysApart:
    """Return what stands out among the days of a year, from the first post of all to the last."""
    days = posts_by_day(by_hour)
    times = author.first_tweet_at, author.newest_tweet_at
    first, last = (time.astimezone(zone).date() if time else None for time in times)
    since = max(date(year, 1, 1), first or min(days))
    return days_apart(days, min(since, *days), max(min(until, last or until), *days))


def _milestone(author: Author, calendar: CalendarYear, by_year: list[int]) -> Milestone | None:
    if sum(by_year) != author.tweets:
        return None
    years = zip(calendar.years, by_year, strict=True)
    count = sum(posts for year, posts in years if year < calendar.year)
    reached: Milestone | None = None
    for day in (day for month in calendar.months for day in month.days):
        before, count = count, count + day.tweets
        if passed := [number for number in ROUND if before < number <= count]:
            reached = Milestone(passed[-1], day.date)
    return reached


async def _year_before(
    session: AsyncSession, author: Author, calendar: CalendarYear, zone: ZoneInfo, at: datetime
) -> YearBefore | None:
    year = calendar.year - 1
    by_hour = await _hours_of(session, author, year, zone)
    if not by_hour:
        return None
    same_days = same_days_of(author, calendar, posts_by_day(by_hour), zone, at)
    compared = Counter[int]()
    if same_days is not None:
        first, last = (day.toordinal() - 1 for day in (same_days.first, same_days.last))
        compared.update({h: n for h, n in by_hour.items() if first <= h // DAY_H <= last})
    return YearBefore(year, by_hour.total(), hours_of_day(compared), same_days)


async def _hours_of(
    session: AsyncSession, author: Author, year: int, zone: ZoneInfo
) -> Counter[int]:
    """Return how many posts each hour of a year has; see `count_by_hour`."""
    since, until = span_of_year(year, zone)
    selection = Selection(usernames=(author.username,), since=since, until=until)
    return await count_by_hour(session, selection, zone)


async def _edge(
    session: AsyncSession, author: Author, year: int, zone: ZoneInfo, *, is_last: bool
) -> Post | None:
    """Return the first or the last post of a year."""
    since, until = span_of_year(year, zone)
    of_year = select_posts().where(
        Tweet.user_id == author.id, Tweet.created_at >= since, Tweet.created_at < until
    )
    order = (Tweet.created_at, Tweet.id)
    ordered = of_year.order_by(*((column.desc() if is_last else column) for column in order))
    row = (await session.execute(ordered.limit(1))).first()
    return as_post(row) if row else None
