"""SQLite's feed, and the datagrams by which processes wake each other after a commit.

`PRAGMA data_version` on a connection of its own changes with every commit of any other connection
of any process. It takes some microseconds, so it can be asked before every answer.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from app.db.feed import Change, Feed
from app.db.lock import locked_at_once, open_lock
from app.db.sqlite.connection import open_connection

POLL_S: Final = 0.25
"""Fallback poll interval: the longest an event can be late if its datagram is lost."""
PAGE: Final = 1_000
NEXT: Final = (
    'SELECT id, kind, user_id, tweet_id, count FROM "Event" WHERE id > ? ORDER BY id LIMIT ?'
)
SUFFIX: Final = ".bell"

logger = logging.getLogger(__name__)


class Wakeup:
    """A datagram socket for each process, in one folder; a datagram says to read the log."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket: socket.socket | None = None
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"

    def open(self) -> socket.socket:
        """Open this process's socket; it becomes readable when another process sends."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._socket = _datagram_socket()
        with _short_path(self._folder) as folder:
            self._socket.bind(f"{folder}/{self._name}")
        return self._socket

    def clear(self) -> None:
        """Read all datagrams that came; they mean the same as one."""
        if self._socket is not None:
            with contextlib.suppress(BlockingIOError):
                while self._socket.recv(16):
                    pass

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            with contextlib.suppress(OSError):  # Others remove what is left, once they may write.
                (self._folder / self._name).unlink()

    def send(self) -> None:
        """Wake all processes, and remove the sockets of those that died.

        It never fails: the commit has been made, and the others poll.
        """
        with contextlib.suppress(OSError):
            names = [name for name in os.listdir(self._folder) if name.endswith(SUFFIX)]
            if names:
                with _datagram_socket() as sender, _short_path(self._folder) as folder:
                    for name in names:
                        self._send_to(sender, f"{folder}/{name}", self._folder / name)

    def _send_to(self, sender: socket.socket, address: str, path: Path) -> None:
        try:
            sender.sendto(b"!", address)
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
        except OSError:
            pass  # Its queue may be full; then it wakes anyway.


def _datagram_socket() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)


@contextlib.contextmanager
def _short_path(folder: Path) -> Iterator[str]:
    """Give a short path to the folder: a socket's address has room for 107 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


class SqliteFeed(Feed):
    """Reads the file; a datagram wakes it while no request does."""

    def __init__(self, path: Path, wakeup: Wakeup) -> None:
        self._wakeup = wakeup
        # It reads on the event loop, so it does not wait as long as others do.
        self._connection = open_connection(path, timeout_s=5.0)
        self._connection.execute("PRAGMA query_only = ON")
        self._version = self._data_version()
        (newest,) = self._connection.execute('SELECT max(id) FROM "Event"').fetchone()
        super().__init__(newest or 0)
        self.turn = self._version
        self._is_well = True
        self._lead_path = path.with_name(f"{path.name}.lead")
        self._lead: int | None = None
        """The file whose lock the process has that leads; open from the first try on."""

    async def close(self) -> None:
        self._connection.close()
        if self._lead is not None:
            os.close(self._lead)

    async def leads(self) -> bool:
        if self._lead is None:
            self._lead = open_lock(self._lead_path)
        return locked_at_once(self._lead)

    async def catch_up(self) -> bool:
        """Read every commit that was acknowledged before this call."""
        return self._look()

    async def follow(self) -> None:
        loop = asyncio.get_running_loop()
        readable = self._wakeup.open()
        loop.add_reader(readable, self._wake)
        try:
            while True:
                await asyncio.sleep(POLL_S)
                if self._look():
                    self._note_followed()
        finally:
            loop.remove_reader(readable)
            self._wakeup.close()

    def _wake(self) -> None:
        self._wakeup.clear()
        self._look()

    def _look(self) -> bool:
        was_well = self._is_well
        try:
            self._catch_up()
        except sqlite3.Error:
            self._is_well = False
            if was_well:
                logger.exception("the log cannot be read; trying again until it can")
        else:
            self._is_well = True
            if not was_well:
                logger.warning("the log can be read again")
        return self._is_well

    def _catch_up(self) -> None:
        version = self._data_version()
        if version == self._version:
            return
        while rows := self._connection.execute(NEXT, (self.newest, PAGE)).fetchall():
            self._publish([Change(*row) for row in rows])
        self._version = self.turn = version

    def _data_version(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)
