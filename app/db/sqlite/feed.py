"""The follower of the log on SQLite.

`PRAGMA data_version` on a connection of its own changes with every commit of any other
connection of any process. It costs some microseconds, so it can be asked before every answer.
"""

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Final

from app.db.doorbell import Doorbell
from app.db.feed import Change, Feed

POLL_S: Final = 0.25
"""A ring may be lost; so late is what nobody rang for, and no request asked for."""
PAGE: Final = 1_000

logger = logging.getLogger(__name__)


class SqliteFeed(Feed):
    """Asks the file; a ring wakes it while no request does."""

    def __init__(self, path: Path, doorbell: Doorbell) -> None:
        self._doorbell = doorbell
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA query_only = ON")
        self._version = self._data_version()
        (newest,) = self._connection.execute('SELECT max(id) FROM "Event"').fetchone()
        super().__init__(newest or 0)
        self.turn = self._version
        self._is_well = True

    async def close(self) -> None:
        self._connection.close()

    async def catch_up(self) -> bool:
        """Hear of every commit that was acknowledged before this call."""
        return self._look()

    async def follow(self) -> None:
        loop = asyncio.get_running_loop()
        bell = self._doorbell.open()
        loop.add_reader(bell, self._answer)
        try:
            while True:
                await asyncio.sleep(POLL_S)
                if self._look():
                    self._note_followed()
        finally:
            loop.remove_reader(bell)
            self._doorbell.close()

    def _catch_up(self) -> None:
        version = self._data_version()
        if version == self._version:
            return
        while changes := self._read_page():
            self._tell(changes)
        self._version = self.turn = version

    def _answer(self) -> None:
        self._doorbell.empty()
        self._look()

    def _look(self) -> bool:
        """Read what is new; return whether that was possible."""
        was_well = self._is_well
        try:
            self._catch_up()
        except sqlite3.Error:
            self._is_well = False
            if was_well:
                logger.exception("the log cannot be read; it is tried until it can")
        else:
            self._is_well = True
            if not was_well:
                logger.warning("the log can be read again")
        return self._is_well

    def _data_version(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _read_page(self) -> list[Change]:
        rows = self._connection.execute(
            'SELECT id, kind, user_id, tweet_id, count FROM "Event"'
            " WHERE id > ? ORDER BY id LIMIT ?",
            (self.newest, PAGE),
        )
        return [Change(*row) for row in rows.fetchall()]
