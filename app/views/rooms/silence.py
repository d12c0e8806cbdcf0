"""The longest time without a message; a long one is told in whole days, as people count them."""

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from app.compute.portrait import SilenceSpan
from app.language.dates import show_duration, show_period, show_roughly
from app.language.i18n import gettext, gettext_noop, ngettext, show_number

DAY: Final = timedelta(days=1)
LONG: Final = 2 * DAY
"""A silence of so long has a whole day in it, but where clocks go back."""
_HOUR: Final = timedelta(hours=1)
_ABOUT_A_DAY: Final = 21 * _HOUR
_DAYS: Final = (
    (27 * _HOUR, gettext_noop("about a day")),
    (33 * _HOUR, gettext_noop("a day and a quarter")),
    (42 * _HOUR, gettext_noop("a day and a half")),
    (timedelta.max, gettext_noop("nearly two days")),
)
"""What people call a silence that is shorter than each of these."""


def silent_days(silence: SilenceSpan, zone: ZoneInfo) -> tuple[date, date]:
    """Return the first and the last day without any message of a long silence."""
    before, after = (time.astimezone(zone).date() for time in (silence.since, silence.until))
    return before + DAY, after - DAY


def is_long(silence: SilenceSpan, zone: ZoneInfo) -> bool:
    """Return whether a silence is told in days."""
    first, last = silent_days(silence, zone)
    return silence.until - silence.since >= LONG and first <= last


def length_of(silence: SilenceSpan, zone: ZoneInfo) -> str:
    """Return how long a silence is: a long one in days without any message."""
    if not is_long(silence, zone):
        return show_duration((silence.until - silence.since).total_seconds())
    first, last = silent_days(silence, zone)
    days = (last - first).days + 1
    return ngettext("{count} day", "{count} days", days).format(count=show_number(days))


def length_in_words(silence: SilenceSpan, zone: ZoneInfo) -> str:
    """Return how long a silence is as people say it: "a day and a half"."""
    length = silence.until - silence.since
    if is_long(silence, zone):
        return length_of(silence, zone)
    if length < _ABOUT_A_DAY:
        return show_roughly(length.total_seconds())
    return next(gettext(text) for end, text in _DAYS if length < end)


def told_silence(silence: SilenceSpan, zone: ZoneInfo) -> str:
    """Return a long silence in a sentence, with its days."""
    first, last = silent_days(silence, zone)
    text = gettext("The longest silence: {length}, {days}.")
    return text.format(length=length_of(silence, zone), days=show_period(first, last + DAY))
