"""The present, in the resolution in which times are kept."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the present in UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)
