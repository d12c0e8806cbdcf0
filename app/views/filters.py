"""Filters of posts in a URL; bare dates are days in a time zone."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final, TypeVar, cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, defstruct, field
from quart import request

from app.errors import MalformedError, Message
from app.models import MAX_ID
from app.runtime.clock import ZONE_COOKIE, first_instant, remembered_zone
from app.services.posts.filters import PARAMETERS, Chosen, PostFilter
from app.services.posts.local_time import LocalHour
from app.services.posts.selection import Selection
from saywho.formats.post import Platform

FormT = TypeVar("FormT", bound=Struct)
Year = Annotated[int, Meta(ge=1, le=9998)]
Moment = Annotated[str, Meta(pattern="^([0-9]{4}-[0-9]{2}-[0-9]{2}|$)", examples=["2026-01-31"])]
Days = tuple[date, date]
"""The first day, and the day after the last."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAYS = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?", re.ASCII)
BAD_DAYS: Final = {
    "since": Message("The first day cannot be read: write it like 2026-01-31"),
    "until": Message("The end date cannot be read: write it like 2026-01-31"),
}
"""Sentence for visitors about days that cannot be read."""


def day_before(day: str) -> str:
    """Return the day before a day of a URL, as forms show the end; any other text as it is."""
    return _moved(day, timedelta(days=-1))


def _moved(day: str, by: timedelta) -> str:
    try:
        return (date.fromisoformat(day) + by).isoformat() if _DATE.fullmatch(day) else day
    except (ValueError, OverflowError):
        return day


class ZoneArgs(Struct):
    tz: str = ""
    """Default: the zone of the chat, else of the browser; for a picture, UTC."""


class RoomZoneArgs(ZoneArgs):
    tz: str = ""
    """An IANA name; by default that of the chat, or UTC."""

    def zone_for(self, own_zone: str | None) -> ZoneInfo:
        """Return the zone, given that of the chat. Raises MalformedError."""
        return zone_of_picture(self.tz, own_zone)


class PostFilters(Struct):
    lang: str = ""
    """Only posts in this language."""
    since: Moment = ""
    until: Moment = ""
    tz: str = "UTC"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone. Raises MalformedError."""
        return parse_zone(self.tz or "UTC")

    @property
    def chosen(self) -> Chosen:
        values = ((each.key, getattr(self, each.attribute, None)) for each in PARAMETERS)
        return tuple((key, found) for key, value in values if (found := _findable(value)))

    def select(self, usernames: Iterable[str], platform: str | None) -> Selection:
        """Return the selection of these filters and authors. Raises MalformedError."""
        zone = self.zone
        return Selection(
            usernames=tuple(usernames),
            platform=_findable(platform),
            lang=_findable(self.lang),
            chosen=self.chosen,
            since=self._instant("since", self.since, zone),
            until=self._instant("until", self.until, zone),
        )

    def _instant(self, name: str, value: str, zone: ZoneInfo) -> datetime | None:
        return parse_instant(name, value, zone)


class PageFilters(PostFilters):
    """The filters of a page, with errors for visitors."""

    since: str = ""
    until: str = ""
    through: str = ""
    """The last day, of a form, in place of `until`."""

    def __post_init__(self) -> None:
        if self.through:
            self.until, self.through = _moved(self.through.strip(), timedelta(days=1)), ""

    @property
    def last_day(self) -> str:
        """The last day that is included, as forms show it."""
        return day_before(self.until)

    def _instant(self, name: str, value: str, zone: ZoneInfo) -> datetime | None:
        try:
            return parse_instant(name, value, zone)
        except MalformedError:
            raise MalformedError(BAD_DAYS[name], loc=name) from None


def with_filters(
    parameter: Callable[[PostFilter], tuple[Any, Any]],
) -> Callable[[type[FormT]], type[FormT]]:
    """Return a decorator that adds the parameters of `FILTERS` to a form; parameter: the type and
    the default of a parameter.
    """

    def extended(form: type[FormT]) -> type[FormT]:
        added = [
            (each.attribute, values, field(default=default, name=each.key))
            for each in PARAMETERS
            for values, default in [parameter(each)]
        ]
        made = defstruct(form.__name__, added, bases=(form,), module=form.__module__)
        return cast("type[FormT]", made)

    return extended


@with_filters(lambda each: (each.values | None, None))
class SearchFilters(PostFilters):
    q: Annotated[
        str,
        Meta(max_length=1000, description='Words, "a phrase", #tag, -without, and from:name etc.'),
    ] = ""
    username: str | None = None
    platform: Platform | None = None
    room: Annotated[int, Meta(ge=1, le=MAX_ID)] | None = None
    """Only messages of the chat with this id."""

    @property
    def selection(self) -> Selection:
        """The searched posts. Raises MalformedError."""
        usernames = () if self.username is None else (self.username,)
        return replace(self.select(usernames, self.platform), room_id=self.room)


def _findable(value: str | None) -> str | None:
    return value.replace("\0", "\x01") if value else None


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name. Raises MalformedError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise MalformedError("tz must be an IANA time zone such as Asia/Seoul", loc="tz") from None


def zone_of_page(name: str, own: str | None = None) -> ZoneInfo:
    """Return a page's zone: of the URL, the chat (`own`), the browser, or UTC. Raises
    MalformedError.
    """
    if name:
        return parse_zone(name)
    return remembered_zone(own or request.cookies.get(ZONE_COOKIE))


def zone_of_picture(name: str, own: str | None = None) -> ZoneInfo:
    """Return a picture's zone: of the URL, the chat (`own`), or UTC, as previews have no cookie.

    Raises MalformedError.
    """
    return parse_zone(name) if name else remembered_zone(own)


def parse_instant(name: str, value: str, zone: ZoneInfo) -> datetime | None:
    """Return a parameter's instant without fractions, as stored; a bare date is its start in the
    zone.

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
        return instant.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise MalformedError(
            f"{name} must be a day like 2026-01-31, or a time like 2026-01-31T09:00:00Z", loc=name
        ) from None


def day_of(time: datetime | None, zone: ZoneInfo) -> date | None:
    return time.astimezone(zone).date() if time else None


def parse_days(name: str, value: str) -> Days | None:
    """Return the first day of a day, a month or a year such as 2026-01, and the day after its last.

    None if it is empty. Raises MalformedError.
    """
    if not value:
        return None
    try:
        if not _DAYS.fullmatch(value):
            raise ValueError(value)
        year, month, day = (*map(int, value.split("-")), 0, 0)[:3]
        first = date(year, month or 1, day or 1)
        if day:
            return first, first + timedelta(days=1)
        return first, date(year + month // 12, month % 12 + 1, 1) if month else date(year + 1, 1, 1)
    except (ValueError, OverflowError):
        raise MalformedError("{name} must be a date", name=name, loc=name) from None


def span_of_days(days: Days | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Return the beginnings of the first day and of the day after the last; None without days."""
    if days is None:
        return None, None
    return first_instant(days[0], zone), first_instant(days[1], zone)


class ViewFilters(PageFilters):
    username: list[str] = []
    platform: str = ""
    at: Annotated[int, Meta(ge=0, lt=24)] | None = None
    """An hour of the day."""

    @property
    def names(self) -> list[str]:
        names = [name.strip() for name in self.username if name.strip()]
        return list({name.casefold(): name for name in names}.values())

    @property
    def selection(self) -> Selection:
        """The shown posts. Raises MalformedError."""
        at = None if self.at is None else LocalHour(self.at, self.zone)
        return replace(self.select(self.names, self.platform), at=at)

    @property
    def is_narrowed(self) -> bool:
        is_at_hour = self.at is not None
        return any((self.names, self.platform, self.lang, self.since, self.until, is_at_hour))

    @property
    def days(self) -> Days | None:
        """Its days, if the view has a first and a last."""
        if _DATE.fullmatch(self.since) and _DATE.fullmatch(self.until):
            return date.fromisoformat(self.since), date.fromisoformat(self.until)
        return None

    def query(self, **changed: str) -> str:
        """Return the query string with changed filters; an empty value drops a filter."""
        pairs = [("username", name) for name in self.names if "username" not in changed]
        single = {name: getattr(self, name) for name in ("platform", "lang", "since", "until")}
        single["tz"] = "" if self.tz == "UTC" else self.tz
        single["at"] = "" if self.at is None else str(self.at)
        pairs += [(name, value) for name, value in (single | changed).items() if value]
        return urlencode(pairs)
