"""SQLite's feed, which looks at the file before answers and in between."""

import sqlite3
from pathlib import Path

from app.db.feed import Change, Feed
from app.db.sqlite.connection import open_connection


class SqliteFeed(Feed):
    """The log of changes in the file; `PRAGMA data_version` shows others' commits in some
    microseconds.
    """

    poll_s = 0.05

    def __init__(self, path: Path) -> None:
        # It reads on the event loop, so it waits less for a lock than other connections do.
        self._connection = open_connection(path, timeout_s=5.0)
        self._connection.execute("PRAGMA query_only = ON")
        self._looking = self._connection.cursor()
        """Cursor of all looks; new ones would be a quarter slower."""
        self._version = self._data_version()
        (newest,) = self._connection.execute('SELECT max(id) FROM "Event"').fetchone()
        super().__init__(newest or 0)
        self.commit_number = self._version

    async def close(self) -> None:
        self._connection.close()

    async def look(self) -> bool:
        """Publish all earlier acknowledged commits; return whether that succeeded."""
        try:
            version = self._data_version()
            if version != self._version:
                following = (
                    'SELECT id, kind, user_id, tweet_id, count FROM "Event" WHERE id > ?'
                    " ORDER BY id LIMIT 1000"
                )
                while rows := self._connection.execute(following, (self.newest,)).fetchall():
                    self._publish([Change(*row) for row in rows])
                self._version = self.commit_number = version
        except sqlite3.Error as error:
            self._failure = error
            return False
        return True

    def _data_version(self) -> int:
        (version,) = self._looking.execute("PRAGMA data_version").fetchone()
        return int(version)
