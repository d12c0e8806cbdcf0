"""Local times of a chat as UTC: an hour that the clock repeats goes in the order of the file."""

from collections.abc import Hashable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

_LATE: Final = timedelta(minutes=1)
"""How far a message may go back in its file, as some do that arrived late."""


class LocalTimes:
    """Converts the times of chats; in each chat a later message is not from an hour before."""

    def __init__(self, zone: tzinfo | None) -> None:
        """Take the zone; None for the machine's."""
        self._zone = zone
        self._newest: dict[Hashable, datetime] = {}

    def utc(self, local: datetime, chat: Hashable) -> datetime | None:
        """Return the time in UTC; None if it is out of range."""
        try:
            time = self._converted(local)
            newest = self._newest.get(chat, time)
            if time < newest - _LATE:
                repeated = self._converted(local.replace(fold=1))
                if repeated > time and repeated >= newest - _LATE:
                    time = repeated
        except (OverflowError, ValueError, OSError):
            return None
        self._newest[chat] = max(time, newest)
        return time

    def _converted(self, local: datetime) -> datetime:
        return (local.replace(tzinfo=self._zone) if self._zone else local).astimezone(UTC)
