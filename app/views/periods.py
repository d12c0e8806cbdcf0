"""Times in an address: RFC 3339, or bare dates that are days in a time zone."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from app.services.posts.statistics import Selection
from app.services.search.search import Filters
from app.views.parsing import malformed

LAST_DAY = "9998-12-31"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def search_filters(
    *,
    since: str | None,
    until: str | None,
    tz: str,
    username: str | None = None,
    platform: str | None = None,
    lang: str | None = None,
    kind: str | None = None,
) -> Filters:
    """Return the filters that an address names. Raises MalformedError."""
    zone = parse_zone(tz)
    return Filters(
        username=username,
        platform=platform,
        lang=lang,
        kind=kind,
        since=parse_instant("since", since, zone),
        until=parse_instant("until", until, zone),
    )


def selection_of(
    *,
    usernames: Iterable[str],
    platform: str | None,
    lang: str | None,
    since: str | None,
    until: str | None,
    tz: str,
) -> Selection:
    """Return the selection that an address names. Raises MalformedError."""
    zone = parse_zone(tz)
    return Selection(
        usernames=tuple(usernames),
        platform=platform,
        lang=lang,
        since=parse_instant("since", since, zone),
        until=parse_instant("until", until, zone),
    )


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name. Raises MalformedError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        malformed("tz", "tz must be an IANA time zone such as Asia/Seoul")


def parse_instant(name: str, value: str | None, zone: ZoneInfo) -> datetime | None:
    """Return the instant of a parameter, a bare date as the start of that day in the zone.

    Raises MalformedError.
    """
    if not value:
        return None
    try:
        if _DATE.fullmatch(value):
            return datetime.combine(date.fromisoformat(value), time(), zone).astimezone(UTC)
        # In an address, the + of an offset that nobody escaped arrives as a space.
        instant = datetime.fromisoformat(value.replace(" ", "+"))
        if instant.tzinfo is None:
            raise ValueError("no zone")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        malformed(name, f"{name} must be a date, or a time with its zone (RFC 3339)")


def parse_day(name: str, value: str | None) -> date | None:
    """Return the day of a parameter. Raises MalformedError."""
    if not value:
        return None
    try:
        if not _DATE.fullmatch(value) or value > LAST_DAY:
            raise ValueError("no date, or one that no day follows")
        return date.fromisoformat(value)
    except ValueError:
        malformed(name, f"{name} must be a date such as 2026-11-20")


def first_instant(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins in a time zone."""
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, time(), UTC)
