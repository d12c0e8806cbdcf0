"""This process's follower of the log of changes: who hears of a commit, and when.

`PRAGMA data_version` on a connection of its own changes with every commit of any other
connection of any process. It costs some microseconds, so it can be asked before every answer.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.db.doorbell import Doorbell

POLL_S: Final = 0.25
"""A ring may be lost; so late is what nobody rang for, and no request asked for."""
PAGE: Final = 1_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Change:
    """An event of the log."""

    id: int
    kind: str
    user_id: int
    tweet_id: int | None
    count: int


Subscriber = Callable[[Sequence[Change]], None]


class Feed:
    """Reads new events once, in their order, and gives them to its subscribers."""

    def __init__(self, path: Path, doorbell: Doorbell) -> None:
        self._doorbell = doorbell
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA query_only = ON")
        self._subscribers: list[Subscriber] = []
        self._version = self._data_version()
        (newest,) = self._connection.execute('SELECT max(id) FROM "Event"').fetchone()
        self.newest: int = newest or 0
        """The newest event that the subscribers have heard of."""

    def close(self) -> None:
        self._connection.close()

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber`, which must neither block nor fail, with all events from now on."""
        self._subscribers.append(subscriber)

    def catch_up(self) -> None:
        """Hear of every commit that was acknowledged before this call."""
        version = self._data_version()
        if version == self._version:
            return
        while changes := self._read_page():
            self.newest = changes[-1].id
            for subscriber in self._subscribers:
                subscriber(changes)
        self._version = version

    async def follow(self) -> None:
        """Catch up whenever somebody rings, and now and then, until cancelled."""
        loop = asyncio.get_running_loop()
        bell = self._doorbell.open()
        loop.add_reader(bell, self._answer)
        try:
            while True:
                await asyncio.sleep(POLL_S)
                self._look()
        finally:
            loop.remove_reader(bell)
            self._doorbell.close()

    def _answer(self) -> None:
        self._doorbell.empty()
        self._look()

    def _look(self) -> None:
        try:
            self.catch_up()
        except sqlite3.Error:
            logger.exception("the log could not be read; it is tried again")

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
