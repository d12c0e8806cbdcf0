"""A year of an author or a chat: when they wrote, and which words came and went.

A year is compared with its neighbours on the days that both have. Nothing is known of an author
before the first post or after the last, so the spring of an unfinished year is not compared with a
whole year.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.compute.fingerprint import Measure, fingerprint, tally_of
from app.compute.phrases import Phrase, WordedTexts, phrases_apart
from app.compute.portrait import PersonPortrait, Trait
from app.compute.significance import fullest, is_ahead
from app.compute.text import guess_main_language, username_key
from app.compute.times import (
    DAY_H,
    DAY_S,
    WEEK_DAYS,
    BusyFrom,
    BusyPart,
    DayHours,
    DaysApart,
    WrittenTexts,
    busiest_hours,
    conversations_of,
    days_apart,
    fullest_part,
    hours_of_day,
)
from app.compute.typical_words import GainedWord
from app.compute.words import NameCount, count_names
from app.db.result_cache import EVERYTHING, LruStore, depends_on, holds_until
from app.errors import NotFoundError
from app.models import Tweet, User
from app.runtime.clock import first_instant, now, span_of_year
from app.services.archive.author_archive import (
    CalendarYear,
    DayPosts,
    answered_in,
    calendar_of,
    calendar_with,
    most_liked,
    posts_by_day,
)
from app.services.event_log import newest_event
from app.services.posts.post_counts import (
    HOUR_S,
    count_by_hour,
    count_in_spans,
    have_posts,
    local_unit,
    seconds_of,
)
from app.services.posts.selection import MOST_SCANNED, Scan, Selection, said_in, scan
from app.services.posts.tweets import Post, as_post, select_posts
from app.services.posts.users import Author
from app.services.rooms.messages import FEWEST_OF_YEAR, LovedMessage, messages_by_year, most_loved
from app.services.rooms.room_facts import RoomFacts
from app.services.rooms.sight import CountedChat, count_chat, with_names

FEWEST_DAYS: Final = 14
"""Fewest days that two years need in common: two weeks have each weekday as often."""
LACK: Final = timedelta(7)
"""Days that a whole year may lack at either end."""
FEWEST_COMPARED: Final = 20


class Writers(NamedTuple):
    is_theirs: ColumnElement[bool]
    first_tweet_at: datetime | None
    newest_tweet_at: datetime | None
    username: str = ""


class SameDays(msgspec.Struct, frozen=True):
    """The days of a year that the year before has too, and the posts of both on them."""

    first: Annotated[date, Meta(description="First of these days, in the year before.")]
    last: Annotated[date, Meta(description="Last of these days, in the year before.")]
    tweets: Annotated[int, Meta(description="Number of posts of the year on these days.")]
    tweets_before: Annotated[
        int, Meta(description="Number of posts of the year before on these days.")
    ]
    is_clear: Annotated[
        bool,
        Meta(description="Whether the two years differ by more than chance, compared by week."),
    ]


Span = tuple[datetime, datetime]


class Stretch(NamedTuple):
    since: date
    until: date
    since_before: date
    until_before: date

    def spans(self, zone: ZoneInfo) -> tuple[Span, Span]:
        since, until, since_before, until_before = (first_instant(day, zone) for day in self)
        return (since, until), (since_before, until_before)


def stretch_of(year: int, first: date, last: date, *, is_over: bool) -> Stretch | None:
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
    return Stretch(since, end, _moved(since, -1), end_before)


def same_stretch(writers: Writers, year: int, zone: ZoneInfo, at: datetime) -> Stretch | None:
    """Return the days that a year and the one before have at a time; None for too few."""
    if writers.first_tweet_at is None or writers.newest_tweet_at is None:
        return None
    if not MINYEAR < year < MAXYEAR:
        return None
    is_over = span_of_year(year, zone)[1] <= at
    times = writers.first_tweet_at, writers.newest_tweet_at
    first, last = (time.astimezone(zone).date() for time in times)
    return stretch_of(year, first, last, is_over=is_over)


def same_days_of(
    writers: Writers,
    calendar: CalendarYear,
    before: Mapping[date, int],
    zone: ZoneInfo,
    at: datetime,
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
    """A word or phrase that is in a clearly larger share of the posts of a year than of the year
    beside it."""

    posts: Annotated[int, Meta(description="Number of posts of the year with the word.")]
    posts_beside: Annotated[
        int, Meta(description="Number of posts of the other year with the word.")
    ]
    times: Annotated[
        float | None,
        Meta(
            description=(
                "How many times as often as in the other year, by the share of posts; null if"
                " never there."
            )
        ),
    ]

    @property
    def is_rare_beside(self) -> bool:
        """Whether it is new or gone: its share is at least ten times the other's."""
        return self.times is None or self.times >= 10


class WordsOfYear(msgspec.Struct, frozen=True):
    """What is typical of a year beside another one."""

    year: Annotated[int, Meta(description="The other year.")]
    is_over: Annotated[bool, Meta(description="Whether the other year has ended in `tz`.")]
    words: Annotated[list[YearWord], Meta(description="The clearest first.")]


class ChangesOfYear(NamedTuple):
    """Changes in the texts of a year; the fields of `AuthorYear`."""

    came: WordsOfYear | None
    went: WordsOfYear | None
    only: list[YearWord]
    measures: list[Measure] | None
    answered: list[NameCount]
    most_answered: str | None


class _Pair(NamedTuple):
    own: Scan
    beside: Scan


class _Gained(NamedTuple):
    own: WordedTexts
    beside: WordedTexts
    phrases: list[Phrase]

    def words(self, phrases: Iterable[Phrase] | None) -> list[YearWord]:
        return [self._word(phrase) for phrase in phrases or ()]

    def _word(self, phrase: Phrase) -> YearWord:
        count, count_beside = phrase.messages, phrase.messages_elsewhere
        times = None
        if count_beside:
            share, share_beside = count / len(self.own.texts), count_beside / len(self.beside.texts)
            times = round(share / share_beside, 2)
        return YearWord(phrase.text, count, count_beside, times)


async def compare_years(
    session: AsyncSession, author: Writers, year: int, zone: ZoneInfo, at: datetime
) -> ChangesOfYear:
    """Return what changed in a year until the time `at`, and whom the author answered."""
    is_over_beside = span_of_year(year + 1, zone)[1] <= at
    whole = await _scan_span(session, author, span_of_year(year, zone))
    before = same_stretch(author, year, zone, at)
    after = same_stretch(author, year + 1, zone, at)
    pairs = [
        before and await _pair(session, author, whole, before.spans(zone)),
        after and await _pair(session, author, whole, after.spans(zone)[::-1]),
    ]
    compare = partial(_compare, whole, pairs, author, year, is_over_beside=is_over_beside)
    return await asyncio.to_thread(compare)


async def _pair(
    session: AsyncSession, author: Writers, whole: Scan, spans: tuple[Span, Span]
) -> _Pair:
    """Return the posts of two years on common days.

    whole: all posts of the year, read once. spans: these days of both years.
    """
    (since, until), span_beside = spans
    times = [time for time in whole.time if time is not None]
    has_all = not times or (since.timestamp() <= times[-1] and times[0] < until.timestamp())
    own = whole if has_all else await _scan_span(session, author, (since, until))
    return _Pair(own, await _scan_span(session, author, span_beside))


async def _scan_span(session: AsyncSession, author: Writers, span: Span) -> Scan:
    is_within = Tweet.created_at >= span[0], Tweet.created_at < span[1]
    return await scan(
        session, author.is_theirs, *is_within, columns=("time", "text", "answered"), limit=3_000
    )


def _compare(
    whole: Scan, pairs: Sequence[_Pair | None], author: Writers, year: int, *, is_over_beside: bool
) -> ChangesOfYear:
    """Return the changes of a year; call it in a thread.

    pairs: the year next to the year before, and to the year after.
    """
    worded: dict[int, WordedTexts] = {}
    gained: list[_Gained | None] = []
    for pair in pairs:
        if pair is None or min(len(pair.own.text), len(pair.beside.text)) < FEWEST_COMPARED:
            gained.append(None)
            continue
        # Mostly all of the year is compared twice, and its words take longest to find.
        own = worded.get(id(pair.own)) or worded.setdefault(id(pair.own), _worded(pair.own))
        beside = _worded(pair.beside)
        language = guess_main_language(own.texts)
        gained.append(_Gained(own, beside, phrases_apart([own, beside], {0: language})[0]))
    before, after = gained
    answered = answered_in(whole, author.username)
    most = count_names(answered, most=8)
    came, went, only = _apart(before and before.phrases, after and after.phrases)
    return ChangesOfYear(
        came=before and WordsOfYear(year - 1, True, before.words(came)),
        went=after and WordsOfYear(year + 1, is_over_beside, after.words(went)),
        only=before.words(only) if before else [],
        measures=_measures(pairs[0]) if author.username else None,
        answered=most,
        most_answered=_clearly_first(most, answered, whole.time),
    )


def _clearly_first(
    most: Sequence[NameCount], answered: Sequence[str | None], times: Sequence[int | None]
) -> str | None:
    """Return whom an author answers clearly most, compared by day."""
    first_two = [username_key(counted.name) for counted in most[:2]]
    days = [*dict.fromkeys(time // DAY_S for time in times if time is not None)]
    places = {day: place for place, day in enumerate(days)}
    counts = [[0] * len(days) for _ in first_two]
    for name, time in zip(answered, times, strict=True):
        if name and time is not None and (key := username_key(name)) in first_two:
            counts[first_two.index(key)][places[time // DAY_S]] += 1
    return most[0].name if fullest(counts) == 0 else None


def _worded(of_days: Scan) -> WordedTexts:
    return WordedTexts.of(WrittenTexts(of_days.text, conversations_of(of_days.time)))


def _measures(pair: _Pair | None) -> list[Measure] | None:
    if pair is None or min(len(pair.own.text), len(pair.beside.text)) < FEWEST_COMPARED:
        return None
    # What is written of for some days is no change: of years weeks are compared.
    weeks = conversations_of([*pair.own.time, *pair.beside.time], WEEK_DAYS * DAY_S)
    tally = tally_of(pair.own.text, weeks)
    tally_before = tally_of(pair.beside.text, weeks[len(pair.own.time) :])
    if min(tally.messages, tally_before.messages) < FEWEST_COMPARED:
        return None
    return fingerprint(tally, [], [tally_before])


def _apart(
    came: list[Phrase] | None, went: list[Phrase] | None
) -> tuple[list[Phrase] | None, list[Phrase] | None, list[Phrase]]:
    """Return the phrases of both lists so that no word is in two.

    A phrase that came and went is in a third list if neither other year has it, otherwise it went.
    """
    if came is None or went is None:
        return came, went, []
    words_went = {word: phrase for phrase in went for word in phrase.words}
    only: list[Phrase] = []
    stayed: list[Phrase] = []
    for phrase in came:
        others = [words_went[word] for word in phrase.words if word in words_went]
        if not others:
            stayed.append(phrase)
        elif not any(one.messages_elsewhere for one in (phrase, *others)):
            only.append(phrase)
    words_only = {word for phrase in only for word in phrase.words}
    return stayed, [phrase for phrase in went if words_only.isdisjoint(phrase.words)], only


class YearBefore(msgspec.Struct, frozen=True):
    """The year before, with which a year is compared."""

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
    """Return a year of the author. Raises NotFoundError if it has no posts."""
    # The time is read once: a year that ends meanwhile is over in none of its parts.
    at, span = now(), span_of_year(year, zone)
    if ends_at := _ends_at(year, zone, at):
        holds_until(ends_at)
    if not (await have_posts(session, author.id, [span]))[0]:
        raise NotFoundError(
            "There are no posts by '{username}' in {year}", username=author.username, year=year
        )
    calendar = await calendar_of(session, author, zone, year)
    edges = [await _edge(session, author, year, zone, is_last=is_last) for is_last in (False, True)]
    if calendar is None or None in edges:
        raise NotFoundError("User '{username}' doesn't exist", username=author.username)
    liked = await most_liked(session, author.id, limit=3, span=span)
    hours = await _hours_of(session, author, year, zone)
    times = author.first_tweet_at, author.newest_tweet_at
    own = Writers(Tweet.user_id == author.id, *times, author.username)
    before = await _year_before(session, own, calendar, zone, at)
    compared = await compare_years(session, own, year, zone, at)
    years = [span_of_year(listed, zone) for listed in calendar.years]
    by_year = await count_in_spans(session, author.id, years)
    first, last = (edge for edge in edges if edge)
    written = await asyncio.to_thread(_written, own, hours, zone, year, at)
    return AuthorYear(
        **written,
        **compared._asdict(),
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
    writers: Writers, by_hour: Counter[int], zone: ZoneInfo, year: int, at: datetime
) -> dict[str, Any]:
    is_over = span_of_year(year, zone)[1] <= at
    until = date(year, 12, 31) if is_over else at.astimezone(zone).date()
    return {
        "tz": zone.key,
        "hours": hours_of_day(by_hour),
        "busy_from": busiest_hours(by_hour),
        "busy_part": fullest_part(by_hour),
        "days_apart": _days_apart_in(writers, by_hour, zone, year, until),
        "is_over": is_over,
        "until": until,
    }


def _ends_at(year: int, zone: ZoneInfo, at: datetime) -> datetime | None:
    """Return when a year must be read again: at the end of a day or of the next year."""
    if span_of_year(year, zone)[1] > at:
        return first_instant(at.astimezone(zone).date() + timedelta(1), zone)
    end_beside = span_of_year(year + 1, zone)[1]
    return end_beside if end_beside > at else None


def _days_apart_in(
    author: Writers, by_hour: Counter[int], zone: ZoneInfo, year: int, until: date
) -> DaysApart:
    """Return what stands out among a year's days, within those of all posts."""
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
    round_numbers = [digit * 10**zeros for zeros in range(3, 9) for digit in (1, 2, 5)]
    reached: Milestone | None = None
    for day in (day for month in calendar.months for day in month.days):
        before, count = count, count + day.tweets
        if passed := [number for number in round_numbers if before < number <= count]:
            reached = Milestone(passed[-1], day.date)
    return reached


async def _year_before(
    session: AsyncSession, author: Writers, calendar: CalendarYear, zone: ZoneInfo, at: datetime
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
    session: AsyncSession, author: Author | Writers, year: int, zone: ZoneInfo
) -> Counter[int]:
    since, until = span_of_year(year, zone)
    selection = Selection(usernames=(author.username,), since=since, until=until)
    return await count_by_hour(session, selection, zone)


async def _edge(
    session: AsyncSession, author: Author, year: int, zone: ZoneInfo, *, is_last: bool
) -> Post | None:
    since, until = span_of_year(year, zone)
    of_year = select_posts().where(
        Tweet.user_id == author.id, Tweet.created_at >= since, Tweet.created_at < until
    )
    order = (Tweet.created_at, Tweet.id)
    ordered = of_year.order_by(*((column.desc() if is_last else column) for column in order))
    row = (await session.execute(ordered.limit(1))).first()
    return as_post(row) if row else None


class RoomYear(WrittenYear, frozen=True, kw_only=True):
    """A year of a chat."""

    room: RoomFacts
    people_total: Annotated[int, Meta(description="How many people wrote in the year.")]
    people: Annotated[
        list[PersonPortrait],
        Meta(description="Six with the most messages of the year, then the others together."),
    ]
    traits: Annotated[
        list[Trait], Meta(description="What sets some apart by more than chance; at most three.")
    ]
    scanned: Annotated[
        int, Meta(description="Messages that were looked through: the newest 20,000 of the year.")
    ]
    loved: Annotated[
        list[LovedMessage],
        Meta(description="The message of the year with the most reactions, and those of signs."),
    ]


class KeptYear(NamedTuple):
    event: int
    """The newest event when it was read; the next one makes it old."""
    ends_at: datetime | None
    shown: RoomYear


KeptYears = LruStore[tuple[int, int, str, bool], KeptYear]
"""Years by room, year, time zone, and whether with typical words."""


@asynccontextmanager
async def open_years(_resources: Any) -> AsyncIterator[KeptYears]:
    yield LruStore(50, lambda _: 1)


async def read_room_year(
    session: AsyncSession,
    room: RoomFacts,
    year: int,
    zone: ZoneInfo,
    store: KeptYears,
    *,
    has_typical: bool = False,
) -> RoomYear:
    """Return a year of a chat. Raises NotFoundError below 100 messages.

    has_typical: whether each person's typical words are looked for, which pages do not show.
    """
    depends_on(EVERYTHING)
    event, at, key = await newest_event(session), now(), (room.id, year, zone.key, has_typical)
    kept = store.get(key)
    if kept is None or kept.event != event or (kept.ends_at is not None and kept.ends_at <= at):
        shown = await _read_room_year(session, room, year, zone, at, has_typical=has_typical)
        kept = KeptYear(event, _ends_at(year, zone, at), shown)
        store.put(key, kept)
    if kept.ends_at:
        holds_until(kept.ends_at)
    return kept.shown


async def _read_room_year(
    session: AsyncSession,
    room: RoomFacts,
    year: int,
    zone: ZoneInfo,
    at: datetime,
    *,
    has_typical: bool,
) -> RoomYear:
    span = span_of_year(year, zone)
    by_year = await messages_by_year(session, room, zone)
    if by_year.get(year, 0) < FEWEST_OF_YEAR:
        raise NotFoundError(
            "There are fewer than {count} messages in {year}", count=FEWEST_OF_YEAR, year=year
        )
    is_alive = Tweet.user_id.in_(select(User.id).where(User.deleted_at.is_(None)))
    is_theirs = and_(Tweet.room_id == room.id, is_alive)
    is_of_year = and_(is_theirs, Tweet.created_at >= span[0], Tweet.created_at < span[1])
    writers = Writers(is_theirs, room.first_message_at, room.newest_message_at)
    compared = await compare_years(session, writers, year, zone, at)
    newest = await scan(session, is_of_year, columns=("author", "time", "text"), is_dated=True)
    has_more = len(newest.time) >= MOST_SCANNED
    of_all = await _by_hour(session, is_of_year, zone) if has_more else None

    def count() -> tuple[dict[str, Any], Counter[date], CountedChat, list[Trait]]:
        counted = count_chat(said_in([newest]), room, zone, has_typical=has_typical)
        hours = of_all or _hours_among(counted)
        written = _written(writers, hours, zone, year, at)
        return written, posts_by_day(hours), counted, counted.traits({})

    written, by_day, counted, found = await asyncio.to_thread(count)
    people, traits = await with_names(session, counted, found)
    of_year = {listed: count for listed, count in by_year.items() if count >= FEWEST_OF_YEAR}
    days = [DayPosts(day, by_day[day], room.id) for day in sorted(by_day)]
    return RoomYear(
        **written,
        room=room,
        calendar=calendar_with(year, [*of_year], days),
        came=compared.came,
        went=compared.went,
        only=compared.only,
        by_year=[*of_year.values()],
        people_total=len(counted.speakers),
        people=people,
        traits=traits,
        scanned=counted.scanned,
        loved=await most_loved(session, room.id, span),
    )


async def _by_hour(
    session: AsyncSession, is_of_year: ColumnElement[bool], zone: ZoneInfo
) -> Counter[int]:
    hour = local_unit(seconds_of(Tweet.created_at), zone, HOUR_S, tick_s=1).label("hour")
    query = select(hour, func.count()).where(is_of_year).group_by("hour")
    return Counter({int(hour): count for hour, count in await session.execute(query)})


def _hours_among(counted: CountedChat) -> Counter[int]:
    """Return the counted messages by hour since the year 1, as `_by_hour` does for all."""
    until_1970 = (date(1970, 1, 1).toordinal() - 1) * DAY_H
    hours = Counter[int]()
    for speaker in counted.speakers:
        for hour, messages in speaker.hours.items():
            hours[hour + until_1970] += messages
    return hours
