"""Times as files write them, read without a locale: aware, UTC, in whole seconds."""

import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Final

from app.errors import Message, RecordError
from app.formats.assumptions import ReadNotes
from app.formats.choices import DATE_ORDERS, Order
from app.formats.source.written_times import (
    BUDDHIST,
    Written,
    is_buddhist,
    read_written,
    short_year,
)
from app.formats.source.zones import AMBIGUOUS, ambiguous_name, moved
from app.runtime.clock import now

_X_TIME = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d? \d\d:\d\d:\d\d [+-]\d{4} \d{4}", re.ASCII)
_ISO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EPOCH = re.compile(r"-?\d{9,19}(?:\.\d+)?", re.ASCII)
_COMPACT: Final = re.compile(r"(?:19|20)\d{6}(?:\d{4}(?:\d\d)?)?", re.ASCII)
"""Digits of a day, possibly with hour and minute, and then with second."""
_SHAPES: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_ORDERED: Final = re.compile(
    r"(?<![\d./-])(?P<first>\d{1,2})(?P<sep>[./-])(?P<second>\d{1,2})(?P=sep)(?P<last>\d{2}(?:\d\d)?)(?![\d/-])",
    re.ASCII,
)
"""A date of numbers that begins without a four-digit year."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS_FROM: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""Minimum numbers of nanoseconds, microseconds and milliseconds, with their parts of a second."""


class AmbiguousDateError(RecordError):
    """A date of numbers is several days, by the order of day, month and year."""

    def __init__(self, written: Written, excerpt: str) -> None:
        super().__init__("the time {time} cannot be read", time=excerpt)
        self.written = written


def read_time(value: object, order: Order | None = None) -> datetime:
    """Return the time that a value states; a time without a zone is UTC.

    It reads ISO 8601, X's form, RFC 2822, dates with named months or in numbers, 12- and 24-hour
    clocks, zones by name, digits alone (20240115120501), and seconds or parts of them since 1970.
    Raises RecordError with the value, AmbiguousDateError for a date that the order would settle.
    """
    written = None
    try:
        if isinstance(value, str):
            written = _read_text(value.strip())
            if isinstance(written, datetime):
                return _as_utc(written)
            if time := _by_order(written, order):
                return _as_utc(time)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            return _from_number(value)
    except (ValueError, OverflowError):
        written = None
    text = value if isinstance(value, str) else repr(value)
    excerpt = repr(text if len(text) <= 40 else text[:40] + "…")
    if isinstance(written, Written) and order is None:
        raise AmbiguousDateError(written, excerpt)
    raise RecordError("the time {time} cannot be read", time=excerpt)


def time_or_field(value: object, field: str) -> tuple[datetime | None, str | None]:
    """Return a time; None and the field's name if it is unreadable."""
    try:
        return (None if value is None or value == "" else read_time(value)), None
    except RecordError:
        return None, field


class FileTimes:
    """Reads one file's times, whose dates of numbers have one order."""

    def __init__(
        self,
        order: Order | None,
        notes: ReadNotes,
        values: Callable[[], Iterable[object]],
        *,
        zone: str | None = None,
    ) -> None:
        self._order = order
        self._zone = zone
        self._is_assumed = False
        self._notes = notes
        self._values = values

    def read(self, value: object) -> datetime:
        try:
            time = read_time(value, self._order)
        except AmbiguousDateError:
            self._order = self._found_order()
            time = read_time(value, self._order)
        except RecordError:
            fitting = orders_of(value)
            if self._is_assumed and fitting and self._order not in fitting:
                self._notes.disprove_order()
            raise
        if isinstance(value, str):
            if "25" in value and is_buddhist(time.year + BUDDHIST):  # From 1957 on.
                self._note_calendar(value, time)
            if "ST" in value and (name := ambiguous_name(value)):
                time = self._in_zone(time, name)
        return time

    def _in_zone(self, time: datetime, name: str) -> datetime:
        if self._zone is not None:
            return moved(time, name, self._zone)
        first, *others = AMBIGUOUS[name]
        evidence = Message("{name} in the file stands for several time zones", name=name)
        self._notes.assume("timezone", first, alternatives=tuple(others), evidence=evidence)
        return time

    def _found_order(self) -> Order:
        """Return the order that all dates allow; one of several is an assumption."""
        orders = frozenset[Order](DATE_ORDERS)
        for value in islice(self._values(), 50_000):
            orders = orders & orders_of(value) or orders
            if len(orders) == 1:
                return next(iter(orders))
        self._is_assumed = True
        order = self._likely_order(orders)
        others = tuple(other for other in DATE_ORDERS if other in orders and other != order)
        evidence = Message("no day is over 12")
        if "year-first" in orders:
            evidence = Message("the dates fit several orders of day, month and year")
        self._notes.assume("dates", order, alternatives=others, evidence=evidence)
        return order

    def _likely_order(self, orders: frozenset[Order]) -> Order:
        """Return the order by which the file's times are closest together; in a tie, the later
        times win.
        """
        ranked: tuple[Order, ...] = ("month-first", "day-first", "year-first")
        distances = {order: 0.0 for order in ranked if order in orders}
        before: dict[Order, datetime] = {}
        for value in islice(self._values(), 1_000):
            written = _written(value)
            if written is None:
                continue
            times = ((order, _by_order(written, order)) for order in distances)
            known = {order: _as_utc(time) for order, time in times if time is not None}
            if len(known) < len(distances):
                continue
            for order, time in before.items():
                distances[order] += abs((known[order] - time).total_seconds())
            before = known
        last_year = {order: time.year for order, time in before.items()}
        return min(distances, key=lambda order: (distances[order], -last_year.get(order, 0)))

    def _note_calendar(self, value: str, time: datetime) -> None:
        year = str(time.year + BUDDHIST)
        if year in value:
            self._notes.assume(
                "year", "buddhist", evidence=Message("years such as {year}", year=year)
            )


def orders_of(value: object) -> frozenset[Order]:
    """Return the orders that a date of numbers allows; all of them for any other value.

    No one who separates by dots begins with the month, and nothing was written next year.
    """
    match = _ORDERED.search(value) if isinstance(value, str) else None
    if match is None:
        return frozenset(DATE_ORDERS)
    first, second, last = int(match["first"]), int(match["second"]), int(match["last"])
    is_short, this_year = len(match["last"]) == 2, now().year
    may_be_last = not is_short or short_year(last) <= this_year
    is_first = is_short and len(match["first"]) == 2 and short_year(first) <= this_year
    fits: dict[Order, bool] = {
        "day-first": may_be_last and first <= 31 and second <= 12,
        "month-first": may_be_last and first <= 12 and second <= 31 and match["sep"] != ".",
        "year-first": is_first and second <= 12 and 1 <= last <= 31,
    }
    return frozenset(order for order, does_fit in fits.items() if does_fit)


def _written(value: object) -> Written | None:
    if not isinstance(value, str):
        return None
    try:
        written = _read_text(value.strip())
    except (ValueError, OverflowError):
        return None
    return written if isinstance(written, Written) else None


def _by_order(written: Written, order: Order | None) -> datetime | None:
    if order is None:
        times = {time for time in written if time is not None}
        return times.pop() if len(times) == 1 else None
    if order == "year-first":
        is_of_numbers = written.day_first != written.month_first
        return written.year_first or (None if is_of_numbers else written.day_first)
    return written.day_first if order == "day-first" else written.month_first


def _as_utc(time: datetime) -> datetime:
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    return time.astimezone(UTC).replace(microsecond=0)


def _read_text(text: str) -> datetime | Written:
    if text[4:5] == "-" and (time := _read_iso(text)):
        return time
    if _COMPACT.fullmatch(text):
        return _from_digits(text)
    if text[8:9] == "T" and _COMPACT.fullmatch(text[:8]):
        return datetime.fromisoformat(text)
    if _EPOCH.fullmatch(text):
        return _from_number(float(text))
    if _X_TIME.fullmatch(text):
        # `Sat Feb 18 12:33:11 +0000 2023`; the module reads any order.
        return parsedate_to_datetime(text)
    return read_written(text)


def _read_iso(text: str) -> datetime | None:
    if not _ISO_TIME.match(text):
        return None
    try:
        time = datetime.fromisoformat(text.replace("z", "Z"))
    except ValueError:
        return None
    is_thai = "T" not in text and is_buddhist(time.year)
    return time.replace(year=time.year - BUDDHIST) if is_thai else time


def _from_digits(text: str) -> datetime:
    """Return the time that digits spell; as a number of seconds it would be far off."""
    try:
        return datetime.strptime(text, _SHAPES[len(text)]).replace(tzinfo=UTC)
    except ValueError:
        if len(text) == 8:
            raise
        return _from_number(float(text))


def _from_number(number: float) -> datetime:
    if isinstance(number, int) and _COMPACT.fullmatch(str(number)):
        return _from_digits(str(number))
    size = abs(number)
    parts = next((parts for least, parts in _UNITS_FROM if size >= least), 1)
    return EPOCH + timedelta(seconds=math.floor(number / parts))
