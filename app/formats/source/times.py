"""Times as files write them, read without a locale: aware, UTC, in whole seconds."""

import math
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Final, Literal

from app.errors import Message, RecordError
from app.formats.assumptions import ReadNotes
from app.formats.source.written_times import BUDDHIST, Written, is_buddhist, read_written
from app.formats.source.zones import AMBIGUOUS, ambiguous_name, moved

Order = Literal["day-first", "month-first"]
_X_TIME = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d? \d\d:\d\d:\d\d [+-]\d{4} \d{4}", re.ASCII)
_ISO_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EPOCH = re.compile(r"-?\d{9,19}(?:\.\d+)?", re.ASCII)
_COMPACT: Final = re.compile(r"(?:19|20)\d{6}(?:\d{4}(?:\d\d)?)?", re.ASCII)
"""Digits of a day, or of a day with hour and minute, and perhaps second."""
_SHAPES: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_ORDERED: Final = re.compile(
    r"(?<![\d./-])(?P<first>\d{1,2})(?P<sep>[/-])(?P<second>\d{1,2})(?P=sep)\d{2}(?:\d\d)?(?![\d/-])",
    re.ASCII,
)
"""A date of numbers with the year behind; with dots the day is always first."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS_FROM: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From which numbers on a second has so many parts: nanoseconds, microseconds, milliseconds."""
_MOST_COMPARED: Final = 1_000
"""Times of a file that are compared with the time before."""
_MOST_LOOKED_AT: Final = 50_000
"""Times of a file that are looked at for the order of day and month."""


class AmbiguousDateError(RecordError):
    """A date of numbers is two days, by the order of day and month."""

    def __init__(self, written: Written, excerpt: str) -> None:
        super().__init__("the time {time} cannot be read", time=excerpt)
        self.written = written


def read_time(value: object, order: Order | None = None) -> datetime:
    """Return the time that a value states; a time without a zone is UTC.

    It reads ISO 8601, X's own form, RFC 2822, dates with the name of a month or in numbers, with
    clocks of 12 and 24 hours and zones by their names, digits alone (20240115120501), and seconds
    or parts of them since 1970. Raises RecordError with the value, AmbiguousDateError for a date
    of numbers that the order would settle.
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
    """Return a time; None and the name of its field if it is there and cannot be read."""
    try:
        return (None if value is None or value == "" else read_time(value)), None
    except RecordError:
        return None, field


class FileTimes:
    """Reads the times of one file, whose dates of numbers have one order."""

    def __init__(
        self,
        order: Order | None,
        notes: ReadNotes,
        values: Callable[[], Iterable[object]],
        *,
        zone: str | None = None,
    ) -> None:
        """Take the order that was chosen, and what yields the times of the file, to look ahead.

        zone: the zone that was chosen for an abbreviation of several.
        """
        self._order = order
        self._zone = zone
        self._is_assumed = False
        self._notes = notes
        self._values = values

    def read(self, value: object) -> datetime:
        """Return the time. Raises RecordError."""
        try:
            time = read_time(value, self._order)
        except AmbiguousDateError:
            self._order = self._found_order()
            time = read_time(value, self._order)
        except RecordError:
            if self._is_assumed and order_of(value) is not None:
                self._notes.disprove_order()
            raise
        if isinstance(value, str):
            if "25" in value and is_buddhist(time.year + BUDDHIST):  # From 1957 on.
                self._note_calendar(value, time)
            if "ST" in value and (name := ambiguous_name(value)):
                time = self._in_zone(time, name)
        return time

    def _in_zone(self, time: datetime, name: str) -> datetime:
        """Return a time whose zone has an abbreviation that several zones share."""
        if self._zone is not None:
            return moved(time, name, self._zone)
        first, *others = AMBIGUOUS[name]
        evidence = Message("{name} in the file is the name of several zones", name=name)
        self._notes.assume("timezone", first, alternatives=tuple(others), evidence=evidence)
        return time

    def _found_order(self) -> Order:
        """Return the order that a day over 12 tells; without any, month first as an assumption."""
        for value in islice(self._values(), _MOST_LOOKED_AT):
            if order := order_of(value):
                return order
        self._is_assumed = True
        order = self._likely_order()
        other: Order = "day-first" if order == "month-first" else "month-first"
        evidence = Message("no day is over 12")
        self._notes.assume("dates", order, alternatives=(other,), evidence=evidence)
        return order

    def _likely_order(self) -> Order:
        """Return the order by which the times of the file lie closer together, row by row."""
        distances: dict[Order, float] = {"month-first": 0.0, "day-first": 0.0}
        before: Written | None = None
        for value in islice(self._values(), _MOST_COMPARED):
            written = _written(value)
            if written is None or written.day_first is None or written.month_first is None:
                continue
            if before is not None:
                for order in distances:
                    gap = _by_order(written, order) - _by_order(before, order)  # type: ignore[operator]
                    distances[order] += abs(gap.total_seconds())
            before = written
        return min(distances, key=distances.__getitem__)

    def _note_calendar(self, value: str, time: datetime) -> None:
        year = str(time.year + BUDDHIST)
        if year in value:
            self._notes.assume(
                "year", "buddhist", evidence=Message("years such as {year}", year=year)
            )


def order_of(value: object) -> Order | None:
    """Return the order of day and month that a date of numbers allows alone; None for others."""
    match = _ORDERED.search(value) if isinstance(value, str) else None
    if match is None:
        return None
    first, second = int(match["first"]), int(match["second"])
    if first > 12 >= second:
        return "day-first"
    return "month-first" if second > 12 >= first else None


def _written(value: object) -> Written | None:
    if not isinstance(value, str):
        return None
    try:
        written = _read_text(value.strip())
    except (ValueError, OverflowError):
        return None
    return written if isinstance(written, Written) else None


def _by_order(written: Written, order: Order | None) -> datetime | None:
    """Return the time in this order; without an order the only one that there is, if any."""
    if written.day_first == written.month_first:
        return written.day_first
    if order is None:
        both = written.day_first and written.month_first
        return None if both else written.day_first or written.month_first
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
    """Return the time that digits alone spell; such a number of seconds would be far off."""
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
