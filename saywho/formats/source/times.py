"""Times as files write them, read without a locale: aware, UTC, in whole seconds."""

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypedDict
from zoneinfo import ZoneInfo, available_timezones

from babel.core import get_global

from saywho.errors import Message, RecordError
from saywho.formats.assumptions import DATE_ORDERS, Order, ReadNotes
from saywho.formats.source.written.clock import (
    FileWords,
    WrittenClock,
    as_key,
    find_clock,
    is_certain,
    knowing,
    of_months,
    of_weekdays,
)
from saywho.formats.source.written.dates import note_calendar
from saywho.formats.source.written.days import (
    ISLAMIC_YEARS,
    MARKS,
    Calendar,
    WrittenDay,
    calendar_of,
    read_day,
    stated_day,
)
from saywho.formats.source.written.order import DateUse, orders_in, short_year, vote

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
_AMBIGUOUS: Final = re.compile("|".join(AMBIGUOUS))


SUMMER_ZONES: Final = {
    -8: "America/Los_Angeles",
    -7: "America/Denver",
    -6: "America/Chicago",
    -5: "America/New_York",
    -4: "America/Halifax",
    0: "Europe/London",
    1: "Europe/Berlin",
    2: "Europe/Athens",
    3: "Europe/Moscow",
    10: "Australia/Sydney",
    12: "Pacific/Auckland",
}
"""Zones that have had summer time, by standard offset from UTC in hours."""


def usual_zones() -> list[str]:
    """Return the zones of places, each before others that are less usual with its offsets."""
    # CLDR has a main zone for each zone of Windows.
    main = sorted(get_global("windows_zone_mapping").values())
    aliases, others = get_global("zone_aliases"), sorted(get_global("zone_territories"))
    names = (*SUMMER_ZONES.values(), *(aliases.get(name, name) for name in main), *others)
    known = {name for name in available_timezones() if not name.startswith("Etc/")}
    return [name for name in dict.fromkeys(names) if name in known]


def zone_of_offset(east: timedelta) -> str | None:
    """Return a zone that always has this offset, if there is one."""
    if not east:
        return "UTC"
    hours, rest = divmod(east, timedelta(hours=1))
    return f"Etc/GMT{-hours:+}" if not rest and -12 <= hours <= 14 else None


_OFFSET: Final = re.compile(r"^\s*((?:GMT|UTC|UT)?\s?[+\-−]\d{1,2}(?::?[0-5]\d)?|Z)(?=\s|\)|$)")
_IN_BRACKETS: Final = re.compile(r"(?<!\s)\s*\(([^()]*)\)\s*$")
_REGION: Final = re.compile(r"(?<!\S)[A-Z][A-Za-z]+(?:/[A-Za-z_+-]+){1,2}(?!\S)")
_LONG_ZONE: Final = re.compile(r"(?:[A-Z][\w.]{0,40}\s){1,4}(?:Standard|Daylight|Summer)\sTime\b")
_SHORT_ZONE: Final = re.compile(r"(?<![^\s(])(?:[A-Z]{2,5}|ChST)(?![^\s),])")
_DOTTED_CLOCK: Final = re.compile(r"(?<=\s)(\d{1,2})\.(\d\d(?!\d)(?!\.\d\d\d))")
_MARKS: Final = re.compile(MARKS.replace("*", "+"))


class Written(NamedTuple):
    """Facts that a text states: a date, perhaps a clock, perhaps a zone."""

    day: WrittenDay
    clock: WrittenClock | None
    zone: str

    def by(self, order: Order, words: FileWords) -> tuple[datetime, Calendar] | None:
        """Return the time by an order, naive without a zone, and its calendar; None if impossible.

        Raises ValueError for an unknown zone or an impossible clock.
        """
        day = self.day
        if order == "year-first" and day.parts[1] and not day.era:
            may_lead = len(day.parts[0]) > 2 or len(day.parts[0]) == len(day.parts[2]) == 2
            if not may_lead:
                return None
        elif len(day.parts[0]) > 2 and day.parts[1]:
            order = "year-first"
        stated = stated_day(day, order, words, short_year)
        if stated is None:
            return None
        clock = self.clock.time(words) if self.clock else time()
        if clock is None:
            raise ValueError("no such time")
        local = datetime.combine(stated.date, clock)
        zone = named_zone(self.zone) if self.zone else None
        if self.zone and zone is None:
            raise ValueError(f"no time zone is called {self.zone}")
        return local.replace(tzinfo=zone), stated.calendar

    def meanings(self, words: FileWords) -> dict[Order, tuple[datetime, Calendar]]:
        """Return the time by each order that the date allows.

        Raises ValueError if no order does.
        """
        is_one = not self.day.parts[1] or self.day.era or len(self.day.parts[0]) > 2
        orders = ("day-first",) if is_one else DATE_ORDERS
        found = {order: self.by(order, words) for order in orders}
        if not is_one and self.day.cut == "." and found["day-first"]:
            # Nobody who separates by dots begins with the month.
            found["month-first"] = found["day-first"]
        meanings = {order: meant for order, meant in found.items() if meant is not None}
        if not meanings:
            raise ValueError("no such day")
        return meanings


@lru_cache(maxsize=1_000)
def read_written(text: str) -> Written:
    """Return the facts that a text states.

    Raises ValueError, also for a text with anything else.
    """
    if len(text) > 100:
        raise ValueError("too long")
    if not text.isascii():
        text = _MARKS.sub("", unicodedata.normalize("NFKC", text))
    plain = " ".join(text.split())
    rest, zone = _without_zone_in_brackets(plain)
    rest, clock, behind = find_clock(rest)
    if clock is None and not _is_day(rest):
        rest, clock, behind = find_clock(_DOTTED_CLOCK.sub(r"\1:\2", rest))
    if clock is not None:
        _check_half(clock)
        if offset := _OFFSET.match(behind):
            zone, behind = offset[1].replace(" ", ""), behind[offset.end() :]
    rest = f"{rest} {behind}".strip()
    if clock is not None and not zone:
        rest, zone = _without_zone(rest)
    return Written(read_day(rest.strip(" ,")), clock, zone)


def is_day(text: str) -> bool:
    """Return whether a text is a day without a time."""
    try:
        return read_written(text).clock is None
    except ValueError:
        return False


def _check_half(clock: WrittenClock) -> None:
    half = next(iter(knowing([clock.part], ()))).hours[clock.part] if clock.part else ()
    if len(half) == 12 and (clock.hour > 12 or (clock.hour == 0 and 0 not in half)):
        raise ValueError("a twelve-hour clock has no such hour")


def _without_zone_in_brackets(text: str) -> tuple[str, str]:
    match = _IN_BRACKETS.search(text)
    if not match or not match[1].isascii():
        return text, ""
    has_offset = re.search(r"[+-]\d\d:?\d\d\s*$", text[: match.start()])
    return text[: match.start()], "" if has_offset else match[1]


def _without_zone(text: str) -> tuple[str, str]:
    for pattern in (_LONG_ZONE, _REGION, _SHORT_ZONE):
        for match in pattern.finditer(text):
            rest, key = f"{text[: match.start()]} {text[match.end() :]}".strip(), as_key(match[0])
            is_word = key in of_months() or key in of_weekdays()
            if not is_word or (match[0] in zone_offsets() and _is_day(rest)):
                return rest, match[0]
    return text, ""


def _is_day(text: str) -> bool:
    try:
        return bool(read_day(text.strip(" ,")))
    except ValueError:
        return False


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
_WORD_OF_DAY: Final = re.compile(r"[^\W\d]+\.?")
_MOST_VALUES: Final = 50_000
"""Number of values that decide the order and the language."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS_FROM: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""Minimum numbers of nanoseconds, microseconds and milliseconds, with their parts of a second."""


class AmbiguousDateError(RecordError):
    """A date of numbers is several days, by the order of day, month and year."""

    def __init__(self, excerpt: str) -> None:
        super().__init__("the time {time} cannot be read", time=excerpt)


class StatedTime(NamedTuple):
    time: datetime
    calendar: Calendar = ""
    written: Written | None = None
    """Facts that a text in words states; None for numbers and ISO 8601."""


def read_time(value: object, order: Order | None = None) -> datetime:
    """Return the time that a value states; a time without a zone is UTC.

    It reads ISO 8601, X's form, RFC 2822, dates with named months or in numbers, in the languages
    and calendars of `written`, 12- and 24-hour clocks, zones by name, digits alone
    (20240115120501), and seconds or parts of them since 1970. Raises RecordError with the value,
    AmbiguousDateError for a date that the order would settle.
    """
    return _state(value, order, None).time


def is_time(value: object) -> bool:
    try:
        return read_time(value) is not None
    except AmbiguousDateError:
        return True
    except RecordError:
        return False


def iso_time(text: str) -> datetime | None:
    """Return a time that a program writes by ISO 8601, with or without a zone, if it is one."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _state(value: object, order: Order | None, words: FileWords | None) -> StatedTime:
    is_ambiguous = False
    try:
        if isinstance(value, str):
            read = _read_text(value.strip())
            if not isinstance(read, Written):
                return StatedTime(_as_utc(read.time), read.calendar, read.written)
            known = words or _any_words()
            if order is None:
                meanings = {*read.meanings(known).values()}
                is_ambiguous = len(meanings) > 1
                meant = None if is_ambiguous else meanings.pop()
            else:
                meant = read.by(order, known)
            if meant:
                return StatedTime(_as_utc(meant[0]), meant[1], read)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            return StatedTime(_from_number(value))
    except (ValueError, OverflowError):
        is_ambiguous = False
    text = value if isinstance(value, str) else repr(value)
    excerpt = repr(text if len(text) <= 40 else text[:40] + "…")
    if is_ambiguous:
        raise AmbiguousDateError(excerpt)
    raise RecordError("the time {time} cannot be read", time=excerpt)


@cache
def _any_words() -> FileWords:
    """Return words without their file, each as the first language with it means it."""
    return FileWords()


def time_or_field(value: object, field: str) -> tuple[datetime | None, str | None]:
    """Return a time; None and the field's name if it is unreadable."""
    try:
        return (None if value is None or value == "" else read_time(value)), None
    except RecordError:
        return None, field


class Timed(TypedDict):
    """The fields of a record about its time."""

    created_at: datetime | None
    unread_time: str | None


def timed(value: object, field: str) -> Timed:
    """Return a record's time, also a datetime as it is, or the field's name if it is unreadable."""
    time, unread = (value, None) if isinstance(value, datetime) else time_or_field(value, field)
    return {"created_at": time, "unread_time": unread}


_WITHOUT_ZONE: Final = len("2026-11-20T09:30:00")


class FileTimes:
    """Reads one file's times. Its dates of numbers have one order, and its words a language."""

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
        self._words: FileWords | None = None

    def read(self, value: object) -> datetime:
        # Most files have such times alone, which state no calendar, order or words.
        if isinstance(value, str) and value[4:5] == "-":
            text = value.strip()
            # With a zone, no other datetime must be made of it, which takes longer than reading it.
            time = _read_iso(f"{text}Z" if len(text) == _WITHOUT_ZONE else text)
            if time and time.tzinfo is UTC and not time.microsecond:
                return time
            if time and (time.tzinfo is None or time.tzinfo is UTC):
                return time.replace(tzinfo=UTC, microsecond=0)
        try:
            stated = _state(value, self._order, self._words)
        except AmbiguousDateError:
            self._order = self._found_order()
            stated = _state(value, self._order, self._words)
        except RecordError:
            fitting = orders_of(value)
            if self._is_assumed and fitting and self._order not in fitting:
                self._notes.is_order_disproved = True
            raise
        written = stated.written
        if self._words is None and written is not None and not _is_certain(written):
            self._words = self._found_words()
            self._words.note(self._notes)
            stated = _state(value, self._order, self._words)
        note_calendar(stated.calendar, self._notes)
        if written is not None and (match := _AMBIGUOUS.fullmatch(written.zone)):
            return self._in_zone(stated.time, match[0])
        return stated.time

    def _in_zone(self, time: datetime, name: str) -> datetime:
        if self._zone is not None:
            local = time.astimezone(zone_offsets()[name])
            return local.replace(tzinfo=ZoneInfo(self._zone)).astimezone(UTC)
        first, *others = AMBIGUOUS[name]
        evidence = Message("{name} in the file stands for several time zones", name=name)
        self._notes.assume("timezone", first, alternatives=tuple(others), evidence=evidence)
        return time

    def _found_words(self) -> FileWords:
        words = FileWords()
        for value in islice(self._values(), _MOST_VALUES):
            if (written := _written(value)) and (written.clock or written.day.month):
                clock = written.clock
                words.add(clock.part if clock else "", clock.hour if clock else 0)
                words.add(month=written.day.month)
        return words

    def _found_order(self) -> Order:
        days, parts = dict[WrittenDay, None](), set[str]()
        for value in islice(self._values(), _MOST_VALUES):
            if (day := _ordered_day(value)) is not None:
                days[day] = None
                if len(days) < 100 and (written := _written(value)) and written.clock:
                    parts |= {written.clock.part} - {""}
        order, *others = vote([*days], DateUse(), parts)
        if others:
            self._is_assumed = True
            evidence = Message("no day is over 12")
            if "year-first" in {order, *others}:
                evidence = Message("the dates fit several orders of day, month and year")
            self._notes.assume("dates", order, alternatives=(*others,), evidence=evidence)
        return order


def _is_certain(written: Written) -> bool:
    part = written.clock.part if written.clock else ""
    return is_certain(part, written.clock.hour if written.clock else 0, written.day.month)


def _ordered_day(value: object) -> WrittenDay | None:
    match = _ORDERED.search(value) if isinstance(value, str) else None
    if match is None:
        return None
    words = map(as_key, _WORD_OF_DAY.findall(match.string))
    weekday = next((key for key in words if key in of_weekdays()), "")
    return WrittenDay(
        (match["first"], match["second"], match["last"]), cut=match["sep"], weekday=weekday
    )


def orders_of(value: object) -> frozenset[Order]:
    """Return the orders that a date of numbers allows; all of them for any other value."""
    day = _ordered_day(value)
    return frozenset(DATE_ORDERS) if day is None else orders_in(day, DateUse())


def _written(value: object) -> Written | None:
    if not isinstance(value, str):
        return None
    try:
        written = _read_text(value.strip())
    except (ValueError, OverflowError):
        return None
    return written if isinstance(written, Written) else None


def states_zone(value: object) -> bool:
    """Return whether a value is a time that is the same everywhere: epoch, or with a zone."""
    try:
        read = _read_text(value.strip()) if isinstance(value, str) else StatedTime(read_time(value))
    except (ValueError, OverflowError, RecordError):
        return False
    return bool(read.zone if isinstance(read, Written) else read.time.tzinfo)


def in_zone(value: object, zone: object) -> object:
    """Return a time with the zone in which the file says that it is, if it states none itself."""
    if not (isinstance(value, str) and ":" in value and isinstance(zone, str)):
        return value
    is_used = named_zone(zone := zone.strip()) and not states_zone(value)
    return f"{value} {zone}" if is_used else value


def _as_utc(time: datetime) -> datetime:
    if time.tzinfo is UTC and not time.microsecond:
        return time
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC, microsecond=0)
    return time.astimezone(UTC).replace(microsecond=0)


def _read_text(text: str) -> StatedTime | Written:
    if text[4:5] == "-" and (time := _read_iso(text)):
        return StatedTime(time)
    if _COMPACT.fullmatch(text):
        return StatedTime(_from_digits(text))
    if text[8:9] == "T" and _COMPACT.fullmatch(text[:8]):
        return StatedTime(datetime.fromisoformat(text))
    if _EPOCH.fullmatch(text):
        return StatedTime(_from_number(float(text)))
    if _X_TIME.fullmatch(text):
        # `Sat Feb 18 12:33:11 +0000 2023`; the module reads any order.
        return StatedTime(parsedate_to_datetime(text))
    return read_written(text)


def _read_iso(text: str) -> datetime | None:
    if not _ISO_TIME.match(text):
        return None
    try:
        time = datetime.fromisoformat(text.replace("z", "Z"))
    except ValueError:
        return None
    is_other = bool(calendar_of(time.year)) or time.year in ISLAMIC_YEARS
    return None if is_other and "T" not in text else time


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
