"""The one clock: the app takes the time from here, so that a simulation can replace it.

Timers of the event loop use the loop's own time.
"""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the time in UTC, in whole seconds, the resolution of stored times."""
    return datetime.now(UTC).replace(microsecond=0)


def monotonic() -> float:
    """Return seconds that never run backwards, for durations and deadlines of this process."""
    return time.monotonic()
