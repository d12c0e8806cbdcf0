"""Days, times and durations in the language of a request."""

import math
import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel.dates import (
    format_date,
    format_interval,
    format_skeleton,
    format_time,
    format_timedelta,
    get_datetime_format,
    get_day_names,
    get_month_names,
    get_time_format,
    get_timezone_location,
)
from markupsafe import Markup, escape
from quart import Quart

from app.config import Locale
from app.language.i18n import gettext, language
from app.runtime.clock import now

MINUTE_S: Final = 60
MONTHS: Final = tuple(
    name
    for width in ("wide", "abbreviated")
    for name in get_month_names(width, "format", "en").values()
)
UNIT: Final = r"(?!(?:and|as|at|from|have|in|is|of|on|or|than|the|to|with)\b)[a-z]{2,12}\b"
"""Pattern of a counted noun after a number and a space."""
_WHOLE: Final = re.compile(
    rf"\b(?:{'|'.join(MONTHS)}) \d+(?:, \d{{4}})?\b"  # March 1, 2025
    r"|\d+[년월](?: \d+[월일])+"  # 2025년 3월 1일
    rf"|(?<![\d:.,])(?:\d+ of )?\d[\d,.]* {UNIT}"  # 365 days, 9 of 10 messages
    r"|\([가-힣\d ]{2,12}\)"  # (한 번에 6단어)
    r"|[^\W\d]{1,12}[\u2600-\u27bf\U0001f300-\U0001faff]\w{0,4}"  # 하은🌷이
)
"""Pattern of text without line breaks: a day, a number and unit, or a name with an emoji."""
_OFFSET: Final = re.compile(r"Etc/GMT([+-])([1-9]\d?)")


def init_app(app: Quart) -> None:
    app.jinja_env.filters |= {
        "ago": show_ago,
        "clock": show_clock,
        "date": show_date,
        "day": show_day,
        "month": show_month,
        "duration": show_duration,
        "month_day": show_month_day,
        "own_day": show_own_day,
        "rfc3339": rfc3339,
        "time": show_time,
        "weekday": show_weekday,
        "unbroken": unbroken,
        "zone_name": show_zone,
    }


def show_date(day: date) -> str:
    return format_date(day, "long", locale=language())


def unbroken(text: str) -> Markup:
    """Return a sentence as HTML without line breaks in days, and between numbers and units.

    Its spaces stay spaces, so copying and searching give the same text.
    """
    parts, end = [], 0
    span = Markup('<span class="unbroken">{}</span>')
    for whole in _WHOLE.finditer(text):
        parts += [escape(text[end : whole.start()]), span.format(whole[0])]
        end = whole.end()
    return Markup().join([*parts, escape(text[end:])])


def show_weekday(day: date) -> str:
    return format_date(day, "full", locale=language())


def show_clock(time: datetime) -> Markup:
    """Return a `<time>` element with the hour and minute in the time's own zone."""
    pattern = str(get_time_format("short", locale=language())).replace("a", "aaaa")
    clock = format_time(time, pattern, tzinfo=time.tzinfo, locale=language())
    full = f"{format_date(time, 'long', locale=language())} {clock}"
    element = Markup('<time datetime="{}" title="{}">{}</time>')
    return element.format(rfc3339(time), full, clock)


def weekday_names(width: Literal["abbreviated", "wide"] = "abbreviated") -> list[str]:
    names = get_day_names(width, "stand-alone", locale=language())
    return [names[day] for day in range(7)]


def month_names(width: Literal["abbreviated", "wide"] = "abbreviated") -> list[str]:
    names = get_month_names(width, "stand-alone", locale=language())
    return [names[month] for month in range(1, 13)]


def show_month(day: date) -> str:
    return _month(day.year, day.month, language())


@lru_cache(maxsize=1_000)
def _month(year: int, month: int, locale: Locale) -> str:
    return format_skeleton("yMMMM", date(year, month, 1), locale=locale)


def show_period(first: date, end: date) -> str:
    """Return the name of a period, whose end is excluded: "December 2015"."""
    last = end - timedelta(days=1)
    if first == last:
        return show_date(first)
    if first.day == end.day == 1 and last < first + timedelta(days=31):
        return show_month(first)
    return format_interval(first, last, "yMMMd", locale=language())


def show_time(
    time: datetime, zone: str | None = None, *, is_exact: bool = False, chat: str | None = None
) -> Markup:
    """Return a `<time>` element in UTC, which a script changes to the viewer's time.

    With a zone, it is the time there for everyone. Midnight is shown as a day, since imports turn a
    bare day into midnight UTC, unless the time is_exact, as in a message. chat: the chat's zone,
    named unless it is the viewer's.
    """
    day_and_time = escape(str(get_datetime_format("medium", locale=language())))  # As in browsers.
    if zone is not None:
        own = time.astimezone(ZoneInfo(zone))
        day = format_date(own, "medium", locale=language())
        return Markup("<span>{}</span>").format(day_and_time.format(show_clock(own), day))
    if chat is not None:
        own = time.astimezone(ZoneInfo(chat))
        there = day_and_time.format(show_clock(own), format_date(own, locale=language()))
        named = Markup('<span data-chat="{}">{} <span class="soft">({})</span></span>')
        return named.format(chat, there, show_zone(chat))
    time = time.astimezone(UTC)
    if not (is_exact or time.hour or time.minute or time.second):
        return show_day(time)
    day = format_date(time, "medium", locale=language())
    # Babel's short Korean times have AM and PM; the wide form is what browsers write.
    pattern = str(get_time_format("short", locale=language())).replace("a", "aaaa")
    clock = day_and_time.format(format_time(time, pattern, locale=language()), day)
    return Markup('<time datetime="{}">{} UTC</time>').format(rfc3339(time), clock)


def show_day(time: datetime, zone: str | None = None) -> Markup:
    day = time.astimezone(ZoneInfo(zone) if zone else UTC).date()
    name = format_date(day, "medium", locale=language())
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), name)


def show_own_day(time: datetime, zone: str | None = None, *, is_exact: bool = False) -> Markup:
    """Return a `<time>` element of a day, which a script makes the viewer's."""
    time = time.astimezone(UTC)
    if zone is not None or not (is_exact or time.hour or time.minute or time.second):
        return show_day(time, zone)
    day = format_date(time, "medium", locale=language())
    return Markup('<time datetime="{}" data-day>{}</time>').format(rfc3339(time), day)


def show_month_day(day: date) -> str:
    return _month_day(day.month, day.day, language())


@lru_cache(maxsize=2 * 366)
def _month_day(month: int, day: int, locale: Locale) -> str:
    # A calendar has hundreds of days. The year must be a leap year.
    return format_skeleton("MMMMd", date(2000, month, day), locale=locale)


def show_zone(zone: str) -> str:
    """Return the name of a time zone's city, "서울 시간", otherwise its key or offset: "UTC+1" for
    Etc/GMT-1, whose sign is reversed.
    """
    if reversed_offset := _OFFSET.fullmatch(zone):
        return f"UTC{'-' if reversed_offset[1] == '+' else '+'}{reversed_offset[2]}"
    # In English, the keys of time zones need no other name.
    city, key = _city(zone, language()), _city(zone, "en")
    return zone if city == key else gettext("{city} time").format(city=city)


@lru_cache(maxsize=2_000)
def _city(zone: str, locale: Locale) -> str:
    return get_timezone_location(zone, locale=locale, return_city=True)


def show_ago(time: datetime) -> str:
    return format_timedelta(time - now(), add_direction=True, threshold=1, locale=language())


def show_duration(seconds: float) -> str:
    """Return a duration rounded down, in days from two days on: "1 hour 5 minutes"."""
    minutes = int(seconds // 60)
    if minutes == 0:
        return gettext("less than a minute")
    hours, days = minutes // 60, minutes // (24 * 60)
    if days >= 2:
        return _counted(days, "day")
    parts = [_counted(hours, "hour")] if hours else []
    return " ".join([*parts, _counted(minutes % 60, "minute")] if minutes % 60 else parts)


def show_roughly(seconds: float) -> str:
    """Return a rough duration: in fives from ten minutes on, in hours from an hour on."""
    if seconds < MINUTE_S:
        return gettext("less than a minute")
    minutes = round(seconds / MINUTE_S)
    if minutes > 10:
        minutes = 5 * round(minutes / 5)
    if minutes < 60:
        return _counted(minutes, "minute")
    return _counted(round(seconds / MINUTE_S / 60), "hour")


def _counted(count: int, unit: Literal["day", "hour", "minute"]) -> str:
    length = timedelta(**{f"{unit}s": count})
    return format_timedelta(length, unit, threshold=math.inf, locale=language())


def rfc3339(time: datetime) -> str:
    # strftime writes a year before 1000 with fewer than four digits.
    return time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
