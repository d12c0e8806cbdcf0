"""A year of an author: when they wrote, which words came and went, whom they answered."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.clock import now, span_of_year
from app.compute.conversations import WrittenTexts, conversations_of
from app.compute.fingerprint import Measure, fingerprint, tally_of
from app.compute.hours import DAY_S, BusyFrom, DayHours, busiest_hours, hours_of_day
from app.compute.languages import guess_main_language
from app.compute.mentions import NameCount, count_names
from app.compute.phrases import Phrase, WordedTexts, phrases_apart
from app.compute.wording import GainedWord
from app.errors import NotFoundError
from app.memo import holds_until
from app.models import Tweet
from app.services.archive.calendar import CalendarYear, calendar_of
from app.services.archive.memories import most_liked
from app.services.archive.numbers import answered_in, posts_by_day, scan_author
from app.services.archive.same_days import SameDays, same_days_of
from app.services.posts.scanning import Scan
from app.services.posts.selection import Selection
from app.services.posts.statistics import count_by_hour, count_in_spans, have_posts
from app.services.posts.tweets import Post, as_post, select_posts
from app.services.posts.users import Author

FEWEST_COMPARED: Final = 20
"""Posts that a year needs for its words to be compared with another one's."""
MOST_COMPARED: Final = 3_000
"""Posts of a year whose words are compared: the newest."""
WEEK_S: Final = 7 * DAY_S
RARE: Final = 0.1
"""A word is new to a year, or gone after it, where its share of the posts of the other year is at
most so much of its share of this one."""
MOST_ANSWERED: Final = 8
MOST_LIKED: Final = 3


class YearWord(
    GainedWord, frozen=True, rename={"posts": "tweets", "posts_beside": "tweets_beside"}
):
    """A word or phrase that is in a clearly larger share of the posts of a year than of the year
    beside it."""

    posts: Annotated[int, Meta(description="Posts of the year with the word.")]
    posts_beside: Annotated[int, Meta(description="Posts of the other year with it.")]
    times: Annotated[
        float | None,
        Meta(description="How many times as often as there, by the posts of both; null for never."),
    ]

    @property
    def is_rare_beside(self) -> bool:
        """Whether it is new to the year, or gone after it, not only more frequent."""
        return self.times is None or self.times >= 1 / RARE


class WordsOfYear(msgspec.Struct, frozen=True):
    """What is typical of a year beside another one."""

    year: Annotated[int, Meta(description="The other year.")]
    is_over: Annotated[bool, Meta(description="Whether the other year has ended in `tz`.")]
    words: Annotated[list[YearWord], Meta(description="The clearest first.")]


class YearBefore(msgspec.Struct, frozen=True):
    """What a year is told beside."""

    year: int
    tweets: int
    hours: DayHours
    same_days: Annotated[
        SameDays | None,
        Meta(description="What can be compared: null where under 14 days are in both years."),
    ]


class AuthorYear(msgspec.Struct, frozen=True):
    """A year of an author, in a time zone."""

    user: Author
    tz: str
    calendar: CalendarYear
    hours: DayHours
    busy_from: BusyFrom
    is_over: Annotated[bool, Meta(description="Whether the year has ended in `tz`.")]
    before: Annotated[
        YearBefore | None, Meta(description="The year before; null where it has no posts.")
    ]
    came: Annotated[
        WordsOfYear | None,
        Meta(description="Beside the year before; null where either has fewer than 20 posts."),
    ]
    went: Annotated[
        WordsOfYear | None,
        Meta(description="Beside the year after; null where either has fewer than 20 posts."),
    ]
    only: Annotated[
        list[YearWord], Meta(description="What is in neither year beside it, but came and went.")
    ]
    measures: Annotated[
        list[Measure] | None,
        Meta(
            description="How the year is written (`own`) and the year before (`beside`), what "
            "changed clearly first; null where either has fewer than 20 posts with text."
        ),
    ]
    answered: Annotated[list[NameCount], Meta(description="Whom replies answer, by username.")]
    most_liked: list[Post]
    first: Post
    last: Post
    by_year: Annotated[list[int], Meta(description="Posts of each of the calendar's `years`.")]


async def read_year(session: AsyncSession, author: Author, year: int, zone: ZoneInfo) -> AuthorYear:
    """Return a year of the author. Raises NotFoundError where it has no posts."""
    span = span_of_year(year, zone)
    if not (await have_posts(session, author.id, [span]))[0]:
        raise NotFoundError(
            "There are no posts by '{username}' in {year}", username=author.username, year=year
        )
    calendar = await calendar_of(session, author, zone, year)
    edges = [await _edge(session, author, year, zone, is_last=is_last) for is_last in (False, True)]
    if calendar is None or None in edges:
        raise NotFoundError("User '{username}' doesn't exist", username=author.username)
    liked = await most_liked(session, author.id, limit=MOST_LIKED, span=span)
    is_over = span[1] <= now()
    if not is_over:
        holds_until(span[1])
    hours = await _hours_of(session, author, year, zone)
    before = await _year_before(session, author, calendar, zone)
    scans = [await _scan_year(session, author, year + step, zone) for step in (-1, 0, 1)]
    end_beside = span_of_year(year + 1, zone)[1]
    is_over_beside = end_beside <= now()
    if not is_over_beside:
        holds_until(end_beside)
    compared = await asyncio.to_thread(_compare, scans, author, year, is_over_beside=is_over_beside)
    years = [span_of_year(listed, zone) for listed in calendar.years]
    by_year = await count_in_spans(session, author.id, years)
    first, last = (edge for edge in edges if edge)
    return AuthorYear(
        user=author,
        tz=zone.key,
        calendar=calendar,
        hours=hours_of_day(hours),
        busy_from=busiest_hours(hours),
        is_over=is_over,
        before=before,
        **compared._asdict(),
        most_liked=liked,
        first=first,
        last=last,
        by_year=by_year,
    )


async def _year_before(
    session: AsyncSession, author: Author, calendar: CalendarYear, zone: ZoneInfo
) -> YearBefore | None:
    year = calendar.year - 1
    by_hour = await _hours_of(session, author, year, zone)
    if not by_hour:
        return None
    hours = hours_of_day(by_hour)
    same_days = same_days_of(author, calendar, posts_by_day(by_hour), zone)
    return YearBefore(year, sum(hours), hours, same_days)


async def _hours_of(
    session: AsyncSession, author: Author, year: int, zone: ZoneInfo
) -> Counter[int]:
    """Return how many posts each hour of a year has; see `count_by_hour`."""
    since, until = span_of_year(year, zone)
    selection = Selection(usernames=(author.username,), since=since, until=until)
    return await count_by_hour(session, selection, zone)


async def _scan_year(session: AsyncSession, author: Author, year: int, zone: ZoneInfo) -> Scan:
    since, until = span_of_year(year, zone)
    is_of_year = Tweet.created_at >= since, Tweet.created_at < until
    return await scan_author(
        session, author, *is_of_year, columns=("time", "text", "answered"), limit=MOST_COMPARED
    )


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


class _Compared(NamedTuple):
    """What the texts of a year and of those beside it tell; the fields of `AuthorYear`."""

    came: WordsOfYear | None
    went: WordsOfYear | None
    only: list[YearWord]
    measures: list[Measure] | None
    answered: list[NameCount]


def _compare(
    scans: Sequence[Scan], author: Author, year: int, *, is_over_beside: bool
) -> _Compared:
    """Return what changed in a year, and whom the author answered; it takes long.

    is_over_beside: whether the year after it has ended.
    """
    before, own, after = (
        WordedTexts.of(WrittenTexts(of_year.text, conversations_of(of_year.time)))
        for of_year in scans
    )
    language = guess_main_language(own.texts)

    def gained(beside: WordedTexts) -> list[Phrase] | None:
        if min(len(own.texts), len(beside.texts)) < FEWEST_COMPARED:
            return None
        return phrases_apart([own, beside], {0: language})[0]

    came, went, only = _apart(gained(before), gained(after))
    beside = [
        None
        if phrases is None
        else WordsOfYear(other, is_over, [*map(partial(_word, own, texts), phrases)])
        for other, is_over, texts, phrases in zip(
            (year - 1, year + 1), (True, is_over_beside), (before, after), (came, went), strict=True
        )
    ]
    return _Compared(
        came=beside[0],
        went=beside[1],
        only=[*map(partial(_word, own, before), only)],
        measures=_measures(scans[1], scans[0]),
        answered=count_names(answered_in(scans[1], author), most=MOST_ANSWERED),
    )


def _measures(own: Scan, before: Scan) -> list[Measure] | None:
    """Return how the posts of a year differ from those of the year before; None for too few."""
    if min(len(own.text), len(before.text)) < FEWEST_COMPARED:
        return None
    # What is written of for some days is no change: of years weeks are compared.
    weeks = conversations_of([*own.time, *before.time], WEEK_S)
    tally = tally_of(own.text, weeks)
    tally_before = tally_of(before.text, weeks[len(own.time) :])
    if min(tally.messages, tally_before.messages) < FEWEST_COMPARED:
        return None
    return fingerprint(tally, [], tally_before)


def _apart(
    came: list[Phrase] | None, went: list[Phrase] | None
) -> tuple[list[Phrase] | None, list[Phrase] | None, list[Phrase]]:
    """Return the phrases of both lists so that no word is in two.

    What came and went is in neither year, in a third list, or went: so what came has stayed.
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


def _word(own: WordedTexts, beside: WordedTexts, phrase: Phrase) -> YearWord:
    count, count_beside = phrase.messages, phrase.messages_elsewhere
    times = count * len(beside.texts) / (count_beside * len(own.texts)) if count_beside else None
    return YearWord(phrase.text, count, count_beside, times and round(times, 2))
