"""Counts of posts, kept in the transaction of each change: per author, quarter hour, language."""

import bisect
import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from typing import cast as cast_type
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    Table,
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

from app.db.backend import insert_rows
from app.models import PostCount, Tweet, User
from app.models.derived import EPOCH_S, SLOT_S, UNKNOWN_SLOT
from app.runtime.clock import now

Moment = tuple[int, datetime | None, str | None]
"""What counts of a post: its author, time and language."""

MOST_YEARS: Final = 40
"""Years of an author that are listed and compared: the newest."""
DAY_S: Final = 86_400
HOUR_S: Final = 3_600
_SLOT: Final = timedelta(seconds=SLOT_S)
_START: Final = datetime(1, 1, 1, tzinfo=UTC)
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(days=14)
"""Between these times the changes of a zone are looked for, so far apart."""
_MINUTES: Final = range(_STEP // timedelta(minutes=1) + 1)
_COLUMNS: Final = (PostCount.user_id, PostCount.slot, PostCount.lang)
_TABLE: Final = cast_type(Table, PostCount.__table__)
# One key at a time: SQLite would scan the whole table for a list of tuples.
_REMOVE_EMPTY: Final = delete(_TABLE).where(
    *(_TABLE.c[column.key] == bindparam(column.key) for column in _COLUMNS), _TABLE.c.posts <= 0
)


def slot_of(time: datetime | None) -> int:
    """Return the number of the quarter hour of a time, that of no time for None."""
    if time is None:
        return UNKNOWN_SLOT
    return (time - _START) // _SLOT


def slot_from(time: datetime) -> int:
    """Return the number of the first quarter hour that begins at a time or after it."""
    return -((_START - time) // _SLOT)


async def count_posts(
    session: AsyncSession, added: Iterable[Moment], removed: Iterable[Moment] = ()
) -> None:
    """Add posts to the counts, and take others away."""
    tally = Counter(map(_key_of, added))
    tally.subtract(map(_key_of, removed))
    rows = [
        {"user_id": user_id, "slot": slot, "lang": lang, "posts": posts}
        for (user_id, slot, lang), posts in tally.items()
        if posts
    ]
    await insert_rows(session, _TABLE, rows, _summed)
    if any(posts < 0 for posts in tally.values()):
        await session.execute(_REMOVE_EMPTY, rows)


def _summed(statement: Any) -> Any:
    posts = _TABLE.c.posts + statement.excluded.posts
    return statement.on_conflict_do_update(index_elements=_TABLE.primary_key, set_={"posts": posts})


def _key_of(moment: Moment) -> tuple[int, int, str]:
    user_id, time, lang = moment
    return user_id, slot_of(time), lang or ""


async def miscounted(session: AsyncSession) -> list[str]:
    """Return the names of the authors whose counts do not agree with their posts."""
    slot = cast(func.coalesce(seconds_of(Tweet.created_at) // SLOT_S, UNKNOWN_SLOT), Integer)
    lang = func.coalesce(Tweet.lang, "")
    real = select(
        Tweet.user_id, slot.label("slot"), lang.label("lang"), func.count().label("posts")
    ).group_by(Tweet.user_id, slot, lang)
    slots = select(*_COLUMNS, PostCount.posts).where(PostCount.posts != 0)
    unheard, invented = real.except_(slots).subquery(), slots.except_(real).subquery()
    wrong = or_(User.id.in_(select(unheard.c.user_id)), User.id.in_(select(invented.c.user_id)))
    query = select(User.username).where(wrong, User.deleted_at.is_(None))
    return list(await session.scalars(query.order_by(User.username_key)))


def unix_seconds(time: SQLColumnExpression[datetime | None]) -> ColumnElement[int]:
    """Return the expression for the seconds of a column of times, from 1970."""
    return cast(extract("epoch", time), BigInteger)


def seconds_of(time: SQLColumnExpression[datetime | None]) -> ColumnElement[int]:
    """Return the expression for the seconds of a column of times, from the year 1."""
    return unix_seconds(time) + EPOCH_S


def _in_zone(time: SQLColumnExpression[int], zone: ZoneInfo, *, tick_s: int) -> ColumnElement[int]:
    """Return the expression for a time in a time zone; both in ticks since the year 1."""
    until_now = [(since, offset) for since, offset in _offsets(zone) if since <= now()]
    *later, (_, oldest) = [
        (slot_of(since) * SLOT_S // tick_s, offset // tick_s) for since, offset in until_now
    ]
    shift = _Shift(time, later, oldest) if later else _number(oldest)
    local: ColumnElement[int] = time + shift
    return local


class _Shift(FunctionElement[int]):
    """How far a zone is ahead of UTC at a time, in ticks.

    A zone has up to 200 shifts. SQLAlchemy would keep each statement with an object for each of
    them, 290 KB for each zone: so it compiles these statements anew, from one object.
    """

    inherit_cache = False
    type = Integer()

    def __init__(
        self, time: SQLColumnExpression[int], later: Sequence[tuple[int, int]], oldest: int
    ) -> None:
        super().__init__(time)
        self.later, self.oldest = later, oldest
        """The shifts with the ticks at which they begin, the newest first; and the first one."""


@compiles(_Shift)
def _as_cases(shift: _Shift, compiler: SQLCompiler, **options: Any) -> str:
    time = compiler.process(shift.clauses, **options)
    cases = "".join(f" WHEN ({time} >= {since}) THEN {ahead}" for since, ahead in shift.later)
    return f"CASE{cases} ELSE {shift.oldest} END"


def local_unit(
    time: SQLColumnExpression[int], zone: ZoneInfo, unit_s: int, *, tick_s: int = SLOT_S
) -> ColumnElement[int]:
    """Return the expression for the hour or day of a time in a time zone, from the year 1.

    The time is a slot, or with a tick of a second, as of `seconds_of`.
    """
    unit: ColumnElement[int] = _in_zone(time, zone, tick_s=tick_s) // _number(unit_s // tick_s)
    return unit


def _number(value: int) -> ColumnElement[int]:
    """Return a number that stands in the statement: what is grouped by must be what is selected."""
    return literal_column(str(value), Integer)


@functools.lru_cache(maxsize=100)
def _offsets(zone: ZoneInfo) -> tuple[tuple[datetime, int], ...]:
    """Return the offsets from UTC in seconds, each with its beginning, the newest first.

    The oldest holds for all time before, as the newest, of the year 2100, does after.
    """
    offsets = [(_FIRST, _offset(zone, _FIRST))]
    before = _FIRST
    while before < _LAST:
        after = before + _STEP
        offset = _offset(zone, after)
        if offset != offsets[-1][1]:
            minutes = bisect.bisect_left(
                _MINUTES, True, key=lambda m: _offset(zone, before + timedelta(minutes=m)) == offset
            )
            offsets.append((before + timedelta(minutes=minutes), offset))
        before = after
    return tuple(reversed(offsets))


def _offset(zone: ZoneInfo, time: datetime) -> int:
    offset = time.astimezone(zone).utcoffset() or timedelta()
    return int(offset.total_seconds())
