"""Language of a request, Korean or English: its texts, numbers, lists, days and times."""

import functools
import io
import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time as clock_time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, TypeVar, cast
from zoneinfo import ZoneInfo

from babel.core import Locale as BabelLocale, UnknownLocaleError
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
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.support import Translations
from markupsafe import Markup, escape

from app.config import Locale
from app.errors import Message
from app.language import korean_particles
from app.language.korean_particles import held, sentence
from app.runtime.compiled import Compiled
from saywho.clock import now

T = TypeVar("T")
LOCALES: Final[dict[Locale, str]] = {"ko": "한국어", "en": "English"}
CHAT: Final = "chat"
"""Translation context of texts about messages that are about posts elsewhere."""
_AUTHOR: Final = re.compile(r"(?<![({])\b(?:([Aa])uthors\b|(?:(?<=other )|(?<=this ))author\b)")
_POST: Final = re.compile(r"\b([Pp])ost(s?)\b(?!\)[sd]|})")
MINUTE_S: Final = 60
MONTHS: Final = tuple(
    name
    for width in ("wide", "abbreviated")
    for name in get_month_names(width, "format", "en").values()
)
UNIT: Final = r"(?!(?:and|as|at|from|have|in|is|of|on|or|than|the|to|with)\b)[a-z]{2,12}\b"
"""Pattern of a counted noun after a number and a space."""
_WHOLE: Final = re.compile(
    rf"\b(?:{'|'.join(MONTHS)}) \d+(?:\s–\s\d+)?(?:, \d{{4}})?\b"  # March 1 – 4, 2025
    r"|(?<!\d)\d+[년월](?: \d+[월일])+(?:~(?:\d+일)?)?"  # 2025년 3월 1일~4일
    r"|“-[^\s“”]{1,14}”"  # “-음/-함/-됨”
    rf"|(?<![\d:.,])(?:\d+ of )?\d[\d,.]* {UNIT}"  # 365 days, 9 of 10 messages
    r"|\([가-힣\d ]{2,12}\)"  # (한 번에 6단어)
    r"|[^\W\d]{1,12}[\u2600-\u27bf\U0001f300-\U0001faff]\w{0,4}"  # 하은🌷이
)
"""Pattern of text without line breaks: a day, a number and unit, or a name with an emoji."""
_OFFSET: Final = re.compile(r"Etc/GMT([+-])([1-9]\d?)")
_language: ContextVar[Locale | None] = ContextVar("language", default=None)
_speaks_of_messages = ContextVar("speaks_of_messages", default=False)


@functools.cache
def catalog(locale: str) -> Translations:
    """Return the translations of a language, compiled from its `.po` file once for all starts."""
    folder = Path(__file__).parents[1] / "translations" / locale
    path = folder / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Translations()
    stats = [Path(file).stat() for file in (path, korean_particles.__file__)]
    kept = Compiled(path, repr([(stat.st_mtime_ns, stat.st_size) for stat in stats]))
    if kept.value is None:
        kept.store(_compiled(path, locale))
    return Translations(io.BytesIO(kept.value))


def _compiled(path: Path, locale: str) -> bytes:
    compiled = io.BytesIO()
    with path.open("rb") as file:
        messages = read_po(file, locale=locale)
    for message in messages:
        texts = message.string
        message.string = held(texts) if isinstance(texts, str) else tuple(map(held, texts or ()))
    write_mo(compiled, messages)
    return compiled.getvalue()


def gettext_noop(message: str) -> str:
    """Return the message unchanged; it is marked for translation and translated later."""
    return message


def ngettext_noop(singular: str, plural: str) -> tuple[str, str]:
    """Return the messages in singular and plural, marked for translation."""
    return singular, plural


def language() -> Locale:
    """Return the request's language; English outside of a request."""
    if (named := _language.get()) is not None:
        return named
    quart = sys.modules.get("quart")  # A command answers no request, and importing it takes 0.2 s.
    if quart is None or not quart.has_request_context():
        return "en"
    return cast(Locale, quart.g.get("locale", "en"))


def speaking(language: Locale | None) -> AbstractContextManager[None]:
    """Write texts in a language, whatever the request's language is; None changes nothing."""
    return holding(_language, language)


def speaking_of(*, messages: bool) -> AbstractContextManager[None]:
    """Write texts about messages, as in chats, or about posts."""
    return holding(_speaks_of_messages, messages)


@contextmanager
def holding(variable: ContextVar[T], value: T) -> Iterator[None]:
    """Give a variable a value until the end."""
    before = variable.set(value)
    try:
        yield
    finally:
        variable.reset(before)


def gettext(message: str) -> str:
    if _speaks_of_messages.get() and (text := catalog("ko").pgettext(CHAT, message)) != message:
        return sentence(str(text)) if language() == "ko" else _with_messages(message)
    text = catalog(language()).gettext(message)
    return sentence(text) if language() == "ko" else text


def gettext_of_past(message: str) -> str:
    """Return the text about a time that is over; English has the same text for both."""
    if language() == "ko":
        return sentence(str(catalog("ko").pgettext("past", message)))
    return message


def ngettext(singular: str, plural: str, number: int) -> str:
    text = catalog(language()).ngettext(singular, plural, number)
    if _speaks_of_messages.get():
        of_chat = catalog("ko").npgettext(CHAT, singular, plural, number)
        if of_chat not in (singular, plural):
            return sentence(of_chat) if language() == "ko" else _with_messages(text)
    return sentence(text) if language() == "ko" else text


def _with_messages(text: str) -> str:
    """Return an English text about posts and authors as a text about messages and people."""
    people = {"A": "People", "a": "people", None: "person"}
    text = _AUTHOR.sub(lambda match: people[match[1]], text)
    return _POST.sub(lambda match: ("M" if match[1] == "P" else "m") + f"essage{match[2]}", text)


def translate_message(message: Message, said: Callable[[str], str] = gettext) -> str:
    """Return a message in the visitor's language, in which `said` gives a template."""
    text = said(message.template)
    if not message.values:
        return text
    values = {
        name: translate_message(value, said) if isinstance(value, Message) else value
        for name, value in message.values.items()
    }
    return text.format(**values)


def show_number(value: float) -> str:
    if type(value) is int:
        return f"{value:,}"  # as both languages write it, in a thirtieth of the time
    return format_decimal(value, locale=language())


def show_list(names: Sequence[str]) -> str:
    if language() == "ko":
        return ", ".join(names)
    return format_list(names, locale=language())


def show_percent(value: float, beside: float = 0) -> str:
    """Return a share between 0 and 1 in whole per cent; only 0 is 0%, only 1 is 100%.

    beside: another share, next to which an equal number has a decimal.
    """
    if beside and value != beside and show_percent(value) == show_percent(beside):
        return format_percent(value, "#,##0.0%", locale=language())
    if 0 < value < 0.01:
        return f"<{_percent(0.01, language())}"
    if 0.99 < value < 1:
        return f">{_percent(0.99, language())}"
    return _percent(value, language())


@functools.lru_cache(maxsize=1_000)
def _percent(value: float, locale: Locale) -> str:
    return format_percent(value, locale=locale)


def rounded_parts(values: Sequence[float]) -> list[float]:
    """Return parts of a whole rounded to whole per cent, which add up to their rounded sum.

    The largest remainders are rounded up. Parts under 1%, and over 99% next to them, are unchanged.
    """
    exact = {place: value * 100 for place, value in enumerate(values) if value >= 0.01}
    whole = {place: math.floor(share) for place, share in exact.items()}
    by_remainder = sorted(exact, key=lambda place: whole[place] - exact[place])
    for place in by_remainder[: round(sum(exact.values())) - sum(whole.values())]:
        whole[place] += 1
    return [
        whole[place] / 100 if whole.get(place, 100) < 100 else value
        for place, value in enumerate(values)
    ]


def show_language(tag: str) -> str:
    try:
        return BabelLocale.parse(tag, sep="-").get_display_name(language()) or tag
    except (ValueError, UnknownLocaleError):
        return tag


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
    clock = _clock(time)
    full = f"{_day(time.date(), 'long', language())} {clock}"
    element = Markup('<time datetime="{}" title="{}">{}</time>')
    return element.format(rfc3339(time), full, clock)


def _clock(time: datetime) -> str:
    return _clock_at(time.hour, time.minute, language())


@lru_cache(maxsize=2 * 24 * 60)
def _clock_at(hour: int, minute: int, locale: Locale) -> str:
    # Babel's short Korean times have AM and PM; the wide form is what browsers write.
    pattern = str(get_time_format("short", locale=locale)).replace("a", "aaaa")
    return format_time(clock_time(hour, minute), pattern, locale=locale)


@lru_cache(maxsize=2_000)
def _day(day: date, width: Literal["medium", "long"], locale: Locale) -> str:
    # Babel takes a tenth of the time of a post.
    return format_date(day, width, locale=locale)


def weekday_names(width: Literal["abbreviated", "narrow", "wide"] = "abbreviated") -> list[str]:
    names = get_day_names(width, "stand-alone", locale=language())
    return [names[day] for day in range(7)]


def month_names(width: Literal["abbreviated", "wide"] = "abbreviated") -> list[str]:
    names = get_month_names(width, "stand-alone", locale=language())
    return [names[month] for month in range(1, 13)]


def show_month(day: date) -> str:
    return _part("yMMMM", date(day.year, day.month, 1), language())


def show_year(day: date) -> str:
    return _part("y", date(day.year, 1, 1), language())


def show_month_day(day: date) -> str:
    # A calendar has hundreds of days. The year must be a leap year.
    return _part("MMMMd", date(2000, day.month, day.day), language())


@lru_cache(maxsize=3_000)
def _part(skeleton: str, day: date, locale: Locale) -> str:
    return format_skeleton(skeleton, day, locale=locale)


def show_period(first: date, end: date) -> str:
    """Return the name of a period without its end: "December 2015"."""
    last = end - timedelta(days=1)
    if first == last:
        return show_date(first)
    if first.day == end.day == 1 and last < first + timedelta(days=31):
        return show_month(first)
    return format_interval(first, last, "yMMMd", locale=language())


def show_days(first: date, last: date) -> str:
    """Return days in a row, without their year: "Jun 28 – Jul 1"."""
    return format_interval(first, last, "MMMd", locale=language())


def show_time(
    time: datetime, zone: str | None = None, *, is_exact: bool = False, chat: str | None = None
) -> Markup:
    """Return a `<time>` element in UTC, which a script changes to the viewer's time.

    With a zone, it is the time there for everyone. Midnight is shown as a day, since imports turn a
    bare day into midnight UTC, unless the time is_exact, as in a message. chat: the chat's zone,
    named unless it is the viewer's.
    """
    day_and_time = _day_and_time(language())
    if zone is not None:
        own = time.astimezone(ZoneInfo(zone))
        day = _day(own.date(), "medium", language())
        return Markup("<span>{}</span>").format(day_and_time.format(show_clock(own), day))
    if chat is not None:
        own = time.astimezone(ZoneInfo(chat))
        there = day_and_time.format(show_clock(own), _day(own.date(), "medium", language()))
        named = Markup('<span data-chat="{}">{} <span class="soft">({})</span></span>')
        return named.format(chat, there, show_zone(chat))
    time = time.astimezone(UTC)
    if not (is_exact or time.hour or time.minute or time.second):
        return show_day(time)
    day = _day(time.date(), "medium", language())
    clock = day_and_time.format(_clock(time), day)
    return Markup('<time datetime="{}">{} UTC</time>').format(rfc3339(time), clock)


@functools.cache
def _day_and_time(locale: Locale) -> Markup:
    return escape(str(get_datetime_format("medium", locale=locale)))  # As in browsers.


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


def show_zone(zone: str) -> str:
    """Return the name of a time zone's city, "Seoul time", otherwise its key or offset: "UTC+1" for
    Etc/GMT-1, whose sign is reversed.
    """
    if reversed_offset := _OFFSET.fullmatch(zone):
        return f"UTC{'-' if reversed_offset[1] == '+' else '+'}{reversed_offset[2]}"
    if "/" not in zone or zone.startswith("Etc/"):
        return zone.removeprefix("Etc/")
    return gettext("{city} time").format(city=_city(zone, language()))


@lru_cache(maxsize=2_000)
def _city(zone: str, locale: Locale) -> str:
    # By its name, Babel would ask pytz where that is installed, which knows fewer zones.
    return get_timezone_location(ZoneInfo(zone), locale=locale, return_city=True)


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
