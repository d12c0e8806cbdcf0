"""SQLite's feed: it looks at the file before every answer, and often in between.

`PRAGMA data_version` on a connection of its own changes with every commit of any other connection
of any process. It takes some microseconds.
"""

import sqlite3
from pathlib import Path
from typing import Final

from app.db.feed import Change, Feed
from app.db.sqlite.connection import open_connection

PAGE: Final = 1_000
NEXT: Final = (
    'SELECT id, kind, user_id, tweet_id, count FROM "Event" WHERE id > ? ORDER BY id LIMIT ?'
)


class SqliteFeed(Feed):
    """Reads the file."""

    poll_s = 0.05

    def __init__(self, path: Path) -> None:
        # It reads on the event loop, so it does not wait as long as others do.
        self._connection = open_connection(path, timeout_s=5.0)
        self._connection.execute("PRAGMA query_only = ON")
        self._looking = self._connection.cursor()
        """Of every look: one of its own would take a quarter longer."""
        self._version = self._data_version()
        (newest,) = self._connection.execute('SELECT max(id) FROM "Event"').fetchone()
        super().__init__(newest or 0)
        self.commit_number = self._version

    async def close(self) -> None:
        self._connection.close()

    async def look(self) -> bool:
        """Publish every commit that was acknowledged before this call."""
        try:
            version = self._data_version()
            if version != self._version:
                while rows := self._connection.execute(NEXT, (self.newest, PAGE)).fetchall():
                    self._publish([Change(*row) for row in rows])
                self._version = self.commit_number = version
        except sqlite3.Error as error:
            self._failure = error
            return False
        return True

    def _data_version(self) -> int:
        (version,) = self._looking.execute("PRAGMA data_version").fetchone()
        return int(version)
