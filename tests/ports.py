"""Ports for servers that a test starts."""

import random
import socket
from typing import Final

PORTS: Final = range(20_000, 32_000)
"""Below the ones of clients: the kernel could give one of those away before its server listens."""
_TAKEN: Final[list[socket.socket]] = []
"""A UDP socket on each port that was given away, so that other test processes pass it over."""


def free_port(count: int = 1) -> int:
    """Return the first of so many ports of 127.0.0.1, one after the other.

    Nobody else is given them while this process runs.
    """
    for first in random.sample(PORTS, len(PORTS)):
        marks = []
        try:
            for port in range(first, first + count):
                marks.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                marks[-1].bind(("127.0.0.1", port))
                socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            for mark in marks:
                mark.close()
        else:
            _TAKEN.extend(marks)
            return first
    raise OSError(f"no {count} ports of {PORTS} are free")
