"""Time zones by the names of their cities, as forms offer and take them."""

import re
from functools import lru_cache
from typing import Final

from babel import Locale as BabelLocale
from babel.core import get_global

from app.config import Locale
from app.errors import InvalidInputError
from saywho.formats.chats.people import zone_of

_LOCALES: Final[tuple[Locale, ...]] = ("ko", "en")
_OFFSET: Final = re.compile(r"UTC([+-])([1-9]|1[0-4])")
"""A zone without a city, as pages show it."""
_NO_CITIES: Final = "Etc/"
"""Prefix of zones without a city."""


@lru_cache(maxsize=len(_LOCALES))
def zone_cities(locale: Locale) -> tuple[tuple[str, str], ...]:
    written = BabelLocale.parse(locale).time_zones
    zones = (zone for zone in get_global("zone_territories") if "/" in zone)
    cities = (
        (zone, written.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " "))
        for zone in zones
        if not zone.startswith(_NO_CITIES)
    )
    return tuple(sorted(cities, key=lambda each: each[1]))


def zone_typed(typed: str | None) -> str | None:
    """Return a zone's or city's IANA name; None if empty. Raises InvalidInputError."""
    if not typed:
        return None
    try:
        zone_of(typed)
    except ValueError:
        if offset := _OFFSET.fullmatch(typed):
            return f"{_NO_CITIES}GMT{'-' if offset[1] == '+' else '+'}{offset[2]}"
        city = typed.casefold()
        for locale in _LOCALES:
            for zone, name in zone_cities(locale):
                if name.casefold() == city:
                    return zone
        raise InvalidInputError(
            "Unknown time zone: {zone}. Enter a larger city with the same time",
            loc="timezone",
            zone=typed,
        ) from None
    return typed
