"""The time zone of a chat as a form takes it: a city in either language, or an IANA name."""

from functools import lru_cache
from typing import Final

from babel import Locale as BabelLocale
from babel.core import get_global

from app.config import Locale
from app.errors import InvalidInputError
from app.formats.chats.people import zone_of

_LOCALES: Final[tuple[Locale, ...]] = ("ko", "en")
_NO_CITIES: Final = "Etc/"
"""Beginning of zones that are no city's."""


@lru_cache(maxsize=len(_LOCALES))
def zone_cities(locale: Locale) -> tuple[tuple[str, str], ...]:
    """Return the time zones of cities, each with the city, in the order of the cities."""
    written = BabelLocale.parse(locale).time_zones
    zones = (zone for zone in get_global("zone_territories") if "/" in zone)
    cities = (
        (zone, written.get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " "))
        for zone in zones
        if not zone.startswith(_NO_CITIES)
    )
    return tuple(sorted(cities, key=lambda each: each[1]))


def zone_typed(typed: str | None) -> str | None:
    """Return the IANA name of a zone or city; None for nothing. Raises InvalidInputError."""
    if not typed:
        return None
    try:
        zone_of(typed)
    except ValueError:
        city = typed.casefold()
        for locale in _LOCALES:
            for zone, name in zone_cities(locale):
                if name.casefold() == city:
                    return zone
        raise InvalidInputError(
            "Unknown time zone: {zone}. Choose a city from the list", loc="timezone", zone=typed
        ) from None
    return typed
