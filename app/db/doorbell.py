"""Waking other processes after a commit: a datagram to each one's socket in the data folder.

A ring is a hint and may be lost; whoever is rung looks into the log.
"""

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

SUFFIX: Final = ".bell"


class Doorbell:
    """This process's socket, and the folder with everybody's."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket: socket.socket | None = None
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"

    def open(self) -> socket.socket:
        """Listen; the socket becomes readable when somebody rings."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        with _short(self._folder) as folder:
            self._socket.bind(f"{folder}/{self._name}")
        return self._socket

    def empty(self) -> None:
        """Take all rings that came; they mean the same as one."""
        if self._socket is not None:
            with contextlib.suppress(BlockingIOError):
                while self._socket.recv(16):
                    pass

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            (self._folder / self._name).unlink(missing_ok=True)

    def ring(self) -> None:
        """Wake everybody else; sockets of processes that died are removed.

        Never fails: what rings has been committed, and others look by themselves soon.
        """
        with contextlib.suppress(OSError):
            self._ring()

    def _ring(self) -> None:
        names = [name for name in os.listdir(self._folder) if name.endswith(SUFFIX)]
        if not names:
            return
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender,
            _short(self._folder) as folder,
        ):
            for name in names:
                _ring_one(sender, f"{folder}/{name}", self._folder / name)


def _ring_one(sender: socket.socket, address: str, path: Path) -> None:
    try:
        sender.sendto(b"!", address)
    except BlockingIOError:
        pass  # It has rings enough to read.
    except ConnectionRefusedError:
        path.unlink(missing_ok=True)
    except OSError:
        pass


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Give a short path to the folder: a socket's address has room for 107 bytes."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
