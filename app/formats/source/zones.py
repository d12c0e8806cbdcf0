"""Time zones as times name them: offsets, abbreviations, names of IANA and Windows."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel.core import get_global

_OFFSET: Final = re.compile(r"(?:GMT|UTC|UT)?\s?([+\-−])(\d{1,2})(?::?([0-5]\d))?")
_REGION: Final = re.compile(r"[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_+-]*[A-Za-z]){1,2}")
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
    if match := _OFFSET.fullmatch(name):
        sign, hours, minutes = match.groups(default="0")
        east = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(-east if sign != "+" else east) if east < timedelta(hours=24) else None
    if not _REGION.fullmatch(name):
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


def ambiguous_name(text: str) -> str | None:
    match = _AMBIGUOUS.search(text)
    return match[0] if match else None


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
