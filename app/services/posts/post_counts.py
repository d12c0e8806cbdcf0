"""Counts of posts by author, quarter hour and language, changed in each transaction."""

import bisect
import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    bindparam,
    cast,
    delete,
    extract,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.db.backend import insert_rows, table_of
from app.models import PostCount, Tweet, User
from app.models.derived import EPOCH_S, SLOT_S, UNKNOWN_SLOT
from app.runtime.clock import now

Moment = tuple[int, datetime | None, str | None]
"""Author, time and language of a post."""

MOST_YEARS: Final = 40
"""An author's newest years, which are listed and compared."""
DAY_S: Final = 86_400
HOUR_S: Final = 3_600
_SLOT: Final = timedelta(seconds=SLOT_S)
_START: Final = datetime(1, 1, 1, tzinfo=UTC)


def slot_of(time: datetime | None) -> int:
    """Return the number of a time's quarter hour from the year 1."""
    if time is None:
        return UNKNOWN_SLOT
    return (time - _START) // _SLOT


def slot_from(time: datetime) -> int:
    """Return the first quarter hour that begins at a time or later."""
    return -((_START - time) // _SLOT)


async def count_posts(
    session: AsyncSession, added: Iterable[Moment], removed: Iterable[Moment] = ()
) -> None:
    tally = Counter(map(_key_of, added))
    tally.subtract(map(_key_of, removed))
    rows = [
        {"user_id": user_id, "slot": slot, "lang": lang, "posts": posts}
        for (user_id, slot, lang), posts in tally.items()
        if posts
    ]
    await insert_rows(session, PostCount, rows, adds_to="posts")
    if any(posts < 0 for posts in tally.values()):
        # One key at a time: SQLite would scan the whole table for a list of tuples.
        table = table_of(PostCount)
        is_empty = [column == bindparam(column.key) for column in table.primary_key]
        await session.execute(delete(table).where(*is_empty, table.c.posts <= 0), rows)


def _key_of(moment: Moment) -> tuple[int, int, str]:
    user_id, time, lang = moment
    return user_id, slot_of(time), lang or ""


async def miscounted(session: AsyncSession) -> list[str]:
    slot = cast(func.coalesce(seconds_of(Tweet.created_at) // SLOT_S, UNKNOWN_SLOT), Integer)
    lang = func.coalesce(Tweet.lang, "")
    real = select(
        Tweet.user_id, slot.label("slot"), lang.label("lang"), func.count().label("posts")
    ).group_by(Tweet.user_id, slot, lang)
    slots = select(PostCount.user_id, PostCount.slot, PostCount.lang, PostCount.posts).where(
        PostCount.posts != 0
    )
    unheard, invented = real.except_(slots).subquery(), slots.except_(real).subquery()
    wrong = or_(User.id.in_(select(unheard.c.user_id)), User.id.in_(select(invented.c.user_id)))
    query = select(User.username).where(wrong, User.deleted_at.is_(None))
    return list(await session.scalars(query.order_by(User.username_key)))


def unix_seconds(time: SQLColumnExpression[datetime | None]) -> ColumnElement[int]:
    return cast(extract("epoch", time), BigInteger)


def seconds_of(time: SQLColumnExpression[datetime | None]) -> ColumnElement[int]:
    """Return the expression for times in seconds since the year 1."""
    return unix_seconds(time) + EPOCH_S


def _in_zone(time: SQLColumnExpression[int], zone: ZoneInfo, *, tick_s: int) -> ColumnElement[int]:
    """Return the expression for a time in a zone; both in ticks since the year 1."""
    at = now()
    until_now = [(since, offset) for since, offset in _offsets(zone, at.year) if since <= at]
    *later, (_, oldest) = [
        (slot_of(since) * SLOT_S // tick_s, offset // tick_s) for since, offset in until_now
    ]
    shift = _Shift(time, later, oldest) if later else _number(oldest)
    local: ColumnElement[int] = time + shift
    return local


class _Shift(FunctionElement[int]):
    """A zone's offset from UTC at a time, in ticks.

    SQLAlchemy would cache each statement with up to 200 such objects, 290 KB a zone: so these
    statements are compiled every time.
    """

    inherit_cache = False
    type = Integer()

    def __init__(
        self, time: SQLColumnExpression[int], later: Sequence[tuple[int, int]], oldest: int
    ) -> None:
        super().__init__(time)
        self.later, self.oldest = later, oldest


@compiles(_Shift)
def _as_cases(shift: _Shift, compiler: SQLCompiler, **options: Any) -> str:
    time = compiler.process(shift.clauses, **options)
    cases = "".join(f" WHEN ({time} >= {since}) THEN {ahead}" for since, ahead in shift.later)
    return f"CASE{cases} ELSE {shift.oldest} END"


def local_unit(
    time: SQLColumnExpression[int], zone: ZoneInfo, unit_s: int, *, tick_s: int = SLOT_S
) -> ColumnElement[int]:
    """Return the expression for a slot's local hour or day since the year 1, with `tick_s=1` for
    `seconds_of`.
    """
    unit: ColumnElement[int] = _in_zone(time, zone, tick_s=tick_s) // _number(unit_s // tick_s)
    return unit


def _number(value: int) -> ColumnElement[int]:
    """Return a number as SQL: grouped and selected values must be equal."""
    return literal_column(str(value), Integer)


@functools.lru_cache(maxsize=100)
def _offsets(zone: ZoneInfo, until: int) -> tuple[tuple[datetime, int], ...]:
    """Return a zone's offsets in seconds with their beginnings, newest first.

    The oldest applies to all time before, the offset at the end of the year `until` to all after.
    """

    def offset_at(time: datetime) -> timedelta | None:
        return time.astimezone(zone).utcoffset()

    before = datetime(1900, 1, 1, tzinfo=UTC)
    offsets = [(before, offset_at(before))]
    step_days = 14  # The changes of a zone are further apart.
    in_step = range(step_days * DAY_S // 60 + 1)
    while before.year <= until:
        after = before + timedelta(days=step_days)
        offset = offset_at(after)
        if offset != offsets[-1][1]:
            minutes = bisect.bisect_left(
                in_step,
                True,
                key=lambda m: (
                    (before + timedelta(minutes=m)).astimezone(zone).utcoffset() == offset
                ),
            )
            offsets.append((before + timedelta(minutes=minutes), offset))
        before = after
    return tuple(
        (since, int((offset or timedelta()).total_seconds())) for since, offset in reversed(offsets)
    )
