"""The one clock, except timers of the event loop."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the time in UTC, in whole seconds, the resolution of stored times."""
    return datetime.now(UTC).replace(microsecond=0)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Return seconds that never run backwards, for durations and deadlines of this process."""
    return time.monotonic()
