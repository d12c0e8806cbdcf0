"""Listening in the network too, while the switch in Settings lets phones in."""

import logging
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from app.asgi.edge import is_loopback
from app.config import Config
from app.runtime.network import lets_phones_in, network_addresses
from app.serving.browser import is_in_container, is_service
from saywho.clock import monotonic

LOOK_S: Final = 5.0
"""Seconds between two looks at the addresses of the machine, which may change."""

logger = logging.getLogger(__name__)


def may_let_phones_in(
    config: Config,
    sockets: Sequence[socket.socket],
    environ: Mapping[str, str],
    root: Path = Path("/"),
) -> bool:
    """Return whether Settings decides: nothing else does, and the site listens here alone.

    root: the folder in which to look for the files of a container.
    """
    is_here = all(
        sock.family == socket.AF_INET and is_loopback(sock.getsockname()[0]) for sock in sockets
    )
    is_elsewhere = bool(config.url) or config.trusted_proxies > 0
    return is_here and not (is_elsewhere or is_in_container(environ, root) or is_service(environ))


class PhoneSockets:
    """The sockets of the site: the first ones, and one for each address in the network."""

    def __init__(self, data_dir: Path, sockets: Sequence[socket.socket], backlog: int) -> None:
        self._data_dir = data_dir
        self._first = list(sockets)
        self._port = sockets[0].getsockname()[1]
        self._backlog = backlog
        self._opened: dict[str, socket.socket] = {}
        self._failed: set[str] = set()
        self._next_look = 0.0
        self._was_on = False

    def changed(self) -> list[socket.socket] | None:
        """Return all sockets if they are others than before; None otherwise."""
        is_on = lets_phones_in(self._data_dir)
        if is_on == self._was_on and (not is_on or monotonic() < self._next_look):
            return None
        self._was_on, self._next_look = is_on, monotonic() + LOOK_S
        wanted = set(network_addresses()) if is_on else set()
        self._failed &= wanted
        gone = self._opened.keys() - wanted
        for address in gone:
            self._opened.pop(address).close()
        new = sorted(wanted - self._opened.keys() - self._failed)
        for address in new:
            self._open(address)
        return [*self._first, *self._opened.values()] if gone or new else None

    def _open(self, address: str) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, self._port))
            sock.listen(self._backlog)
            sock.setblocking(False)
            sock.set_inheritable(True)
        except OSError as error:
            sock.close()
            self._failed.add(address)
            logger.error("phones cannot come in at %s: %s", address, error.strerror)
            return
        self._opened[address] = sock
        logger.warning("phones of the network come in at %s:%s", address, self._port)

    def close(self) -> None:
        for sock in self._opened.values():
            sock.close()
