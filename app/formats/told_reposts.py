"""Reposts that only their beginning tells, which is an assumption about a file."""

import re
from typing import Final

from app.errors import Message
from app.formats.assumptions import ReadNotes

REPOST_BEGINNING: Final = re.compile(r"\s*RT @\w")
"""How a repost begins whose file marks it in no other way."""


class ToldReposts:
    """Counts the reposts of a file that only their beginning tells."""

    def __init__(self, notes: ReadNotes) -> None:
        self._notes = notes
        self._count = 0

    def add(self) -> None:
        """Count a repost, and note the assumption."""
        self._count += 1
        evidence = Message("{count} posts start with RT @", count=self._count)
        self._notes.assume("reposts", "RT @", evidence=evidence)
