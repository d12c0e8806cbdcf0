"""Local hours and days of posts as expressions of SQL."""

import bisect
import functools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    cast,
    extract,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app.models.content import EPOCH_S, SLOT_S, UNKNOWN_SLOT
from saywho.clock import now

WEEK_H: Final = 168
DAY_S: Final = 86_400
HOUR_S: Final = 3_600
_START: Final = datetime(1, 1, 1, tzinfo=UTC)
_SLOT: Final = timedelta(seconds=SLOT_S)


def slot_of(time: datetime | None) -> int:
    """Return the number of a time's quarter hour from the year 1."""
    if time is None:
        return UNKNOWN_SLOT
    return (time - _START) // _SLOT


def slot_from(time: datetime) -> int:
    """Return the first quarter hour that begins at a time or later."""
    return -((_START - time) // _SLOT)


def unix_seconds(time: SQLColumnExpression[datetime | None]) -> ColumnElement[int]:
    return cast(extract("epoch", time), BigInteger)


def seconds_of(time: SQLColumnExpression[datetime | None]) -> ColumnElement[int]:
    """Return the expression for times in seconds since the year 1."""
    return unix_seconds(time) + EPOCH_S


class LocalHour(NamedTuple):
    """An hour in a zone: of the day, or with `of_h` 168 of the week from Monday, 0:00."""

    hour: int
    zone: ZoneInfo
    of_h: int = 24


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
    at = now()
    *later, (_, oldest) = [
        (slot_of(since) * SLOT_S // tick_s, offset // tick_s)
        for since, offset in _offsets(zone, at.year)
        if since <= at
    ]
    shift = _Shift(time, later, oldest) if later else _number(oldest)
    unit: ColumnElement[int] = (time + shift) // _number(unit_s // tick_s)
    return unit


def is_at_hour(
    time: SQLColumnExpression[int], at: LocalHour, *, tick_s: int = SLOT_S
) -> ColumnElement[bool]:
    return local_unit(time, at.zone, HOUR_S, tick_s=tick_s) % at.of_h == at.hour


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
                in_step, True, key=lambda m: offset_at(before + timedelta(minutes=m)) == offset
            )
            offsets.append((before + timedelta(minutes=minutes), offset))
        before = after
    return tuple(
        (since, int((offset or timedelta()).total_seconds())) for since, offset in reversed(offsets)
    )
