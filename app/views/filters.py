"""Filters of posts in an address; times are RFC 3339, or bare dates: days in a time zone."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from msgspec import Struct
from werkzeug.datastructures import MultiDict

from app.errors import MalformedError
from app.services.selection import Selection
from app.views.parsing import args_of, malformed

LAST_DAY: Final = "9998-12-31"
LONGEST_VIEW: Final = 8_000
"""Characters of the query string that a view of the dashboard may have."""
MOST_FIELDS: Final = 100
Step = Literal["", "day", "week", "month"]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def selection_of(
    *,
    usernames: Iterable[str],
    platform: str | None,
    lang: str | None,
    since: str | None,
    until: str | None,
    tz: str,
    kind: str | None = None,
) -> Selection:
    """Return the selection that an address names. Raises MalformedError."""
    zone = parse_zone(tz)
    return Selection(
        usernames=tuple(usernames),
        platform=platform,
        lang=lang,
        kind=kind,
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
        # The + of an offset that was not escaped arrives as a space.
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
    """Return the instant at which a day begins in a time zone."""
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:
        return datetime.combine(day, time(), UTC)


class ViewArgs(Struct):
    """The filters of a view as an address names them; empty ones are none."""

    username: list[str] = []
    platform: str = ""
    lang: str = ""
    since: str = ""
    until: str = ""
    tz: str = "UTC"
    step: Step = ""

    @property
    def names(self) -> list[str]:
        """The authors named, each once, whatever the case."""
        return list(
            {
                name.strip().casefold(): name.strip() for name in self.username if name.strip()
            }.values()
        )


@dataclass(frozen=True, slots=True)
class View:
    """The filters of a view, and the selection of posts that they stand for."""

    args: ViewArgs
    selection: Selection
    zone: ZoneInfo


def understood(args: ViewArgs) -> View:
    """Return the view of an address. Raises MalformedError."""
    selection = selection_of(
        usernames=args.names,
        platform=args.platform or None,
        lang=args.lang or None,
        since=args.since,
        until=args.until,
        tz=args.tz or "UTC",
    )
    return View(args, selection, parse_zone(args.tz or "UTC"))


def view_of(query: str) -> View:
    """Return the view that a query string names. Raises MalformedError."""
    if len(query) > LONGEST_VIEW:
        raise MalformedError("The view is too long")
    try:
        pairs = parse_qsl(query.removeprefix("?"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise MalformedError("The view is not a query string") from None
    return understood(args_of(MultiDict(pairs), ViewArgs, strict=False))


def query_of(args: ViewArgs, **changed: str) -> str:
    """Return the filters as a query string, some of them changed; an empty value drops one."""
    pairs = [("username", name) for name in args.names if "username" not in changed]
    single = {name: getattr(args, name) for name in ("platform", "lang", "since", "until")}
    single["tz"] = "" if args.tz == "UTC" else args.tz
    pairs += [(name, value) for name, value in (single | changed).items() if value]
    return urlencode(pairs)
