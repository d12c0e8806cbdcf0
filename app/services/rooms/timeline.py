"""A chat in time: messages by month or year, silences, who was there, the busiest day."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import backend_of
from app.models import IS_GONE, KEPT_USER_ID, RoomMove, RoomPerson, Tweet, User
from app.runtime.clock import first_instant
from app.services.posts.local_time import DAY_S, local_unit, seconds_of, unix_seconds
from app.services.posts.post_counts import MOST_YEARS
from app.services.posts.selection import written_in
from app.services.posts.tweets import Post, find_posts
from app.services.rooms.chats import RoomFacts, names_in
from saywho.people.phrases import phrases_of
from saywho.people.portrait import PersonPortrait, SilenceSpan
from saywho.people.times import FullestDays, WrittenTexts, conversations_of, ends_of_silences
from saywho.significance import DAYS_AROUND, clear_peak, is_ahead, plain_peak
from saywho.text import guess_main_language

FEWEST_OF_YEAR: Final = 100
"""Messages of a year with its own page."""
FEWEST_QUIET_DAYS: Final = 3
HoursAfter = Callable[[sa.SQLColumnExpression[Any], int], sa.ColumnElement[datetime]]


class Period(msgspec.Struct, frozen=True):
    """A month or a year of a room."""

    first_day: date
    messages: int
    people: list[int]
    """Number of messages by each of `people`."""
    is_fullest: bool = False
    """Whether the period has clearly the most messages, by day or a quarter more than any other."""


async def read_periods(
    session: AsyncSession,
    room: RoomFacts,
    zone: ZoneInfo,
    people: Sequence[int],
    gone: Collection[int] | None,
) -> list[Period]:
    """Return a chat's months, or years if there are over 48 months.

    people: counted one by one. gone: people with messages still to be removed; None if no others
    are counted together.
    """
    days = _first_days(room, zone)
    if not days:
        return []
    starts = [first_instant(day, zone) for day in days]
    values = _starts(room, starts) | {"people": people}
    rows = await session.execute(_messages_of_each(len(days) - 1), values)
    counts = {(place, user_id): messages for place, user_id, messages in rows}
    named = [[counts[place, person] for person in people] for place in range(len(days) - 1)]
    if gone is None:
        periods = [*map(Period, days, map(sum, named), named)]
    else:
        totals = await _totals(session, room, starts, gone)
        periods = [
            Period(day, total, [*of_people, total - sum(of_people)])
            for day, total, of_people in zip(days, totals, named, strict=False)
        ]
    place = await _fullest(session, room, zone, [period.messages for period in periods], days)
    if place is not None:
        periods[place] = msgspec.structs.replace(periods[place], is_fullest=True)
    return periods


async def messages_by_year(
    session: AsyncSession, room: RoomFacts, zone: ZoneInfo
) -> dict[int, int]:
    if (days := room.days(zone.key)) is None:
        return {}
    first, newest = (day.year for day in days)
    years = range(max(first, newest - MOST_YEARS + 1), newest + 1)
    gone = await deleted_people(session, room.id)
    starts = [first_instant(date(year, 1, 1), zone) for year in (*years, newest + 1)]
    totals = await _totals(session, room, starts, gone)
    return dict([*zip(years, totals, strict=True)][::-1])


def _starts(room: RoomFacts, starts: Sequence[datetime]) -> dict[str, Any]:
    return {f"start{place}": start for place, start in enumerate(starts)} | {"room_id": room.id}


async def _totals(
    session: AsyncSession, room: RoomFacts, starts: Sequence[datetime], gone: Collection[int]
) -> list[int]:
    query = _messages(len(starts) - 1, has_gone=bool(gone))
    values = _starts(room, starts) | ({"gone": gone} if gone else {})
    return list(await session.scalars(query, values))


async def _fullest(
    session: AsyncSession,
    room: RoomFacts,
    zone: ZoneInfo,
    messages: Sequence[int],
    days: Sequence[date],
) -> int | None:
    """Return the place of the period with clearly the most messages, or None.

    days: beginnings, then the last end; these count messages still to be removed.
    """
    if clear_peak(messages) is None:
        return None  # Days take longer to count, and none would be clearer by days.
    *_, second, first = sorted(range(len(messages)), key=messages.__getitem__)
    begin, end = room.days(zone.key) or (days[0], days[-1])
    known = [
        (min(until, end + timedelta(1)) - max(since, begin)) / (until - since)
        for since, until in pairwise(days)
    ]
    if (place := plain_peak(messages, known)) is not None:
        return place
    counts: list[dict[date, int | None]] = []
    day = local_unit(seconds_of(Tweet.created_at), zone, DAY_S, tick_s=1).label("day")
    for place in (first, second):
        since, until = days[place], days[place + 1]
        query = (
            sa.select(day, sa.func.count())
            .where(Tweet.room_id == room.id)
            .where(written_in((first_instant(since, zone), first_instant(until, zone))))
            .group_by("day")
        )
        each = (since + timedelta(number) for number in range((until - since).days))
        counts.append({of: 0 if begin <= of <= end else None for of in each})
        rows = await session.execute(query)
        counts[-1] |= {date.fromordinal(number + 1): count for number, count in rows}
    return first if is_ahead([*counts[0].values()], [*counts[1].values()]) else None


async def long_silences(
    session: AsyncSession, room_id: int, gone: Collection[int]
) -> list[SilenceSpan]:
    """Return the 1,000 longest silences of more than 48 hours, the longest first.

    gone: people with messages still to be removed.
    """
    query = _silences(backend_of(session).hours_after, has_gone=bool(gone))
    values = {"room_id": room_id} | ({"gone": list(gone)} if gone else {})
    return [SilenceSpan(*row) for row in await session.execute(query, values)]


class QuietDays(msgspec.Struct, frozen=True):
    """The longest silence of a chat, in whole days."""

    first: date
    """First day without a message."""
    last: date
    ended_by: str
    """Username of the person who wrote first after it."""

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


async def read_quiet_days(
    session: AsyncSession, room_id: int, silences: Iterable[SilenceSpan], zone: ZoneInfo
) -> QuietDays | None:
    """Return the silence with the most whole days, at least three, so that a weekend is none;
    None if several have as many.

    silences: longest first.
    """
    found: list[tuple[date, date, datetime]] = []
    most = FEWEST_QUIET_DAYS
    for silence in silences:
        # Only some of the silences with so many whole days are as long as one day more.
        if silence.until - silence.since < timedelta(most):
            break
        first, last = silence.whole_days(zone)
        if (days := (last - first).days + 1) >= most:
            found = [*(found if days == most else ()), (first, last, silence.until)]
            most = days
    if len(found) != 1:
        return None
    first, last, until = found[0]
    writer = sa.select(User.username).join(Tweet, Tweet.user_id == User.id)
    is_first = Tweet.room_id == room_id, Tweet.created_at == until, User.deleted_at.is_(None)
    ended_by = await session.scalar(writer.where(*is_first).order_by(Tweet.place, Tweet.id))
    return QuietDays(first, last, ended_by) if ended_by else None


async def deleted_people(session: AsyncSession, room_id: int) -> list[int]:
    """Return IDs of a chat's people with messages still to be removed."""
    people = sa.select(RoomPerson.user_id).join(User, User.id == RoomPerson.user_id)
    is_gone = RoomPerson.room_id == room_id, IS_GONE
    return list(await session.scalars(people.where(*is_gone)))


@cache
def _silences(hours_after: HoursAfter, *, has_gone: bool) -> sa.Select[datetime, datetime]:
    """Return the query for the longest silences, kept since making takes longer than running.

    It leads to the last message within these hours, or to the next, which ends a silence: so it
    reads one message for two days.
    """
    written = [Tweet.room_id == sa.bindparam("room_id")]
    if has_gone:
        written.append(Tweet.user_id.not_in(sa.bindparam("gone", expanding=True)))
    nothing = sa.cast(sa.null(), Tweet.created_at.type).label("since")
    first = sa.select(sa.func.min(Tweet.created_at).label("time"), nothing)
    steps = first.where(*written).cte(recursive=True)

    later = [*written, Tweet.created_at > steps.c.time]
    soon = Tweet.created_at <= hours_after(steps.c.time, 48)
    last_soon = sa.select(sa.func.max(Tweet.created_at)).where(*later, soon).scalar_subquery()
    following = sa.select(sa.func.min(Tweet.created_at)).where(*later).scalar_subquery()
    silent_since = sa.case((last_soon.is_(None), steps.c.time))
    step = sa.select(sa.func.coalesce(last_soon, following), silent_since)
    steps = steps.union_all(step.where(steps.c.time.is_not(None)))
    length = unix_seconds(steps.c.time) - unix_seconds(steps.c.since)
    silences = sa.select(steps.c.since, steps.c.time).where(
        steps.c.since.is_not(None), steps.c.time.is_not(None)
    )
    return silences.order_by(length.desc(), steps.c.time).limit(1_000)


def _first_days(room: RoomFacts, zone: ZoneInfo) -> list[date]:
    if (days := room.days(zone.key)) is None:
        return []
    first, newest = days
    months = range(first.year * 12 + first.month - 1, newest.year * 12 + newest.month + 1)
    if len(months) > 48 + 1:
        oldest = max(first.year, newest.year - MOST_YEARS + 1)
        return [date(year, 1, 1) for year in range(oldest, newest.year + 2)]
    return [date(month // 12, month % 12 + 1, 1) for month in months]


@cache
def _messages_of_each(periods: int) -> sa.Select[int, int, int]:
    spans = _periods(periods)
    written = sa.select(sa.func.count()).where(Tweet.user_id == User.id, *_is_within(spans))
    here = written.where(Tweet.room_id == sa.bindparam("room_id"))
    is_only_here = User.tweet_count == RoomPerson.messages
    counted = sa.case(
        (is_only_here, written.correlate(User, spans).scalar_subquery()),
        else_=here.correlate(User, spans).scalar_subquery(),
    )
    return (
        sa.select(spans.c.place, User.id, counted)
        .select_from(spans)
        .join(RoomPerson, RoomPerson.room_id == sa.bindparam("room_id"))
        .join(User, User.id == RoomPerson.user_id)
        .where(User.id.in_(sa.bindparam("people", expanding=True)))
    )


@cache
def _messages(periods: int, *, has_gone: bool) -> sa.Select[int]:
    """Return the query for messages by period; if nobody is gone, an index answers it."""
    spans = _periods(periods)
    written = sa.select(sa.func.count()).where(
        Tweet.room_id == sa.bindparam("room_id"), *_is_within(spans)
    )
    if has_gone:
        written = written.where(Tweet.user_id.not_in(sa.bindparam("gone", expanding=True)))
    return sa.select(written.scalar_subquery()).select_from(spans).order_by(spans.c.place)


def _periods(count: int) -> sa.Subquery:
    moments = [_moment(f"start{place}") for place in range(count + 1)]
    return _spans(pairwise(moments))


def _moment(name: str) -> sa.BindParameter[datetime | None]:
    return sa.bindparam(name, type_=Tweet.created_at.type)


def _spans(pairs: Iterable[tuple[sa.BindParameter[Any], sa.BindParameter[Any]]]) -> sa.Subquery:
    rows = (
        sa.select(
            sa.literal_column(str(place), sa.Integer).label("place"),
            start.label("starts_at"),
            end.label("ends_at"),
        )
        for place, (start, end) in enumerate(pairs)
    )
    return sa.union_all(*rows).subquery()


def _is_within(spans: sa.Subquery) -> list[sa.ColumnElement[bool]]:
    return [Tweet.created_at >= spans.c.starts_at, Tweet.created_at < spans.c.ends_at]


def within_ends(ends: Collection[str]) -> list[sa.ColumnElement[bool]]:
    time = Tweet.created_at
    conditions = {
        "since": time >= sa.bindparam("since", type_=time.type),
        "until": time < sa.bindparam("until", type_=time.type),
    }
    return [conditions[end] for end in ends]


# --- Who was not there, by the lines of a chat's file ---

_NO_TIMES: Final = np.empty(0, np.int64)
_EVER: Final = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


class Absence(msgspec.Struct, frozen=True):
    """A time in which a person was not in a chat, by the lines of its file."""

    username: str
    since: datetime | None
    """When they left; null before they came for the first time."""
    until: datetime | None
    """When they came, or wrote again; null if they did not come back."""
    messages: int = 0
    """Number of messages in this time, all by other people."""
    beginnings: int = 0
    """Number of these in a year after more than six hours without any message."""


class _Line(NamedTuple):
    at: datetime
    has_left: bool
    back: datetime | None
    """When the person wrote next."""
    wrote: datetime | None
    """When the person first wrote."""


async def with_absences(
    session: AsyncSession,
    room_id: int,
    people: Sequence[PersonPortrait],
    ids: Sequence[int],
    within: Mapping[str, datetime],
    times: NDArray[np.int64] = _NO_TIMES,
) -> tuple[list[PersonPortrait], list[Absence]]:
    """Return people with their shares of the time in which they were there, and when they were
    not; ids: of the first of them.

    within: the period of their messages, `since` and `until`. times: of the messages that may
    be the first after a silence, in seconds since 1970 (n,).
    """
    lines, starts = await _lines(session, room_id, ids), ends_of_silences(np.sort(times))
    found = list[tuple[int, Absence, datetime | None, datetime | None]]()
    for place, user_id in enumerate(ids):
        for each in _absences(people[place].username or "", lines.get(user_id, ())):
            since = max(filter(None, [each.since, within.get("since")]), default=None)
            until = min(filter(None, [each.until, within.get("until")]), default=None)
            if not (since and until and since >= until):
                found.append((place, each, since, until))
    counts = await _messages_between(session, room_id, [ends for _, _, *ends in found])
    away, absences = Counter[int](), list[Absence]()
    for (place, each, since, until), messages in zip(found, counts, strict=True):
        # Nobody misses who comes before the first message, or is back before the next one.
        if messages or (each.until is None and each.since == since):
            first = since.timestamp() if since else 0
            begun = starts[(starts > first) & (starts < (until.timestamp() if until else np.inf))]
            counted = {"messages": messages, "beginnings": len(begun)}
            absences.append(msgspec.structs.replace(each, **counted))
            away[place] += messages
    shown, total = [*people], sum(one.messages for one in people)
    for place, missed in away.items():
        if missed and total > missed:
            share = min(people[place].messages / (total - missed), 1.0)
            shown[place] = msgspec.structs.replace(people[place], share_there=share)
    return shown, sorted(absences, key=lambda each: each.since or each.until or datetime.max)


async def _messages_between(
    session: AsyncSession, room_id: int, ends: Sequence[Sequence[datetime | None]]
) -> Sequence[int]:
    """Return the messages in each time, without deleted people's; None leaves an end open."""
    if not ends:
        return []
    names = [(f"since{place}", f"until{place}") for place in range(len(ends))]
    spans = _spans((_moment(since), _moment(until)) for since, until in names)
    is_gone = Tweet.user_id.in_(sa.select(User.id).where(User.deleted_at.is_not(None)))
    is_away = Tweet.created_at > spans.c.starts_at, Tweet.created_at < spans.c.ends_at
    counted = sa.select(sa.func.count()).where(Tweet.room_id == room_id, *is_away, ~is_gone)
    query = sa.select(counted.scalar_subquery()).select_from(spans).order_by(spans.c.place)
    values = {
        name: moment or side
        for pair, moments in zip(names, ends, strict=True)
        for name, moment, side in zip(pair, moments, _EVER, strict=True)
    }
    return (await session.scalars(query, values)).all()


async def _lines(
    session: AsyncSession, room_id: int, ids: Collection[int]
) -> dict[int, list[_Line]]:
    own = Tweet.room_id == room_id, Tweet.user_id == KEPT_USER_ID
    wrote = sa.select(sa.func.min(Tweet.created_at)).where(*own)
    back = wrote.where(Tweet.created_at > RoomMove.at)
    query = (
        sa.select(KEPT_USER_ID, RoomMove.at, RoomMove.has_left)
        .add_columns(back.scalar_subquery(), wrote.scalar_subquery())
        .join(User, User.id == RoomMove.user_id)
        .where(RoomMove.room_id == room_id, KEPT_USER_ID.in_(ids), RoomMove.became_id.is_(None))
        .order_by(RoomMove.at, RoomMove.id)
        .limit(200)
    )
    lines: dict[int, list[_Line]] = defaultdict(list)
    for user_id, *line in await session.execute(query):
        lines[user_id].append(_Line(*line))
    return lines


def _absences(username: str, lines: Iterable[_Line]) -> Iterator[Absence]:
    """Yield when somebody was not there: until they come, or write again."""
    left: _Line | None = None
    for place, line in enumerate(dict.fromkeys(lines)):
        if left is not None and (line.at > (left.back or line.at) or not line.has_left):
            yield Absence(username, left.at, min(left.back or line.at, line.at))
            left = None
        elif not (place or line.has_left) and (line.wrote is None or line.wrote >= line.at):
            yield Absence(username, None, line.at)
        if line.has_left and left is None:
            left = line
    if left is not None:
        yield Absence(username, left.at, left.back)


# --- Messages that show what was said on a chat's busiest day ---


class BusyDay(msgspec.Struct, frozen=True):
    word: str
    """A word that the day has clearly more often than the time around it; empty without one."""
    with_word: int
    """Messages of the day that contain it."""
    posts: list[Post]
    """Messages of the day, the first first."""


class DayMessage(NamedTuple):
    id: int
    author: int
    text: str
    time: int


async def read_busy_day(
    session: AsyncSession, room: RoomFacts, busy: FullestDays, zone: ZoneInfo
) -> BusyDay:
    """Return what shows the day, beside the messages before and after the days around it."""
    since, until = (first_instant(day, zone) for day in (busy.first, busy.end))
    apart = timedelta(days=DAYS_AROUND)
    values: dict[str, Any] = {"room_id": room.id, "since": since, "until": until}
    limits = {"room_id": room.id, "before": since - apart, "after": until + apart}
    said = [
        DayMessage(id_, author, text, int(time.timestamp()))
        for id_, author, text, time in await session.execute(_of_day(), values)
        if time is not None
    ]
    around = [
        text
        for is_after in (False, True)
        for text in await session.scalars(_beside(is_after=is_after), limits)
    ]
    word, count, ids = await asyncio.to_thread(_chosen, said, around, names_in(room))
    posts = await find_posts(session, ids)
    return BusyDay(word, count, [posts[id_] for id_ in ids if id_ in posts])


def _chosen(
    said: Sequence[DayMessage], around: Sequence[str], names: Iterable[str]
) -> tuple[str, int, list[int]]:
    texts = [message.text for message in said]
    # A word that is passed around for some minutes is one event.
    own = WrittenTexts(texts, conversations_of((message.time for message in said), 600))
    language = guess_main_language(texts)
    phrases = phrases_of(own, around, language=language, names=names) if around else []
    words = [phrase.text for phrase in phrases if "…" not in phrase.text]
    counts = {word: sum(word.casefold() in text.casefold() for text in texts) for word in words}
    word = max(words, key=counts.__getitem__, default="")
    chosen = typical_messages(said, [word.casefold() for word in words])
    return word, counts.get(word, 0), [message.id for message in chosen]


def typical_messages(said: Sequence[DayMessage], words: Sequence[str]) -> list[DayMessage]:
    """Return up to three messages, each with words and by an author that the others do not have."""
    left = {
        message.text.casefold(): message
        for message in reversed(said)
        if 4 <= len(message.text) <= 120 and "://" not in message.text
    }
    chosen: list[DayMessage] = []
    while left and len(chosen) < 3:
        new = [word for word in words if not any(word in one.text.casefold() for one in chosen)]
        authors = {one.author for one in chosen}
        # A message of some 40 letters says something and is quickly read.
        worth = {
            text: (
                sum(word in text for word in new),
                message.author not in authors,
                -abs(len(text) - 40),
            )
            for text, message in left.items()
        }
        chosen.append(left.pop(max(worth, key=worth.__getitem__)))
    return sorted(chosen, key=lambda message: (message.time, message.id))


def _within(*limits: sa.ColumnElement[bool]) -> tuple[sa.ColumnElement[bool], ...]:
    return (Tweet.room_id == sa.bindparam("room_id"), User.deleted_at.is_(None), *limits)


@cache
def _of_day() -> sa.Select[int, int, str, datetime | None]:
    limits = Tweet.created_at >= sa.bindparam("since"), Tweet.created_at < sa.bindparam("until")
    return (
        sa.select(Tweet.id, Tweet.user_id, Tweet.text, Tweet.created_at)
        .join(User, User.id == Tweet.user_id)
        .where(*_within(*limits))
        .order_by(Tweet.created_at, Tweet.place, Tweet.id)
        .limit(5_000)
    )


@cache
def _beside(*, is_after: bool) -> sa.Select[str]:
    time = Tweet.created_at
    limit = time >= sa.bindparam("after") if is_after else time < sa.bindparam("before")
    query = sa.select(Tweet.text).join(User, User.id == Tweet.user_id).where(*_within(limit))
    return query.order_by(time if is_after else time.desc()).limit(300)
