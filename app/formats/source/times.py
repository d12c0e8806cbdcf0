"""Times as files write them, read without a locale: aware, UTC, in whole seconds."""

import math
import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from app.errors import RecordError

_X_TIME = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d")
_LOOSE_TIME = re.compile(
    r"(\d{4})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{1,2})\.?"
    r"(?:[ T]\s*(?:(오전|오후|AM|PM)\s*)?(\d{1,2}):(\d\d)(?::(\d\d))?)?",
    re.ASCII,
)
_EPOCH = re.compile(r"-?\d{9,16}(?:\.\d+)?", re.ASCII)
_ZONE_NAMES: Final = {" UTC": "+00:00", " GMT": "+00:00", " KST": "+09:00"}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM: Final = 1e11


def read_time(value: object) -> datetime:
    """Return the time that a value states; a time without a zone is UTC.

    It reads ISO 8601, plain dates, `2020-01-02 03:04:05`, `2020. 1. 2. 오후 3:04`, X's own form,
    and seconds or milliseconds since 1970. Raises RecordError with the value.
    """
    try:
        if isinstance(value, str):
            time = _read_text(value.strip())
            time = time if time.tzinfo else time.replace(tzinfo=UTC)
            return time.astimezone(UTC).replace(microsecond=0)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _from_epoch(value)
    except (ValueError, OverflowError):
        pass
    text = value if isinstance(value, str) else repr(value)
    excerpt = repr(text if len(text) <= 40 else text[:40] + "…")
    raise RecordError("unreadable time {time}", time=excerpt)


def _read_text(text: str) -> datetime:
    if _EPOCH.fullmatch(text):
        return _from_epoch(float(text))
    if _X_TIME.match(text):
        # `Sat Feb 18 12:33:11 +0000 2023`; the module reads any order.
        return parsedate_to_datetime(text)
    if match := _LOOSE_TIME.fullmatch(text):
        return _from_parts(*match.groups(default=""))
    for name, offset in _ZONE_NAMES.items():
        text = text.replace(name, offset)
    return datetime.fromisoformat(text.replace("z", "Z"))


def _from_parts(year: str, month: str, day: str, half: str, *clock: str) -> datetime:
    hours, minutes, seconds = (int(part or 0) for part in clock)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError("a twelve-hour clock has no such hour")
        hours = hours % 12 + (12 if half in {"오후", "PM"} else 0)
    return datetime(int(year), int(month), int(day), hours, minutes, seconds, tzinfo=UTC)


def _from_epoch(number: float) -> datetime:
    seconds = number / 1000 if abs(number) >= _MILLISECONDS_FROM else number
    return EPOCH + timedelta(seconds=math.floor(seconds))
