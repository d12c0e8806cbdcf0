"""Times as files write them, read without a locale: aware, UTC, in whole seconds."""

import datetime as dt
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import get_global

from app.errors import Message, RecordError
from app.formats.assumptions import DATE_ORDERS, Order, ReadNotes
from app.runtime.clock import now

_ZONE_OFFSET: Final = re.compile(r"(?:GMT|UTC|UT)?\s?([+\-−])(\d{1,2})(?::?([0-5]\d))?")
_ZONE_REGION: Final = re.compile(r"[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_+-]*[A-Za-z]){1,2}")
_SUMMER: Final = re.compile(r"\b(?:Daylight|Summer)\b")


@cache
def zone_offsets() -> dict[str, timezone]:
    path = Path(__file__).with_name("zone_names.json")
    minutes = json.loads(path.read_text(encoding="utf-8"))["minutes_east"]
    return {name: timezone(timedelta(minutes=east)) for name, east in minutes.items()}


@lru_cache(1_000)
def named_zone(name: str) -> tzinfo | None:
    if zone := zone_offsets().get(name) or zone_offsets().get(name.upper()):
        return zone
    if match := _ZONE_OFFSET.fullmatch(name):
        sign, hours, minutes = match.groups(default="0")
        east = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-east if sign != "+" else east) if east < timedelta(hours=24) else None
    if not _ZONE_REGION.fullmatch(name):
        # Windows calls the zone by its winter name in both halves of the year.
        name = get_global("windows_zone_mapping").get(_SUMMER.sub("Standard", name), "")
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):
        return None


AMBIGUOUS: Final = {
    "BST": ("Europe/London", "Asia/Dhaka"),
    "CST": ("America/Chicago", "Asia/Shanghai", "America/Havana"),
    "IST": ("Asia/Kolkata", "Asia/Jerusalem", "Europe/Dublin"),
}
"""Zones sharing an abbreviation; the first applies, unless the importer chooses another."""
_AMBIGUOUS: Final = re.compile(rf"\b(?:{'|'.join(AMBIGUOUS)})\b")


def moved(time: datetime, name: str, zone: str) -> datetime:
    """Return in the given zone a time that was read in an abbreviation's usual zone."""
    local = time.astimezone(zone_offsets()[name]).replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)


def zone_of_offset(east: timedelta) -> str | None:
    """Return a zone that always has this offset, if there is one."""
    if not east:
        return "UTC"
    hours, rest = divmod(east, timedelta(hours=1))
    return f"Etc/GMT{-hours:+}" if not rest and -12 <= hours <= 14 else None


def in_zone(local: datetime, name: str) -> datetime:
    """Return a local time with the zone of that name. Raises ValueError."""
    zone = named_zone(name)
    if zone is None:
        raise ValueError(f"no time zone is called {name}")
    return local.replace(tzinfo=zone)


BUDDHIST: Final = 543
_BUDDHIST_YEARS: Final = range(2400, 2700)
_MORNINGS: Final = frozenset({"am", "오전", "午前", "上午"})
_HALVES: Final = r"오전|오후|午前|午後|上午|下午|[ap]\.?\s?m\b\.?"
_CLOCK: Final = re.compile(
    rf"(?<![\d:])(?:(?P<before>{_HALVES})\s?)?T?(?P<h>\d{{1,2}})"
    r"(?:\s?[:h]\s?(?P<m>\d\d)(?::(?P<s>\d\d)(?:[.,]\d{1,9})?)?"
    r"|\s?[시時时点]\s?(?:(?P<m2>\d{1,2})\s?[분分]\s?(?:(?P<s2>\d{1,2})\s?[초秒])?)?)"
    rf"\s?(?P<after>{_HALVES})?",
    re.IGNORECASE,
)
_HOUR_ALONE: Final = re.compile(r"(?P<h>\d{1,2})\s?(?P<after>[ap]\.?\s?m\b\.?)", re.IGNORECASE)
_OFFSET: Final = re.compile(r"^\s*((?:GMT|UTC|UT)?\s?[+\-−]\d{1,2}(?::?[0-5]\d)?|Z)(?=\s|\)|$)")
_IN_BRACKETS: Final = re.compile(r"\s*\(([^()]*)\)\s*$")
_REGION: Final = re.compile(r"(?<!\S)[A-Z][A-Za-z]+(?:/[A-Za-z_+-]+){1,2}(?!\S)")
_LONG_ZONE: Final = re.compile(r"(?:[A-Z][\w.]*\s){1,4}(?:Standard|Daylight|Summer)\sTime\b")
_SHORT_ZONE: Final = re.compile(r"(?<![^\s(])(?:[A-Z]{2,5}|ChST)(?![^\s),])")
_NUMBERS: Final = re.compile(
    r"(?P<y>\d{4})\s?(?P<sep>[-./])\s?(?P<m>\d{1,2})\s?(?P=sep)\s?(?P<d>\d{1,2})\.?"
)
_CJK: Final = re.compile(
    r"(?P<y>\d{4})\s?[년年]\s?(?P<m>\d{1,2})\s?[월月]\s?(?P<d>\d{1,2})\s?[일日號号]?"
)
_YEAR_LAST: Final = re.compile(
    r"(?P<a>\d{1,2})\s?(?P<sep>[-./])\s?(?P<b>\d{1,2})\s?(?P=sep)\s?(?P<y>\d{4}|\d\d)\.?"
)
_WEEKDAY: Final = re.compile(
    r"^(?:[^\W\d]{1,12}\.?,\s*|(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\s*)"
    r"|\(?\b(?:[월화수목금토일]요일|[日月火水木金土]曜日?|(?:星期|周|週)[一二三四五六日天])\)?"
    r"|\([월화수목금토일月火水木金土]\)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"\d+|[^\W\d_]+")
_FILLERS: Final = frozenset({"at", "on", "of", "de", "del", "st", "nd", "rd", "th", "um", "à", "г"})
_BETWEEN: Final = frozenset(" \t,.·-–/")
_LOCALES: Final = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu"),
    *("ro", "tr", "id", "ru", "uk", "el", "bg", "ca"),
)


class Written(NamedTuple):
    """The time in a text by each order of numbers, possibly equal."""

    day_first: datetime | None
    month_first: datetime | None
    year_first: datetime | None = None
    """Only if the first two digits may be the year."""


def read_written(text: str) -> Written:
    """Return the time that a text states: a date, perhaps a clock, perhaps a zone.

    A time without a zone is naive. Raises ValueError, also for a text with anything else.
    """
    if len(text) > 100:
        raise ValueError("too long")
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    rest, zone = _without_zone_in_brackets(plain)
    rest, clock, behind = _without_clock(rest)
    if clock is not None and (offset := _OFFSET.match(behind)):
        zone, behind = offset[1].replace(" ", ""), behind[offset.end() :]
    rest = f"{rest} {behind}".strip()
    if clock is not None and not zone:
        rest, zone = _without_zone(rest)
    days = _dates(_WEEKDAY.sub(" ", rest).strip(" ,"))
    return Written(*(_joined(day, clock, zone) for day in days))


def _joined(day: date | None, clock: dt.time | None, zone: str) -> datetime | None:
    if day is None:
        return None
    local = datetime.combine(day, clock or dt.time())
    return in_zone(local, zone) if zone else local


def _without_zone_in_brackets(text: str) -> tuple[str, str]:
    match = _IN_BRACKETS.search(text)
    if not match or not match[1].isascii():
        return text, ""
    has_offset = re.search(r"[+-]\d\d:?\d\d\s*$", text[: match.start()])
    return text[: match.start()], "" if has_offset else match[1]


def _without_clock(text: str) -> tuple[str, dt.time | None, str]:
    match = _CLOCK.search(text) or _HOUR_ALONE.search(text)
    if not match:
        return text, None, ""
    parts = match.groupdict()
    hour = int(parts["h"])
    half = (parts.get("before") or parts["after"] or "").lower().replace(".", "").replace(" ", "")
    if half:
        if not 1 <= hour <= 12 and not (hour == 0 and half in _MORNINGS):
            raise ValueError("a twelve-hour clock has no such hour")
        hour = hour % 12 + 12 * (half not in _MORNINGS)
    minute, second = (int(parts.get(k) or parts.get(f"{k}2") or 0) for k in "ms")
    # A minute of 61 seconds is rare, and one of 60 is the next.
    clock = dt.time(hour, minute, min(second, 59) if second == 60 else second)
    return text[: match.start()], clock, text[match.end() :]


def _without_zone(text: str) -> tuple[str, str]:
    for pattern in (_LONG_ZONE, _REGION, _SHORT_ZONE):
        for match in pattern.finditer(text):
            if match[0].lower() not in _months():
                return f"{text[: match.start()]} {text[match.end() :]}".strip(), match[0]
    return text, ""


def _dates(text: str) -> tuple[date | None, ...]:
    """Return the date by day and month, by month and day, and by year. Raises ValueError."""
    if match := _NUMBERS.fullmatch(text) or _CJK.fullmatch(text):
        day = _date(int(match["y"]), int(match["m"]), int(match["d"]))
        return day, day
    if match := _YEAR_LAST.fullmatch(text):
        year, a, b = _year(match["y"]), int(match["a"]), int(match["b"])
        dates = _date_or_none(year, b, a), _date_or_none(year, a, b)
        # Nobody who separates by dots begins with the month.
        dates = (dates[0], dates[0]) if match["sep"] == "." and dates[0] else dates
        is_short = len(match["a"]) == len(match["y"]) == 2
        by_year = _date_or_none(_year(match["a"]), b, int(match["y"])) if is_short else None
        if dates == (None, None) and by_year is None:
            raise ValueError("no such day")
        return *dates, by_year
    day = _by_name(text)
    return day, day


def _by_name(text: str) -> date:
    gaps = {*_WORD.sub("", text)}
    words = [word for word in _WORD.findall(text.lower()) if word not in _FILLERS]
    names = [word for word in words if not word.isdigit()]
    numbers = [word for word in words if word.isdigit()]
    if gaps - _BETWEEN or len(names) != 1 or len(numbers) != 2 or names[0] not in _months():
        raise ValueError("no date")
    years = [number for number in numbers if len(number) == 4] or numbers[1:]
    (day,) = [number for number in numbers if number != years[0]] or numbers[:1]
    if len(day) > 2 or len(years[0]) not in {2, 4}:
        raise ValueError("no date")
    return _date(_year(years[0]), _months()[names[0]], int(day))


def _year(text: str) -> int:
    return int(text) if len(text) > 2 else short_year(int(text))


def short_year(year: int) -> int:
    return year + (2000 if year < 50 else 1900)


def _date(year: int, month: int, day: int) -> date:
    return date(year - BUDDHIST if year in _BUDDHIST_YEARS else year, month, day)


def _date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return _date(year, month, day)
    except ValueError:
        return None


@cache
def _months() -> dict[str, int]:
    """Return months by name, without names that differ between languages."""
    months: dict[str, int] = {}
    doubtful: set[str] = set()
    for name, month in _names_of_months():
        if months.setdefault(name, month) != month:
            doubtful.add(name)
    return {name: month for name, month in months.items() if name not in doubtful}


def _names_of_months() -> Iterator[tuple[str, int]]:
    for code in _LOCALES:
        for widths in Locale.parse(code).months.values():
            for width in ("wide", "abbreviated"):
                for month, name in widths[width].items():
                    plain = name.lower().strip(".")
                    if plain.isalpha():
                        yield plain, month
    yield "sept", 9


def is_buddhist(year: int) -> bool:
    return year in _BUDDHIST_YEARS


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
                self._notes.is_order_disproved = True
            raise
        if isinstance(value, str):
            year = time.year + BUDDHIST
            if "25" in value and is_buddhist(year) and str(year) in value:  # From 1957 on.
                evidence = Message("years such as {year}", year=str(year))
                self._notes.assume("year", "buddhist", evidence=evidence)
            if "ST" in value and (match := _AMBIGUOUS.search(value)):
                time = self._in_zone(time, match[0])
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
